# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
baton_unit_test(ppc64 ppc64_test.cpp ppc64_constants_test.cpp ppc64_head_test.cpp)
