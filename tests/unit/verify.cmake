# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
baton_unit_test(verify verify_coherence_test.cpp verify_test.cpp verify_firmware_test.cpp verify_paths_test.cpp verify_value_test.cpp)
