// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tree, machine, text, file. See import.h.
#include "driver/import.h"

#include <algorithm>
#include <array>

#include "driver/program_file.h"
#include "inputs/live_facts.h"
#include "inputs/tree_folder.h"
#include "inputs/tree_machine.h"
#include "report/machine_text.h"
#include "syntax/format.h"

namespace baton::driver {

using diagnostics::Code;

namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter_or_digit(char c) { return c != '_' && (is_letter(c) || is_digit(c)); }

/// The strings of a property, as one text.
std::string strings_of(const inputs::DeviceTree& tree, std::string_view property) {
  auto bytes = tree.property(inputs::kRootNode, property);
  if (!bytes) return {};
  std::string text(bytes->begin(), bytes->end());
  while (!text.empty() && text.back() == '\0') text.pop_back();
  for (size_t at = text.find('\0'); at != std::string::npos; at = text.find('\0', at)) text.replace(at, 1, ", ");
  return text;
}

/// The file's own name, made a name of the language: "p9-lab.dtb" is p9_lab.
std::string name_of_file(std::filesystem::path path) {
  if (!path.has_filename()) path = path.parent_path();
  std::string stem = path.stem().string();
  // What every such folder is called says nothing about a machine.
  if (stem == "device-tree" || stem == "devicetree" || stem == "base") return "target";
  for (char& c : stem)
    if (!is_letter(c) && !is_digit(c)) c = '_';
  bool says_something = std::any_of(stem.begin(), stem.end(), is_letter_or_digit);
  return says_something && is_name(stem) ? stem : "target";
}

report::MachineNotes notes_of(const inputs::DeviceTree& tree, const model::Machine& machine, const std::string& path) {
  report::MachineNotes notes;
  if (auto model = strings_of(tree, "model"); !model.empty()) notes.doc.push_back(model);
  if (auto compatible = strings_of(tree, "compatible"); !compatible.empty()) notes.doc.push_back("Compatible: " + compatible);
  notes.doc.push_back("Imported from `" + path + "`.");
  if (!machine.find("page")) notes.remarks.push_back("`page` is in no tree but a facts file: 64KiB is taken where nothing states it");
  auto live = inputs::read_live_facts(tree);
  if (live && *live && (*live)->giver)
    notes.remarks.push_back("the running kernel was " + std::string(to_text(*(*live)->giver)) + "-endian, which a handoff says: `giver " + to_text(*(*live)->giver) + ";`");
  notes.remarks.push_back("the tree itself: a handoff that edits it takes its machine `from dtb`");
  return notes;
}

/// Ranges of one fact. A clause holds eight times as many words.
constexpr size_t kMostWritten = 1 << 16;

}  // namespace

bool is_name(std::string_view text) {
  static constexpr std::array<std::string_view, 9> kReserved = {"language", "use",     "let",     "convention", "machine",
                                                                "loader",   "handoff", "ensures", "expects"};
  if (text.empty() || is_digit(text.front())) return false;
  if (std::find(kReserved.begin(), kReserved.end(), text) != kReserved.end()) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return is_letter(c) || is_digit(c); });
}

int import_machine(const Options& options) {
  const std::string& path = options.files[0];
  if (!options.name.empty() && !is_name(options.name)) {
    std::fprintf(stderr, "baton: --name takes a name of letters, digits and `_`, not `%s`\n", options.name.c_str());
    return kUsage;
  }
  Compilation c;
  auto refused = [&](const Failure& failure) {
    bool absent = failure.kind == Failure::Kind::kNotFound || failure.kind == Failure::Kind::kEnvironment;
    c.sink.report(absent ? Code::input_missing : Code::bad_tree, {}, failure);
    show_findings(c, options);
    return exit_code(c);
  };
  auto tree = inputs::read_tree_at(path);
  if (!tree) return refused(tree.failure());
  auto machine = inputs::machine_from_tree(*tree, options.name.empty() ? name_of_file(path) : options.name);
  if (!machine) return refused(machine.failure());
  for (const auto& [name, fact] : machine->facts) {
    if (!fact.value.is_known() || fact.value.type() != model::Type::kRanges || fact.value.ranges().count() <= kMostWritten) continue;
    c.sink.report(Code::limit_reached, {}, "`" + path + "`: `" + name + "` is " + std::to_string(fact.value.ranges().count()) +
                                               " ranges, and a machine that is written out has at most " + std::to_string(kMostWritten))
        .note("a program can take the machine from the tree itself: `machine NAME from dtb \"FILE\" {}`");
    show_findings(c, options);
    return exit_code(c);
  }
  source::FileId draft = c.sources.add(options.file, report::machine_text(*machine, notes_of(*tree, *machine, path)));
  auto text = syntax::format(c.sources, draft);
  BATON_CHECK(text.ok(), text.failure().message.c_str());
  write_program(c, options, *text);
  show_findings(c, options);
  return exit_code(c);
}

}  // namespace baton::driver
