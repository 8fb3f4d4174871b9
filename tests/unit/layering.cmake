# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
find_package(Python3 REQUIRED COMPONENTS Interpreter)
add_test(NAME unit.layering
  COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/layering_test.py ${PROJECT_SOURCE_DIR}/compiler)
set_tests_properties(unit.layering PROPERTIES LABELS unit)
