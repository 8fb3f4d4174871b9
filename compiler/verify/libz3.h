// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Is Z3 here, and where are its functions?
//
// The library is opened when somebody asks for it the first time, and not linked: nearly all that is judged never needs
// it, and it takes longer to load than a stub takes to be judged. The types are those of z3.h, so that the compiler holds
// each use to the declaration. Nothing is said here of what is asked of it (solver.h).
//
//   auto z3 = Libz3::open("libz3.so.4"); if (z3) (*z3)->mk_config();
#pragma once

#include <z3.h>

#include <string>

#include "base/result.h"

namespace baton::verify {

#define BATON_Z3_FUNCTIONS(X)                                                                                                \
  X(del_config) X(del_context) X(get_bv_sort_size) X(get_error_code) X(get_numeral_uint64) X(get_sort) X(global_param_set)    \
  X(mk_bvadd) X(mk_bvand) X(mk_bvashr) X(mk_bvlshr) X(mk_bvmul) X(mk_bvnot) X(mk_bvor) X(mk_bvshl) X(mk_bvslt) X(mk_bvult)    \
  X(mk_bvxor) X(mk_concat) X(mk_config) X(mk_const) X(mk_context) X(mk_eq) X(mk_extract) X(mk_int_symbol) X(mk_ite) X(mk_not) \
  X(mk_or) X(mk_params) X(mk_bv_sort) X(mk_solver_for_logic) X(mk_string_symbol) X(mk_unsigned_int64) X(mk_zero_ext)          \
  X(model_dec_ref) X(model_eval) X(model_inc_ref) X(params_dec_ref) X(params_inc_ref) X(params_set_uint)                      \
  X(set_error_handler) X(solver_assert) X(solver_check) X(solver_dec_ref) X(solver_get_model) X(solver_get_statistics)        \
  X(solver_inc_ref) X(solver_set_params) X(stats_dec_ref) X(stats_get_key) X(stats_get_uint_value) X(stats_inc_ref)           \
  X(stats_is_uint) X(stats_size)

struct Libz3 {
#define BATON_Z3_MEMBER(name) decltype(&Z3_##name) name = nullptr;
  BATON_Z3_FUNCTIONS(BATON_Z3_MEMBER)
#undef BATON_Z3_MEMBER

  /// The same library is opened once. It stays open.
  static Result<const Libz3*> open(const std::string& file);
};

}  // namespace baton::verify
