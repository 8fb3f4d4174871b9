// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Values become terms of Z3, bottom up, so that nothing recurs as deep as a stub runs long. See solver.h.
#include "verify/solver.h"

#include <algorithm>
#include <cstring>

#include "verify/libz3.h"

namespace baton::verify {
namespace {

/// More results than this make no question that is worth its time: before it counts steps, Z3 has to write them down in bits.
constexpr size_t kMostTerms = 2'000;
/// With more than these a step takes longer, and there are fewer of them.
constexpr size_t kFewTerms = 32;
constexpr uint64_t kFewerSteps = 5;

/// One question's terms.
class Terms {
 public:
  Terms(const Libz3& z3, Z3_context context, const Definitions& definitions)
      : z3_(z3), c_(context), definitions_(definitions), word_(z3.mk_bv_sort(context, 64)), bit_(z3.mk_bv_sort(context, 1)) {}

  /// All symbols that a value is made of must have been defined.
  void define(const std::set<unsigned>& symbols) {
    for (unsigned symbol : symbols) {
      const Definition* d = definitions_.find(symbol);
      terms_[symbol] = d ? term(*d) : z3_.mk_const(c_, z3_.mk_int_symbol(c_, static_cast<int>(symbol)), word_);
    }
  }

  Z3_ast term(const Value& value) {
    if (auto number = value.constant()) return constant(*number);
    Z3_ast all = nullptr;
    for (unsigned n = 0; n < 64;) {
      const unsigned end = run(value, n);
      Z3_ast part = bits(value, n, end);
      all = all ? z3_.mk_concat(c_, part, all) : part;
      n = end;
    }
    return all;
  }
  Z3_ast equal(const Value& a, const Value& b) { return z3_.mk_eq(c_, term(a), term(b)); }
  Z3_ast is(Atom atom, bool one) { return z3_.mk_eq(c_, one_bit(Bit::of(atom)), z3_.mk_unsigned_int64(c_, one ? 1 : 0, bit_)); }

  /// The numbers of the symbols without a definition.
  Assignment numbers(Z3_model model) const {
    Assignment chosen;
    for (const auto& [symbol, term] : terms_) {
      Z3_ast value = nullptr;
      uint64_t number = 0;
      if (!definitions_.find(symbol) && z3_.model_eval(c_, model, term, true, &value) && z3_.get_numeral_uint64(c_, value, &number))
        chosen.choose(symbol, number);
    }
    return chosen;
  }

 private:
  Z3_ast constant(uint64_t number) { return z3_.mk_unsigned_int64(c_, number, word_); }

  /// Where the bits end that are of one kind with bit `n`: constants, or neighbours in one symbol.
  static unsigned run(const Value& value, unsigned n) {
    const Bit first = value.bit(n);
    unsigned end = n + 1;
    for (; end < 64; ++end) {
      const Bit bit = value.bit(end);
      if (first.is_constant ? !bit.is_constant
                            : bit.is_constant || bit.is_unknown() || first.is_unknown() || bit.atom != first.atom + (end - n) ||
                                  symbol_of(bit.atom) != symbol_of(first.atom))
        break;
    }
    return end;
  }
  Z3_ast bits(const Value& value, unsigned n, unsigned end) {
    const Bit first = value.bit(n);
    if (!first.is_constant) return end - n == 1 ? one_bit(first) : atoms(first.atom, end - n);
    const uint64_t number = (value.bits() >> n) & (end - n == 64 ? ~uint64_t{0} : (uint64_t{1} << (end - n)) - 1);
    return z3_.mk_unsigned_int64(c_, number, z3_.mk_bv_sort(c_, end - n));
  }
  Z3_ast one_bit(Bit bit) {
    if (bit.is_constant) return z3_.mk_unsigned_int64(c_, bit.one ? 1 : 0, bit_);
    // No two unknown bits are the same. Numbers above those of symbols are theirs.
    if (bit.is_unknown()) return z3_.mk_const(c_, z3_.mk_int_symbol(c_, static_cast<int>(kMostSymbols + unknown_++)), bit_);
    return atoms(bit.atom, 1);
  }
  Z3_ast atoms(Atom atom, unsigned width) {
    const unsigned low = bit_of(atom);
    Z3_ast part = z3_.mk_extract(c_, low + width - 1, low, terms_.at(symbol_of(atom)));
    return (atom & kInverse) != 0 ? z3_.mk_bvnot(c_, part) : part;
  }

  Z3_ast term(const Definition& d) {
    Z3_ast a = term(d.a), b = term(d.b);
    auto carry = [&](unsigned width) { return z3_.mk_zero_ext(c_, width - 1, one_bit(d.carry)); };
    auto amount = [&] { return z3_.mk_bvand(c_, b, constant(127)); };
    switch (d.operation) {
      case Operation::kAdd: return z3_.mk_bvadd(c_, z3_.mk_bvadd(c_, a, b), carry(64));
      case Operation::kCarry: {
        auto wide = [&](Z3_ast part) { return z3_.mk_zero_ext(c_, 1, part); };
        Z3_ast sum = z3_.mk_bvadd(c_, z3_.mk_bvadd(c_, wide(a), wide(b)), carry(65));
        return z3_.mk_zero_ext(c_, 63, z3_.mk_extract(c_, 64, 64, sum));
      }
      case Operation::kMultiply: return z3_.mk_bvmul(c_, a, b);
      case Operation::kAnd: return z3_.mk_bvand(c_, a, b);
      case Operation::kOr: return z3_.mk_bvor(c_, a, b);
      case Operation::kXor: return z3_.mk_bvxor(c_, a, b);
      case Operation::kShiftLeft: return z3_.mk_bvshl(c_, a, amount());
      case Operation::kShiftRight: return z3_.mk_bvlshr(c_, a, amount());
      case Operation::kShiftRightSigned: return z3_.mk_bvashr(c_, a, amount());
      case Operation::kLeadingZeros: {
        Z3_ast zeros = constant(64);
        for (unsigned n = 0; n < 64; ++n) {
          Z3_ast set = z3_.mk_eq(c_, z3_.mk_extract(c_, n, n, a), z3_.mk_unsigned_int64(c_, 1, bit_));
          zeros = z3_.mk_ite(c_, set, constant(63 - n), zeros);
        }
        return zeros;
      }
      case Operation::kSignedOrder: return order(z3_.mk_bvslt(c_, a, b), z3_.mk_eq(c_, a, b));
      case Operation::kUnsignedOrder: return order(z3_.mk_bvult(c_, a, b), z3_.mk_eq(c_, a, b));
    }
    return nullptr;
  }
  Z3_ast order(Z3_ast less, Z3_ast equal) {
    auto only = [&](unsigned part) { return constant(uint64_t{1} << part); };
    return z3_.mk_ite(c_, less, only(kLessBit), z3_.mk_ite(c_, equal, only(kEqualBit), only(kGreaterBit)));
  }

  const Libz3& z3_;
  Z3_context c_;
  const Definitions& definitions_;
  Z3_sort word_, bit_;
  std::map<unsigned, Z3_ast> terms_;
  unsigned unknown_ = 0;
};

}  // namespace

class Solver::Session {
 public:
  explicit Session(const Libz3& z3) : z3_(z3) {
    Z3_config config = z3.mk_config();
    context_ = z3.mk_context(config);
    z3.del_config(config);
    // Without a handler of its own Z3 ends the program where it finds an error. It is looked for after each question.
    z3.set_error_handler(context_, nullptr);
  }
  ~Session() { z3_.del_context(context_); }

  Answer ask(const Definitions& definitions, const Decisions& decisions, const Claim& premises, const Claim* claim,
             const std::set<unsigned>& symbols, const SolverUse& use) {
    const uint64_t effort = symbols.size() <= kFewTerms ? use.effort : use.effort / kFewerSteps;
    const uint64_t limit = std::min(effort, use.total_effort - std::min(use.total_effort, spent_));
    if (limit == 0) return {Kind::kUnknown, Assignment(), "the solver has spent the " + std::to_string(use.total_effort) + " steps it has for one stub"};
    Terms terms(z3_, context_, definitions);
    terms.define(symbols);
    Z3_solver solver = z3_.mk_solver_for_logic(context_, z3_.mk_string_symbol(context_, "QF_BV"));
    z3_.solver_inc_ref(context_, solver);
    Z3_params parameters = z3_.mk_params(context_);
    z3_.params_inc_ref(context_, parameters);
    z3_.params_set_uint(context_, parameters, z3_.mk_string_symbol(context_, "rlimit"), static_cast<unsigned>(limit));
    z3_.solver_set_params(context_, solver, parameters);
    for (const auto& [atom, one] : decisions) z3_.solver_assert(context_, solver, terms.is(atom, one));
    for (const Equality& premise : premises) z3_.solver_assert(context_, solver, holds(terms, premise));
    if (claim) z3_.solver_assert(context_, solver, fails(terms, *claim));
    Answer answer = result(solver, terms, limit);
    spent_ = spent_after(solver, limit);
    z3_.params_dec_ref(context_, parameters);
    z3_.solver_dec_ref(context_, solver);
    return answer;
  }

 private:
  Z3_ast holds(Terms& terms, const Equality& equality) {
    std::vector<Z3_ast> equal;
    for (const Value& value : equality.one_of) equal.push_back(terms.equal(equality.seen, value));
    return z3_.mk_or(context_, static_cast<unsigned>(equal.size()), equal.data());
  }
  /// Some equality does not hold.
  Z3_ast fails(Terms& terms, const Claim& claim) {
    std::vector<Z3_ast> broken;
    for (const Equality& equality : claim) broken.push_back(z3_.mk_not(context_, holds(terms, equality)));
    return z3_.mk_or(context_, static_cast<unsigned>(broken.size()), broken.data());
  }

  Answer result(Z3_solver solver, const Terms& terms, uint64_t limit) {
    const Z3_lbool found = z3_.solver_check(context_, solver);
    if (z3_.get_error_code(context_) != Z3_OK || found == Z3_L_UNDEF)
      return {Kind::kUnknown, Assignment(), "the solver gave up, after at most " + std::to_string(limit) + " steps"};
    if (found == Z3_L_FALSE) return {Kind::kNone};
    Z3_model model = z3_.solver_get_model(context_, solver);
    z3_.model_inc_ref(context_, model);
    Answer answer{Kind::kNumbers, terms.numbers(model), {}};
    z3_.model_dec_ref(context_, model);
    return answer;
  }

  /// Z3 counts on from one question to the next. Where it does not say, all was spent that there was.
  uint64_t spent_after(Z3_solver solver, uint64_t limit) {
    uint64_t counted = spent_ + limit;
    Z3_stats stats = z3_.solver_get_statistics(context_, solver);
    z3_.stats_inc_ref(context_, stats);
    for (unsigned i = 0; i < z3_.stats_size(context_, stats); ++i)
      if (std::strcmp(z3_.stats_get_key(context_, stats, i), "rlimit count") == 0 && z3_.stats_is_uint(context_, stats, i))
        counted = z3_.stats_get_uint_value(context_, stats, i);
    z3_.stats_dec_ref(context_, stats);
    return counted;
  }

  const Libz3& z3_;
  Z3_context context_;
  uint64_t spent_ = 0;
};

Solver::Solver(SolverUse use) : use_(std::move(use)) {}
Solver::~Solver() = default;

Solver::Answer Solver::find(const Definitions& definitions, const Decisions& decisions, const Claim& premises, const Claim* claim) {
  if (!use_.allowed) return {Kind::kUnknown, Assignment(), "the solver was not to be asked"};
  std::set<unsigned> symbols;
  auto collect = [&](const Value& value) { definitions.collect(value, symbols); };
  for (const auto& [atom, one] : decisions) {
    Value bit;
    bit.set_bit(0, Bit::of(atom));
    collect(bit);
  }
  const Claim nothing;
  for (const Claim* part : {&premises, claim ? claim : &nothing})
    for (const Equality& equality : *part) {
      collect(equality.seen);
      for (const Value& value : equality.one_of) collect(value);
    }
  if (symbols.size() > kMostTerms) return {Kind::kUnknown, Assignment(), "there are too many results in it for the solver"};
  if (!session_) {
    auto z3 = Libz3::open(use_.library);
    if (!z3)
      return {Kind::kUnknown, Assignment(), "the solver might tell, and " + use_.library +
                                      (z3.failure().kind == Failure::Kind::kNotFound ? " cannot be loaded" : " is no Z3 that can be used")};
    session_ = std::make_unique<Session>(**z3);
  }
  return session_->ask(definitions, decisions, premises, claim, symbols, use_);
}

}  // namespace baton::verify
