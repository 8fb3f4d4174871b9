# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# LLVM as interface targets, from its static component libraries: a program on the shared libLLVM takes
# twenty milliseconds to start, one on these about one.
#
#   baton_llvm_mc       PowerPC text to words, and back          (compiler/ppc64)
#   baton_llvm_object   reading ELF files                        (compiler/inputs)
#   baton_llvm_support  Error, JSON, raw_ostream, SHA256         (anywhere)
include_guard(GLOBAL)

find_program(BATON_LLVM_CONFIG NAMES llvm-config-19 REQUIRED
  DOC "llvm-config of LLVM 19 (Debian: llvm-19-dev)")
execute_process(COMMAND ${BATON_LLVM_CONFIG} --includedir OUTPUT_VARIABLE BATON_LLVM_INCLUDE
  OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${BATON_LLVM_CONFIG} --libdir OUTPUT_VARIABLE BATON_LLVM_LIBDIR
  OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)

# What LLVM Support compresses with. Static where there is a choice: each shared library costs start-up time.
find_library(BATON_ZLIB NAMES libz.a z REQUIRED)
find_library(BATON_ZSTD NAMES libzstd.a zstd REQUIRED)

# Sections nobody refers to are dropped: most of each component is not used.
function(baton_llvm_interface name)
  execute_process(COMMAND ${BATON_LLVM_CONFIG} --link-static --libs ${ARGN} OUTPUT_VARIABLE libraries
    OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(libraries UNIX_COMMAND "${libraries}")
  add_library(${name} INTERFACE)
  target_include_directories(${name} SYSTEM INTERFACE ${BATON_LLVM_INCLUDE})
  target_link_directories(${name} INTERFACE ${BATON_LLVM_LIBDIR})
  target_link_libraries(${name} INTERFACE ${libraries} ${BATON_ZLIB} ${BATON_ZSTD})
  target_link_options(${name} INTERFACE -Wl,--gc-sections -Wl,--as-needed)
endfunction()

baton_llvm_interface(baton_llvm_mc powerpcasmparser powerpcdisassembler powerpcdesc powerpcinfo mc mcparser support)
baton_llvm_interface(baton_llvm_object object support)
baton_llvm_interface(baton_llvm_support support)
