// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Comparing two builds, and the two forms of what differs. See build_diff.h.
#include "report/build_diff.h"

#include <llvm/Support/JSON.h>
#include <llvm/Support/raw_ostream.h>

#include <algorithm>

#include "base/range.h"
#include "report/text_layout.h"

namespace baton::report {
namespace {

using Part = BuildChange::Part;

std::string utf8(const std::string& text) { return llvm::json::fixUTF8(text); }

void compare_fields(const std::map<std::string, std::string>& before, const std::map<std::string, std::string>& after,
                    Part part, const std::string& subject, std::vector<BuildChange>& changes) {
  std::map<std::string, std::pair<std::string, std::string>> both;
  for (const auto& [key, value] : before) both[key].first = value;
  for (const auto& [key, value] : after) both[key].second = value;
  for (const auto& [key, values] : both)
    if (values.first != values.second) changes.push_back({part, subject, key, values.first, values.second});
}

const BuiltSegment* find(const BuiltHandoff& build, const std::string& name) {
  for (const BuiltSegment& segment : build.segments)
    if (segment.name == name) return &segment;
  return nullptr;
}

std::string whole(const BuiltSegment& segment) {
  auto field = [&](const char* key) {
    auto found = segment.fields.find(key);
    return found == segment.fields.end() ? std::string("?") : found->second;
  };
  return field("kind") + " at " + field("start") + ", memsz " + field("memsz");
}

void compare_segments(const BuiltHandoff& before, const BuiltHandoff& after, std::vector<BuildChange>& changes) {
  std::vector<std::string> old_order, new_order;
  for (const BuiltSegment& segment : before.segments) {
    const BuiltSegment* other = find(after, segment.name);
    if (!other) {
      changes.push_back({Part::kSegment, segment.name, "", whole(segment), ""});
      continue;
    }
    old_order.push_back(segment.name);
    compare_fields(segment.fields, other->fields, Part::kSegment, segment.name, changes);
  }
  for (const BuiltSegment& segment : after.segments) {
    if (find(before, segment.name))
      new_order.push_back(segment.name);
    else
      changes.push_back({Part::kSegment, segment.name, "", "", whole(segment)});
  }
  auto listed = [](const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
  };
  if (old_order != new_order)
    changes.push_back({Part::kHandoff, "", "order of segments", listed(old_order), listed(new_order)});
}

/// Instructions as text, by block and clause; a clause whose instructions are the same is silent.
void compare_stubs(const std::vector<BuiltInstruction>& before, const std::vector<BuiltInstruction>& after,
                   std::vector<BuildChange>& changes) {
  std::vector<std::pair<std::string, std::string>> order;
  std::map<std::pair<std::string, std::string>, std::pair<std::string, std::string>> texts;
  auto collect = [&](const std::vector<BuiltInstruction>& list, bool is_new) {
    for (const BuiltInstruction& each : list) {
      std::pair key{each.clause, each.block};
      if (texts.find(key) == texts.end()) order.push_back(key);
      std::string& text = is_new ? texts[key].second : texts[key].first;
      text += (text.empty() ? "" : "\n") + each.text;
    }
  };
  collect(before, false);
  collect(after, true);
  for (const auto& key : order) {
    const auto& [was, is] = texts[key];
    if (was != is) changes.push_back({Part::kStub, key.first, key.second, was, is});
  }
}

const char* part_name(Part part) {
  switch (part) {
    case Part::kHandoff: return "handoff";
    case Part::kSegment: return "segment";
    case Part::kStub: return "stub";
    case Part::kTree: return "tree";
  }
  return "";
}

std::string heading(const std::string& text) { return "\n" + text + "\n" + std::string(text.size(), '-') + "\n"; }

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

std::string sign(const BuildChange& change) {
  return change.before.empty() ? "+ " : change.after.empty() ? "- " : "~ ";
}

std::string counted(size_t n) { return std::to_string(n) + (n == 1 ? " instruction" : " instructions"); }

std::string stub_text(const BuildChange& change) {
  size_t was = lines_of(change.before).size(), is = lines_of(change.after).size();
  std::string text = wrap(sign(change) + change.subject, 2, 4);
  text += wrap(change.field + ": " + (was == is ? counted(is) + ", as before" : counted(was) + " -> " + std::to_string(is)), 6, 8);
  for (const std::string& line : lines_of(change.before)) text += wrap("- " + line, 6, 10);
  for (const std::string& line : lines_of(change.after)) text += wrap("+ " + line, 6, 10);
  return text;
}

/// The difference of two numbers as the table writes them, where both are such.
std::string distance(const BuildChange& change) {
  auto number = [](const std::string& text) -> std::optional<unsigned long long> {
    if (text.size() < 3 || text.size() > 18 || text.compare(0, 2, "0x") != 0) return std::nullopt;
    return std::stoull(text.substr(2), nullptr, 16);
  };
  auto was = number(change.before), is = number(change.after);
  if (!was || !is) return "";
  Size size{*was > *is ? *was - *is : *is - *was};
  return std::string(" (") + (*is > *was ? "+" : "-") + human(size) + ")";
}

std::string row_text(const BuildChange& change) {
  std::string subject = change.subject + (change.subject.empty() || change.field.empty() ? "" : " ") + change.field;
  auto shown = [&](const std::string& value) { return change.field == "sha256" ? value.substr(0, 16) + "..." : value; };
  if (change.before.empty()) return wrap("+ " + subject + ": " + shown(change.after), 2, 6);
  if (change.after.empty()) return wrap("- " + subject + ": " + shown(change.before), 2, 6);
  return wrap("~ " + subject + ": " + shown(change.before) + " -> " + shown(change.after) + distance(change), 2, 6);
}

}  // namespace

BuildDiff diff_of_builds(const BuiltHandoff& before, const BuiltHandoff& after) {
  BuildDiff diff;
  diff.before = before.shown;
  diff.after = after.shown;
  compare_fields(before.head, after.head, Part::kHandoff, "", diff.changes);
  compare_segments(before, after, diff.changes);
  if (before.stub && after.stub)
    compare_stubs(*before.stub, *after.stub, diff.changes);
  else
    diff.remarks.push_back("the stub's instructions were not compared: a bundle holds its bytes only, and their digest is above");
  if (before.tree && after.tree) {
    compare_fields(*before.tree, *after.tree, Part::kTree, "", diff.changes);
  } else if (before.tree || after.tree) {
    diff.changes.push_back({Part::kTree, "the tree", "", before.tree ? "there" : "", after.tree ? "there" : ""});
  }
  return diff;
}

std::string build_diff_text(const BuildDiff& diff) {
  std::string text = wrap("old: " + diff.before, 0, 5) + wrap("new: " + diff.after, 0, 5);
  const std::pair<Part, const char*> parts[] = {
      {Part::kHandoff, "Handoff"}, {Part::kSegment, "Segments"}, {Part::kStub, "Stub"}, {Part::kTree, "Tree"}};
  for (const auto& [part, title] : parts) {
    std::string rows;
    for (const BuildChange& change : diff.changes)
      if (change.part == part) rows += part == Part::kStub ? stub_text(change) : row_text(change);
    if (!rows.empty()) text += heading(title) + rows;
  }
  if (!diff.remarks.empty()) text += "\n";
  for (const std::string& remark : diff.remarks) text += wrap("! " + remark, 0, 2);
  size_t n = diff.changes.size();
  return text + "\n" + (n == 0 ? std::string("the builds are the same") : std::to_string(n) + (n == 1 ? " change" : " changes")) + "\n";
}

std::string build_diff_json(const BuildDiff& diff) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvm::json::OStream json(stream, 2);
  json.object([&] {
    json.attribute("format", 1);
    json.attribute("kind", "build");
    json.attribute("before", utf8(diff.before));
    json.attribute("after", utf8(diff.after));
    json.attributeArray("changes", [&] {
      for (const BuildChange& change : diff.changes)
        json.object([&] {
          json.attribute("part", part_name(change.part));
          json.attribute("subject", utf8(change.subject));
          json.attribute("field", utf8(change.field));
          // A stub's side is a list of instructions; any other is a value, or null where there is none.
          auto side = [&](const char* key, const std::string& value) {
            if (change.part == Part::kStub)
              json.attributeArray(key, [&] {
                for (const std::string& line : lines_of(value)) json.value(utf8(line));
              });
            else if (value.empty())
              json.attribute(key, nullptr);
            else
              json.attribute(key, utf8(value));
          };
          side("before", change.before);
          side("after", change.after);
        });
    });
    json.attributeArray("remarks", [&] {
      for (const std::string& remark : diff.remarks) json.value(utf8(remark));
    });
  });
  stream << '\n';
  return text;
}

}  // namespace baton::report
