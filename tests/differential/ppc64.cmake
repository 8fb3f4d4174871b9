# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
add_executable(ppc64_tool ppc64_tool.cpp)
target_link_libraries(ppc64_tool PRIVATE baton_ppc64)
add_test(NAME differential.assembler
  COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/assembler_test.py --tool $<TARGET_FILE:ppc64_tool>)
set_tests_properties(differential.assembler PROPERTIES LABELS differential TIMEOUT 120)
find_program(BATON_LLVM_OBJDUMP llvm-objdump-19 REQUIRED)
add_test(NAME differential.encodings
  COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/encodings_test.py --tool $<TARGET_FILE:ppc64_tool>)
set_tests_properties(differential.encodings PROPERTIES LABELS differential TIMEOUT 900 COST 70)
add_executable(semantics_tool semantics_tool.cpp)
target_link_libraries(semantics_tool PRIVATE baton_ppc64 baton_verify)
add_executable(privileged_tool privileged_tool.cpp privileged_image.cpp)
target_link_libraries(privileged_tool PRIVATE baton_ppc64 baton_verify)
if(BATON_QEMU_TESTS)
  add_test(NAME differential.semantics
    COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/semantics_test.py --tool $<TARGET_FILE:semantics_tool>)
  set_tests_properties(differential.semantics PROPERTIES LABELS differential TIMEOUT 120)
  add_test(NAME differential.privileged
    COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/privileged_test.py --tool $<TARGET_FILE:privileged_tool>)
  set_tests_properties(differential.privileged PROPERTIES LABELS differential TIMEOUT 120)
endif()
