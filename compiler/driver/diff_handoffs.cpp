// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compiling the handoffs on both sides of a comparison. See diff_handoffs.h.
#include "driver/diff_handoffs.h"

#include <algorithm>
#include <cstdio>
#include <set>

#include "check/check.h"
#include "driver/pipeline.h"
#include "ppc64/instruction.h"

namespace baton::driver {

using diagnostics::Code;
using report::DiffHandoffSide;
namespace fs = std::filesystem;

namespace {

/// One side of a handoff with the instructions of its stub.
struct Compiled {
  DiffHandoffSide side;
  std::vector<report::DiffInstruction> instructions;
};

/// Whether what stops the compiler is no fault of a contract: a file or a parameter that is not at hand.
bool lacks_means(const diagnostics::Sink& sink) {
  for (const auto& d : sink.all())
    if (d.severity == diagnostics::Severity::kError)
      return d.code == Code::input_missing || d.code == Code::bad_parameter;
  return false;
}

/// The parameters of this handoff among all that were set: another one may have others.
Options options_for(const model::Handoff& handoff, const Options& options) {
  Options own = options;
  own.handoff = handoff.name;
  own.defines.clear();
  for (const auto& parameter : handoff.parameters)
    if (auto given = options.defines.find(parameter.name); given != options.defines.end()) own.defines.insert(*given);
  return own;
}

bool has_parameter(const ProgramSide& side, const std::string& name) {
  for (const auto* list : {&side.files, &side.further})
    for (const SideFile& file : *list)
      for (const auto& [handoff_name, handoff] : file.program.handoffs)
        for (const auto& parameter : handoff.parameters)
          if (parameter.name == name) return true;
  return false;
}

std::vector<report::DiffInstruction> instructions_of(const Compilation& c) {
  std::vector<report::DiffInstruction> list;
  if (!c.gap || !c.gap->stub) return list;
  for (const auto& item : c.gap->stub->stub.items) {
    const auto* code = std::get_if<ppc64::CodeItem>(&item);
    if (!code) continue;
    std::string text = ppc64::to_text(code->instruction);
    std::replace(text.begin(), text.end(), '\t', ' ');
    text.erase(std::remove(text.begin(), text.end(), '%'), text.end());
    list.push_back({to_text(code->order), text, code->clause});
  }
  return list;
}

/// What the giver does not promise of what the taker needs, by their contracts alone.
std::vector<std::string> open_needs(const model::Program& program, const model::Handoff& handoff) {
  std::vector<std::string> open;
  auto from = contract::find_subject(program, handoff.from), to = contract::find_subject(program, handoff.to);
  if (!from || !to) return open;
  for (const auto& unmet : contract::compare(*to, *from).taker_unmet)
    if (!unmet.need.text.empty() && std::find(open.begin(), open.end(), unmet.need.text) == open.end())
      open.push_back(unmet.need.text);
  return open;
}

Compiled compile_handoff(const source::SourceSet& sources, const model::Program& program, const std::string& name,
                         const std::string& refused, const Options& options) {
  Compiled result;
  auto handoff = program.handoffs.find(name);
  if (handoff == program.handoffs.end()) return result;
  if (!refused.empty()) {
    result.side.state = DiffHandoffSide::State::kRefused;
    result.side.diagnostic = refused;
    return result;
  }
  Compilation c;
  c.sources = sources;
  c.program = program;
  Options own = options_for(handoff->second, options);
  if (compile(c, own, Phase::kSynthesize) && !c.sink.has_errors()) {
    result.side.state = DiffHandoffSide::State::kCompiled;
    if (c.gap->stub)
      for (const auto& count : c.gap->stub->counts) result.side.bodies.push_back({to_text(count.giver), count.instructions});
    result.instructions = instructions_of(c);
    return result;
  }
  result.side.diagnostic = first_error(c.sink);
  result.side.state = lacks_means(c.sink) ? DiffHandoffSide::State::kContractsOnly : DiffHandoffSide::State::kRefused;
  if (result.side.state == DiffHandoffSide::State::kContractsOnly) result.side.open = open_needs(program, handoff->second);
  return result;
}

/// What one list has and the other has not, by instruction, clause and byte order; in the order of the first.
std::vector<report::DiffInstruction> less(const std::vector<report::DiffInstruction>& list,
                                          const std::vector<report::DiffInstruction>& other) {
  std::multiset<std::tuple<std::string, std::string, std::string>> left;
  for (const auto& each : other) left.emplace(each.giver, each.text, each.clause);
  std::vector<report::DiffInstruction> rest;
  for (const auto& each : list) {
    auto found = left.find({each.giver, each.text, each.clause});
    if (found == left.end())
      rest.push_back(each);
    else
      left.erase(found);
  }
  return rest;
}

fs::path examples_folder() { return shipped_stdlib().parent_path() / "examples"; }

/// Where shipped files lie on this machine is nobody's business, as with `<stdlib>`.
std::string without_place(std::string text) {
  const std::string folder = examples_folder().generic_string() + "/", shown = "<examples>/";
  for (size_t at = 0; (at = text.find(folder, at)) != std::string::npos; at += shown.size())
    text.replace(at, folder.size(), shown);
  return text;
}

report::DiffHandoff joined(const std::string& name, const SideFile& file, const ProgramSide& side,
                           std::vector<std::string> uses, const Compiled& before, const Compiled& after) {
  report::DiffHandoff row;
  row.name = name;
  row.file = side.sources.name(file.id);
  row.place = diagnostics::annotation_place(side.sources, file.program.handoffs.at(name).name_span);
  // A shipped example lies beside the program, which is no place in the work tree either.
  if (row.place) row.place->in_work_tree = !side.old_tree && !file.shipped;
  row.shipped = file.shipped;
  row.uses = std::move(uses);
  row.before = before.side;
  row.after = after.side;
  if (row.shipped)
    for (std::string* text : {&row.file, &row.before.diagnostic, &row.after.diagnostic}) *text = without_place(std::move(*text));
  if (before.side.state == DiffHandoffSide::State::kCompiled && after.side.state == DiffHandoffSide::State::kCompiled) {
    row.gained = less(after.instructions, before.instructions);
    row.lost = less(before.instructions, after.instructions);
  }
  return row;
}

const std::string& refusal(const SideFile& file, const std::string& handoff) {
  static const std::string kNone;
  auto found = file.refused.find(handoff);
  return found == file.refused.end() ? kNone : found->second;
}

/// The handoff's file with one convention's name in the place of another in `from` and `to`, checked as a whole.
Compiled compile_renamed(const ProgramSide& side, const SideFile& file, const model::Handoff& handoff,
                         const std::map<std::string, std::string>& names, const Options& options) {
  source::SourceSet sources = side.sources;
  std::string text(sources.text(file.id));
  // From the end to the front, so that earlier places stay where they are.
  std::vector<std::pair<source::Span, std::string>> edits;
  std::string used;
  for (const auto& [span, name] : {std::pair{handoff.from_span, handoff.from}, {handoff.to_span, handoff.to}}) {
    auto change = names.find(name);
    if (change == names.end()) continue;
    edits.emplace_back(span, change->second);
    auto target = side.conventions.find(change->second);
    if (target == side.conventions.end() || file.program.conventions.count(change->second) != 0) continue;
    auto path = sources.path(target->second.convention->span.file);
    if (!path.empty()) used += "\nuse \"" + path.generic_string() + "\";";
  }
  std::sort(edits.begin(), edits.end(), [](const auto& a, const auto& b) { return a.first.begin > b.first.begin; });
  for (const auto& [span, name] : edits) text.replace(span.begin, span.end - span.begin, name);
  if (!used.empty())
    if (size_t at = text.find(';', text.find("language ")); at != std::string::npos) text.insert(at + 1, used);
  auto id = sources.add(sources.name(file.id), std::move(text));
  diagnostics::Sink found;
  model::Program program = check::check(sources, id, found);
  return compile_handoff(sources, program, handoff.name, first_error(found), options);
}

std::vector<std::string> used_names(const model::Handoff& handoff, const std::map<std::string, std::string>& changed,
                                    const Options& options) {
  std::vector<std::string> uses;
  if (!options.handoff.empty() && handoff.name != options.handoff) return uses;
  for (const auto& name : {handoff.from, handoff.to})
    if (changed.count(name) != 0 && std::find(uses.begin(), uses.end(), name) == uses.end()) uses.push_back(name);
  return uses;
}

/// Whether the program's convention of that name is the one that is compared, not another file's.
bool is_compared(const ProgramSide& side, const model::Program& program, const std::string& name) {
  auto own = program.conventions.find(name);
  auto compared = side.conventions.find(name);
  if (own == program.conventions.end() || compared == side.conventions.end()) return true;
  return own->second.span == compared->second.convention->span;
}

/// Where the examples are: beside the conventions, as built or installed.
std::vector<fs::path> shipped_examples() {
  std::error_code error;
  auto folder = examples_folder();
  return fs::is_directory(folder, error) ? programs_at(folder) : std::vector<fs::path>{};
}

const SideFile* counterpart(const ProgramSide& side, const SideFile& file) {
  for (const SideFile& other : side.files)
    if (other.relative == file.relative) return &other;
  return nullptr;
}

}  // namespace

std::vector<report::DiffHandoff> affected_handoffs(ProgramSide& before, ProgramSide& after,
                                                   const std::map<std::string, std::string>& changed,
                                                   const Options& options) {
  std::vector<report::DiffHandoff> rows;
  if (changed.empty()) return rows;
  const bool renamed = &before == &after;
  // The compared files themselves: a handoff may have changed with its conventions, be new or be gone.
  std::set<std::pair<std::string, std::string>> done;
  auto compared = [&](const SideFile* old_file, const SideFile* new_file) {
    const SideFile& shown = new_file ? *new_file : *old_file;
    for (const SideFile* file : {new_file, old_file}) {
      if (!file) continue;
      for (const std::string& name : file->program.main_handoffs) {
        const model::Handoff& handoff = file->program.handoffs.at(name);
        auto uses = used_names(handoff, changed, options);
        if (uses.empty() || !done.emplace(shown.relative, name).second) continue;
        Compiled old_side, new_side;
        if (renamed) {
          old_side = compile_handoff(before.sources, file->program, name, refusal(*file, name), options);
          new_side = compile_renamed(after, *file, handoff, changed, options);
        } else {
          if (old_file) old_side = compile_handoff(before.sources, old_file->program, name, refusal(*old_file, name), options);
          if (new_file) new_side = compile_handoff(after.sources, new_file->program, name, refusal(*new_file, name), options);
        }
        rows.push_back(joined(name, shown, new_file ? after : before, std::move(uses), old_side, new_side));
      }
    }
  };
  for (const SideFile& file : after.files) compared(renamed ? &file : counterpart(before, file), &file);
  if (!renamed)
    for (const SideFile& file : before.files)
      if (!counterpart(after, file)) compared(&file, nullptr);
  // Programs besides, each with the conventions that it finds on either side.
  std::vector<std::pair<fs::path, bool>> further;
  for (const auto& path : options.handoff_files)
    for (const auto& each : programs_at(path)) further.emplace_back(each, false);
  for (const auto& each : shipped_examples()) further.emplace_back(each, true);
  for (const auto& [path, shipped] : further) {
    size_t old_count = before.further.size(), new_count = after.further.size();
    SideFile* old_file = read_further(before, path, shipped);
    SideFile* new_file = renamed ? old_file : read_further(after, path, shipped);
    if (!old_file && !new_file) continue;
    bool listed = (old_file && before.further.size() == old_count) || (!renamed && new_file && after.further.size() == new_count);
    if (listed) continue;  // one of the compared files, or named twice
    const SideFile& file = new_file ? *new_file : *old_file;
    ProgramSide& side = new_file ? after : before;
    for (const std::string& name : file.program.main_handoffs) {
      const model::Handoff& handoff = file.program.handoffs.at(name);
      auto uses = used_names(handoff, changed, options);
      uses.erase(std::remove_if(uses.begin(), uses.end(),
                                [&](const std::string& each) { return !is_compared(side, file.program, each); }),
                 uses.end());
      if (uses.empty()) continue;
      Compiled old_side, new_side;
      if (old_file) old_side = compile_handoff(before.sources, old_file->program, name, refusal(*old_file, name), options);
      if (renamed)
        new_side = compile_renamed(after, file, handoff, changed, options);
      else if (new_file)
        new_side = compile_handoff(after.sources, new_file->program, name, refusal(*new_file, name), options);
      rows.push_back(joined(name, file, side, std::move(uses), old_side, new_side));
    }
  }
  // Another handoff may have it; but if none has, it is misspelt.
  for (const auto& [name, value] : options.defines)
    if (!has_parameter(before, name) && !has_parameter(after, name))
      std::fprintf(stderr, "baton: diff: -D %s: no handoff that was looked at has such a parameter\n", name.c_str());
  return rows;
}

}  // namespace baton::driver
