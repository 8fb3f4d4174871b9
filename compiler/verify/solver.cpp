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
constexpr size_t kMostTerms = 1'000;
/// With more than these a step takes longer, and there are fewer of them.
constexpr size_t kFewTerms = 32;
constexpr uint64_t kFewerSteps = 5;
/// Z3 keeps the terms of a session: after so many a new one begins.
constexpr size_t kMostKept = 20'000;
constexpr const char* kNoMemory = "the solver has no memory left";

/// One question's terms.
class Terms {
 public:
  Terms(const Libz3& z3, Z3_context context, const Definitions& definitions)
      : z3_(z3), c_(context), definitions_(definitions), word_(z3.mk_bv_sort(context, 64)), bit_(z3.mk_bv_sort(context, 1)),
        zero_(z3.mk_unsigned_int64(context, 0, word_)) {}

  /// All symbols that a value is made of must have been defined.
  void define(const std::set<unsigned>& symbols) {
    for (unsigned symbol : symbols) {
      const Definition* d = definitions_.find(symbol);
      terms_[symbol] = d ? term(*d) : make(z3_.mk_const, z3_.mk_int_symbol(c_, static_cast<int>(symbol)), word_);
    }
  }

  Z3_ast term(const Value& value) {
    if (auto number = value.constant()) return constant(*number);
    Z3_ast all = nullptr;
    for (unsigned n = 0; n < 64;) {
      const unsigned end = run(value, n);
      Z3_ast part = bits(value, n, end);
      all = all ? make(z3_.mk_concat, part, all) : part;
      n = end;
    }
    return all;
  }
  Z3_ast equal(const Value& a, const Value& b) { return make(z3_.mk_eq, term(a), term(b)); }
  Z3_ast is(Atom atom, bool one) { return make(z3_.mk_eq, one_bit(Bit::of(atom)), make(z3_.mk_unsigned_int64, one ? 1 : 0, bit_)); }

  Z3_ast any(const std::vector<Z3_ast>& of) { return make(z3_.mk_or, static_cast<unsigned>(of.size()), of.data()); }
  Z3_ast negated(Z3_ast term) { return make(z3_.mk_not, term); }

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

  /// There was no memory for one of them: nothing may be concluded from the others.
  bool is_broken() const { return broken_; }
  size_t count() const { return terms_.size(); }

 private:
  /// Where Z3 has no memory left it answers null, which it may not be given again.
  template <typename Maker, typename... Operands>
  Z3_ast make(Maker maker, Operands... operands) {
    Z3_ast made = maker(c_, operands...);
    broken_ = broken_ || !made;
    return made ? made : zero_;
  }
  Z3_ast constant(uint64_t number) { return make(z3_.mk_unsigned_int64, number, word_); }

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
    return make(z3_.mk_unsigned_int64, number, z3_.mk_bv_sort(c_, end - n));
  }
  Z3_ast one_bit(Bit bit) {
    if (bit.is_constant) return make(z3_.mk_unsigned_int64, bit.one ? 1 : 0, bit_);
    // No two unknown bits are the same. Numbers above those of symbols are theirs.
    if (bit.is_unknown()) return make(z3_.mk_const, z3_.mk_int_symbol(c_, static_cast<int>(kMostSymbols + unknown_++)), bit_);
    return atoms(bit.atom, 1);
  }
  Z3_ast atoms(Atom atom, unsigned width) {
    const unsigned low = bit_of(atom);
    Z3_ast part = make(z3_.mk_extract, low + width - 1, low, terms_.at(symbol_of(atom)));
    return (atom & kInverse) != 0 ? make(z3_.mk_bvnot, part) : part;
  }

  Z3_ast term(const Definition& d) {
    Z3_ast a = term(d.a), b = term(d.b);
    auto carry = [&](unsigned width) { return make(z3_.mk_zero_ext, width - 1, one_bit(d.carry)); };
    auto amount = [&] { return make(z3_.mk_bvand, b, constant(127)); };
    switch (d.operation) {
      case Operation::kAdd: return make(z3_.mk_bvadd, make(z3_.mk_bvadd, a, b), carry(64));
      case Operation::kCarry: {
        auto wide = [&](Z3_ast part) { return make(z3_.mk_zero_ext, 1, part); };
        Z3_ast sum = make(z3_.mk_bvadd, make(z3_.mk_bvadd, wide(a), wide(b)), carry(65));
        return make(z3_.mk_zero_ext, 63, make(z3_.mk_extract, 64, 64, sum));
      }
      case Operation::kMultiply: return make(z3_.mk_bvmul, a, b);
      case Operation::kAnd: return make(z3_.mk_bvand, a, b);
      case Operation::kOr: return make(z3_.mk_bvor, a, b);
      case Operation::kXor: return make(z3_.mk_bvxor, a, b);
      case Operation::kShiftLeft: return make(z3_.mk_bvshl, a, amount());
      case Operation::kShiftRight: return make(z3_.mk_bvlshr, a, amount());
      case Operation::kShiftRightSigned: return make(z3_.mk_bvashr, a, amount());
      case Operation::kLeadingZeros: {
        Z3_ast zeros = constant(64);
        for (unsigned n = 0; n < 64; ++n) {
          Z3_ast set = make(z3_.mk_eq, make(z3_.mk_extract, n, n, a), make(z3_.mk_unsigned_int64, 1, bit_));
          zeros = make(z3_.mk_ite, set, constant(63 - n), zeros);
        }
        return zeros;
      }
      case Operation::kSignedOrder: return order(make(z3_.mk_bvslt, a, b), make(z3_.mk_eq, a, b));
      case Operation::kUnsignedOrder: return order(make(z3_.mk_bvult, a, b), make(z3_.mk_eq, a, b));
    }
    return nullptr;
  }
  Z3_ast order(Z3_ast less, Z3_ast equal) {
    auto only = [&](unsigned part) { return constant(uint64_t{1} << part); };
    return make(z3_.mk_ite, less, only(kLessBit), make(z3_.mk_ite, equal, only(kEqualBit), only(kGreaterBit)));
  }

  const Libz3& z3_;
  Z3_context c_;
  const Definitions& definitions_;
  Z3_sort word_, bit_;
  Z3_ast zero_;
  std::map<unsigned, Z3_ast> terms_;
  bool broken_ = false;
  unsigned unknown_ = 0;
};

}  // namespace

class Solver::Session {
 public:
  Session(const Libz3& z3, uint64_t spent) : z3_(z3), spent_before_(spent), spent_(spent) {
    Z3_config config = z3.mk_config();
    context_ = z3.mk_context(config);
    z3.del_config(config);
    if (!context_) return;
    // Without a handler of its own Z3 ends the program where it finds an error. It is looked for after each question.
    z3.set_error_handler(context_, nullptr);
  }
  ~Session() {
    if (context_) z3_.del_context(context_);
  }

  Answer ask(const Definitions& definitions, const Decisions& decisions, const Claim& premises, const Claim* claim,
             const std::set<unsigned>& symbols, const SolverUse& use) {
    const uint64_t effort = symbols.size() <= kFewTerms ? use.effort : use.effort / kFewerSteps;
    const uint64_t limit = std::min(effort, use.total_effort - std::min(use.total_effort, spent_));
    if (!context_) return {Kind::kUnknown, Assignment(), kNoMemory};
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
    Answer answer = terms.is_broken() ? Answer{Kind::kUnknown, Assignment(), kNoMemory} : result(solver, terms, limit);
    kept_ += terms.count();
    is_full_ = terms.is_broken() || kept_ > kMostKept;
    spent_ = spent_after(solver, limit);
    z3_.params_dec_ref(context_, parameters);
    z3_.solver_dec_ref(context_, solver);
    return answer;
  }

  uint64_t spent() const { return spent_; }
  bool is_full() const { return is_full_; }

 private:
  static Z3_ast holds(Terms& terms, const Equality& equality) {
    std::vector<Z3_ast> equal;
    for (const Value& value : equality.one_of) equal.push_back(terms.equal(equality.seen, value));
    return terms.any(equal);
  }
  /// Some equality does not hold.
  static Z3_ast fails(Terms& terms, const Claim& claim) {
    std::vector<Z3_ast> broken;
    for (const Equality& equality : claim) broken.push_back(terms.negated(holds(terms, equality)));
    return terms.any(broken);
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
        counted = spent_before_ + z3_.stats_get_uint_value(context_, stats, i);
    z3_.stats_dec_ref(context_, stats);
    return counted;
  }

  const Libz3& z3_;
  Z3_context context_;
  uint64_t spent_before_, spent_;  // before this session, and by now
  size_t kept_ = 0;
  bool is_full_ = false;
};

Solver::Solver(SolverUse use) : use_(std::move(use)) {}
Solver::~Solver() = default;

Solver::Answer Solver::find(const Definitions& definitions, const Decisions& decisions, const Claim& premises, const Claim* claim) {
  if (!use_.allowed) return {Kind::kUnknown, Assignment(), "the solver was not to be asked"};
  std::set<unsigned> symbols;
  auto collect = [&](const Value& value) { definitions.collect(value, symbols); };
  for (const auto& [atom, one] : decisions) collect(value_of(Bit::of(atom)));
  const Claim nothing;
  for (const Claim* part : {&premises, claim ? claim : &nothing})
    for (const Equality& equality : *part) {
      collect(equality.seen);
      for (const Value& value : equality.one_of) collect(value);
    }
  if (symbols.size() > kMostTerms) return {Kind::kUnknown, Assignment(), "there are too many results in it for the solver"};
  if (!session_ || session_->is_full()) {
    const uint64_t spent = session_ ? session_->spent() : 0;
    session_.reset();
    auto z3 = Libz3::open(use_.library);
    if (!z3)
      return {Kind::kUnknown, Assignment(), "the solver might tell, and " + use_.library +
                                      (z3.failure().kind == Failure::Kind::kNotFound ? " cannot be loaded" : " is no Z3 that can be used")};
    session_ = std::make_unique<Session>(**z3, spent);
  }
  return session_->ask(definitions, decisions, premises, claim, symbols, use_);
}

}  // namespace baton::verify
