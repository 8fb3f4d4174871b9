# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
baton_unit_test(placement placement_test.cpp placement_place_test.cpp)
target_compile_definitions(placement_test PRIVATE BATON_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
baton_alone(placement_place_test.cpp)
