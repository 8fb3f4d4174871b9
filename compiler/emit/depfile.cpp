// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The escapes of depfile.h. GNU Make: a blank and `#` take a backslash, `$` is doubled, `\:` is a colon.
// Ninja's depfile parser reads those four in the same way and passes any other backslash through, so what
// only Make can escape (`%`, `;`, `|`, `=`, wildcards, a backslash itself) has no common spelling.
#include "emit/depfile.h"

#include <set>

namespace baton::emit {
namespace {

/// The name escaped, or the character that cannot be.
std::variant<std::string, char> escape(const std::string& name) {
  static constexpr std::string_view kNoSpelling = "%;|=*?[]\\&<>()\"'`";
  std::string out;
  for (size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool control = static_cast<unsigned char>(c) < ' ' || c == '\x7f';
    const bool last_colon = c == ':' && i + 1 == name.size();  // Ninja takes it for the end of the outputs
    const bool home = c == '~' && i == 0;  // Make takes it for a user's, also after `./`
    if (control || last_colon || home || kNoSpelling.find(c) != std::string_view::npos) return c;
    if (c == ' ' || c == '#' || c == ':') out.push_back('\\');
    if (c == '$') out.push_back('$');
    out.push_back(c);
  }
  return out;
}

std::string shown(char c) {
  if (static_cast<unsigned char>(c) >= ' ' && c != '\x7f') return std::string("`") + c + "`";
  return "the control character " + hex(static_cast<unsigned char>(c));
}

}  // namespace

Result<std::string> depfile(const std::vector<std::filesystem::path>& outputs,
                            const std::vector<std::filesystem::path>& inputs) {
  std::string text;
  std::set<std::string> seen;
  auto add = [&](const std::filesystem::path& path, const char* separator) -> std::optional<Failure> {
    if (!seen.insert(path.string()).second) return std::nullopt;
    auto escaped = escape(path.string());
    if (const char* c = std::get_if<char>(&escaped))
      return Failure{Failure::Kind::kUnsuitable,
                     "a depfile cannot name `" + path.string() + "`: Make and Ninja have no common spelling for " +
                         shown(*c),
                     "give the file another name"};
    text += (text.empty() ? "" : separator) + std::get<std::string>(escaped);
    return std::nullopt;
  };
  for (const auto& path : outputs)
    if (auto failure = add(path, " ")) return *failure;
  text += ":";
  for (const auto& path : inputs)
    if (auto failure = add(path, " \\\n  ")) return *failure;
  return text + "\n";
}

}  // namespace baton::emit
