// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Merging the clauses of handoffs. See handoff_inheritance.h.
#include "check/handoff_inheritance.h"

#include <algorithm>
#include <map>
#include <string>

#include "check/lineage.h"
#include "check/reader.h"
#include "diagnostics/suggest.h"
#include "syntax/clause_table.h"

namespace baton::check {

using diagnostics::Code;
using syntax::Clause;
using syntax::Context;
using syntax::Declaration;
using syntax::PlainClause;

namespace {

template <size_t N>
bool is_one_of(std::string_view word, const std::string_view (&words)[N]) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

/// Heads whose first argument tells the clauses of that head apart.
constexpr std::string_view kNamed[] = {"segment", "param", "bind", "poke", "node"};
/// Heads that may stand any number of times in a handoff: each clause is what it says.
constexpr std::string_view kSaid[] = {"relies", "assert", "allow"};
/// Heads that may stand any number of times in a segment: each adds to the ones before.
constexpr std::string_view kAdding[] = {"within", "avoid", "reserve", "cover", "except", "remap", "before"};

std::string first_word(const std::vector<syntax::Argument>& arguments) {
  syntax::ArgumentReader reader(arguments, {});
  if (auto name = reader.take_name()) return name->text;
  if (auto string = reader.take_string()) return "\"" + string->text + "\"";
  return {};
}

/// A clause with its modifiers taken off.
Clause without_modifiers(const Clause& written, PlainClause plain) {
  Clause clause = written;
  clause.span.begin = plain.head_span.begin;
  clause.head = std::move(plain.head);
  clause.head_span = plain.head_span;
  clause.head_is_string = plain.head_is_string;
  clause.relation = std::move(plain.relation);
  clause.arguments = std::move(plain.arguments);
  return clause;
}

bool is_reopened(const PlainClause& plain) {
  return plain.head == "segment" && syntax::form_word(plain.head, plain.arguments) == syntax::kReopened;
}

/// Whether `override`, `drop` or an opened segment stands somewhere in these clauses.
bool changes_something(const std::vector<Clause>& clauses, Context context) {
  return std::any_of(clauses.begin(), clauses.end(), [&](const Clause& clause) {
    if (!clause.head_is_string && syntax::is_modifier(context, clause.head)) return true;
    if (context == Context::kHandoff && is_reopened(syntax::unwrap(clause))) return true;
    auto inner = clause.block.empty() ? std::nullopt : syntax::block_context(context, clause);
    return inner && changes_something(clause.block, *inner);
  });
}

size_t count_of(const std::vector<Clause>& clauses) {
  size_t count = clauses.size();
  for (const Clause& clause : clauses) count += count_of(clause.block);
  return count;
}

/// The clauses of one block while what is stated there is merged into what is inherited.
class Block {
 public:
  Block(const std::vector<Clause>& inherited, Context context, const source::SourceSet& sources) : context_(context), sources_(sources) {
    for (const Clause& clause : inherited) {
      places_[key_of(clause, syntax::unwrap(clause))].push_back(clauses_.size());
      clauses_.emplace_back(clause);
    }
  }

  std::string key_of(const Clause& clause, const PlainClause& plain) const {
    if (context_ == Context::kTreeNode) return key_in_node(clause, plain);
    if (is_one_of(plain.head, kNamed)) return plain.head + " " + first_word(plain.arguments);
    if (is_one_of(plain.head, kSaid)) return ClauseReader::one_line(clause.span, plain.head_span, sources_);
    return plain.head;
  }

  /// In a tree node `drop "x"` is a clause about "x".
  static std::string key_in_node(const Clause& clause, const PlainClause& plain) {
    bool drops = clause.head == "drop" && !clause.head_is_string;
    return drops ? first_word(clause.arguments) : "\"" + plain.head + "\"";
  }

  /// Where the inherited clauses of a key stand.
  const std::vector<size_t>& find(const std::string& key) const {
    static const std::vector<size_t> kNone;
    auto it = places_.find(key);
    return it == places_.end() ? kNone : it->second;
  }
  /// What is behind this in the keys of inherited clauses.
  std::vector<std::string> inherited(std::string_view start) const {
    std::vector<std::string> rest;
    for (const auto& [key, places] : places_)
      if (key.starts_with(start)) rest.push_back(key.substr(start.size()));
    return rest;
  }
  Clause& at(size_t place) { return *clauses_[place]; }
  /// What comes of this key from here on stands beside what is inherited.
  void settle(const std::string& key) { places_.erase(key); }
  void add(Clause clause) { clauses_.emplace_back(std::move(clause)); }
  void drop(const std::string& key) {
    for (size_t place : find(key)) clauses_[place].reset();
    places_.erase(key);
  }
  void replace(const std::string& key, Clause clause) {
    const size_t first = find(key).front();
    drop(key);
    clauses_[first] = std::move(clause);
  }

  std::vector<Clause> take() {
    std::vector<Clause> all;
    for (auto& clause : clauses_)
      if (clause) all.push_back(std::move(*clause));
    return all;
  }

 private:
  Context context_;
  const source::SourceSet& sources_;
  std::vector<std::optional<Clause>> clauses_;
  std::map<std::string, std::vector<size_t>> places_;  // of what is inherited
};

class Heir {
 public:
  Heir(const Declaration& own, const Declaration* parent, const source::SourceSet& sources, diagnostics::Sink& sink)
      : own_(own), parent_(parent), sources_(sources), sink_(sink) {}

  Declaration run() {
    Declaration whole = own_;
    whole.clauses = merge(parent_ ? parent_->clauses : std::vector<Clause>(), own_.clauses, Context::kHandoff);
    if (parent_ && !whole.via) whole.via = parent_->via;
    return whole;
  }

 private:
  std::vector<Clause> merge(const std::vector<Clause>& inherited, const std::vector<Clause>& own, Context context) {
    Block block(inherited, context, sources_);
    for (const Clause& clause : own) {
      const bool marked = context == Context::kTreeNode ? clause.head == "override" && !clause.head_is_string
                                                        : !syntax::unwrap(clause).modifiers.empty();
      if (marked)
        change(block, clause, context);
      else
        state(block, clause, context);
    }
    return block.take();
  }

  /// `override CLAUSE`, `drop KEY`.
  void change(Block& block, const Clause& clause, Context context) {
    ClauseReader r(clause, context, sources_, sink_, /*modifiers=*/true);
    if (!r.known()) return;
    PlainClause plain = syntax::unwrap(clause);
    const std::string key = block.key_of(clause, plain);
    if (r.drops() && clause.has_block) return r.shape_error(r.head_span(), "no block, only what is dropped");
    if (block.find(key).empty()) {
      sink_.report(Code::override_nothing, r.head_span(),
                   "there is no inherited `" + key + "` to " + (r.drops() ? "drop" : "override"));
      if (r.overrides()) block.add(alone(without_modifiers(clause, std::move(plain)), context));
    } else if (r.drops()) {
      block.drop(key);
    } else if (is_reopened(plain)) {
      r.shape_error(r.here(), "what the segment is instead: `= KIND`");
    } else {
      block.replace(key, alone(without_modifiers(clause, std::move(plain)), context));
    }
  }

  /// A clause without a modifier.
  void state(Block& block, const Clause& clause, Context context) {
    PlainClause plain = syntax::unwrap(clause);
    const std::string key = block.key_of(clause, plain);
    const auto& places = block.find(key);
    if (context == Context::kHandoff && is_reopened(plain)) {
      reopen(block, clause, key);
    } else if (places.empty() || (is_one_of(clause.head, kAdding) && context != Context::kHandoff) || is_misshapen(plain)) {
      block.add(alone(clause, context));
    } else if (context == Context::kSegmentDevicetree && clause.head == "node") {
      edit_node(block, clause, places);
      block.settle(key);
    } else if (context == Context::kTreeNode && clause.head == "drop" && !clause.head_is_string) {
      block.replace(key, clause);  // its own words say that nothing is left of it
    } else if (is_one_of(clause.head, kSaid)) {
      sink_.report(Code::duplicate_clause, clause.head_span, "`" + own_.full_name() + "` inherits this very clause from `" + parent_->full_name() + "`")
          .label(block.at(places.front()).head_span, "inherited from here");
    } else {
      auto& d = sink_.report(Code::override_missing, clause.head_span,
                             "`" + own_.full_name() + "` inherits `" + key + "` from `" + parent_->full_name() + "`; changing it needs `override`")
                    .label(block.at(places.front()).head_span, "inherited from here")
                    .fix(source::Span{clause.head_span.file, clause.head_span.begin, clause.head_span.begin}, "override ");
      if (clause.head == "segment") d.note("`" + key + " { ... }` adds to it");
    }
  }

  /// Neither `segment NAME` nor `segment NAME = KIND`: what is read next says so.
  static bool is_misshapen(const PlainClause& plain) {
    return plain.head == "segment" && plain.arguments.size() > 1 && plain.arguments[1].kind != syntax::Argument::Kind::kEquals;
  }

  void reopen(Block& block, const Clause& clause, const std::string& key) {
    if (block.find(key).empty()) {
      auto& d = sink_.report(Code::override_nothing, clause.arguments[0].span, "there is no inherited `" + key + "` to add to");
      if (!sink_.wants_suggestions()) return;
      const std::vector<std::string> segments = block.inherited("segment ");
      auto near = diagnostics::suggest(d, key.substr(key.find(' ') + 1), {segments.begin(), segments.end()}, clause.arguments[0].span);
      if (near.empty()) d.note("a segment of its own says what it is: `" + key + " = KIND { ... }`");
      return;
    }
    Clause& inherited = block.at(block.find(key).front());
    auto context = syntax::block_context(Context::kHandoff, inherited);
    if (!context) return;  // of no kind that we know: reported where it stands
    inherited.block = merge(inherited.block, clause.block, *context);
    inherited.has_block = true;
    if (!clause.doc.empty()) inherited.doc = clause.doc;
    block.settle(key);
  }

  /// A clause beside which there is nothing to inherit from.
  Clause alone(Clause clause, Context context) {
    auto inner = syntax::block_context(context, clause);
    if (inner && !clause.block.empty()) clause.block = merge({}, clause.block, *inner);
    return clause;
  }

  static std::string block_key(const Clause& property) {
    return Block::key_in_node(property, syntax::unwrap(property));
  }

  /// Each property goes to the edit that names it, and to the last one otherwise.
  void edit_node(Block& block, const Clause& clause, const std::vector<size_t>& places) {
    std::map<std::string, size_t> named;
    for (size_t place : places)
      for (const Clause& property : block.at(place).block) named[block_key(property)] = place;
    std::map<size_t, std::vector<Clause>> parts;
    for (const Clause& property : clause.block) {
      auto it = named.find(block_key(property));
      parts[it == named.end() ? places.back() : it->second].push_back(property);
    }
    for (const auto& [place, properties] : parts)
      block.at(place).block = merge(block.at(place).block, properties, Context::kTreeNode);
  }

  const Declaration& own_;
  const Declaration* parent_;
  const source::SourceSet& sources_;
  diagnostics::Sink& sink_;
};

class Flattener {
 public:
  Flattener(const std::vector<const Declaration*>& declared, const source::SourceSet& sources, diagnostics::Sink& sink)
      : declared_(declared), sources_(sources), sink_(sink) {
    for (const Declaration* d : declared) by_name_.emplace(d->full_name(), d);
  }

  std::vector<WholeHandoff> run() {
    for (const Declaration* d : declared_) lineage_.read(d->full_name(), done_, [&](const std::string& name) { flatten(name); });
    std::vector<WholeHandoff> all;
    for (const Declaration* d : declared_)
      if (auto& whole = done_.at(d->full_name())) all.push_back(std::move(*whole));
    return all;
  }

 private:
  void flatten(const std::string& name) {
    const Declaration& d = *by_name_.at(name);
    const Declaration* parent = nullptr;
    if (d.extends && !(parent = parent_of(d))) {
      done_.emplace(name, std::nullopt);
      return;
    }
    WholeHandoff whole{d, std::nullopt};
    if (parent || changes_something(d.clauses, Context::kHandoff)) whole.merged = Heir(d, parent, sources_, sink_).run();
    done_.emplace(name, std::move(whole));
  }

  const Declaration* parent_of(const Declaration& d) {
    const std::string name = d.extends->text();
    if (std::string circle = lineage_.circle_to(name); !circle.empty()) {
      sink_.report(Code::cyclic_extends, d.extends->span, "`" + d.full_name() + "` extends itself").note(circle);
      return nullptr;
    }
    auto parent = done_.find(name);
    if (parent == done_.end()) {
      auto& finding = sink_.report(Code::unknown_name, d.extends->span, "there is no handoff `" + name + "`");
      if (!sink_.wants_suggestions()) return nullptr;
      std::vector<std::string_view> names;
      for (const auto& [known, declaration] : by_name_)
        if (declaration->has_version) names.push_back(known);
      diagnostics::suggest(finding, name, names, d.extends->span);
      return nullptr;
    }
    if (!parent->second) return nullptr;  // reported there
    const Declaration& inherited = parent->second->declaration();
    inherited_ += count_of(inherited.clauses);
    if (inherited_ > kMaxInherited) {
      if (!heavy_)
        sink_.report(Code::limit_reached, d.extends->span,
                     "with this one, handoffs inherit more than " + std::to_string(kMaxInherited) + " clauses in all");
      heavy_ = true;
      return nullptr;
    }
    return &inherited;
  }

  const std::vector<const Declaration*>& declared_;
  const source::SourceSet& sources_;
  diagnostics::Sink& sink_;
  std::map<std::string, const Declaration*> by_name_;
  Lineage lineage_{by_name_};
  std::map<std::string, std::optional<WholeHandoff>> done_;  // nothing: of one that cannot be known
  size_t inherited_ = 0;
  bool heavy_ = false;  // kMaxInherited was reported
};

}  // namespace

std::vector<WholeHandoff> inherit_handoffs(const std::vector<const Declaration*>& declared, const source::SourceSet& sources,
                                           diagnostics::Sink& sink) {
  return Flattener(declared, sources, sink).run();
}

}  // namespace baton::check
