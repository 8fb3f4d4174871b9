# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Crash handoffs on random machines: core header and capture tree against readelf and a map of pages.
add_test(NAME differential.kdump
  COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/kdump_test.py --baton ${CMAKE_BINARY_DIR}/bin/baton
          --golden ${PROJECT_SOURCE_DIR}/tests/golden)
set_tests_properties(differential.kdump PROPERTIES LABELS differential TIMEOUT 240 COST 45)
