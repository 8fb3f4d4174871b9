# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Objects of the cross compilers, loaded by us and linked by GNU ld at the same addresses.
add_executable(foreign_tool foreign_tool.cpp)
target_link_libraries(foreign_tool PRIVATE baton_inputs baton_ppc64)
add_test(NAME differential.foreign
  COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/foreign_test.py --tool $<TARGET_FILE:foreign_tool>)
set_tests_properties(differential.foreign PROPERTIES LABELS differential TIMEOUT 120)
