// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A segment table from the JSON form of an earlier build. See table.h.
//
// The file may come from anywhere: its size and its nesting are bounded before the parser sees it, and each number
// and name is checked. What the published schema allows is read; anything else is refused with the place.
#include <llvm/Support/JSON.h>

#include <algorithm>

#include "emit/table.h"

namespace baton::emit {
namespace {

constexpr size_t kMaxBytes = 1u << 20;
constexpr size_t kMaxNesting = 16;
constexpr size_t kMaxName = 4096;

Failure malformed(const std::string& what) {
  return Failure{Failure::Kind::kMalformed, "this is no segment table: " + what};
}

bool nests_too_deep(std::string_view text) {
  size_t depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxNesting) return true;
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return false;
}

/// Reads members of one object; the first that is not as it must be is kept as the failure.
class Reader {
 public:
  explicit Reader(const llvm::json::Object& object, std::string where) : object_(object), where_(std::move(where)) {}

  std::string text(const char* key) {
    auto value = object_.getString(key);
    if (!value || value->size() > kMaxName) {
      fail(key, "a text");
      return {};
    }
    return value->str();
  }

  /// "0x1f": what hex() writes.
  uint64_t number(const char* key) {
    std::string digits = text(key);
    bool form = digits.size() > 2 && digits.size() <= 18 && digits.compare(0, 2, "0x") == 0 &&
                digits.find_first_not_of("0123456789abcdef", 2) == std::string::npos;
    if (!form) {
      fail(key, "a number such as \"0x1000\"");
      return 0;
    }
    return std::stoull(digits.substr(2), nullptr, 16);
  }

  bool boolean(const char* key) {
    auto value = object_.getBoolean(key);
    if (!value) fail(key, "true or false");
    return value.value_or(false);
  }

  const std::optional<Failure>& failure() const { return failure_; }

 private:
  void fail(const char* key, const char* wanted) {
    if (!failure_) failure_ = malformed("`" + std::string(key) + "` of " + where_ + " is not " + wanted);
  }

  const llvm::json::Object& object_;
  std::string where_;
  std::optional<Failure> failure_;
};

}  // namespace

Result<SegmentTable> read_table_json(ByteView bytes) {
  if (bytes.size() > kMaxBytes) return malformed("it has " + std::to_string(bytes.size()) + " bytes");
  std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (nests_too_deep(text)) return malformed("it nests too deep");
  auto parsed = llvm::json::parse(llvm::StringRef(text.data(), text.size()));
  if (!parsed) {
    std::string why = llvm::toString(parsed.takeError());
    std::replace(why.begin(), why.end(), '\n', ' ');
    return malformed("it is not JSON (" + why + ")");
  }
  const auto* root = parsed->getAsObject();
  if (!root) return malformed("it is not an object");
  if (root->getInteger("format") != 1) return malformed("`format` is not 1, the only one that is known here");
  SegmentTable table;
  Reader whole(*root, "the table");
  table.handoff = whole.text("handoff");
  table.machine = whole.text("machine");
  table.from = whole.text("from");
  table.to = whole.text("to");
  table.giver = whole.text("giver");
  table.entry = Address{whole.number("entry")};
  table.on_crash = whole.boolean("on_crash");
  table.granule = Size{whole.number("granule")};
  if (whole.failure()) return *whole.failure();
  const auto* segments = root->getArray("segments");
  if (!segments) return malformed("`segments` is not a list");
  for (const auto& each : *segments) {
    std::string where = "segment " + std::to_string(table.segments.size());
    const auto* object = each.getAsObject();
    if (!object) return malformed(where + " is not an object");
    Reader reader(*object, where);
    TableSegment segment;
    segment.name = reader.text("name");
    segment.kind = reader.text("kind");
    segment.start = Address{reader.number("start")};
    segment.size = Size{reader.number("size")};
    segment.bufsz = Size{reader.number("bufsz")};
    segment.memsz = Size{reader.number("memsz")};
    segment.sha256 = reader.text("sha256");
    if (reader.failure()) return *reader.failure();
    bool twice = std::any_of(table.segments.begin(), table.segments.end(),
                             [&](const TableSegment& other) { return other.name == segment.name; });
    if (twice) return malformed("it has two segments `" + segment.name + "`");
    table.segments.push_back(std::move(segment));
  }
  return table;
}

}  // namespace baton::emit
