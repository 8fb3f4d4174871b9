# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Segment tables against <linux/kexec.h> on both cross compilers; the depfile against Make and Ninja.
add_executable(table_sample table_sample.cpp)
target_link_libraries(table_sample PRIVATE baton_emit)

add_test(NAME differential.table_layout
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/table_layout_test.py
          $<TARGET_FILE:table_sample>)
add_test(NAME differential.depfile
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/depfile_test.py
          $<TARGET_FILE:table_sample>)
set_tests_properties(differential.table_layout differential.depfile PROPERTIES LABELS differential)
