# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# The explorer of handshakes against SPIN.
add_executable(handshake_tool handshake_tool.cpp)
target_link_libraries(handshake_tool PRIVATE baton_slaves)
add_test(NAME differential.handshake
  COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/handshake_test.py --tool $<TARGET_FILE:handshake_tool>)
set_tests_properties(differential.handshake PROPERTIES LABELS differential TIMEOUT 900 COST 60)
