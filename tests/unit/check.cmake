# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
baton_unit_test(check check_test.cpp)
target_compile_definitions(check_test PRIVATE BATON_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
