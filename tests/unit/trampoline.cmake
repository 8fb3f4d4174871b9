# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
baton_unit_test(trampoline boot_mark_test.cpp copy_test.cpp departure_test.cpp digest_test.cpp id_words_test.cpp pen_test.cpp trampoline_test.cpp relay_test.cpp)
target_link_libraries(trampoline_test PRIVATE baton_verify)  # each body is judged, not trusted
set_tests_properties(unit.trampoline PROPERTIES COST 50)
baton_alone(copy_test.cpp digest_test.cpp id_words_test.cpp relay_test.cpp)
