# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
baton_unit_test(slaves slaves_test.cpp)
