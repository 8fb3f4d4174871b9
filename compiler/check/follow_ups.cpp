// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Telling consequences from mistakes. See follow_ups.h.
#include "check/follow_ups.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <utility>

#include "diagnostics/suggest.h"
#include "syntax/arguments.h"
#include "syntax/clause_table.h"

namespace baton::check {

using diagnostics::Code;
using diagnostics::Diagnostic;
using source::holds;
using source::Span;
using syntax::Clause;
using syntax::Context;
using syntax::Declaration;

namespace {

/// Heads that declare a name of their own.
constexpr std::string_view kDeclaring[] = {"segment", "param", "role", "region", "reserve", "word", "argument"};
/// Heads whose arguments name what the declaration itself has, and no `let`.
constexpr std::string_view kLocal[] = {"enter", "bind", "place", "expects", "digest", "relies"};

template <size_t N>
bool is_one_of(std::string_view word, const std::string_view (&words)[N]) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

/// The names in a text as dotted chains: `bind image = low.top` has bind, image, low.top.
std::vector<std::string> names_in(std::string_view text) {
  std::vector<std::string> names;
  std::string name;
  auto is_part = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.'; };
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && is_part(text[i])) {
      name += text[i];
    } else if (!name.empty()) {
      names.push_back(std::move(name));
      name.clear();
    }
  }
  return names;
}

/// Something that was reported and whose meaning is not known.
struct Lost {
  const Declaration* owner = nullptr;
  std::string head;
  std::set<std::string, std::less<>> words;
  bool declares = false;
  std::string section;  // the head of the declaration's clause it stands in
  const Clause* block = nullptr;
};

/// The last of a list, ordered by place, that begins at or before `where`; null when it ends earlier.
template <typename Part>
const Part* part_at(const std::vector<Part>& parts, Span where) {
  auto after = std::upper_bound(parts.begin(), parts.end(), where.begin,
                                [](uint32_t begin, const Part& part) { return begin < part.span.begin; });
  if (after == parts.begin()) return nullptr;
  const Part& part = *(after - 1);
  return holds(part.span, where) ? &part : nullptr;
}

class Judge {
 public:
  Judge(const std::vector<syntax::File>& files, const source::SourceSet& sources, bool names_missing)
      : sources_(sources), names_missing_(names_missing) {
    for (const syntax::File& file : files) {
      files_[file.id] = &file;
      names_missing_ = names_missing_ || file.lost;
      for (const syntax::Unread& unread : file.unread)
        add({part_at(file.declarations, unread.span), unread.head,
             {unread.words.begin(), unread.words.end()}, unread.declares, "", nullptr}, unread.span);
      for (const syntax::Unread& unread : file.unread)
        if (const Clause* clause = clause_at(unread.span)) guessed_.insert(clause);
      for (Span torn : file.torn)
        if (const Declaration* d = part_at(file.declarations, torn)) torn_.emplace(d, torn.begin);
      for (const Declaration& d : file.declarations)
        if (d.has_version)
          by_name_.emplace(d.full_name(), &d);
    }
  }

  /// What the checker itself could make nothing of.
  void learn(const Diagnostic& d) {
    if (d.severity != diagnostics::Severity::kError || !d.span.valid()) return;
    if (d.code == Code::unknown_name) {
      const Declaration* owner = declaration_at(d.span);
      if (owner && owner->on_span.valid() && holds(owner->on_span, d.span)) machineless_.insert(owner);
    }
    bool unheard = d.code == Code::unknown_clause || d.code == Code::misplaced_clause || d.code == Code::clause_shape ||
                   d.code == Code::unknown_word;
    if (!unheard) return;
    const Clause* clause = clause_at(d.span);
    if (!clause) return;
    guessed_.insert(clause);
    Lost lost{declaration_at(d.span), clause->head, {}, false, "", nullptr};
    // The name it declares stands first, but for `word ... named NAME`.
    bool any = d.code == Code::unknown_clause || d.code == Code::misplaced_clause || !is_one_of(clause->head, kDeclaring);
    for (size_t i = 0; i < clause->arguments.size(); ++i) {
      if (!clause->arguments[i].expr) continue;
      auto name = syntax::dotted_name(*clause->arguments[i].expr);
      bool named = i > 0 && clause->arguments[i - 1].expr && clause->arguments[i - 1].expr->is_name("named");
      if (name && (any || i == 0 || named)) lost.words.insert(*name);
    }
    add(std::move(lost), d.span);
  }

  bool follows(const Diagnostic& d) const {
    if (!d.span.valid()) return false;
    auto file = files_.find(d.span.file);
    if (file == files_.end()) return false;
    // One clause, one mistake.
    if (part_at(file->second->unread, d.span)) return true;
    const Declaration* owner = declaration_at(d.span);
    auto torn = torn_.find(owner);
    bool is_torn = owner && torn != torn_.end();
    switch (d.code) {
      case Code::unknown_clause:
      case Code::misplaced_clause: return is_torn && torn->second < d.span.begin;
      case Code::duplicate_clause:
        return (is_torn && torn->second < d.span.begin) || is_guessed(d) || may_be_first(d, owner);
      case Code::override_missing: return is_guessed(d);
      case Code::missing_clause: return is_torn || may_be_missing(d, owner);
      case Code::unknown_name: return is_torn || may_be_declared(d, owner);
      case Code::override_nothing: return is_guessed(d) || (owner && parent_is_partial(*owner));
      case Code::unbound_role: return is_torn || may_be_bound(d, owner);
      default: return false;
    }
  }

 private:
  void add(Lost lost, Span where) {
    if (lost.owner)
      if (const Clause* section = part_at(lost.owner->clauses, where)) lost.section = section->head;
    lost.block = block_at(where);
    if (lost.owner) partial_.insert(lost.owner);
    lost_.push_back(std::move(lost));
    const Lost& added = lost_.back();
    bool outside = added.declares || !added.owner || added.owner->kind != Declaration::Kind::kHandoff;
    bool names = added.declares || !added.owner || declares_a_name(added);
    if (names && outside) everywhere_.insert(added.words.begin(), added.words.end());
    if (names && !outside) within_[added.owner].insert(added.words.begin(), added.words.end());
    if (added.owner) of_[added.owner].push_back(lost_.size() - 1);
  }

  /// Whether it, or what it compares with, stands in a block that was read as what may have been meant.
  bool is_guessed(const Diagnostic& d) const {
    auto guessed = [&](Span where) {
      const Declaration* owner = declaration_at(where);
      for (const auto* clauses = owner ? &owner->clauses : nullptr; clauses;) {
        const Clause* inner = part_at(*clauses, where);
        if (inner && guessed_.count(inner) != 0) return true;
        clauses = inner ? &inner->block : nullptr;
      }
      return false;
    };
    return guessed(d.span) ||
           std::any_of(d.labels.begin(), d.labels.end(), [&](const auto& label) { return guessed(label.span); });
  }

  /// The clause it repeats, where the finding does not show it, may be one that was meant to be another.
  bool may_be_first(const Diagnostic& d, const Declaration* owner) const {
    if (!d.labels.empty()) return false;
    const Clause* block = block_at(d.span);
    auto names = names_in(sources_.text(d.span).substr(0, 256));
    return !names.empty() && any_lost(owner, [&](const Lost& lost) {
      return lost.head == names[0] && lost.block == block;
    });
  }

  static bool declares_a_name(const Lost& lost) {
    if (is_one_of(lost.head, kDeclaring)) return true;
    auto context = syntax::context_of(*lost.owner);
    bool known = context && syntax::is_head(*context, lost.head) && lost.head != "override" && lost.head != "incidental";
    return !known && syntax::contexts_of(lost.head).empty();
  }

  const Declaration* declaration_at(Span where) const {
    auto file = files_.find(where.file);
    return file == files_.end() ? nullptr : part_at(file->second->declarations, where);
  }

  const Clause* clause_at(Span where) const {
    const Declaration* d = declaration_at(where);
    const Clause* found = nullptr;
    for (const auto* clauses = d ? &d->clauses : nullptr; clauses;) {
      const Clause* inner = part_at(*clauses, where);
      clauses = inner ? &inner->block : nullptr;
      if (inner) found = inner;
    }
    return found;
  }

  /// The clause in whose block a clause stands; null for one of the declaration's own.
  const Clause* block_at(Span where) const {
    const Declaration* d = declaration_at(where);
    const Clause *found = nullptr, *around = nullptr;
    for (const auto* clauses = d ? &d->clauses : nullptr; clauses;) {
      const Clause* inner = part_at(*clauses, where);
      clauses = inner ? &inner->block : nullptr;
      if (inner) around = std::exchange(found, inner);
    }
    return around;
  }

  template <typename Test>
  bool any_lost(const Declaration* owner, Test test) const {
    auto list = of_.find(owner);
    return list != of_.end() &&
           std::any_of(list->second.begin(), list->second.end(), [&](size_t i) { return test(lost_[i]); });
  }

  /// The note of a missing clause says what to add: "add `from CONVENTION@N;`".
  bool may_be_missing(const Diagnostic& d, const Declaration* owner) const {
    constexpr std::string_view kAdd = "add `";
    std::string_view note = d.notes.empty() ? std::string_view() : std::string_view(d.notes[0]);
    if (!note.starts_with(kAdd)) return any_lost(owner, [](const Lost& lost) { return lost.declares; });
    auto names = names_in(note.substr(kAdd.size()));
    if (names.empty()) return false;
    return any_lost(owner, [&](const Lost& lost) {
      if (lost.head == names[0] || lost.section == names[0] || lost.words.count(names[0]) != 0) return true;
      return syntax::contexts_of(lost.head).empty() && !diagnostics::did_you_mean(lost.head, {names[0]}).empty();
    });
  }

  bool may_be_declared(const Diagnostic& d, const Declaration* owner) const {
    auto local = within_.find(owner);
    std::string_view text = sources_.text(d.span);
    for (const std::string& name : names_in(text.substr(0, 4096))) {
      bool of_machine = name.starts_with("machine.");
      std::string_view rest = of_machine ? std::string_view(name).substr(8) : std::string_view(name);
      if (of_machine && d.fixes.empty() && machineless_.count(owner) != 0) return true;
      for (std::string_view part : {std::string_view(name), rest, rest.substr(0, rest.find('.'))}) {
        if (everywhere_.find(part) != everywhere_.end()) return true;
        if (local != within_.end() && local->second.find(part) != local->second.end()) return true;
      }
    }
    if (!names_missing_ || text.starts_with("machine.")) return false;
    const Clause* clause = clause_at(d.span);
    return !clause || !is_one_of(clause->head, kLocal);
  }

  bool parent_is_partial(const Declaration& child) const {
    const Declaration* at = &child;
    for (size_t steps = 0; steps < by_name_.size() + 1 && at->extends; ++steps) {
      auto parent = by_name_.find(at->extends->text());
      if (parent == by_name_.end() || partial_.count(parent->second) != 0) return true;
      at = parent->second;
    }
    return false;
  }

  bool may_be_bound(const Diagnostic& d, const Declaration* owner) const {
    size_t open = d.message.find('`');
    size_t close = open == d.message.npos ? open : d.message.find('`', open + 1);
    if (close == d.message.npos) return false;
    std::string role = d.message.substr(open + 1, close - open - 1);
    return any_lost(owner, [&](const Lost& lost) {
      bool binds = lost.head == "bind" || declares_a_name(lost);
      return binds && (lost.words.count(role) != 0 || lost.words.size() < 2);
    });
  }

  const source::SourceSet& sources_;
  bool names_missing_;
  std::map<source::FileId, const syntax::File*> files_;
  std::multimap<std::string, const Declaration*> by_name_;
  std::vector<Lost> lost_;
  std::map<const Declaration*, std::vector<size_t>> of_;
  std::map<const Declaration*, std::set<std::string, std::less<>>> within_;
  std::set<std::string, std::less<>> everywhere_;
  std::set<const Declaration*> partial_, machineless_;
  std::set<const Clause*> guessed_;
  std::map<const Declaration*, uint32_t> torn_;
};

class Mender {
 public:
  explicit Mender(diagnostics::Sink& sink) : sink_(sink) {}

  void run(syntax::File& file) {
    for (Declaration& d : file.declarations) {
      auto context = syntax::context_of(d);
      if (context) clauses(d.clauses, *context, file);
    }
    std::stable_sort(file.unread.begin(), file.unread.end(),
                     [](const auto& a, const auto& b) { return a.span.begin < b.span.begin; });
  }

 private:
  void clauses(std::vector<Clause>& list, Context context, syntax::File& file) {
    for (Clause& clause : list) {
      head(clause, context, file);
      if (auto inner = syntax::block_context(context, clause)) clauses(clause.block, *inner, file);
    }
  }

  void head(Clause& clause, Context context, syntax::File& file) {
    if (clause.head_is_string || clause.head.empty() || syntax::is_head(context, clause.head)) return;
    if (!syntax::contexts_of(clause.head).empty()) return;  // it stands elsewhere: that is what is to be said
    if (part_at(file.unread, clause.span)) return;
    // Of a text that is no program not each word is compared with all heads.
    if (sink_.full() || unlike_ > diagnostics::kMaxFindings) return;
    auto near = diagnostics::did_you_mean(clause.head, syntax::heads(context));
    if (near.empty()) ++unlike_;
    if (near.empty() || near == syntax::kPropertyHead) return;
    sink_.report(Code::unknown_clause, clause.head_span,
                 "unknown clause `" + clause.head + "` in " + std::string(syntax::to_text(context)))
        .at(diagnostics::meant_text(near))
        .fix(clause.head_span, std::string(near));
    syntax::Unread unread;
    unread.head = std::string(near);
    unread.span = clause.span;
    unread.span.end = clause.arguments.empty() ? clause.head_span.end : clause.arguments.back().span.end;
    clause.head = std::string(near);
    mended_.push_back(std::move(unread));
  }

  diagnostics::Sink& sink_;
  size_t unlike_ = 0;

 public:
  std::vector<syntax::Unread> mended_;
};

}  // namespace

void mend_heads(std::vector<syntax::File>& files, diagnostics::Sink& sink) {
  for (syntax::File& file : files) {
    Mender mender(sink);
    mender.run(file);
    file.unread.insert(file.unread.end(), mender.mended_.begin(), mender.mended_.end());
    std::stable_sort(file.unread.begin(), file.unread.end(),
                     [](const auto& a, const auto& b) { return a.span.begin < b.span.begin; });
  }
}

void pass_independent(const diagnostics::Sink& found, const std::vector<syntax::File>& files,
                      const source::SourceSet& sources, bool names_missing, diagnostics::Sink& sink) {
  bool wrong = found.has_errors() || names_missing ||
               std::any_of(files.begin(), files.end(), [](const auto& file) { return !file.unread.empty() || file.lost; });
  Judge judge(files, sources, names_missing);
  if (wrong)
    for (const Diagnostic& d : found.all()) judge.learn(d);
  for (const Diagnostic& d : found.all())
    if (!wrong || !judge.follows(d)) sink.add(d);
}

}  // namespace baton::check
