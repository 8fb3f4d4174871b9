# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# The readers of ELF files and device trees (and the writer of edited trees) under libFuzzer. LLVM and
# libfdt are the installed libraries: only our sources are instrumented.
find_program(BATON_DTC dtc)
if(NOT BATON_DTC)
  message(FATAL_ERROR "tests/fuzz: dtc is missing; install device-tree-compiler")
endif()

# baton_inputs_fuzz(NAME SEEDS LIBRARIES...): the program NAME_fuzz and its test; SEEDS is one list of files.
function(baton_inputs_fuzz name seeds)
  baton_fuzz_program(${name} ${name}_fuzz.cpp LIBRARIES ${ARGN})
  add_custom_target(baton_${name}_seeds ALL DEPENDS ${seeds})
  list(JOIN seeds "," seed_list)
  add_test(NAME fuzz.${name}
    COMMAND ${name}_fuzz -seed=1 -max_total_time=15 -max_len=8192 -len_control=0 -timeout=10
            -seed_inputs=${seed_list} -artifact_prefix=${CMAKE_CURRENT_BINARY_DIR}/ -verbosity=0
            -print_final_stats=1)
  set_tests_properties(fuzz.${name} PROPERTIES LABELS fuzz TIMEOUT 120 COST 15)
endfunction()

# From nothing a fuzzer finds no magic: a good tree, and one good image of each byte order.
set(tree_seed ${CMAKE_CURRENT_BINARY_DIR}/tree_seed.dtb)
add_custom_command(OUTPUT ${tree_seed}
  COMMAND ${BATON_DTC} -q -I dts -O dtb -o ${tree_seed} ${CMAKE_CURRENT_SOURCE_DIR}/tree_seed.dts
  DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/tree_seed.dts VERBATIM)
set(elf_seeds ${CMAKE_CURRENT_BINARY_DIR}/big.elf ${CMAKE_CURRENT_BINARY_DIR}/little.elf)
set(foreign_seeds ${CMAKE_CURRENT_BINARY_DIR}/big.o ${CMAKE_CURRENT_BINARY_DIR}/little.o)
add_executable(elf_seed elf_seed.cpp)
target_link_libraries(elf_seed PRIVATE baton_base)
add_custom_command(OUTPUT ${elf_seeds} ${foreign_seeds} COMMAND elf_seed ${CMAKE_CURRENT_BINARY_DIR} DEPENDS elf_seed VERBATIM)

baton_inputs_fuzz(elf "${elf_seeds}" baton_inputs)
baton_inputs_fuzz(foreign "${foreign_seeds}" baton_inputs baton_verify)
baton_inputs_fuzz(tree ${tree_seed} baton_emit baton_report)
