# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# The readers of ELF files and device trees (and the writer of edited trees) under libFuzzer. LLVM and
# libfdt are the installed libraries: only our sources are instrumented.
find_program(BATON_CLANGXX NAMES clang++-19)
find_program(BATON_DTC dtc)
foreach(tool BATON_CLANGXX BATON_DTC)
  if(NOT ${tool})
    message(FATAL_ERROR "tests/fuzz: ${tool} is missing; install clang-19 and device-tree-compiler")
  endif()
endforeach()
include(BatonLlvm)
get_target_property(fuzz_llvm_include baton_llvm_object INTERFACE_INCLUDE_DIRECTORIES)
get_target_property(fuzz_llvm_libdir baton_llvm_object INTERFACE_LINK_DIRECTORIES)
get_target_property(fuzz_llvm_libs baton_llvm_object INTERFACE_LINK_LIBRARIES)
list(TRANSFORM fuzz_llvm_libs REPLACE "^([^-/].*)$" "-l\\1")  # z is -lz here

# baton_inputs_fuzz(NAME SEEDS SOURCES...): builds NAME_fuzz.cpp with these sources of compiler/; SEEDS is
# one list of files.
function(baton_inputs_fuzz name seeds)
  set(program ${CMAKE_CURRENT_BINARY_DIR}/${name}_fuzz)
  set(sources ${CMAKE_CURRENT_SOURCE_DIR}/${name}_fuzz.cpp)
  foreach(source ${ARGN})
    list(APPEND sources ${PROJECT_SOURCE_DIR}/compiler/${source})
  endforeach()
  file(GLOB headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/compiler/base/*.h
    ${PROJECT_SOURCE_DIR}/compiler/inputs/*.h ${PROJECT_SOURCE_DIR}/compiler/model/*.h
    ${PROJECT_SOURCE_DIR}/compiler/report/*.h ${PROJECT_SOURCE_DIR}/compiler/emit/devicetree.h)
  add_custom_command(OUTPUT ${program}
    COMMAND ${BATON_CLANGXX} -std=gnu++20 -g -O1 ${fuzz_warnings}
            -ffunction-sections -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all
            -I${PROJECT_SOURCE_DIR}/compiler -isystem ${fuzz_llvm_include} -o ${program} ${sources}
            -L${fuzz_llvm_libdir} ${fuzz_llvm_libs} -lfdt -Wl,--gc-sections
    DEPENDS ${sources} ${headers}
    COMMENT "Building ${name}_fuzz" VERBATIM)
  add_custom_target(baton_${name}_fuzz ALL DEPENDS ${program} ${seeds})
  list(JOIN seeds "," seed_list)
  add_test(NAME fuzz.${name}
    COMMAND ${program} -seed=1 -max_total_time=15 -max_len=8192 -len_control=0 -timeout=10
            -seed_inputs=${seed_list} -artifact_prefix=${CMAKE_CURRENT_BINARY_DIR}/ -verbosity=0
            -print_final_stats=1)
  set_tests_properties(fuzz.${name} PROPERTIES LABELS fuzz TIMEOUT 120)
endfunction()

# From nothing a fuzzer finds no magic: a good tree, and one good image of each byte order.
set(tree_seed ${CMAKE_CURRENT_BINARY_DIR}/tree_seed.dtb)
add_custom_command(OUTPUT ${tree_seed}
  COMMAND ${BATON_DTC} -q -I dts -O dtb -o ${tree_seed} ${CMAKE_CURRENT_SOURCE_DIR}/tree_seed.dts
  DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/tree_seed.dts VERBATIM)
set(elf_seeds ${CMAKE_CURRENT_BINARY_DIR}/big.elf ${CMAKE_CURRENT_BINARY_DIR}/little.elf)
add_executable(elf_seed elf_seed.cpp)
target_link_libraries(elf_seed PRIVATE baton_base)
add_custom_command(OUTPUT ${elf_seeds} COMMAND elf_seed ${CMAKE_CURRENT_BINARY_DIR} DEPENDS elf_seed VERBATIM)

baton_inputs_fuzz(elf "${elf_seeds}" inputs/elf.cpp base/address.cpp base/file.cpp base/range.cpp)
baton_inputs_fuzz(tree ${tree_seed} inputs/tree.cpp inputs/tree_machine.cpp
                  inputs/tree_memory.cpp inputs/isa.cpp inputs/live_facts.cpp emit/devicetree.cpp emit/tree_blob.cpp
                  model/machine.cpp model/value.cpp report/machine_text.cpp report/text_layout.cpp
                  base/address.cpp base/file.cpp base/range.cpp)

# Trees as large as any: a fuzzer's are short.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
add_test(NAME fuzz.hostile-trees COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/hostile_tree_test.py
  --baton ${CMAKE_BINARY_DIR}/bin/baton --work ${CMAKE_CURRENT_BINARY_DIR}/hostile_trees)
set_tests_properties(fuzz.hostile-trees PROPERTIES LABELS fuzz TIMEOUT 400)
