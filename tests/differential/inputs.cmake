# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Device trees against dtc and fdtput, on trees of our own and of QEMU's machines; ELF images against
# objcopy, nm and readelf. A missing tool is an error of the test.
add_executable(inputs_tool inputs_tool.cpp)
target_link_libraries(inputs_tool PRIVATE baton_emit)

set(dtb_options)
if(NOT BATON_QEMU_TESTS)
  set(dtb_options --without-qemu)
endif()
add_test(NAME differential.dtb
  COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/dtb_test.py
          --tool $<TARGET_FILE:inputs_tool> ${dtb_options})
add_test(NAME differential.elf
  COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/elf_test.py --tool $<TARGET_FILE:inputs_tool>)
set_tests_properties(differential.dtb differential.elf PROPERTIES LABELS differential TIMEOUT 120)

# A machine by blob, import, folder and live copy; the loader program is the other opinion on the last.
add_test(NAME differential.machine
  COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/machine_test.py --baton ${CMAKE_BINARY_DIR}/bin/baton
          --tool $<TARGET_FILE:inputs_tool> --loader $<TARGET_FILE:baton-load-host> --source ${PROJECT_SOURCE_DIR})
set_tests_properties(differential.machine PROPERTIES LABELS differential TIMEOUT 240 COST 40)
