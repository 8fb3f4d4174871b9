# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
baton_unit_test(syntax syntax_test.cpp syntax_mistakes_test.cpp syntax_format_test.cpp
                syntax_scan_test.cpp syntax_programs.cpp)
target_link_libraries(syntax_test PRIVATE baton_grammar)
target_compile_definitions(syntax_test PRIVATE BATON_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
baton_alone(syntax_mistakes_test.cpp)
