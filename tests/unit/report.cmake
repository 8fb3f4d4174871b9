# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
baton_unit_test(report report_test.cpp)
target_link_libraries(report_test PRIVATE baton_llvm_support)
