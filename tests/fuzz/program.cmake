# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Parse, check and format under libFuzzer. What it finds that is new is kept in corpus/program of the build folder and
# tried again in the next run; what is worth keeping for all is in corpus/program beside this file (README.md).
set(program_fuzz ${CMAKE_CURRENT_BINARY_DIR}/program_fuzz)
set(program_flags -std=gnu++20 -gline-tables-only -O1 -ffunction-sections -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all
  -I${PROJECT_SOURCE_DIR}/compiler -isystem ${BATON_ANTLR_INCLUDE}
  -isystem ${fuzz_llvm_include} -isystem ${PROJECT_BINARY_DIR}/grammar/generated)
set(program_sources ${CMAKE_CURRENT_SOURCE_DIR}/program_fuzz.cpp)
foreach(folder base source model contract check syntax)
  file(GLOB found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/compiler/${folder}/*.cpp)
  list(APPEND program_sources ${found})
endforeach()
list(REMOVE_ITEM program_sources ${PROJECT_SOURCE_DIR}/compiler/syntax/dump.cpp)
foreach(source diagnostic policy render_text snippet suggest)
  list(APPEND program_sources ${PROJECT_SOURCE_DIR}/compiler/diagnostics/${source}.cpp)
endforeach()
file(GLOB program_headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/compiler/*/*.h ${PROJECT_SOURCE_DIR}/compiler/*/*.def)
set(program_objects)
foreach(source ${program_sources} ${PROJECT_BINARY_DIR}/grammar/generated/BatonParser.cpp)
  get_filename_component(folder ${source} DIRECTORY)
  get_filename_component(folder ${folder} NAME)
  get_filename_component(name ${source} NAME_WE)
  set(object ${CMAKE_CURRENT_BINARY_DIR}/program_${folder}_${name}.o)
  set(warnings ${fuzz_warnings})
  if(folder STREQUAL generated)
    set(warnings -w -fno-char8_t)
  endif()
  add_custom_command(OUTPUT ${object}
    COMMAND ${BATON_CCACHE} ${BATON_CLANGXX} ${program_flags} ${warnings} -c ${source} -o ${object}
    DEPENDS ${source} ${program_headers} baton_grammar COMMENT "Building program_fuzz: ${folder}/${name}" VERBATIM)
  list(APPEND program_objects ${object})
endforeach()
add_custom_command(OUTPUT ${program_fuzz}
  COMMAND ${BATON_CLANGXX} ${program_flags} -o ${program_fuzz} ${program_objects} ${BATON_ANTLR_LIBRARY}
          -L${fuzz_llvm_libdir} ${fuzz_llvm_libs} -lpthread -Wl,--gc-sections
  DEPENDS ${program_objects} COMMENT "Linking program_fuzz" VERBATIM)
set(program_dict ${CMAKE_CURRENT_BINARY_DIR}/program.dict)
find_package(Python3 REQUIRED COMPONENTS Interpreter)
add_custom_command(OUTPUT ${program_dict}
  COMMAND baton dump clauses > clauses.md
  COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/program_words.py < clauses.md > ${program_dict}
  DEPENDS baton ${CMAKE_CURRENT_SOURCE_DIR}/program_words.py VERBATIM)
set(program_corpus ${CMAKE_CURRENT_BINARY_DIR}/corpus/program)
file(MAKE_DIRECTORY ${program_corpus})
# Half a hundred files with sanitizers: built by the first of the tests and not by everyone.
add_custom_target(baton_program_fuzz DEPENDS ${program_fuzz} ${program_dict})

add_test(NAME fuzz.program-build COMMAND ${CMAKE_COMMAND} --build ${CMAKE_BINARY_DIR} --target baton_program_fuzz)
set_tests_properties(fuzz.program-build PROPERTIES LABELS fuzz TIMEOUT 1500 FIXTURES_SETUP program_fuzz
  RESOURCE_LOCK build_folder)
# Everything that was ever kept, once and without mutation; then twenty seconds of new ground.
add_test(NAME fuzz.program-corpus COMMAND ${program_fuzz} -timeout=20 -verbosity=0 -runs=0
  -artifact_prefix=${CMAKE_CURRENT_BINARY_DIR}/ ${CMAKE_CURRENT_SOURCE_DIR}/corpus/program ${PROJECT_SOURCE_DIR}/stdlib
  ${PROJECT_SOURCE_DIR}/examples)
add_test(NAME fuzz.program COMMAND ${program_fuzz} -seed=1 -max_total_time=20 -max_len=4096 -timeout=20 -rss_limit_mb=1024
  -dict=${program_dict} -artifact_prefix=${CMAKE_CURRENT_BINARY_DIR}/ -verbosity=0 -print_final_stats=1
  ${program_corpus} ${CMAKE_CURRENT_SOURCE_DIR}/corpus/program)
set_tests_properties(fuzz.program fuzz.program-corpus PROPERTIES LABELS fuzz TIMEOUT 120 FIXTURES_REQUIRED program_fuzz)

# Texts of up to ten megabytes are not for a fuzzer: they are made by hand.
add_test(NAME fuzz.hostile-texts COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/hostile_test.py
  --baton ${CMAKE_BINARY_DIR}/bin/baton --work ${CMAKE_CURRENT_BINARY_DIR}/hostile)
set_tests_properties(fuzz.hostile-texts PROPERTIES LABELS fuzz TIMEOUT 900)
