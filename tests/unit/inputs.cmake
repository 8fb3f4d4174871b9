# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
baton_unit_test(inputs inputs_elf_test.cpp inputs_folder_test.cpp inputs_foreign_test.cpp inputs_machine_test.cpp
                inputs_relocate_test.cpp inputs_tree_test.cpp)
target_link_libraries(inputs_test PRIVATE ${BATON_FDT})  # the tests make their trees with it
baton_alone(inputs_relocate_test.cpp inputs_tree_test.cpp)
