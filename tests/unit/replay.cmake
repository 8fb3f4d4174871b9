# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
baton_unit_test(replay replay_packets_test.cpp replay_child_test.cpp)
if(BATON_QEMU_TESTS)
  add_executable(replay_qemu_test replay_qemu_test.cpp)
  target_link_libraries(replay_qemu_test PRIVATE baton_replay)
  baton_tested(replay_qemu_test)
  add_test(NAME probe.replay COMMAND replay_qemu_test)
  set_tests_properties(probe.replay PROPERTIES LABELS probe)
endif()
