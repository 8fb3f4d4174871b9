# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# The loader's check of a bundle under libFuzzer, from a good one: from nothing a fuzzer finds no magic.
baton_fuzz_program(bundle bundle_fuzz.c LIBRARIES baton_bundle)
target_compile_features(bundle_fuzz PRIVATE c_std_11)
target_compile_options(bundle_fuzz PRIVATE -Wall -Wextra -Werror)
set(bundle_seed ${CMAKE_CURRENT_BINARY_DIR}/sample.bundle)
add_custom_command(OUTPUT ${bundle_seed} COMMAND bundle_sample ${bundle_seed} DEPENDS bundle_sample VERBATIM)
add_custom_target(baton_bundle_seed ALL DEPENDS ${bundle_seed})
add_test(NAME fuzz.bundle
  COMMAND bundle_fuzz -seed=1 -max_total_time=20 -max_len=8192 -len_control=0 -timeout=10
          -seed_inputs=${bundle_seed} -artifact_prefix=${CMAKE_CURRENT_BINARY_DIR}/ -verbosity=0 -print_final_stats=1)
set_tests_properties(fuzz.bundle PROPERTIES LABELS fuzz TIMEOUT 120 COST 20)
