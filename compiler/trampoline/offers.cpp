// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Offers against bytes. See offers.h.
#include "trampoline/offers.h"

#include <algorithm>

#include "ppc64/head.h"

namespace baton::trampoline {

using diagnostics::Code;
using model::ClauseKind;
using model::Section;
using model::Type;
using model::Value;

namespace {

/// As much of the head as the file provides, from the image's entry point of reference on.
constexpr uint64_t kLookAt = 0x100;

class Checker {
 public:
  Checker(const placement::Layout& layout, const Payloads& payloads, bool slaves, diagnostics::Sink& sink)
      : layout_(layout), payloads_(payloads), slaves_(slaves), sink_(sink) {}

  std::vector<Offer> run() {
    for (const auto& clause : layout_.to->clauses) {
      if (clause.section != Section::kExpects) continue;
      const auto* segment = layout_.bound(clause.role);
      const model::Binding* binding = layout_.handoff->find_binding(clause.role);
      if (!segment && binding) {
        bool giver = binding->to == model::Binding::To::kGiver;
        offers_.push_back({clause.origin + " expects: " + clause.text, false,
                           giver ? "the giver's own `" + binding->name + "` is not seen here"
                                 : "`argument." + binding->name + "` is known when the call is made"});
      }
      if (!segment) continue;
      if (auto payload = payloads_.find(segment->name()); payload != payloads_.end())
        check(clause, *segment, payload->second);
    }
    return std::move(offers_);
  }

 private:
  uint64_t offset_of(const model::Clause& clause) {
    Value v = evaluate_as(*clause.values[0], Type::kSize, placement::RoleScope(layout_, false), sink_);
    return v.is_error() ? 0 : static_cast<uint64_t>(v.number());
  }

  void refuse(const model::Clause& clause, const placement::PlacedSegment& segment, const std::string& why) {
    sink_.report(Code::offer_not_kept, segment.declaration->name_span,
                 "`" + segment.name() + "` does not offer `" + clause.text + "`: " + why)
        .label(clause.span, "`" + layout_.to->name + "` expects it");
  }

  void take(const model::Clause& clause, const placement::PlacedSegment& segment, const ppc64::HeadAnswer& a) {
    if (a.answer == ppc64::Answer::kRefused)
      refuse(clause, segment, a.reason);
    else
      offers_.push_back({clause.origin + " expects: " + clause.text, a.answer == ppc64::Answer::kChecked, a.reason});
  }

  void check(const model::Clause& clause, const placement::PlacedSegment& segment,
             const inputs::Payload& payload) {
    uint64_t length = std::min<uint64_t>(kLookAt, payload.size());
    auto head = payload.bytes_at(0, length);
    Endian order = segment.content.order.value_or(Endian::kBig);
    bool about_slaves = clause.kind == ClauseKind::kLanding || clause.kind == ClauseKind::kHead ||
                        (clause.kind == ClauseKind::kOrderNeutral && clause.subject == "landing");
    if (about_slaves && !slaves_) {
      offers_.push_back({clause.origin + " expects: " + clause.text, true, "no slave arrives", true});
      return;
    }
    switch (clause.kind) {
      case ClauseKind::kLanding:
        take(clause, segment, ppc64::check_landing(*head, offset_of(clause), landing_order(order)));
        break;
      case ClauseKind::kHead: {
        uint64_t landing = 0x60;
        for (const auto& other : layout_.to->clauses)
          if (other.kind == ClauseKind::kLanding && other.role == clause.role) landing = offset_of(other);
        take(clause, segment,
             ppc64::check_runs_at_zero(*head, landing, offset_of(clause), landing_order(order)));
        break;
      }
      case ClauseKind::kOrderNeutral: {
        uint64_t offset = segment.content.entry_offset.bytes();
        if (clause.subject == "landing")
          for (const auto& other : layout_.to->clauses)
            if (other.kind == ClauseKind::kLanding && other.role == clause.role) offset = offset_of(other);
        auto bytes = payload.bytes_at(0, std::min<uint64_t>(payload.size(), offset + kLookAt));
        take(clause, segment, ppc64::check_order_neutral(*bytes, offset, order));
        break;
      }
      case ClauseKind::kWord: {
        uint64_t offset = offset_of(clause);
        auto word = payload.bytes_at(offset, 4);
        if (!word) {
          refuse(clause, segment, "the image ends before " + hex(offset));
          break;
        }
        bool poked = std::any_of(segment.declaration->pokes.begin(), segment.declaration->pokes.end(),
                                 [&](const model::Poke& p) { return p.word == clause.subject; });
        uint32_t value = *load<uint32_t>(*word, 0, order);
        std::string detail = "the word at " + hex(offset) + " is " + hex(value);
        if (clause.values.size() > 1 && !poked) {
          Value initial = evaluate_as(*clause.values[1], Type::kInt, placement::RoleScope(layout_, false), sink_);
          if (initial.is_known() && initial.number() != value) {
            refuse(clause, segment, detail + ", not " + hex(initial.number()));
            break;
          }
        }
        offers_.push_back({clause.origin + " expects: " + clause.text, true, detail});
        break;
      }
      case ClauseKind::kAlign: {
        Wide alignment = offset_of(clause);
        if (segment.start && alignment != 0 && segment.start->wide() % alignment != 0)
          refuse(clause, segment, "it stands at " + hex(*segment.start));
        else
          offers_.push_back({clause.origin + " expects: " + clause.text, true, ""});
        break;
      }
      default: break;  // within and disjoint are constraints of placement
    }
  }

  Endian landing_order(Endian image) { return order_of_slaves(layout_, sink_).value_or(image); }

  const placement::Layout& layout_;
  const Payloads& payloads_;
  bool slaves_;
  diagnostics::Sink& sink_;
  std::vector<Offer> offers_;
};

}  // namespace

std::optional<Endian> order_of_slaves(const placement::Layout& layout, diagnostics::Sink& sink) {
  for (const auto& clause : layout.from->clauses) {
    if (clause.section != Section::kSlaves || clause.kind != ClauseKind::kMsr || clause.subject != "LE") continue;
    if (clause.any || clause.values.size() != 1) return std::nullopt;
    Value v = evaluate_as(*clause.values[0], Type::kInt, placement::RoleScope(layout, true), sink);
    if (v.is_known()) return v.number() != 0 ? Endian::kLittle : Endian::kBig;
  }
  return std::nullopt;
}

std::vector<Offer> check_offers(const placement::Layout& layout, const Payloads& payloads,
                                bool slaves_may_arrive, diagnostics::Sink& sink) {
  return Checker(layout, payloads, slaves_may_arrive, sink).run();
}

bool check_entered(const placement::Layout& layout, const Payloads& payloads, ClosedGap& closed,
                   diagnostics::Sink& sink) {
  const placement::PlacedSegment& segment = layout.entered();
  auto payload = payloads.find(segment.name());
  if (payload == payloads.end()) return true;
  bool trampoline = segment.declaration->kind == model::SegmentKind::kTrampoline;
  bool slaves_arrive = closed.orders.front().gap.slaves_may_arrive;
  std::optional<Endian> order = segment.content.order;
  Endian arrival = order_of_slaves(layout, sink).value_or(order.value_or(Endian::kBig));
  uint64_t entry = std::min<uint64_t>(segment.content.entry_offset.bytes(), payload->second.size());
  auto head = payload->second.bytes_at(entry, std::min<uint64_t>(kLookAt, payload->second.size() - entry));
  auto number = [&](const model::Clause& clause) {
    Value v = evaluate_as(*clause.values[0], Type::kSize, placement::RoleScope(layout, true), sink);
    return v.is_error() ? 0 : static_cast<uint64_t>(v.number());
  };
  uint64_t landing = 0x60;
  for (const auto& clause : layout.from->clauses)
    if (clause.kind == ClauseKind::kLanding && clause.role == "image") landing = number(clause);
  // Of the image that is entered itself the taker may have said the same.
  auto said = [&](const std::string& text) {
    return !trampoline && std::any_of(closed.offers.begin(), closed.offers.end(), [&](const Offer& o) {
      return !o.of_giver && o.clause.ends_with(" expects: " + text);
    });
  };
  size_t errors = sink.error_count();
  for (const auto& clause : layout.from->clauses) {
    if (clause.section != Section::kExpects || clause.role != "image" || said(clause.text)) continue;
    Offer offer{clause.origin + " expects: " + clause.text};
    offer.of_giver = true;
    ppc64::HeadAnswer answer{ppc64::Answer::kChecked};
    bool about_slaves = clause.kind == ClauseKind::kLanding || clause.kind == ClauseKind::kHead;
    if (about_slaves && !slaves_arrive) {
      offer.vacuous = true;
      answer.reason = "no slave arrives";
    } else if (clause.kind == ClauseKind::kLanding) {
      answer = ppc64::check_landing(*head, number(clause), arrival);
    } else if (clause.kind == ClauseKind::kHead) {
      // A relay's one branch leaves the copy for the pen, absolutely: that is at its own address. Of a pen the judge runs it all.
      if (!closed.relay && !closed.pen) answer = ppc64::check_runs_at_zero(*head, landing, number(clause), arrival);
    } else if (clause.kind == ClauseKind::kOrderNeutral && clause.subject == "entry" && !trampoline) {
      // A stub is made for each order of the giver. An image that is entered in its own order need not be neutral.
      Endian own = order.value_or(Endian::kBig);
      offer.vacuous = closed.orders.size() == 1 && (!order || own == closed.orders.front().giver);
      if (offer.vacuous) answer.reason = "the giver enters it in its own byte order";
      else answer = ppc64::check_order_neutral(*head, 0, own);
    } else {
      continue;  // of the place, or of the stub's own making
    }
    offer.checked = answer.answer == ppc64::Answer::kChecked;
    offer.detail = answer.reason;
    // Of a stub it goes without saying, but for what nobody can check. Under overlay the code that slaves reach is the
    // image's, of which the taker may say the same.
    bool assumed_of_image = std::any_of(closed.offers.begin(), closed.offers.end(), [&](const Offer& o) {
      return !o.checked && o.detail == offer.detail;
    });
    bool assumed = answer.answer == ppc64::Answer::kAssumed;
    if (trampoline ? assumed && !assumed_of_image : answer.answer != ppc64::Answer::kRefused)
      closed.offers.push_back(std::move(offer));
    if (answer.answer != ppc64::Answer::kRefused) continue;
    auto& d = sink.report(trampoline ? Code::head_gap : Code::offer_not_kept, segment.declaration->name_span,
                          "`" + clause.origin + "` expects `" + clause.text + "` of what it enters, and `" +
                              segment.name() + "` does not have it: " + answer.reason);
    d.label(clause.span, "the giver expects it");
    if (trampoline && clause.kind == ClauseKind::kLanding)
      d.note("the head of a stub holds what the taker's slaves need there: say so with `bytes` in `ensures slaves` of `" +
             layout.to->name + "`");
  }
  return sink.error_count() == errors;
}

std::optional<NamedWord> find_named_word(const placement::Layout& layout, const std::string& segment,
                                         const std::string& word, diagnostics::Sink& sink) {
  for (const auto& clause : layout.to->clauses) {
    if (clause.kind != ClauseKind::kWord || clause.subject != word) continue;
    const auto* bound = layout.bound(clause.role);
    if (!bound || bound->name() != segment) continue;
    placement::RoleScope scope(layout, false);
    Value offset = evaluate_as(*clause.values[0], Type::kSize, scope, sink);
    if (offset.is_error()) return std::nullopt;
    NamedWord found{static_cast<uint64_t>(offset.number()), std::nullopt, clause.span};
    if (clause.values.size() > 1) {
      Value initial = evaluate_as(*clause.values[1], Type::kInt, scope, sink);
      if (initial.is_known()) found.initial = static_cast<uint64_t>(initial.number());
    }
    return found;
  }
  return std::nullopt;
}

}  // namespace baton::trampoline
