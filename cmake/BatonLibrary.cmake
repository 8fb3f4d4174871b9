# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# One folder of compiler/ = one static library that links only to folders below it.
#
#   baton_library(placement SOURCES holes.cpp place.cpp DEPENDS model)

add_library(baton_options INTERFACE)
target_include_directories(baton_options INTERFACE ${CMAKE_SOURCE_DIR}/compiler)
target_compile_options(baton_options INTERFACE
  -Wall -Wextra -Werror -Wno-missing-field-initializers
  # GCC 12 sees overlaps in std::string that are not there (PR 105651).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
  # libstdc++ 12 calls by itself what it has deprecated, and Clang says so.
  $<$<CXX_COMPILER_ID:Clang>:-Wno-deprecated-declarations>
  -ffunction-sections -fdata-sections)
if(BATON_SANITIZE)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL Clang)
    message(FATAL_ERROR "BATON_SANITIZE needs Clang, for libFuzzer: cmake --fresh --preset sanitize")
  endif()
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()

# What libFuzzer is led by: the edges and comparisons of these libraries, which read bytes of strangers (tests/fuzz).
set(BATON_FUZZED base source diagnostics syntax model contract check inputs emit report)
set(BATON_FUZZED_OPTIONS -fsanitize=fuzzer-no-link)

# The C++ library's headers, read once and not for each file: a third of a file's time. Each file includes what it uses
# nevertheless, which the tree that is built without shows. Whoever comes first of those with the same options owns them.
set(BATON_COMMON_HEADERS <algorithm> <array> <charconv> <cstdint> <cstring> <filesystem> <functional> <map>
  <optional> <ostream> <set> <span> <string> <string_view> <tuple> <utility> <variant> <vector>)
# And a target's files are compiled eight at a time, which is two fifths less work: what they all instantiate is made once.
# baton_precompiled(TARGET OWNER [HEADERS beside the common ones])
function(baton_precompiled target owner)
  if(NOT BATON_PRECOMPILE)
    return()
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON)
  if(CMAKE_CXX_COMPILER_ID STREQUAL Clang)
    target_compile_options(${target} PRIVATE -Xclang -fno-pch-timestamp)  # ccache knows the contents
  endif()
  if(target STREQUAL owner)
    target_precompile_headers(${target} PRIVATE ${BATON_COMMON_HEADERS} ${ARGN})
  else()
    target_precompile_headers(${target} REUSE_FROM ${owner})
  endif()
endfunction()

# baton_alone(FILES...): a name of theirs is in a neighbour too, for something else, so that they are compiled by themselves.
function(baton_alone)
  set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

function(baton_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(baton_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(baton_${name} PUBLIC baton_options)
  foreach(dependency ${ARG_DEPENDS})
    target_link_libraries(baton_${name} PUBLIC baton_${dependency})
  endforeach()
  if(BATON_SANITIZE AND name IN_LIST BATON_FUZZED)
    target_compile_options(baton_${name} PRIVATE ${BATON_FUZZED_OPTIONS})
    baton_precompiled(baton_${name} baton_base)
  else()
    baton_precompiled(baton_${name} baton_handshake)
  endif()
endfunction()
