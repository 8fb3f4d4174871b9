// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The clauses of a pen, together. See pen.h.
#include "check/pen.h"

#include <algorithm>

#include "contract/claim.h"

namespace baton::check {

using diagnostics::Code;
using model::Clause;
using model::ClauseKind;
using model::Type;
using model::Value;

namespace {

class PenChecker {
 public:
  PenChecker(const model::Convention& convention, const model::Scope& scope, diagnostics::Sink& sink)
      : convention_(convention), scope_(scope), sink_(sink) {}

  void run() {
    for (const Clause& clause : convention_.clauses) {
      if (clause.kind == ClauseKind::kPen) pen_ = &clause;
      if (clause.kind == ClauseKind::kSlotField) fields_.push_back(&clause);
    }
    for (const Clause* field : fields_) layout(*field);
    for (const Clause& clause : convention_.clauses)
      for (const auto& e : clause.values) names(*e);
  }

 private:
  std::optional<uint64_t> number(const Clause& clause, size_t n, Type type) const {
    diagnostics::Sink reported_where_it_stands;
    if (n >= clause.values.size()) return std::nullopt;
    Value v = evaluate_as(*clause.values[n], type, scope_, reported_where_it_stands);
    if (!v.is_known() || v.number() >= kTwoTo64) return std::nullopt;
    return static_cast<uint64_t>(v.number());
  }

  void layout(const Clause& field) {
    auto offset = number(field, 0, Type::kSize), size = number(field, 1, Type::kSize);
    if (!offset || !size || *offset > 0x1000 || *size > 8) return;  // told already, or beyond any slot
    if (auto slot = pen_ ? number(*pen_, 0, Type::kSize) : std::nullopt; slot && *offset + *size > *slot)
      sink_.report(Code::clause_shape, field.span, "field `" + field.subject + "` ends at " + hex(Wide{*offset + *size}) +
                                                       ", and a slot has " + human(Size{*slot}))
          .label(pen_->span, "the slot");
    for (const Clause* other : fields_) {
      if (other == &field) break;
      auto at = number(*other, 0, Type::kSize), length = number(*other, 1, Type::kSize);
      if (at && length && *at < *offset + *size && *offset < *at + *length)
        sink_.report(Code::clause_shape, field.span, "fields `" + other->subject + "` and `" + field.subject + "` lie over each other")
            .label(other->span, "the other");
    }
    auto mask = pen_ ? number(*pen_, 1, Type::kInt) : std::nullopt, polled = pen_ ? number(*pen_, 2, Type::kSize) : std::nullopt;
    if (!mask || !polled || field.values.size() < 3 || *offset < *polled || *offset + *size > *polled + 8) return;
    auto initial = number(field, 2, Type::kInt);
    bool low = *offset + *size == *polled + 8;  // the bits that are polled are in the low word
    if (low && (!initial || (*initial & *mask) == 0))
      sink_.report(Code::clause_shape, field.values[2]->span, "a slave would not be held at first: none of the bits " + hex(Wide{*mask}) + " is set")
          .label(pen_->span, "the bits that hold it");
  }

  void names(const syntax::Expr& e) {
    std::string name = model::dotted_name(e);
    if (name.rfind(contract::kSlotWords, 0) != 0 || convention_.find_role("slot")) {
      for (const auto& operand : e.operands) names(*operand);
      return;
    }
    std::string field = name.substr(contract::kSlotWords.size());
    std::vector<std::string_view> known{"address"};
    for (const Clause* clause : fields_) known.push_back(clause->subject);
    if (!pen_) {
      sink_.report(Code::unknown_name, e.span, "there is no `" + name + "`: `" + convention_.name + "` says of no pen that its slaves wait in")
          .note("`pen slot 64 while 0x1 at offset 0x0;` says that each waits at a slot of its own");
    } else if (std::find(known.begin(), known.end(), field) == known.end()) {
      auto& d = sink_.report(Code::unknown_name, e.span, "a slot has no field `" + field + "`");
      auto near = diagnostics::did_you_mean(field, known);
      if (!near.empty()) d.at("did you mean `slot." + std::string(near) + "`?").fix(e.span, "slot." + std::string(near));
    }
  }

  const model::Convention& convention_;
  const model::Scope& scope_;
  diagnostics::Sink& sink_;
  const Clause* pen_ = nullptr;
  std::vector<const Clause*> fields_;
};

}  // namespace

void check_pen(const model::Convention& convention, const model::Scope& scope, diagnostics::Sink& sink) {
  PenChecker(convention, scope, sink).run();
}

}  // namespace baton::check
