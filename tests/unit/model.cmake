# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
baton_unit_test(model model_test.cpp)
target_link_libraries(model_test PRIVATE baton_syntax)
