# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Parse, check and format under libFuzzer. What it finds that is new is kept in corpus/program of the build folder and
# tried again in the next run; what is worth keeping for all is in corpus/program beside this file (README.md).
baton_fuzz_program(program program_fuzz.cpp LIBRARIES baton_check)
set(program_dict ${CMAKE_CURRENT_BINARY_DIR}/program.dict)
add_custom_command(OUTPUT ${program_dict}
  COMMAND baton dump clauses > clauses.md
  COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/program_words.py < clauses.md > ${program_dict}
  DEPENDS baton ${CMAKE_CURRENT_SOURCE_DIR}/program_words.py VERBATIM)
add_custom_target(baton_program_dict ALL DEPENDS ${program_dict})
set(program_corpus ${CMAKE_CURRENT_BINARY_DIR}/corpus/program)
file(MAKE_DIRECTORY ${program_corpus})

# Everything that was ever kept, once and without mutation; then twenty seconds of new ground.
add_test(NAME fuzz.program-corpus COMMAND program_fuzz -timeout=20 -verbosity=0 -runs=0
  -artifact_prefix=${CMAKE_CURRENT_BINARY_DIR}/ ${CMAKE_CURRENT_SOURCE_DIR}/corpus/program ${PROJECT_SOURCE_DIR}/stdlib
  ${PROJECT_SOURCE_DIR}/examples)
add_test(NAME fuzz.program COMMAND program_fuzz -seed=1 -max_total_time=20 -max_len=4096 -timeout=20 -rss_limit_mb=1024
  -dict=${program_dict} -artifact_prefix=${CMAKE_CURRENT_BINARY_DIR}/ -verbosity=0 -print_final_stats=1
  ${program_corpus} ${CMAKE_CURRENT_SOURCE_DIR}/corpus/program)
set_tests_properties(fuzz.program fuzz.program-corpus PROPERTIES LABELS fuzz TIMEOUT 120 COST 20)
