// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sums, ranges and copies compared. See term.h; term_read.cpp reads them from expressions.
//
// What is proved rests on one thing only: names stand for numbers >= 0. So a difference of two sums decides
// where it is a constant, or where all its parts have one sign.
#include "contract/term.h"

#include <algorithm>

namespace baton::contract {

Truth both(Truth a, Truth b) {
  if (a == Truth::kNo || b == Truth::kNo) return Truth::kNo;
  return a == Truth::kYes && b == Truth::kYes ? Truth::kYes : Truth::kUnknown;
}

Truth either(Truth a, Truth b) {
  if (a == Truth::kYes || b == Truth::kYes) return Truth::kYes;
  return a == Truth::kNo && b == Truth::kNo ? Truth::kNo : Truth::kUnknown;
}

std::optional<Linear> sum(const Linear& a, const Linear& b, int factor) {
  Linear out = a;
  auto add = [&](Signed& to, Signed part) {
    Signed scaled = 0;
    return !__builtin_mul_overflow(part, Signed{factor}, &scaled) && !__builtin_add_overflow(to, scaled, &to);
  };
  if (!add(out.constant, b.constant)) return std::nullopt;
  for (const auto& [name, count] : b.names) {
    Signed& to = out.names[name];
    if (!add(to, count)) return std::nullopt;
    if (to == 0) out.names.erase(name);
  }
  return out;
}

std::optional<Linear> product(const Linear& a, const Linear& b) {
  const Linear& factor = a.is_constant() ? a : b;
  const Linear& other = a.is_constant() ? b : a;
  if (!factor.is_constant()) return std::nullopt;
  Linear out;
  if (__builtin_mul_overflow(other.constant, factor.constant, &out.constant)) return std::nullopt;
  for (const auto& [name, count] : other.names) {
    Signed scaled = 0;
    if (__builtin_mul_overflow(count, factor.constant, &scaled)) return std::nullopt;
    if (scaled != 0) out.names[name] = scaled;
  }
  return out;
}

namespace {

bool is_cpu_id(const Linear& l, const char* name) {
  return l.constant == 0 && l.names.size() == 1 && l.names.begin()->first == name && l.names.begin()->second == 1;
}

}  // namespace

Truth equal(const Linear& a, const Linear& b) {
  auto difference = sum(a, b, -1);
  if (!difference) return Truth::kUnknown;
  if (difference->is_constant()) return difference->constant == 0 ? Truth::kYes : Truth::kNo;
  // A slave is not the master.
  if ((is_cpu_id(a, "cpu.physical_id") && is_cpu_id(b, "master.physical_id")) ||
      (is_cpu_id(b, "cpu.physical_id") && is_cpu_id(a, "master.physical_id")))
    return Truth::kNo;
  bool above = difference->constant > 0, below = difference->constant < 0;
  for (const auto& [name, count] : difference->names) (count > 0 ? below : above) = false;
  return above || below ? Truth::kNo : Truth::kUnknown;
}

Truth at_most(const Linear& a, const Linear& b) {
  auto slack = sum(b, a, -1);
  if (!slack) return Truth::kUnknown;
  bool never_negative = slack->constant >= 0, always_negative = slack->constant < 0;
  for (const auto& [name, count] : slack->names) (count > 0 ? always_negative : never_negative) = false;
  return never_negative ? Truth::kYes : always_negative ? Truth::kNo : Truth::kUnknown;
}

std::string to_text(const Linear& linear) {
  std::string text;
  auto part = [&](bool negative, const std::string& what) {
    if (text.empty())
      text = (negative ? "-" : "") + what;
    else
      text += (negative ? " - " : " + ") + what;
  };
  auto magnitude = [](Signed n) { return hex(static_cast<Wide>(n < 0 ? -n : n)); };
  for (const auto& [name, count] : linear.names)
    part(count < 0, count == 1 || count == -1 ? name : magnitude(count) + " * " + name);
  if (linear.constant != 0 || text.empty()) part(linear.constant < 0, magnitude(linear.constant));
  return text;
}

Truth satisfies(const Term& promised, const Term& needed) {
  if (promised.kind == Term::Kind::kUnknown || needed.kind == Term::Kind::kUnknown) return Truth::kUnknown;
  // A stack is a place with room, and no number is that.
  if (promised.kind != needed.kind) {
    bool state = promised.kind == Term::Kind::kWord || needed.kind == Term::Kind::kWord;
    return state ? Truth::kUnknown : Truth::kNo;  // machine.kexec_slaves may be any state
  }
  switch (promised.kind) {
    case Term::Kind::kNumber: return equal(promised.number, needed.number);
    case Term::Kind::kWord: return promised.word == needed.word ? Truth::kYes : Truth::kNo;
    case Term::Kind::kStack:
      // A stack of unknown size is a stack of unknown size, and good for nothing else.
      if (!needed.sized) return Truth::kYes;
      return promised.sized ? at_most(needed.number, promised.number) : Truth::kNo;
    case Term::Kind::kUnknown: break;
  }
  return Truth::kUnknown;
}

std::string to_text(const Term& term) {
  switch (term.kind) {
    case Term::Kind::kNumber: return to_text(term.number);
    case Term::Kind::kWord: return term.word;
    case Term::Kind::kStack: return "stack(size: " + (term.sized ? to_text(term.number) : "unknown") + ")";
    case Term::Kind::kUnknown: break;
  }
  return "?";
}

void Area::add(const Area& other) {
  known = known.unite(other.known);
  spans.insert(spans.end(), other.spans.begin(), other.spans.end());
  sets.insert(sets.end(), other.sets.begin(), other.sets.end());
  differences.insert(differences.end(), other.differences.begin(), other.differences.end());
  unknown = unknown || other.unknown;
}

namespace {

using Span = Area::Span;

/// A span of which only the constant part of its begin and its size matter: [low, high) above its names.
struct Interval {
  Signed low, high;
};
using Intervals = std::vector<Interval>;

std::optional<Interval> interval_over(const Span& span, const std::map<std::string, Signed>& base) {
  if (span.begin.names != base || !span.size.is_constant()) return std::nullopt;
  return Interval{span.begin.constant, span.begin.constant + span.size.constant};
}

void subtract(Intervals& from, const Interval& hole) {
  Intervals left;
  for (const Interval& i : from) {
    if (Interval before{i.low, std::min(i.high, hole.low)}; before.low < before.high) left.push_back(before);
    if (Interval behind{std::max(i.low, hole.high), i.high}; behind.low < behind.high) left.push_back(behind);
  }
  from = std::move(left);
}

std::vector<Span> spans_of(const Area& area) {
  std::vector<Span> all = area.spans;
  for (const Range& r : area.known)
    all.push_back({Linear::number(r.begin.wide()), Linear::number(r.size().wide())});
  return all;
}

Truth span_covers(const Span& outer, const Span& inner) {
  auto outer_end = sum(outer.begin, outer.size), inner_end = sum(inner.begin, inner.size);
  if (!outer_end || !inner_end) return Truth::kUnknown;
  Truth inside = both(at_most(outer.begin, inner.begin), at_most(*inner_end, *outer_end));
  return inside;
}

Truth spans_disjoint(const Span& a, const Span& b) {
  auto a_end = sum(a.begin, a.size), b_end = sum(b.begin, b.size);
  if (!a_end || !b_end) return Truth::kUnknown;
  if (a.size == Linear{} || b.size == Linear{}) return Truth::kYes;
  Truth apart = either(at_most(*a_end, b.begin), at_most(*b_end, a.begin));
  // "No" speaks of two spans with bytes in them.
  bool filled = at_most(Linear::number(1), a.size) == Truth::kYes && at_most(Linear::number(1), b.size) == Truth::kYes;
  return apart == Truth::kNo && !filled ? Truth::kUnknown : apart;
}

/// Areas that are known to lie in machine.ram: 6.11 of the design, and what their names say.
void add_axioms(Area& outer) {
  if (std::find(outer.sets.begin(), outer.sets.end(), "machine.ram") == outer.sets.end()) return;
  outer.sets.push_back("machine.crashkernel");
  outer.spans.push_back({Linear::name("machine.rma.start"), Linear::name("machine.rma.size")});
}

/// Whether a piece that is one area of its own lies in `outer`, by the differences among its parts.
Truth in_differences(const Area& outer, const Area& piece) {
  Truth found = Truth::kNo;
  for (const auto& d : outer.differences) {
    Truth inside = covers(*d.from, piece);
    if (inside != Truth::kNo) inside = both(inside, disjoint(*d.except, piece));
    found = either(found, inside);
  }
  return found;
}

/// Where a byte of the piece is known to be missed, whatever the names are.
Truth covers_span(const Area& outer, const Span& inner) {
  if (inner.size == Linear{}) return Truth::kYes;
  Area piece;
  piece.spans.push_back(inner);
  if (in_differences(outer, piece) == Truth::kYes) return Truth::kYes;
  bool decided = outer.sets.empty() && outer.differences.empty() && !outer.unknown;
  Intervals left;
  if (auto whole = interval_over(inner, inner.begin.names)) left.push_back(*whole);
  for (const Span& o : spans_of(outer)) {
    if (span_covers(o, inner) == Truth::kYes) return Truth::kYes;
    auto part = interval_over(o, inner.begin.names);
    if (part && inner.size.is_constant())
      subtract(left, *part);
    else if (spans_disjoint(o, inner) != Truth::kYes)
      decided = false;
  }
  if (inner.size.is_constant() && left.empty()) return Truth::kYes;
  return decided ? Truth::kNo : Truth::kUnknown;
}

bool all_of_memory(const Area& area) { return area.known.contains(Range{Address{0}, Address::limit()}); }

}  // namespace

Truth covers(const Area& stated_outer, const Area& inner) {
  if (all_of_memory(stated_outer) && !inner.unknown) return Truth::kYes;
  if (!inner.empty() && stated_outer.empty()) {
    return inner.unknown ? Truth::kUnknown : Truth::kNo;
  }
  Area outer = stated_outer;
  add_axioms(outer);
  Truth answer = inner.unknown ? Truth::kUnknown : Truth::kYes;
  for (const Span& s : spans_of(inner)) answer = both(answer, covers_span(outer, s));
  for (const std::string& set : inner.sets) {
    bool named = std::find(outer.sets.begin(), outer.sets.end(), set) != outer.sets.end();
    Area piece;
    piece.sets.push_back(set);
    if (!named) named = in_differences(outer, piece) == Truth::kYes;
    answer = both(answer, named ? Truth::kYes : Truth::kUnknown);
  }
  for (const auto& d : inner.differences) {
    bool inside = covers(outer, *d.from) == Truth::kYes;
    for (const auto& o : outer.differences)
      inside = inside || (covers(*o.from, *d.from) == Truth::kYes && covers(*d.except, *o.except) == Truth::kYes);
    answer = both(answer, inside ? Truth::kYes : Truth::kUnknown);
  }
  return answer;
}

Truth disjoint(const Area& a, const Area& b) {
  if (a.empty() || b.empty()) return Truth::kYes;
  Truth answer = a.unknown || b.unknown ? Truth::kUnknown : Truth::kYes;
  for (const Span& x : spans_of(a))
    for (const Span& y : spans_of(b)) answer = both(answer, spans_disjoint(x, y));
  auto others = [&](const Area& x, const Area& y) {
    // A difference shares nothing with what was taken from it; a set may lie anywhere.
    for (const auto& d : x.differences) {
      Truth apart = either(disjoint(*d.from, y), covers(*d.except, y));
      answer = both(answer, apart == Truth::kYes ? Truth::kYes : Truth::kUnknown);
    }
    if (!x.sets.empty()) answer = both(answer, Truth::kUnknown);
  };
  others(a, b);
  others(b, a);
  return answer;
}

std::string to_text(const Area& area) {
  std::vector<std::string> parts;
  for (const Range& r : area.known) parts.push_back(baton::to_text(r));
  for (const Span& s : area.spans) parts.push_back(to_text(s.begin) + " +: " + to_text(s.size));
  for (const std::string& set : area.sets) parts.push_back(set);
  for (const auto& d : area.differences) parts.push_back("(" + to_text(*d.from) + " except " + to_text(*d.except) + ")");
  if (area.unknown) parts.push_back("?");
  std::sort(parts.begin(), parts.end());
  parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

Area destination_of(const Copy& copy) {
  Area area;
  if (copy.destination.is_constant() && copy.size.is_constant() && copy.destination.constant >= 0)
    if (auto range = Range::checked(Address{static_cast<Wide>(copy.destination.constant)},
                                    Size{static_cast<Wide>(copy.size.constant)}))
      area.known.add(*range);
  if (area.known.empty()) area.spans.push_back({copy.destination, copy.size});
  return area;
}

Truth provides(const std::vector<Copy>& promised, const Copy& needed) {
  if (needed.size == Linear{}) return Truth::kYes;
  bool decided = true;
  Span wanted{needed.destination, needed.size};
  Intervals left;
  if (auto whole = interval_over(wanted, wanted.begin.names)) left.push_back(*whole);
  auto shift = sum(needed.source, needed.destination, -1);
  for (const Copy& copy : promised) {
    Span given{copy.destination, copy.size};
    auto its_shift = sum(copy.source, copy.destination, -1);
    Truth same_source = shift && its_shift ? equal(*shift, *its_shift) : Truth::kUnknown;
    if (same_source == Truth::kYes && span_covers(given, wanted) == Truth::kYes) return Truth::kYes;
    // A copy of other bytes is none of these, wherever it goes.
    if (same_source == Truth::kNo) continue;
    auto part = interval_over(given, wanted.begin.names);
    if (same_source == Truth::kYes && part && needed.size.is_constant())
      subtract(left, *part);
    else if (spans_disjoint(given, wanted) != Truth::kYes)
      decided = false;
  }
  if (needed.size.is_constant() && left.empty()) return Truth::kYes;
  return decided ? Truth::kNo : Truth::kUnknown;
}

}  // namespace baton::contract
