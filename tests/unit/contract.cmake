# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
baton_unit_test(contract contract_test.cpp contract_diff_test.cpp contract_model_test.cpp contract_rules_test.cpp
               contract_silent_test.cpp)
target_link_libraries(contract_test PRIVATE baton_check)  # the tests' conventions are programs
set_tests_properties(unit.contract PROPERTIES COST 30)
target_compile_definitions(contract_test PRIVATE BATON_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
baton_alone(contract_diff_test.cpp contract_model_test.cpp)
