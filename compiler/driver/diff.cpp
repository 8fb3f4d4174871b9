// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The command: what was named, what differs, how it is shown, which exit code. See diff.h.
#include "driver/diff.h"

#include <algorithm>
#include <cstdio>

#include "diagnostics/suggest.h"
#include "driver/diff_builds.h"
#include "driver/diff_handoffs.h"
#include "driver/pipeline.h"
#include "driver/show.h"
#include "driver/version.h"
#include "report/contract_diff.h"
#include "report/text_layout.h"

namespace baton::driver {

using diagnostics::Code;
using report::DiffEffect;
namespace fs = std::filesystem;

namespace {

int usage(const std::string& message) {
  std::fprintf(stderr, "baton: diff: %s\n", message.c_str());
  return kUsage;
}

/// Shows what was found while a side was read; the exit code that it comes to.
int refused(const ProgramSide& side, const Options& options) {
  Options shown = options;
  if (shown.format == "markdown") shown.format = "text";
  Findings findings(shown);
  findings.show(side.sink, side.sources);
  findings.finish();
  return exit_code(side.sink);
}

/// "linux.kexec@2013" and no file of that name.
bool is_convention_name(const std::string& text) {
  size_t at = text.find('@');
  if (at == std::string::npos || at == 0 || at + 1 == text.size()) return false;
  if (text.find_first_not_of("0123456789", at + 1) != std::string::npos) return false;
  bool word = std::all_of(text.begin(), text.begin() + static_cast<ptrdiff_t>(at), [](unsigned char c) {
    return std::isalnum(c) || c == '_' || c == '.';
  });
  std::error_code error;
  return word && !fs::exists(text, error);
}

DiffEffect effect(contract::Effect e) {
  switch (e) {
    case contract::Effect::kOk: return DiffEffect::kOk;
    case contract::Effect::kWarns: return DiffEffect::kWarns;
    case contract::Effect::kBreaks: return DiffEffect::kBreaks;
  }
  return DiffEffect::kBreaks;
}

report::DiffWording wording(const contract::Wording& from, const ProgramSide& side) {
  report::DiffWording out{from.text, from.origin, diagnostics::annotation_place(side.sources, from.span)};
  if (out.place) out.place->in_work_tree = !side.old_tree;
  return out;
}

std::optional<diagnostics::AnnotationPlace> name_place(const ProgramSide& side, const std::string& name) {
  auto found = side.conventions.find(name);
  if (found == side.conventions.end()) return std::nullopt;
  auto place = diagnostics::annotation_place(side.sources, found->second.convention->name_span);
  if (place) place->in_work_tree = !side.old_tree;
  return place;
}

/// The strictness levels are nested: whether this change is a finding at the given one.
bool counts(const report::DiffChange& change, const std::string& strict) {
  if (change.quiet || change.waived || strict == "none") return false;
  bool taker = change.taker == DiffEffect::kBreaks, giver = change.giver == DiffEffect::kBreaks;
  if (strict == "exact") return true;
  if (strict == "taker") return taker;
  if (strict == "giver") return giver;
  return taker || giver;
}

class Comparison {
 public:
  Comparison(ProgramSide& before, ProgramSide& after, const Options& options)
      : before_(before), after_(after), options_(options) {
    diff_.before = before.shown;
    diff_.after = after.shown;
  }

  /// Every convention of the two sides, by name and version.
  void all() {
    std::map<std::string, int> names;
    for (const auto& [name, subject] : before_.conventions) names[name];
    for (const auto& [name, subject] : after_.conventions) names[name];
    for (const auto& [name, unused] : names) {
      model::Program old_program = program(before_, name), new_program = program(after_, name);
      // That a version is gone may be allowed by another one of the same name.
      std::string family = name.substr(0, name.rfind('@') + 1);
      if (new_program.conventions.empty())
        for (const auto& [other, subject] : after_.conventions)
          if (other.rfind(family, 0) == 0) new_program.conventions.emplace(other, *subject.convention);
      for (const auto& found : contract::compare(old_program, new_program)) {
        if (found.before != name && found.after != name) continue;
        if (found.before.empty() && beside(name)) continue;
        add(found, false);
      }
    }
  }

  /// Two conventions of one side.
  void pair(const std::string& old_name, const std::string& new_name) {
    auto found = contract::compare(before_.conventions.at(old_name), after_.conventions.at(new_name));
    find_reliance(found, old_name);
    add(found, false);
    diff_.before = old_name;
    diff_.after = new_name;
    renamed_ = {old_name, new_name};
  }

  int finish() {
    std::map<std::string, std::string> changed;
    for (const auto& convention : diff_.conventions) {
      bool meaning = std::any_of(convention.changes.begin(), convention.changes.end(), [](const auto& c) { return !c.quiet; });
      if (convention.beside || convention.before.empty() || !meaning) continue;
      changed[convention.before] = renamed_ ? renamed_->second : convention.before;
    }
    diff_.handoffs = affected_handoffs(before_, after_, changed, options_);
    if (options_.format == "json")
      print(report::contract_diff_json(diff_));
    else if (options_.format == "markdown")
      print(report::contract_diff_markdown(diff_, options_.all));
    else if (options_.format == "sarif")
      print(diagnostics::render_sarif(report::contract_diff_annotations(diff_, options_.all), kVersion));
    else if (options_.format == "github")
      print(diagnostics::render_github(report::contract_diff_annotations(diff_, options_.all)));
    else
      print(report::contract_diff_text(diff_, options_.all));
    if (diff_.findings() != 0) return kFindings;
    return diff_.changes() != 0 && !options_.allow_changes ? kChanges : kOk;
  }

 private:
  /// One convention with what belongs to it: values that its file names, and the handoffs that leave by it.
  static model::Program program(const ProgramSide& side, const std::string& name) {
    model::Program one;
    auto found = side.conventions.find(name);
    if (found == side.conventions.end()) return one;
    one.conventions.emplace(name, *found->second.convention);
    one.lets = *found->second.lets;
    for (const SideFile& file : side.files)
      for (const auto& [handoff_name, handoff] : file.program.handoffs)
        if (handoff.from == name && !handoff.relies_on.empty()) one.handoffs.emplace(handoff_name, handoff);
    return one;
  }

  /// A new version is told beside the one it follows. False: it follows none.
  bool beside(const std::string& name) {
    const contract::Subject& subject = after_.conventions.at(name);
    for (const std::string& older : {subject.convention->supersedes, subject.convention->parent}) {
      auto found = after_.conventions.find(older);
      if (older.empty() || found == after_.conventions.end()) continue;
      add(contract::compare(found->second, subject), true);
      return true;
    }
    return false;
  }

  /// Two versions have no program each: who relies on something incidental stands in the files at hand.
  void find_reliance(contract::ConventionDiff& found, const std::string& old_name) {
    for (auto& change : found.changes) {
      if (change.rule->id.rfind("INCIDENTAL", 0) != 0) continue;
      for (const SideFile& file : before_.files)
        for (const auto& [name, handoff] : file.program.handoffs)
          if (handoff.from == old_name &&
              std::find(handoff.relies_on.begin(), handoff.relies_on.end(), change.subject) != handoff.relies_on.end())
            change.relied_on_by.push_back(name);
    }
  }

  void add(const contract::ConventionDiff& found, bool is_beside) {
    report::DiffConvention out;
    out.before = found.before;
    out.after = found.after;
    out.stable = found.stable;
    out.beside = is_beside;
    out.strict = is_beside ? "none" : !options_.strict.empty() ? options_.strict : found.stable ? "both" : "none";
    out.place = found.after.empty() ? name_place(before_, found.before) : name_place(after_, found.after);
    const ProgramSide& old_side = is_beside ? after_ : before_;
    for (const auto& change : found.changes) {
      report::DiffChange row;
      row.rule = change.rule->id;
      row.purpose = change.rule->purpose;
      row.section = change.section;
      row.subject = change.subject;
      row.before = wording(change.before, old_side);
      row.after = wording(change.after, after_);
      row.taker = effect(change.taker);
      row.giver = effect(change.giver);
      row.why = change.why;
      row.relied_on_by = change.relied_on_by;
      row.quiet = change.rule->quiet;
      if (change.waiver) row.waived = change.waiver->because;
      row.finding = counts(row, out.strict);
      out.changes.push_back(std::move(row));
    }
    auto unmet = [&](const std::vector<contract::Unmet>& list) {
      std::vector<report::DiffUnmet> rows;
      for (const auto& each : list) {
        const ProgramSide &need = each.need_is_old ? old_side : after_, &promise = each.need_is_old ? after_ : old_side;
        rows.push_back({each.decided, each.need_is_old, wording(each.need, need), wording(each.promise, promise), each.why});
      }
      return rows;
    };
    out.taker_unmet = unmet(found.taker_unmet);
    out.giver_unmet = unmet(found.giver_unmet);
    name_the_unnamed(out);
    if (out.changes.empty() && !out.before.empty() && !out.after.empty()) return;
    diff_.conventions.push_back(std::move(out));
  }

  /// Rules only give names: what entailment finds broken is a finding even if no rule had a name for it.
  void name_the_unnamed(report::DiffConvention& convention) {
    bool taker = false, giver = false;
    for (const auto& change : convention.changes) {
      taker = taker || change.taker == DiffEffect::kBreaks;
      giver = giver || change.giver == DiffEffect::kBreaks;
    }
    for (const auto& [list, named, is_taker] :
         {std::tuple{&convention.taker_unmet, taker, true}, {&convention.giver_unmet, giver, false}}) {
      if (named) continue;
      for (const auto& unmet : *list) {
        report::DiffChange row;
        row.rule = "UNNAMED";
        row.purpose = "a need that does not follow any more, under no rule of the table";
        row.section = "convention";
        row.subject = unmet.need.text;
        row.before = unmet.need_is_old ? unmet.need : unmet.promise;
        row.after = unmet.need_is_old ? unmet.promise : unmet.need;
        row.why = unmet.why;
        (is_taker ? row.taker : row.giver) = DiffEffect::kBreaks;
        row.finding = counts(row, convention.strict);
        convention.changes.push_back(std::move(row));
      }
    }
  }

  ProgramSide &before_, &after_;
  const Options& options_;
  report::ContractDiff diff_;
  std::optional<std::pair<std::string, std::string>> renamed_;
};

/// The table of rules: for reading, and for tests that hold it complete.
int list_rules() {
  report::TextTable table({report::Align::kLeft, report::Align::kLeft, report::Align::kLeft, report::Align::kLeft});
  table.row({"rule", "taker", "giver", "about"});
  for (const auto& rule : contract::rules())
    table.row({std::string(rule.id), to_text(rule.taker), to_text(rule.giver), std::string(rule.purpose)});
  print(table.print(0));
  return kOk;
}

int by_name(const Options& options) {
  std::vector<fs::path> paths(options.files.begin() + 2, options.files.end());
  ProgramSide side;
  if (!read_library_side(side, paths, options)) return refused(side, options);
  for (size_t i = 0; i < 2; ++i) {
    if (side.conventions.count(options.files[i]) != 0) continue;
    std::vector<std::string_view> names;
    for (const auto& [name, subject] : side.conventions) names.push_back(name);
    auto& d = side.sink.report(Code::program_missing, {}, "there is no convention `" + options.files[i] + "` in " +
                                                               (options.files.size() > 2 ? "the files that were named"
                                                                                         : "the standard library"));
    diagnostics::suggest_in_note(d, options.files[i], names);
    if (options.files.size() == 2) d.note("name the files that declare it after the two conventions");
  }
  if (side.sink.has_errors()) return refused(side, options);
  Comparison comparison(side, side, options);
  comparison.pair(options.files[0], options.files[1]);
  return comparison.finish();
}

int of_programs(const std::string& old_path, const std::string& new_path, std::shared_ptr<GitTree> tree,
                const std::string& ref, const Options& options) {
  ProgramSide before, after;
  before.shown = tree ? ref + ":" + old_path : old_path;
  after.shown = new_path;
  if (tree) before.sources.mount(tree->root(), tree, ref + ":");
  before.old_tree = tree != nullptr;
  // Under version control a file may have come or gone; but not both, unless nothing was named.
  bool good = read_side(before, old_path, tree.get(), options, tree != nullptr);
  bool may_be_absent = tree && (!before.files.empty() || options.files.empty());
  bool readable = good && read_side(after, new_path, tree.get(), options, may_be_absent);
  if (!good) return refused(before, options);
  if (!readable) return refused(after, options);
  Comparison comparison(before, after, options);
  comparison.all();
  return comparison.finish();
}

int against(const Options& options) {
  static constexpr std::string_view kGit = "git:";
  if (options.against.rfind(kGit, 0) != 0 || options.against.size() == kGit.size())
    return usage("--against takes git:REF, not `" + options.against + "`");
  if (options.files.size() > 1) return usage("with --against, name one file or folder, or none");
  std::string ref = options.against.substr(kGit.size());
  std::string path = options.files.empty() ? "." : options.files[0];
  auto tree = GitTree::open(path, ref);
  if (!tree) {
    ProgramSide side;
    side.sink.report(Code::program_missing, {}, tree.failure());
    return refused(side, options);
  }
  return of_programs(path, path, *tree, ref, options);
}

}  // namespace

int diff(const Options& options) {
  if (options.rules) return list_rules();
  if (!options.against.empty()) return against(options);
  if (options.files.size() < 2) return usage("name two sides, or one with --against git:REF");
  const std::string &old_name = options.files[0], &new_name = options.files[1];
  bool named[] = {is_convention_name(old_name), is_convention_name(new_name)};
  if (named[0] && named[1]) return by_name(options);
  if (named[0] != named[1])
    return usage("`" + old_name + "` and `" + new_name + "`: name two conventions, or two files or folders");
  if (options.files.size() > 2) return usage("name two sides, not " + std::to_string(options.files.size()));
  bool built[] = {is_build(old_name, options), is_build(new_name, options)};
  if (built[0] && built[1]) return diff_builds(options);
  if (built[0] != built[1])
    return usage("`" + (built[0] ? old_name : new_name) + "` is what a build wrote, and `" +
                 (built[0] ? new_name : old_name) + "` is not");
  return of_programs(old_name, new_name, nullptr, "", options);
}

}  // namespace baton::driver
