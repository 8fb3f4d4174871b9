// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading the gap of a departure. See departure_needs.h.
#include "trampoline/departure_needs.h"

#include <algorithm>
#include <set>

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
constexpr uint64_t kNear = 0x8000;

/// In the order in which they stand where the taker leaves them open: pages with translation on, since on some machines
/// only that reaches all of memory; slaves early.
const std::vector<std::string> kEvents = {"interrupts_off", "segments_placed",    "real_mode",    "head_copied",
                                          "slaves_released", "hash_table_cleared", "master_enters"};

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

class Needs {
 public:
  Needs(const placement::Layout& layout, const contract::Boundary& from, const contract::Gap& gap, Departure& departure,
        diagnostics::Sink& sink)
      : layout_(layout), from_(from), gap_(gap), d_(departure), sink_(sink) {}

  std::optional<DepartureNeeds> run() {
    size_t errors = sink_.error_count();
    d_.master_arguments = arguments_of(from_, Section::kMaster);
    if (!d_.slave.empty()) d_.slave_arguments = arguments_of(from_, Section::kSlaves);
    for (const Obligation& o : gap_.obligations) o.edge ? edge(o) : need(o);
    if (sink_.error_count() == errors) in_order();
    if (sink_.error_count() == errors) check_means();
    if (sink_.error_count() != errors) return std::nullopt;
    return std::move(n_);
  }

 private:
  void refuse(const Claim& need, const std::string& why, const std::string& way_out = {}) {
    refuse_departure(layout_, need, why, way_out, sink_);
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
        n_.events.emplace(event, ": order " + o.edge->before + " < " + o.edge->after);
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
        if (!n.any) (slaves ? n_.slave_registers : n_.registers).push_back({&n, o.answer == Answer::kEntailed});
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
      n_.enter = &n;
      if (values.size() != 1 || !(number_of(values[0]) || passed_as(d_, values[0])))
        refuse(n, "the call passes no such address", "add `argument NAME = REG : argument;` and bind the role to it");
      return;
    }
    auto number = values.size() == 1 ? number_of(values[0]) : std::nullopt;
    if (!number || *number % 4 != 0 || *number >= kNear) {
      refuse(n, "slaves are sent to a fixed address below " + hex(Wide{kNear}) + " only");
      return;
    }
    n_.slave_enter = &n;
    d_.landing = *number;
  }

  void msr(const Claim& n) {
    const ppc64::MsrField* field = ppc64::find_msr_field(n.subject);
    auto values = n.possible();
    auto wanted = values.size() == 1 ? number_of(values[0]) : std::nullopt;
    bool slaves = n.section == Section::kSlaves;
    bool known = field && wanted && *wanted == 0;
    if (known && field->mask == ppc64::msr::kEe)
      (slaves ? n_.slave_off : n_.off) = &n;
    else if (known && (field->mask == ppc64::msr::kIr || field->mask == ppc64::msr::kDr))
      (slaves ? n_.slave_real : n_.real) = &n;
    else if (known && slaves && field->mask == ppc64::msr::kLe)
      n_.slave_big = &n;
    else
      return refuse(n, slaves ? "the code of slaves turns MSR[EE], [IR], [DR] and [LE] off, and nothing else"
                              : "departing code turns MSR[EE], [IR] and [DR] off, and nothing else");
    if (!slaves) n_.events.emplace(field->mask == ppc64::msr::kEe ? "interrupts_off" : "real_mode", "");
  }

  void fact(const Claim& n) {
    if (n.subject == "segments_placed") n_.placed = &n;
    if (n.subject == "hash_table_cleared") n_.cleared = &n;
    if (n.subject == "icache_coherent")
      n_.coherent = &n;
    else
      n_.events.emplace(n.subject, "");
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
      image = passed_as(d_, v) ? symbol_of(v).value_or("") : "";
    }
    if (image.empty() || n_.head) return refuse(n, "departing code copies one part of an image that the call passes");
    Range to = destination.ranges().front();
    if (to.end.value() > kNear || to.size().bytes() % kCopyBlock != 0 || to.begin.value() % kCopyBlock != 0)
      return refuse(n, "departing code copies whole blocks of 64 bytes to addresses below " + hex(Wide{kNear}));
    n_.head = &n;
    d_.image = image;
    d_.head_to = to.begin.value();
    d_.head_offset = offset;
    d_.head_size = to.size().bytes();
    n_.events.emplace("head_copied", "");
  }

  // ---- in which order

  /// The taker's edges, and what is so in any departure: memory at fixed addresses, the hook and the release word are
  /// for real mode, and a page of the list may be the head's.
  void in_order() {
    if (!d_.slave.empty()) n_.events.emplace("slaves_released", "");
    n_.events.emplace("master_enters", "");
    std::vector<std::pair<std::string, std::string>> before;
    for (const model::OrderEdge* e : edges_) before.emplace_back(e->before, e->after);
    for (const auto& [event, clause] : n_.events) {
      if (event != "interrupts_off") before.emplace_back("interrupts_off", event);
      if (event != "master_enters") before.emplace_back(event, "master_enters");
    }
    for (const char* late : {"hash_table_cleared", "head_copied", "slaves_released"}) before.emplace_back("real_mode", late);
    before.emplace_back("segments_placed", "head_copied");
    before.emplace_back("head_copied", "slaves_released");
    std::set<std::string> left;
    for (const auto& [event, clause] : n_.events) left.insert(event);
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
    if (!n_.enter) {
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
    if (n_.coherent && !d_.does("segments_placed")) missing("icache_coherent", "pagelist", "nobody who has copied the pages");
    bool stack = std::any_of(n_.registers.begin(), n_.registers.end(), [](const auto& r) { return r.need->subject == "r1"; });
    if ((stack || d_.does("hash_table_cleared")) && !d_.named("stack"))
      sink_.report(Code::no_stub, layout_.handoff->from_span, "`" + layout_.from->name + "` passes no stack to change to")
          .at(stack ? "the taker is promised one" : "the hook runs on it")
          .note("add `role stack : argument;` and `argument stack = REG : argument;` to it");
    if (!d_.slave.empty() && !n_.slave_enter)
      sink_.report(Code::no_stub, layout_.handoff->name_span,
                   "`" + layout_.to->name + "` does not say where slaves enter, and `" + layout_.from->name + "` has some");
  }

  const placement::Layout& layout_;
  const contract::Boundary& from_;
  const contract::Gap& gap_;
  Departure& d_;
  diagnostics::Sink& sink_;
  DepartureNeeds n_;
  std::vector<const model::OrderEdge*> edges_;
};

}  // namespace

std::optional<std::string> symbol_of(const Value& v) {
  if (v.is_symbol()) return v.as_symbol().name;
  if (v.is_pending()) return v.as_pending().what;
  return std::nullopt;
}

std::optional<uint64_t> number_of(const Value& v) {
  if (!v.is_known() || !v.is_number() || v.number() >= kTwoTo64) return std::nullopt;
  return static_cast<uint64_t>(v.number());
}

const CallArgument* passed_as(const Departure& d, const Value& v) {
  auto symbol = symbol_of(v);
  for (const CallArgument& a : d.master_arguments)
    if (symbol && !a.symbol.empty() && a.symbol == *symbol) return &a;
  return nullptr;
}

void refuse_departure(const placement::Layout& layout, const Claim& need, const std::string& why, const std::string& way_out,
                      diagnostics::Sink& sink) {
  auto& d = sink.report(Code::no_stub, need.clause->span,
                        "`" + need.clause->origin + "` needs `" + need.text() + "`, and " + why).at("the need");
  d.label(layout.handoff->name_span, "in this handoff");
  if (!way_out.empty()) d.note(way_out);
}

std::optional<DepartureNeeds> read_departure_needs(const placement::Layout& layout, const contract::Boundary& from,
                                                   const contract::Gap& gap, Departure& departure,
                                                   diagnostics::Sink& sink) {
  return Needs(layout, from, gap, departure, sink).run();
}

}  // namespace baton::trampoline
