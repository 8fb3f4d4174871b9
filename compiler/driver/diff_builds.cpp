// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading what two builds wrote. See diff_builds.h.
#include "driver/diff_builds.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <set>

#include "base/file.h"
#include "driver/pipeline.h"
#include "driver/show.h"
#include "emit/bundle.h"
#include "emit/table.h"
#include "inputs/tree.h"
#include "report/build_diff.h"

namespace baton::driver {

using diagnostics::Code;
namespace fs = std::filesystem;

namespace {

constexpr size_t kMaxListingBytes = 16u << 20;  // of a stub's text; a stub is a few kilobytes

/// NAME of every NAME.json that has its NAME.map beside it.
std::vector<std::string> tables_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error, ignored;
  for (fs::directory_iterator each(folder, error), end; !error && each != end; each.increment(error)) {
    auto path = each->path();
    auto map = path;
    if (path.extension() == ".json" && fs::exists(map.replace_extension(".map"), ignored)) names.push_back(path.stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool has_programs(const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator each(folder, error), end; !error && each != end; each.increment(error))
    if (each->path().extension() == ".baton") return true;
  return false;
}

/// A property as a reader would write it: strings, cells, or bytes; the end of a long one is left out.
std::string shown_property(ByteView bytes) {
  constexpr size_t kMost = 256;
  std::string text;
  if (bytes.empty()) return "(empty)";
  bool strings = bytes.back() == 0 && bytes.front() != 0;
  for (size_t i = 0; strings && i < bytes.size(); ++i)
    strings = bytes[i] == 0 ? i == bytes.size() - 1 || bytes[i + 1] != 0 : bytes[i] >= 0x20 && bytes[i] < 0x7f;
  if (strings) {
    text = "\"";
    for (size_t i = 0; i + 1 < bytes.size(); ++i) text += bytes[i] == 0 ? std::string("\", \"") : std::string(1, static_cast<char>(bytes[i]));
    return text + "\"";
  }
  bool cells = bytes.size() % 4 == 0;
  static constexpr char kDigits[] = "0123456789abcdef";
  text = cells ? "<" : "[";
  for (size_t i = 0; i < std::min(bytes.size(), kMost); ++i) {
    if (cells && i % 4 == 0) text += i == 0 ? "0x" : " 0x";
    if (!cells && i > 0) text += " ";
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  // What differs behind the part that is shown must not look the same.
  if (bytes.size() > kMost) text += " ... " + std::to_string(bytes.size()) + " bytes, sha256 " + [&] {
    std::string hex;
    for (uint8_t byte : emit::sha256({bytes})) {
      hex += kDigits[byte >> 4];
      hex += kDigits[byte & 15];
    }
    return hex;
  }();
  return text + (cells ? ">" : "]");
}

/// What a tree says, by place. Builds have blobs of version 1 too.
Result<std::map<std::string, std::string>> tree_values(const MappedFile& blob) {
  auto read = inputs::read_tree(inputs::with_later_header(blob));
  if (!read) return read.failure();
  const inputs::DeviceTree& tree = *read;
  std::map<std::string, std::string> values;
  uint32_t version = *load<uint32_t>(blob.bytes(), 20, Endian::kBig);
  values["version"] = std::to_string(version);
  if (version > 1) values["boot_cpuid_phys"] = std::to_string(tree.boot_cpuid_phys());
  std::string reserved;
  for (const Range& range : tree.reserve_map()) reserved += (reserved.empty() ? "" : ", ") + to_text(range);
  values["reserve map"] = reserved.empty() ? "(empty)" : reserved;
  // A tree may have two nodes or properties of one name: the second gets a number.
  auto set = [&](const std::string& key, std::string value) {
    std::string unique = key;
    for (int n = 2; values.count(unique) != 0; ++n) unique = key + " #" + std::to_string(n);
    values[unique] = std::move(value);
  };
  for (inputs::NodeId id = 0; id < tree.nodes().size(); ++id) {
    std::string path = tree.path(id);
    if (tree.node(id).properties.empty()) set(path, "(a node without properties)");
    for (const auto& property : tree.node(id).properties)
      set(path + " \"" + std::string(property.name) + "\"", shown_property(property.bytes));
  }
  return values;
}

/// Instructions of a listing of ours: `\tlis\t%r9, 0x1fff    # CLAUSE`. Bytes and directives are the digest's matter.
std::vector<report::BuiltInstruction> instructions_of(std::string_view text) {
  std::vector<report::BuiltInstruction> list;
  std::string block = "start";
  while (!text.empty()) {
    size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    if (line[0] != '\t') {
      if (line.back() == ':' && line.find(' ') == line.npos) block = line.substr(0, line.size() - 1);
      continue;
    }
    size_t remark = line.find("# ");
    std::string_view statement = line.substr(1, remark == line.npos ? line.npos : remark - 1);
    bool directive = statement.empty() || (statement[0] == '.' && statement.rfind(".long", 0) != 0);
    if (directive) continue;
    std::string plain;
    for (char c : statement)
      if (c != '%') plain += c == '\t' ? ' ' : c;
    plain.erase(plain.find_last_not_of(' ') + 1);
    list.push_back({block, plain, std::string(remark == line.npos ? "" : line.substr(remark + 2))});
  }
  return list;
}

class BuildReader {
 public:
  explicit BuildReader(const Options& options) : options_(options) {}

  std::optional<report::BuiltHandoff> read(const std::string& path) {
    std::error_code error;
    if (!fs::is_directory(path, error)) return is_table(path) ? read_table(path) : read_bundle_file(path);
    auto names = tables_in(path);
    if (!options_.handoff.empty()) {
      if (std::find(names.begin(), names.end(), options_.handoff) != names.end()) return read_table(fs::path(path) / (options_.handoff + ".json"));
      sink.report(Code::no_such_handoff, {}, "there is no build of a handoff `" + options_.handoff + "` in `" + path + "`");
      return std::nullopt;
    }
    if (names.size() == 1) return read_table(fs::path(path) / (names[0] + ".json"));
    std::string list;
    for (const auto& name : names) list += (list.empty() ? "" : ", ") + name;
    auto& d = sink.report(Code::no_such_handoff, {},
                          names.empty() ? "there is no build of a handoff in `" + path + "`"
                                        : "`" + path + "` has builds of several handoffs: " + list);
    d.note(names.empty() ? "a build leaves NAME.json and NAME.map" : "choose one with --handoff NAME");
    return std::nullopt;
  }

  diagnostics::Sink sink;

 private:
  static bool is_table(const fs::path& path) { return path.extension() == ".json"; }

  std::optional<MappedFile> open(const fs::path& path) {
    auto file = MappedFile::open(path);
    if (file) return *file;
    sink.report(Code::input_missing, {}, file.failure());
    return std::nullopt;
  }

  std::optional<report::BuiltHandoff> damaged(const fs::path& path, const Failure& failure) {
    sink.report(Code::bad_build, {}, "`" + path.string() + "`: " + failure.message);
    return std::nullopt;
  }

  std::optional<report::BuiltHandoff> read_table(const fs::path& path) {
    auto file = open(path);
    if (!file) return std::nullopt;
    auto table = emit::read_table_json(file->bytes());
    if (!table) return damaged(path, table.failure());
    report::BuiltHandoff build;
    build.shown = path.string();
    build.head = {{"handoff", table->handoff}, {"machine", table->machine},   {"from", table->from},
                  {"to", table->to},           {"giver", table->giver},       {"entry", hex(table->entry)},
                  {"on_crash", table->on_crash ? "true" : "false"},           {"granule", hex(table->granule)}};
    bool stub = false, tree = false;
    for (const auto& segment : table->segments) {
      build.segments.push_back({segment.name,
                                {{"kind", segment.kind},
                                 {"start", hex(segment.start)},
                                 {"size", hex(segment.size)},
                                 {"bufsz", hex(segment.bufsz)},
                                 {"memsz", hex(segment.memsz)},
                                 {"sha256", segment.sha256}}});
      stub = stub || segment.kind == "trampoline";
      tree = tree || segment.kind == "devicetree";
    }
    // The files beside it are there exactly when the table has their segments.
    build.stub.emplace();
    auto beside = [&](const char* ending) { return fs::path(path).replace_extension(ending); };
    if (stub) {
      auto listing = open(beside(".S"));
      if (!listing) return std::nullopt;
      ByteView bytes = listing->bytes();
      if (bytes.size() > kMaxListingBytes)
        return damaged(beside(".S"), {Failure::Kind::kMalformed, "a stub's listing is not that long"});
      build.stub = instructions_of({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    }
    if (tree) {
      auto blob = open(beside(".dtb"));
      if (!blob) return std::nullopt;
      auto values = tree_values(*blob);
      if (!values) return damaged(beside(".dtb"), values.failure());
      build.tree = std::move(*values);
    }
    return build;
  }

  std::optional<report::BuiltHandoff> read_bundle_file(const fs::path& path) {
    auto file = open(path);
    if (!file) return std::nullopt;
    auto bundle = emit::read_bundle(file->bytes());
    if (!bundle) return damaged(path, bundle.failure());
    static const char* const kKinds[] = {"", "elf", "file", "devicetree", "reserve", "trampoline", "elfcorehdr"};
    static const char* const kGivers[] = {"", "big", "little", "both"};
    auto named = [](auto& names, uint32_t n) { return n < std::size(names) ? std::string(names[n]) : std::to_string(n); };
    report::BuiltHandoff build;
    build.shown = path.string();
    build.head = {{"handoff", bundle->handoff},
                  {"machine", bundle->machine},
                  {"giver", named(kGivers, static_cast<uint32_t>(bundle->giver))},
                  {"entry", hex(bundle->entry)},
                  {"on_crash", bundle->on_crash ? "true" : "false"},
                  {"granule", hex(bundle->granule)}};
    const auto& facts = bundle->facts;
    build.head["assumed page"] = hex(facts.page);
    std::string ram;
    for (const Range& range : facts.ram) ram += (ram.empty() ? "" : ", ") + to_text(range);
    build.head["assumed ram"] = ram;
    if (facts.kernel_end) build.head["assumed end of the running kernel"] = hex(*facts.kernel_end);
    if (facts.rma_end) build.head["assumed end of the rma"] = hex(*facts.rma_end);
    if (facts.hypervisor) build.head["assumed hypervisor"] = *facts.hypervisor ? "1" : "0";
    if (facts.crashkernel) build.head["assumed crashkernel"] = to_text(*facts.crashkernel);
    for (const auto& segment : bundle->segments) {
      std::string digest;
      static constexpr char kDigits[] = "0123456789abcdef";
      if (segment.digest)
        for (uint8_t byte : *segment.digest) {
          digest += kDigits[byte >> 4];
          digest += kDigits[byte & 15];
        }
      build.segments.push_back({segment.name,
                                {{"kind", named(kKinds, static_cast<uint32_t>(segment.kind))},
                                 {"start", hex(segment.start)},
                                 {"bufsz", hex(Size{segment.length()})},
                                 {"memsz", hex(segment.memsz)},
                                 {"sha256", digest}}});
      if (segment.kind != emit::BundleKind::kDevicetree || build.tree || segment.pieces.empty()) continue;
      const ByteView bytes = segment.pieces.front();
      auto values = tree_values(MappedFile::from_bytes(ByteBuffer(bytes.begin(), bytes.end()), path));
      if (!values) return damaged(path, values.failure());
      build.tree = std::move(*values);
    }
    return build;
  }

  const Options& options_;
};

}  // namespace

bool is_build(const std::string& path, const Options& options) {
  std::error_code error;
  if (fs::is_directory(path, error)) return options.builds || (!tables_in(path).empty() && !has_programs(path));
  return options.builds || fs::path(path).extension() == ".json" || fs::path(path).extension() == ".bundle";
}

int diff_builds(const Options& options) {
  if (options.format != "text" && options.format != "json") {
    std::fprintf(stderr, "baton: diff: two builds are shown as text or json, not as %s\n", options.format.c_str());
    return kUsage;
  }
  BuildReader reader(options);
  auto before = reader.read(options.files[0]);
  auto after = reader.read(options.files[1]);
  if (!before || !after) {
    source::SourceSet none;
    Findings findings(options);
    findings.show(reader.sink, none);
    return exit_code(reader.sink);
  }
  // A table and a bundle have not the same fields: only what both say is compared.
  auto common = [](std::map<std::string, std::string>& a, std::map<std::string, std::string>& b) {
    std::erase_if(a, [&](const auto& each) { return b.count(each.first) == 0; });
    std::erase_if(b, [&](const auto& each) { return a.count(each.first) == 0; });
  };
  if (before->stub.has_value() != after->stub.has_value()) {
    common(before->head, after->head);
    for (auto& segment : before->segments)
      for (auto& other : after->segments)
        if (segment.name == other.name) common(segment.fields, other.fields);
  }
  auto found = report::diff_of_builds(*before, *after);
  print(options.format == "json" ? report::build_diff_json(found) : report::build_diff_text(found));
  return found.changes.empty() || options.allow_changes ? kOk : kChanges;
}

}  // namespace baton::driver
