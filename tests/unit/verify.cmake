# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
baton_unit_test(verify verify_call_test.cpp verify_coherence_test.cpp verify_cone_test.cpp verify_copy_turn_test.cpp verify_memory_test.cpp verify_test.cpp verify_firmware_test.cpp verify_paths_test.cpp verify_solver_test.cpp verify_value_test.cpp)
add_test(NAME unit.verify-unasked COMMAND verify_test --no-skip --test-case=what*simplification*shows*)
set_tests_properties(unit.verify-unasked PROPERTIES LABELS unit)
baton_alone(verify_coherence_test.cpp verify_copy_turn_test.cpp verify_firmware_test.cpp)
