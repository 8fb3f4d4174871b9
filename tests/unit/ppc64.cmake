# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
baton_unit_test(ppc64 ppc64_test.cpp ppc64_constants_test.cpp ppc64_head_test.cpp)

# Exhaustive, and therefore a program of its own: unit.ppc64 stays quick.
add_executable(ppc64_shortest_test ppc64_shortest_test.cpp)
target_link_libraries(ppc64_shortest_test PRIVATE baton_ppc64)
baton_tested(ppc64_shortest_test)
target_compile_definitions(ppc64_shortest_test PRIVATE BATON_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
add_test(NAME unit.ppc64_shortest COMMAND ppc64_shortest_test)
set_tests_properties(unit.ppc64_shortest PROPERTIES LABELS unit COST 20)
