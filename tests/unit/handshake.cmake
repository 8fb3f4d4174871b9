# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
baton_unit_test(handshake handshake_test.cpp handshake_litmus_test.cpp)
