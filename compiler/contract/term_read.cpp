// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From expressions and values to their normal form. See term.h.
//
// What the evaluator knows without a handoff is a constant. Of the rest, sums and ranges are taken apart;
// anything else keeps its own text, with its operands in normal form, and counts as a name.
#include <algorithm>

#include "contract/claim.h"
#include "contract/term.h"
#include "model/evaluate.h"

namespace baton::contract {

using model::Type;
using model::Value;
using syntax::Expr;

std::string Names::role(const std::string& name) const {
  auto it = renamed.find(name);
  return it == renamed.end() ? name : it->second;
}

namespace {

class Reader {
 public:
  explicit Reader(const Names& names) : names_(names), scope_(*names.roles, names.lets) {}

  /// The content, where the evaluator knows it without a handoff.
  std::optional<Value> constant(const Expr& e, Type expected = Type::kError) const {
    diagnostics::Sink ignored;
    Value v = evaluate(e, scope_, ignored, expected);
    return v.is_known() ? std::optional(v) : std::nullopt;
  }

  Linear linear(const Expr& e) const {
    if (auto v = constant(e); v && v->is_number()) return Linear::number(v->number());
    std::string dotted = model::dotted_name(e);
    if (!dotted.empty()) return name(dotted);
    if (e.kind == Expr::Kind::kBinary && (e.text == "+" || e.text == "-" || e.text == "*")) {
      Linear a = linear(*e.operands[0]), b = linear(*e.operands[1]);
      auto out = e.text == "*" ? product(a, b) : sum(a, b, e.text == "+" ? 1 : -1);
      if (out) return *out;
    }
    return Linear::name(text(e));
  }

  Linear name(const std::string& dotted) const {
    size_t dot = dotted.find('.');
    std::string head = dotted.substr(0, dot), attribute = dot == std::string::npos ? "" : dotted.substr(dot + 1);
    if (head == "cpu" || head == "master")
      return Linear::name(names_.master ? "master.physical_id" : dotted);
    if (head == "machine") return machine(attribute);
    auto role = std::find_if(names_.roles->begin(), names_.roles->end(),
                             [&](const model::Role& r) { return r.name == head; });
    if (role == names_.roles->end()) return Linear::name(dotted);
    head = names_.role(head);
    if (attribute == "end") return {{{head + ".start", 1}, {head + ".size", 1}}, 0};
    bool plain = role->kind == "raw" && (attribute == "base" || attribute == "entry");
    if (attribute == "address" || plain) attribute = "start";
    return Linear::name(head + "." + attribute);
  }

  static Linear machine(const std::string& attribute) {
    if (size_t dot = attribute.rfind(".end"); dot != std::string::npos && dot + 4 == attribute.size()) {
      const auto* whole = model::find_machine_attribute(attribute.substr(0, dot));
      std::string base = "machine." + attribute.substr(0, dot);
      if (whole && whole->type == Type::kRange) return {{{base + ".start", 1}, {base + ".size", 1}}, 0};
    }
    return Linear::name("machine." + attribute);
  }

  Area area(const Expr& e) const {
    Area out;
    if (auto v = constant(e, Type::kRange); v && (v->type() == Type::kRange || v->type() == Type::kRanges)) {
      out.known = v->ranges();
      return out;
    }
    if (e.kind == Expr::Kind::kBinary && (e.text == "+:" || e.text == "..<")) {
      Linear begin = linear(*e.operands[0]), second = linear(*e.operands[1]);
      auto size = e.text == "+:" ? std::optional(second) : sum(second, begin, -1);
      if (size)
        out.spans.push_back({begin, *size});
      else
        out.unknown = true;
      return out;
    }
    if (e.kind == Expr::Kind::kBinary && e.text == "except") {
      out.differences.push_back({std::make_shared<Area>(area(*e.operands[0])), std::make_shared<Area>(area(*e.operands[1]))});
      return out;
    }
    std::string dotted = model::dotted_name(e);
    auto value = dotted.empty() ? std::nullopt : scope_.lookup(dotted);
    if (!value) {
      out.unknown = true;
      return out;
    }
    size_t dot = dotted.find('.');
    std::string head = dotted.substr(0, dot);
    std::string rest = dot == std::string::npos ? "" : dotted.substr(dot);
    if (head != "machine") head = names_.role(head);
    if (value->type() == Type::kRange)
      out.spans.push_back({Linear::name(head + rest + ".start"), Linear::name(head + rest + ".size")});
    else
      out.sets.push_back(head + rest);
    return out;
  }

  std::optional<Term> term(const Expr& e) const {
    if (e.is_name("giver")) return std::nullopt;
    if (auto v = constant(e)) return term_of(*v);
    Term t;
    if (e.kind == Expr::Kind::kCall && e.text == "stack") {
      t.kind = Term::Kind::kStack;
      t.sized = true;
      t.number = linear(*e.operands[0]);
      return t;
    }
    t.kind = Term::Kind::kNumber;
    t.number = linear(e);
    return t;
  }

 private:
  /// `align_up(image.end, 0x10000)`, with its operands in normal form.
  std::string text(const Expr& e) const {
    std::vector<std::string> operands;
    for (const auto& operand : e.operands) operands.push_back(to_text(linear(*operand)));
    if (e.kind == Expr::Kind::kCall && (e.text == "min" || e.text == "max")) std::sort(operands.begin(), operands.end());
    std::string joined;
    for (const std::string& o : operands) joined += (joined.empty() ? "" : ", ") + o;
    return e.text + "(" + joined + ")";
  }

  const Names& names_;
  ConventionScope scope_;
};

}  // namespace

std::optional<Term> term_of(const Expr& expr, const Names& names) { return Reader(names).term(expr); }

Area area_of(const Expr& expr, const Names& names) { return Reader(names).area(expr); }

std::optional<Copy> copy_of(const Expr& destination, const Expr& source, const Names& names) {
  auto span = [&](const Expr& e) -> std::optional<Area::Span> {
    Area a = Reader(names).area(e);
    if (a.spans.size() == 1) return a.spans[0];
    if (a.known.count() != 1) return std::nullopt;
    return Area::Span{Linear::number(a.known.front().begin.wide()), Linear::number(a.known.front().size().wide())};
  };
  auto to = span(destination), from = span(source);
  if (!to || !from) return std::nullopt;
  return Copy{to->begin, from->begin, to->size};
}

Term term_of(const Value& value) {
  Term t;
  if (value.is_symbol()) {
    t.kind = Term::Kind::kNumber;
    t.number = Linear::name(value.as_symbol().name);
  } else if (!value.is_known()) {
    return t;
  } else if (value.is_number()) {
    t.kind = Term::Kind::kNumber;
    t.number = Linear::number(value.number());
  } else if (value.type() == Type::kStack) {
    t.kind = Term::Kind::kStack;
    t.sized = value.stack().known;
    if (t.sized) t.number = Linear::number(value.stack().size.wide());
  } else if (value.type() == Type::kWord) {
    t.kind = Term::Kind::kWord;
    t.word = value.text();
  }
  return t;
}

Area area_of(const Value& value) {
  Area area;
  if (value.is_known() && (value.type() == Type::kRange || value.type() == Type::kRanges))
    area.known = value.ranges();
  else
    area.unknown = true;
  return area;
}

}  // namespace baton::contract
