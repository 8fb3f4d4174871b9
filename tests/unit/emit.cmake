# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
baton_unit_test(emit emit_table_test.cpp)
