# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
baton_unit_test(diagnostics annotation_test.cpp diagnostics_test.cpp catalog_test.cpp)

add_executable(diagnostics_sample diagnostics_sample.cpp)
target_link_libraries(diagnostics_sample PRIVATE baton_diagnostics)
find_package(Python3 REQUIRED COMPONENTS Interpreter)
add_test(NAME unit.diagnostics.schema
  COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tests/golden/json_schema.py
          ${PROJECT_SOURCE_DIR}/compiler/diagnostics/diagnostics.schema.json
          $<TARGET_FILE:diagnostics_sample>)
set_tests_properties(unit.diagnostics.schema PROPERTIES LABELS unit)
