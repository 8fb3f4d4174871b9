// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is to be done, in which order, and with what the call passes. See departure.h.
#include "trampoline/departure.h"

#include <algorithm>
#include <map>
#include <set>

#include "ppc64/moves.h"
#include "trampoline/departure_code.h"

namespace baton::trampoline {

using contract::Answer;
using contract::Claim;
using contract::Obligation;
using diagnostics::Code;
using model::ClauseKind;
using model::Section;
using model::Value;
using ppc64::Gpr;
using Kind = CallArgument::Kind;

namespace {

constexpr unsigned kFirstArgument = 3, kLastArgument = 10;  // r3 to r10, by either ABI
constexpr unsigned kFirstSaved = 14;                        // up to r21: eight arguments
constexpr Gpr kLinear{30}, kBase{31}, kSlaveBase{11};
constexpr uint64_t kDefaultPage = 4096;
constexpr uint64_t kBranchReach = uint64_t{1} << 25, kNear = 0x8000;

/// In the order in which they stand where the taker leaves them open: pages with translation on, since on some machines
/// only that reaches all of memory; slaves early.
const std::vector<std::string> kEvents = {"interrupts_off", "segments_placed",    "real_mode",    "head_copied",
                                          "slaves_released", "hash_table_cleared", "master_enters"};

std::string label_of(const Claim& need) {
  return need.clause->origin + (need.section == Section::kSlaves ? " slaves" : "") + ": " + need.text();
}

std::optional<std::string> symbol_of(const Value& v) {
  if (v.is_symbol()) return v.as_symbol().name;
  if (v.is_pending()) return v.as_pending().what;
  return std::nullopt;
}

std::optional<uint64_t> number_of(const Value& v) {
  if (!v.is_known() || !v.is_number() || v.number() >= kTwoTo64) return std::nullopt;
  return static_cast<uint64_t>(v.number());
}

/// What the registers of a call hold, from r3 to the last that holds something.
std::vector<CallArgument> arguments_of(const contract::Boundary& from, Section cpu) {
  std::vector<CallArgument> found;
  for (const Claim& claim : from.claims) {
    if (claim.section != cpu || claim.kind != ClauseKind::kRegister || claim.any) continue;
    auto gpr = ppc64::find_gpr(claim.subject);
    auto values = claim.possible();
    if (!gpr || values.size() != 1) continue;
    if (gpr->number() < kFirstArgument || gpr->number() > kLastArgument) continue;
    CallArgument argument;
    argument.gpr = *gpr;
    if (auto number = number_of(values[0])) {
      argument.kind = Kind::kConstant;
      argument.constant = *number;
    } else if (auto symbol = symbol_of(values[0])) {
      argument.symbol = *symbol;
      argument.name = symbol->substr(symbol->find('.') + 1);
      argument.kind = Kind::kNumber;
      if (claim.clause->kind == ClauseKind::kArgument && claim.clause->words[1] == "pagelist") argument.kind = Kind::kPageList;
      if (claim.clause->kind == ClauseKind::kArgument && claim.clause->words[1] == "hook") argument.kind = Kind::kHook;
    } else {
      continue;
    }
    found.push_back(std::move(argument));
  }
  std::vector<CallArgument> all;
  for (unsigned number = kFirstArgument; number <= kLastArgument; ++number) {
    auto held = std::find_if(found.begin(), found.end(), [&](const CallArgument& a) { return a.gpr == Gpr{number}; });
    CallArgument unused;
    unused.gpr = Gpr{number};
    all.push_back(held == found.end() ? unused : *held);
  }
  while (!all.empty() && all.back().kind == Kind::kUnused) all.pop_back();
  return all;
}

class Departing {
 public:
  Departing(const placement::Layout& layout, const contract::Boundary& from, const contract::Boundary& to,
            const contract::Gap& gap, diagnostics::Sink& sink)
      : layout_(layout), from_(from), to_(to), gap_(gap), sink_(sink), listing_(d_.stub) {}

  std::optional<Departure> run(Endian giver) {
    size_t errors = sink_.error_count();
    d_.giver = d_.stub.unit_order = giver;
    const std::string name = "baton_" + layout_.handoff->name;
    d_.master = name;
    d_.arrived = name + "_arrived";
    d_.master_arguments = arguments_of(from_, Section::kMaster);
    if (gap_.slaves_may_arrive) {
      d_.slave = name + "_slave";
      d_.slave_arguments = arguments_of(from_, Section::kSlaves);
    }
    d_.stub.symbol = d_.code_symbol(d_.master);
    for (const Obligation& o : gap_.obligations) o.edge ? edge(o) : need(o);
    if (sink_.error_count() == errors) in_order();
    if (sink_.error_count() == errors) check_means();
    if (sink_.error_count() != errors) return std::nullopt;
    write_master();
    if (!d_.slave.empty()) write_slave();
    if (sink_.error_count() != errors) return std::nullopt;
    return std::move(d_);
  }

 private:
  void refuse(const Claim& need, const std::string& why, const std::string& way_out = {}) {
    auto& d = sink_.report(Code::no_stub, need.clause->span,
                           "`" + need.clause->origin + "` needs `" + need.text() + "`, and " + why).at("the need");
    d.label(layout_.handoff->name_span, "in this handoff");
    if (!way_out.empty()) d.note(way_out);
  }

  // ---- what is needed

  void edge(const Obligation& o) {
    if (o.answer != Answer::kGap) return;
    for (const std::string& event : {o.edge->before, o.edge->after})
      if (std::find(kEvents.begin(), kEvents.end(), event) == kEvents.end()) {
        sink_.report(Code::no_stub, o.edge->span,
                     "`" + layout_.to->name + "` orders `" + event + "`, and departing code does not know when that is")
            .label(layout_.handoff->name_span, "in this handoff");
        return;
      } else {
        events_.emplace(event, ": order " + o.edge->before + " < " + o.edge->after);
      }
    edges_.push_back(&*o.edge);
  }

  void need(const Obligation& o) {
    const Claim& n = *o.need;
    bool slaves = n.section == Section::kSlaves;
    if (slaves && !gap_.slaves_may_arrive) return;
    if (o.answer == Answer::kVacuous || o.answer == Answer::kImpossible) return;
    switch (n.kind) {
      case ClauseKind::kEnter: return enter(n);
      case ClauseKind::kRegister:
        if (!n.any) (slaves ? slave_registers_ : registers_).push_back({&n, o.answer == Answer::kEntailed});
        return;
      case ClauseKind::kMsr:
        if (o.answer == Answer::kGap) msr(n);
        return;
      case ClauseKind::kIle:
        if (o.answer == Answer::kGap)
          refuse(n, "departing code leaves interrupts in the byte order that its caller takes them in",
                 "let the caller reset it, and say so in `" + layout_.from->name + "`");
        return;
      case ClauseKind::kFact:
        if (o.answer == Answer::kGap) fact(n);
        return;
      case ClauseKind::kBytes:
        if (o.answer == Answer::kElsewhere) head(n);
        return;
      default: return;  // about values of the call: the caller answers for it
    }
  }

  void enter(const Claim& n) {
    auto values = n.possible();
    if (n.section == Section::kMaster) {
      enter_ = &n;
      if (values.size() != 1 || !(number_of(values[0]) || find_passed(values[0])))
        refuse(n, "the call passes no such address", "add `argument NAME = REG : argument;` and bind the role to it");
      return;
    }
    auto number = values.size() == 1 ? number_of(values[0]) : std::nullopt;
    if (!number || *number % 4 != 0 || *number >= kNear) {
      refuse(n, "slaves are sent to a fixed address below " + hex(Wide{kNear}) + " only");
      return;
    }
    slave_enter_ = &n;
    d_.landing = *number;
  }

  void msr(const Claim& n) {
    const ppc64::MsrField* field = ppc64::find_msr_field(n.subject);
    auto values = n.possible();
    auto wanted = values.size() == 1 ? number_of(values[0]) : std::nullopt;
    bool slaves = n.section == Section::kSlaves;
    bool known = field && wanted && *wanted == 0;
    if (known && field->mask == ppc64::msr::kEe)
      (slaves ? slave_off_ : off_) = &n;
    else if (known && (field->mask == ppc64::msr::kIr || field->mask == ppc64::msr::kDr))
      (slaves ? slave_real_ : real_) = &n;
    else if (known && slaves && field->mask == ppc64::msr::kLe)
      slave_big_ = &n;
    else
      return refuse(n, slaves ? "the code of slaves turns MSR[EE], [IR], [DR] and [LE] off, and nothing else"
                              : "departing code turns MSR[EE], [IR] and [DR] off, and nothing else");
    if (!slaves) events_.emplace(field->mask == ppc64::msr::kEe ? "interrupts_off" : "real_mode", "");
  }

  void fact(const Claim& n) {
    if (n.subject == "segments_placed") placed_ = &n;
    if (n.subject == "hash_table_cleared") cleared_ = &n;
    if (n.subject == "icache_coherent")
      coherent_ = &n;
    else
      events_.emplace(n.subject, "");
  }

  /// `bytes N +: SIZE = bytes ROLE.entry [+ N] +: SIZE`.
  void head(const Claim& n) {
    const syntax::Expr& source = *n.clause->values[1];
    auto destination = n.values[0];
    const syntax::Expr* place = source.kind == syntax::Expr::Kind::kBinary && source.text == "+:" ? source.operands[0].get() : nullptr;
    uint64_t offset = 0;
    bool plain = place && destination.is_known() && destination.ranges().count() == 1;
    if (plain && place->kind == syntax::Expr::Kind::kBinary && place->text == "+") {
      const syntax::Expr& addend = *place->operands[1];
      plain = (addend.kind == syntax::Expr::Kind::kInteger || addend.kind == syntax::Expr::Kind::kSize) && addend.integer < kNear;
      offset = static_cast<uint64_t>(addend.integer);
      place = place->operands[0].get();
    }
    diagnostics::Sink ignored;
    std::string image;
    if (plain) {
      Value v = evaluate(*place, placement::RoleScope(layout_, false), ignored);
      image = find_passed(v) ? symbol_of(v).value_or("") : "";
    }
    if (image.empty() || head_) return refuse(n, "departing code copies one part of an image that the call passes");
    Range to = destination.ranges().front();
    if (to.end.value() > kNear || to.size().bytes() % kCopyBlock != 0 || to.begin.value() % kCopyBlock != 0)
      return refuse(n, "departing code copies whole blocks of 64 bytes to addresses below " + hex(Wide{kNear}));
    head_ = &n;
    d_.image = image;
    d_.head_to = to.begin.value();
    d_.head_offset = offset;
    d_.head_size = to.size().bytes();
    events_.emplace("head_copied", "");
  }

  const CallArgument* find_passed(const Value& v) const {
    auto symbol = symbol_of(v);
    for (const CallArgument& a : d_.master_arguments)
      if (symbol && !a.symbol.empty() && a.symbol == *symbol) return &a;
    return nullptr;
  }

  // ---- in which order

  /// The taker's edges, and what is so in any departure: memory at fixed addresses, the hook and the release word are
  /// for real mode, and a page of the list may be the head's.
  void in_order() {
    if (!d_.slave.empty()) events_.emplace("slaves_released", "");
    events_.emplace("master_enters", "");
    std::vector<std::pair<std::string, std::string>> before;
    for (const model::OrderEdge* e : edges_) before.emplace_back(e->before, e->after);
    for (const auto& [event, clause] : events_) {
      if (event != "interrupts_off") before.emplace_back("interrupts_off", event);
      if (event != "master_enters") before.emplace_back(event, "master_enters");
    }
    for (const char* late : {"hash_table_cleared", "head_copied", "slaves_released"}) before.emplace_back("real_mode", late);
    before.emplace_back("segments_placed", "head_copied");
    before.emplace_back("head_copied", "slaves_released");
    std::set<std::string> left;
    for (const auto& [event, clause] : events_) left.insert(event);
    while (!left.empty()) {
      auto ready = std::find_if(kEvents.begin(), kEvents.end(), [&](const std::string& event) {
        return left.count(event) && std::none_of(before.begin(), before.end(), [&](const auto& edge) {
                 return edge.second == event && left.count(edge.first);
               });
      });
      if (ready == kEvents.end()) return out_of_order(left);
      left.erase(*ready);
      d_.events.push_back(*ready);
    }
  }

  void out_of_order(const std::set<std::string>& left) {
    for (const model::OrderEdge* e : edges_) {
      if (!left.count(e->before) || !left.count(e->after)) continue;
      sink_.report(Code::no_stub, e->span,
                   "`" + layout_.to->name + "` needs `" + e->before + " < " + e->after + "`, and departing code cannot do so")
          .label(layout_.handoff->name_span, "in this handoff")
          .note("interrupts go off first and the taker is entered last; the hash table is cleared, the head copied and the "
                "slaves released in real mode, the head after all pages and before the slaves");
      return;
    }
  }

  /// Each event needs what it works on.
  void check_means() {
    if (!enter_) {
      sink_.report(Code::no_stub, layout_.handoff->name_span, "`" + layout_.to->name + "` does not say where it is entered");
      return;
    }
    auto missing = [&](const char* event, const char* kind, const std::string& what) {
      auto& d = sink_.report(Code::no_stub, layout_.handoff->from_span,
                             "`" + layout_.to->name + "` needs `" + event + "`, and `" + layout_.from->name + "` passes no " + kind);
      d.at(what).note("add `role NAME : " + std::string(kind) + ";` and `argument NAME = REG : " + kind + ";` to it");
    };
    if (d_.does("segments_placed") && !d_.find(Kind::kPageList)) missing("segments_placed", "pagelist", "no pages to copy");
    if (d_.does("hash_table_cleared") && !d_.find(Kind::kHook)) missing("hash_table_cleared", "hook", "nobody who can clear it");
    if (coherent_ && !d_.does("segments_placed")) missing("icache_coherent", "pagelist", "nobody who has copied the pages");
    bool stack = std::any_of(registers_.begin(), registers_.end(), [](const auto& r) { return r.need->subject == "r1"; });
    if ((stack || d_.does("hash_table_cleared")) && !d_.named("stack"))
      sink_.report(Code::no_stub, layout_.handoff->from_span, "`" + layout_.from->name + "` passes no stack to change to")
          .at(stack ? "the taker is promised one" : "the hook runs on it")
          .note("add `role stack : argument;` and `argument stack = REG : argument;` to it");
    if (!d_.slave.empty() && !slave_enter_)
      sink_.report(Code::no_stub, layout_.handoff->name_span,
                   "`" + layout_.to->name + "` does not say where slaves enter, and `" + layout_.from->name + "` has some");
  }

  // ---- the code

  std::string why(const Claim* need, const std::string& event) const {
    if (need) return label_of(*need);
    auto edge = events_.find(event);
    return layout_.to->name + (edge == events_.end() || edge->second.empty() ? ": " + event : edge->second);
  }

  Gpr saved(const CallArgument& a) const { return Gpr{kFirstSaved + a.gpr.number() - kFirstArgument}; }

  void write_master() {
    ppc64::Stub& s = d_.stub;
    const std::string call = layout_.from->name + ": enter call";
    s.comment("The master: what the call passed, to where calls leave it alone; then the events in order.");
    for (const CallArgument& a : d_.master_arguments)
      if (a.kind != Kind::kUnused && a.kind != Kind::kConstant && a.name != "stack") s.code(ppc64::ins::mr(saved(a), a.gpr), call);
    if (const CallArgument* stack = d_.named("stack")) {
      auto r1 = std::find_if(registers_.begin(), registers_.end(), [](const auto& r) { return r.need->subject == "r1"; });
      listing_.change_stack(stack->gpr, r1 == registers_.end() ? call : label_of(*r1->need));
    }
    for (const std::string& event : d_.events) {
      s.comment(event);
      if (event == "interrupts_off" && off_) listing_.interrupts_off(label_of(*off_));
      if (event == d_.events.front() || (event == "interrupts_off")) find_itself(call);
      if (event == "segments_placed") walk();
      if (event == "real_mode" && real_) real_mode();
      if (event == "hash_table_cleared")
        listing_.call_hook(saved(*d_.find(Kind::kHook)), d_.giver == Endian::kBig, why(cleared_, event));
      if (event == "head_copied" && head_)
        listing_.copy_head(d_.head_to, saved(*passed(d_.image)), d_.head_offset, d_.head_size, label_of(*head_));
      if (event == "slaves_released" && !d_.slave.empty()) listing_.release(why(nullptr, event));
      if (event == "master_enters") jump();
    }
    if (d_.does("segments_placed") || head_) {
      s.comment("Copies and makes fetchable: r11 blocks of 64 bytes from r10 to r9.");
      const Claim* copies = placed_ ? placed_ : head_;
      listing_.copy_blocks(why(copies, "segments_placed"), coherent_ ? label_of(*coherent_) : why(copies, "segments_placed"));
    }
  }

  const CallArgument* passed(const std::string& symbol) const {
    for (const CallArgument& a : d_.master_arguments)
      if (a.symbol == symbol) return &a;
    return nullptr;
  }

  /// The code's address and, from its high bits, where real memory is seen.
  void find_itself(const std::string& call) {
    if (found_) return;
    found_ = true;
    listing_.find_itself(kBase, "here", call);
    d_.stub.code(ppc64::ins::clrrdi(kLinear, kBase, 60), call);
  }

  void walk() {
    const CallArgument* size = d_.named("page_size");
    std::string clause = why(placed_, "segments_placed");
    Gpr page{21};
    if (size) page = saved(*size);
    if (!size) d_.stub.code(ppc64::ins::li(page, kDefaultPage), clause);
    listing_.walk_pages(saved(*d_.find(Kind::kPageList)), page, clause, coherent_ ? label_of(*coherent_) : clause);
  }

  void real_mode() {
    std::string clause = label_of(*real_);
    listing_.leave_translation(kBase, "real_mode", clause);
    d_.stub.code(ppc64::ins::clrldi(Gpr{1}, Gpr{1}, 4), clause).code(ppc64::ins::li(kLinear, 0), clause);
  }

  /// Registers as they must be, all at once, and the branch.
  void jump() {
    auto values = enter_->possible();
    std::string clause = label_of(*enter_);
    std::vector<ppc64::Assignment> assignments;
    std::vector<std::string> clauses;
    Gpr to{0};
    if (auto number = number_of(values[0])) {
      std::vector<ppc64::Assignment> one{{to, *number}};
      auto made = ppc64::parallel_moves(one, {}, {});
      BATON_CHECK(made.ok(), "a constant that cannot be made");
      for (const auto& move : *made) d_.stub.code(move.instruction, clause);
    } else {
      to = saved(*find_passed(values[0]));
    }
    d_.stub.code(ppc64::ins::mtlr(to), clause);
    for (const auto& [need, entailed] : registers_) {
      if (need->subject == "r1" && need->values[0].type() == model::Type::kStack) {
        if (need->values[0].stack().known) refuse(*need, "of the caller's stack no size is known");
        continue;
      }
      if (need->subject == "lr" && symbol_of(need->values[0]) == symbol_of(values[0])) continue;
      if (!assign(*need, assignments)) continue;
      clauses.push_back(label_of(*need));
    }
    auto moves = ppc64::parallel_moves(assignments, {}, std::vector<Gpr>{Gpr{0}});
    if (!moves) {
      sink_.report(Code::no_stub, layout_.handoff->enter_span, moves.failure());
      return;
    }
    for (const auto& move : *moves) d_.stub.code(move.instruction, clauses[move.assignment]);
    d_.stub.code(ppc64::ins::isync(), clause).code(ppc64::ins::blr(), clause);
  }

  bool assign(const Claim& need, std::vector<ppc64::Assignment>& out) {
    auto gpr = ppc64::find_gpr(need.subject);
    // What the code uses until the end cannot be set before it.
    bool settable = gpr && gpr->number() != 1 && (gpr->number() < kFirstSaved || gpr->number() > kFirstSaved + 7);
    for (const Value& v : settable ? need.possible() : std::vector<Value>{}) {
      if (auto number = number_of(v)) return out.push_back({*gpr, *number}), true;
      if (const CallArgument* a = find_passed(v)) return out.push_back({*gpr, saved(*a)}), true;
    }
    refuse(need, settable ? "the call passes no such value" : "departing code does not set that register");
    return false;
  }

  void write_slave() {
    ppc64::Stub& s = d_.stub;
    const std::string call = layout_.from->name + ": enter call";
    for (const auto& [need, entailed] : slave_registers_) {
      auto gpr = ppc64::find_gpr(need->subject);
      if (!entailed || !gpr || (gpr->number() >= 9 && gpr->number() <= 12) || gpr->number() == 0)
        refuse(*need, "the code of slaves leaves r1 to r8 as they were passed and sets none");
    }
    std::string waits = why(nullptr, "slaves_released");
    s.comment("A slave: out of translation, counted, and waiting for the release.");
    s.label(d_.code_symbol(d_.slave));
    if (slave_off_) listing_.interrupts_off(label_of(*slave_off_));
    listing_.find_itself(kSlaveBase, "slave_here", call);
    if (slave_real_)
      listing_.leave_translation(kSlaveBase, "slave_real_mode", label_of(*slave_real_));
    else
      s.code(ppc64::ins::mfmsr(Gpr{12}), call);
    listing_.count_slave(d_.arrived, call);
    listing_.wait_for_release(waits);
    listing_.slave_goes(d_.landing, slave_big_ != nullptr, label_of(*slave_enter_), slave_big_ ? label_of(*slave_big_) : "");
    s.comment("Written in real mode only.");
    s.label(kReleaseLabel).word(0, d_.giver, "1: the slaves are released");
    s.label(d_.arrived).word(0, d_.giver, "how many slaves have left translation");
  }

  struct RegisterNeed {
    const Claim* need;
    bool entailed;
  };

  const placement::Layout& layout_;
  const contract::Boundary& from_;
  const contract::Boundary& to_;
  const contract::Gap& gap_;
  diagnostics::Sink& sink_;
  Departure d_;
  DepartureListing listing_;
  std::map<std::string, std::string> events_;  // and the edge that brings each in, if none of the needs does
  std::vector<const model::OrderEdge*> edges_;
  std::vector<RegisterNeed> registers_, slave_registers_;
  const Claim *enter_ = nullptr, *slave_enter_ = nullptr, *off_ = nullptr, *slave_off_ = nullptr, *real_ = nullptr,
              *slave_real_ = nullptr, *slave_big_ = nullptr, *placed_ = nullptr, *cleared_ = nullptr, *coherent_ = nullptr,
              *head_ = nullptr;
  bool found_ = false;
};

}  // namespace

std::optional<Departure> depart(const placement::Layout& layout, const contract::Boundary& from,
                                const contract::Boundary& to, const contract::Gap& gap, Endian giver,
                                diagnostics::Sink& sink) {
  return Departing(layout, from, to, gap, sink).run(giver);
}

}  // namespace baton::trampoline
