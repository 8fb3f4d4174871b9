# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
file(GLOB emit_tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/emit_*_test.cpp)
baton_unit_test(emit ${emit_tests})
target_link_libraries(emit_test PRIVATE ${BATON_FDT})  # the tests make trees with it
