# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
baton_unit_test(lint lint_test.cpp)
target_link_libraries(lint_test PRIVATE baton_check)
target_compile_definitions(lint_test PRIVATE BATON_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
