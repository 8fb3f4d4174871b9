# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# A fuzzer's inputs are short. Texts of ten megabytes, trees of sixty-four and stubs of a hundred are made by hand, and must be
# handled or refused within an address space that AddressSanitizer's shadow alone would not fit.
add_test(NAME fuzz.hostile-texts COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/hostile_test.py
  --baton ${CMAKE_BINARY_DIR}/bin/baton --work ${CMAKE_CURRENT_BINARY_DIR}/hostile)
set_tests_properties(fuzz.hostile-texts PROPERTIES LABELS fuzz TIMEOUT 900 COST 80)
add_test(NAME fuzz.hostile-trees COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/hostile_tree_test.py
  --baton ${CMAKE_BINARY_DIR}/bin/baton --work ${CMAKE_CURRENT_BINARY_DIR}/hostile_trees)
add_test(NAME fuzz.hostile-stubs COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/hostile_stub_test.py
  --baton ${CMAKE_BINARY_DIR}/bin/baton --work ${CMAKE_CURRENT_BINARY_DIR}/hostile_stubs)
set_tests_properties(fuzz.hostile-stubs PROPERTIES LABELS fuzz TIMEOUT 900 COST 80)
set_tests_properties(fuzz.hostile-trees PROPERTIES LABELS fuzz TIMEOUT 400 COST 20)
