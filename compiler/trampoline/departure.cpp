// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The code of a departure: each event's instructions, with what the call passes. See departure.h.
#include "trampoline/departure.h"

#include <algorithm>

#include "ppc64/moves.h"
#include "trampoline/departure_code.h"
#include "trampoline/departure_needs.h"

namespace baton::trampoline {

using contract::Claim;
using diagnostics::Code;
using model::Section;
using model::Value;
using ppc64::Gpr;
using Kind = CallArgument::Kind;

namespace {

constexpr unsigned kFirstArgument = 3;
constexpr unsigned kFirstSaved = 14;  // up to r21: eight arguments
constexpr Gpr kLinear{30}, kBase{31}, kSlaveBase{11};
constexpr uint64_t kDefaultPage = 4096;

std::string label_of(const Claim& need) {
  return need.clause->origin + (need.section == Section::kSlaves ? " slaves" : "") + ": " + need.text();
}

class Writing {
 public:
  Writing(const placement::Layout& layout, Departure departure, const DepartureNeeds& needs, diagnostics::Sink& sink)
      : layout_(layout), d_(std::move(departure)), n_(needs), sink_(sink), listing_(d_.stub) {}

  std::optional<Departure> run() {
    size_t errors = sink_.error_count();
    write_master();
    if (!d_.slave.empty()) write_slave();
    if (sink_.error_count() != errors) return std::nullopt;
    return std::move(d_);
  }

 private:
  void refuse(const Claim& need, const std::string& why) { refuse_departure(layout_, need, why, {}, sink_); }

  std::string why(const Claim* need, const std::string& event) const {
    if (need) return label_of(*need);
    auto edge = n_.events.find(event);
    return layout_.to->name + (edge == n_.events.end() || edge->second.empty() ? ": " + event : edge->second);
  }

  Gpr saved(const CallArgument& a) const { return Gpr{kFirstSaved + a.gpr.number() - kFirstArgument}; }

  void write_master() {
    ppc64::Stub& s = d_.stub;
    const std::string call = layout_.from->name + ": enter call";
    s.comment("The master: what the call passed, to where calls leave it alone; then the events in order.");
    for (const CallArgument& a : d_.master_arguments)
      if (a.kind != Kind::kUnused && a.kind != Kind::kConstant && a.name != "stack") s.code(ppc64::ins::mr(saved(a), a.gpr), call);
    if (const CallArgument* stack = d_.named("stack")) {
      auto r1 = std::find_if(n_.registers.begin(), n_.registers.end(), [](const auto& r) { return r.need->subject == "r1"; });
      listing_.change_stack(stack->gpr, r1 == n_.registers.end() ? call : label_of(*r1->need));
    }
    for (const std::string& event : d_.events) {
      s.comment(event);
      if (event == "interrupts_off" && n_.off) listing_.interrupts_off(label_of(*n_.off));
      if (event == d_.events.front() || (event == "interrupts_off")) find_itself(call);
      if (event == "segments_placed") walk();
      if (event == "real_mode" && n_.real) real_mode();
      if (event == "hash_table_cleared")
        listing_.call_hook(saved(*d_.find(Kind::kHook)), d_.giver == Endian::kBig, why(n_.cleared, event));
      if (event == "head_copied" && n_.head)
        listing_.copy_head(d_.head_to, saved(*passed(d_.image)), d_.head_offset, d_.head_size, label_of(*n_.head));
      if (event == "slaves_released" && !d_.slave.empty()) listing_.release(why(nullptr, event));
      if (event == "master_enters") jump();
    }
    if (d_.does("segments_placed") || n_.head) {
      s.comment("Copies and makes fetchable: r11 blocks of 64 bytes from r10 to r9.");
      const Claim* copies = n_.placed ? n_.placed : n_.head;
      listing_.copy_blocks(why(copies, "segments_placed"), n_.coherent ? label_of(*n_.coherent) : why(copies, "segments_placed"));
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
    std::string clause = why(n_.placed, "segments_placed");
    Gpr page{21};
    if (size) page = saved(*size);
    if (!size) d_.stub.code(ppc64::ins::li(page, kDefaultPage), clause);
    listing_.walk_pages(saved(*d_.find(Kind::kPageList)), page, clause, n_.coherent ? label_of(*n_.coherent) : clause);
  }

  void real_mode() {
    std::string clause = label_of(*n_.real);
    listing_.leave_translation(kBase, "real_mode", clause);
    d_.stub.code(ppc64::ins::clrldi(Gpr{1}, Gpr{1}, 4), clause).code(ppc64::ins::li(kLinear, 0), clause);
  }

  /// Registers as they must be, all at once, and the branch.
  void jump() {
    auto values = n_.enter->possible();
    std::string clause = label_of(*n_.enter);
    std::vector<ppc64::Assignment> assignments;
    std::vector<std::string> clauses;
    Gpr to{0};
    if (auto number = number_of(values[0])) {
      std::vector<ppc64::Assignment> one{{to, *number}};
      auto made = ppc64::parallel_moves(one, {}, {});
      BATON_CHECK(made.ok(), "a constant that cannot be made");
      for (const auto& move : *made) d_.stub.code(move.instruction, clause);
    } else {
      to = saved(*passed_as(d_, values[0]));
    }
    d_.stub.code(ppc64::ins::mtlr(to), clause);
    for (const auto& [need, entailed] : n_.registers) {
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
      if (const CallArgument* a = passed_as(d_, v)) return out.push_back({*gpr, saved(*a)}), true;
    }
    refuse(need, settable ? "the call passes no such value" : "departing code does not set that register");
    return false;
  }

  void write_slave() {
    ppc64::Stub& s = d_.stub;
    const std::string call = layout_.from->name + ": enter call";
    for (const auto& [need, entailed] : n_.slave_registers) {
      auto gpr = ppc64::find_gpr(need->subject);
      if (!entailed || !gpr || (gpr->number() >= 9 && gpr->number() <= 12) || gpr->number() == 0)
        refuse(*need, "the code of slaves leaves r1 to r8 as they were passed and sets none");
    }
    std::string waits = why(nullptr, "slaves_released");
    s.comment("A slave: out of translation, counted, and waiting for the release.");
    s.label(d_.code_symbol(d_.slave));
    if (n_.slave_off) listing_.interrupts_off(label_of(*n_.slave_off));
    listing_.find_itself(kSlaveBase, "slave_here", call);
    if (n_.slave_real)
      listing_.leave_translation(kSlaveBase, "slave_real_mode", label_of(*n_.slave_real));
    else
      s.code(ppc64::ins::mfmsr(Gpr{12}), call);
    listing_.count_slave(d_.arrived, call);
    listing_.wait_for_release(waits);
    listing_.slave_goes(d_.landing, n_.slave_big != nullptr, label_of(*n_.slave_enter), n_.slave_big ? label_of(*n_.slave_big) : "");
    s.comment("Written in real mode only.");
    s.label(kReleaseLabel).word(0, d_.giver, "1: the slaves are released");
    s.label(d_.arrived).word(0, d_.giver, "how many slaves have left translation");
  }

  const placement::Layout& layout_;
  Departure d_;
  const DepartureNeeds& n_;
  diagnostics::Sink& sink_;
  DepartureListing listing_;
  bool found_ = false;
};

}  // namespace

std::optional<Departure> depart(const placement::Layout& layout, const contract::Boundary& from,
                                const contract::Gap& gap, Endian giver, diagnostics::Sink& sink) {
  Departure d;
  const std::string name = "baton_" + layout.handoff->name;
  d.giver = d.stub.unit_order = giver;
  d.master = name;
  d.arrived = name + "_arrived";
  if (gap.slaves_may_arrive) d.slave = name + "_slave";
  d.stub.symbol = d.code_symbol(d.master);
  auto needs = read_departure_needs(layout, from, gap, d, sink);
  if (!needs) return std::nullopt;
  return Writing(layout, std::move(d), *needs, sink).run();
}

}  // namespace baton::trampoline
