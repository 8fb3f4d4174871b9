// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Expressions against a table of what each is worth, and random ones against a reference that is written
// here from the rules of the language: types, arithmetic in 0 .. 2^64, no wrapping.
#include <ostream>

#include <functional>
#include <map>
#include <random>

#include <doctest/doctest.h>

#include "model/evaluate.h"
#include "syntax/parse.h"

using namespace baton;
using namespace baton::model;
using diagnostics::Code;

namespace {

using Names = std::map<std::string, Value, std::less<>>;

class TestScope : public Scope {
 public:
  explicit TestScope(Names values) : values_(std::move(values)) {}
  std::optional<Value> lookup(std::string_view name) const override {
    auto it = values_.find(name);
    if (it == values_.end()) return std::nullopt;
    return it->second;
  }
  std::optional<std::string> why_absent(std::string_view name) const override {
    if (name == "machine.isa") return "machine `lpar` does not state it";
    return std::nullopt;
  }
  std::vector<std::string> names() const override {
    std::vector<std::string> all;
    for (const auto& [name, value] : values_) all.push_back(name);
    return all;
  }

 private:
  Names values_;
};

const Wide kTop = kTwoTo64;

TestScope usual() {
  return TestScope({{"low", Value::of(Size{0x100})},
                    {"end", Value::of(Address{0x2000})},
                    {"here", Value::of(Address{0x1000})},
                    {"three", Value::of_int(3)},
                    {"yes", Value::of(true)},
                    {"top", Value::of(Address::limit())},
                    {"all", Value::of(Size{kTop})},
                    {"word", Value::of_string("abc")},
                    {"file", Value::of_path("a.bin")},
                    {"ram", Value::of(RangeSet{Range::from_to(0, 0x1000), Range::from_to(0x2000, 0x3000)})},
                    {"one", Value::of(Range::from_to(0x100, 0x200))},
                    {"none", Value::of(RangeSet{})},
                    {"cpus", Value::of_ids({0, 8, 16})},
                    {"image.base", Value::pending(Type::kAddress, "image.base")},
                    {"image.size", Value::pending(Type::kSize, "image.size")},
                    {"image.extent", Value::pending(Type::kRange, "image.extent")},
                    {"image.order", Value::pending(Type::kInt, "image.order")},
                    {"late", Value::pending(Type::kRanges, "late")},
                    {"flag", Value::pending(Type::kBool, "flag")},
                    {"id", Value::symbol("cpu.physical_id")},
                    {"broken", Value::error()}});
}

struct Evaluated {
  Value value = Value::error();
  std::vector<diagnostics::Diagnostic> found;
  std::string_view text(source::Span span) const { return sources.text(span); }
  source::SourceSet sources;
};

Evaluated evaluated(const std::string& text, const Scope& scope, Type wanted = Type::kError) {
  Evaluated result;
  diagnostics::Sink sink;
  auto id = result.sources.add("e.baton", "language 1;\nlet x = " + text + ";\n");
  auto file = syntax::parse(id, result.sources, sink);
  REQUIRE_MESSAGE(!sink.has_errors(), text << ": " << sink.all()[0].message);
  const syntax::Expr& e = *file.declarations.at(0).value;
  result.value = wanted == Type::kError ? evaluate(e, scope, sink) : evaluate_as(e, wanted, scope, sink);
  result.found = sink.all();
  return result;
}

Value worth(const std::string& text, Type wanted = Type::kError) {
  Evaluated e = evaluated(text, usual(), wanted);
  for (const auto& d : e.found) FAIL(text << ": " << d.message);
  return e.value;
}

/// The one finding, "code-slug: the text it points at".
std::string finding(const std::string& text, Type wanted = Type::kError) {
  Evaluated e = evaluated(text, usual(), wanted);
  CHECK_MESSAGE(e.value.is_error(), text << " is worth " << to_text(e.value));
  REQUIRE_MESSAGE(e.found.size() == 1, text << ": " << e.found.size() << " findings");
  return std::string(diagnostics::entry(e.found[0].code).slug) + ": " + std::string(e.text(e.found[0].span));
}

Value address(Wide n) { return Value::of(Address{n}); }
Value size(Wide n) { return Value::of(Size{n}); }
Value range(Wide from, Wide to) { return Value::of(Range::from_to(from, to)); }

}  // namespace

TEST_CASE("sums and differences have the types of the language") {
  CHECK(worth("here + low") == address(0x1100));
  CHECK(worth("low + here") == address(0x1100));
  CHECK(worth("here - low") == address(0xf00));
  CHECK(worth("end - here") == size(0x1000));
  CHECK(worth("low + low") == size(0x200));
  CHECK(worth("low - 0x40") == size(0xc0));
  CHECK(worth("here + 0x40") == address(0x1040));
  CHECK(worth("0x40 + here") == address(0x1040));
  CHECK(worth("here - three") == address(0xffd));
  CHECK(worth("three * low") == size(0x300));
  CHECK(worth("low * 2") == size(0x200));
  CHECK(worth("three * three + 1") == Value::of_int(10));
  CHECK(worth("4KiB - 1") == size(4095));
  CHECK(finding("here + end") == "type-mismatch: here + end");
  CHECK(finding("low - here") == "type-mismatch: low - here");
  CHECK(finding("0x40 - here") == "type-mismatch: 0x40 - here");
  CHECK(finding("here * 2") == "type-mismatch: here * 2");
  CHECK(finding("low * low") == "type-mismatch: low * low");
  CHECK(finding("here + word") == "type-mismatch: word");
  CHECK(finding("yes + 1") == "type-mismatch: yes");
  CHECK(finding("here + ram") == "type-mismatch: ram");
  CHECK(finding("id + 1") == "type-mismatch: id");
}

TEST_CASE("nothing wraps, and 2^64 itself is the end of memory") {
  CHECK(worth("0xffff_ffff_ffff_ffff + 1", Type::kAddress) == address(kTop));
  CHECK(worth("top - 1") == address(kTop - 1));
  CHECK(worth("top - all") == address(0));
  CHECK(worth("0x0 +: all") == range(0, kTop));
  CHECK(worth("0x1_0000_0000 * 0x1_0000_0000") == Value::of_int(kTop));
  CHECK(worth("0 * all") == size(0));
  CHECK(finding("top + 1") == "arithmetic-overflow: top + 1");
  CHECK(finding("all + 1") == "arithmetic-overflow: all + 1");
  CHECK(finding("here - end") == "arithmetic-overflow: here - end");
  CHECK(finding("here - 8KiB") == "arithmetic-overflow: here - 8KiB");
  CHECK(finding("0x1_0000_0001 * 0x1_0000_0000") == "arithmetic-overflow: 0x1_0000_0001 * 0x1_0000_0000");
  CHECK(finding("all * all") == "type-mismatch: all * all");
  CHECK(finding("all * 2") == "arithmetic-overflow: all * 2");
  CHECK(finding("top - 1 +: 2") == "arithmetic-overflow: top - 1 +: 2");
  CHECK(worth("align_up(here, all)") == address(kTop));
  CHECK(worth("align_up(top - 1, 64KiB)") == address(kTop));
}

TEST_CASE("a literal takes the type of its place") {
  CHECK(worth("0x1000") == Value::of_int(0x1000));
  CHECK(worth("0x1000", Type::kAddress) == address(0x1000));
  CHECK(worth("0x1000", Type::kSize) == size(0x1000));
  CHECK(worth("4GiB", Type::kAddress) == address(Wide{4} << 30));
  CHECK(worth("0x0 ..< 4GiB") == range(0, Wide{4} << 30));
  CHECK(worth("0x0 + low ..< end") == range(0x100, 0x2000));
  CHECK(worth("0x10 + 0x20 + low ..< end") == range(0x130, 0x2000));
  CHECK(worth("0x0 + 2 * low +: 0x10") == range(0x200, 0x210));
  CHECK(finding("here +: three") == "type-mismatch: three");  // a name has the type it has
  CHECK(worth("one", Type::kRanges) == Value::of(RangeSet{Range::from_to(0x100, 0x200)}));
  CHECK(worth("\"a\"", Type::kPath) == Value::of_path("a"));
  CHECK(worth("file", Type::kString) == Value::of_string("a.bin"));
  CHECK(worth("here == 0x1000") == Value::of(true));
  CHECK(worth("0x1000 == here") == Value::of(true));
  CHECK(worth("low < 4KiB") == Value::of(true));
  CHECK(finding("low ..< end") == "type-mismatch: low");
  CHECK(finding("here +: end") == "type-mismatch: end");
  CHECK(finding("here ..< low") == "type-mismatch: low");
  CHECK(finding("here == low") == "type-mismatch: here == low");
  CHECK(finding("here", Type::kSize) == "type-mismatch: here");
  CHECK(finding("low", Type::kAddress) == "type-mismatch: low");
  CHECK(finding("0x10", Type::kRanges) == "type-mismatch: 0x10");
  CHECK(finding("end ..< here") == "backward-range: end ..< here");
  CHECK(worth("here ..< here") == range(0x1000, 0x1000));
}

TEST_CASE("ranges: difference, containment, attributes") {
  CHECK(worth("ram except one").ranges() ==
        RangeSet{Range::from_to(0, 0x100), Range::from_to(0x200, 0x1000), Range::from_to(0x2000, 0x3000)});
  CHECK(worth("one except ram").ranges() == RangeSet{});
  CHECK(worth("one within ram") == Value::of(true));
  CHECK(worth("0xff0 +: 0x20 within ram") == Value::of(false));
  CHECK(worth("none within none") == Value::of(true));
  CHECK(worth("here within ram") == Value::of(false));
  CHECK(worth("end within ram") == Value::of(true));
  CHECK(worth("one disjoint ram") == Value::of(false));
  CHECK(worth("0x1000 ..< 0x2000 disjoint ram") == Value::of(true));
  CHECK(worth("top within ram") == Value::of(false));
  CHECK(worth("top disjoint ram") == Value::of(true));
  CHECK(worth("ram.start") == address(0));
  CHECK(worth("ram.end") == address(0x3000));
  CHECK(worth("ram.size") == size(0x2000));
  CHECK(worth("one.size * 2 <= ram.size") == Value::of(true));
  CHECK(worth("none.size") == size(0));
  CHECK(finding("none.start") == "absent-fact: none.start");
  CHECK(finding("one.length") == "unknown-name: one.length");
  CHECK(finding("low within ram") == "type-mismatch: low");
  CHECK(finding("one within low") == "type-mismatch: low");
  CHECK(worth("ram == ram") == Value::of(true));
  CHECK(worth("one != ram") == Value::of(true));
  CHECK(finding("one < ram") == "type-mismatch: one");
}

TEST_CASE("conditions and sets") {
  CHECK(worth("not yes or yes and not yes") == Value::of(false));
  CHECK(worth("three in { 1, 2, 3 }") == Value::of(true));
  CHECK(worth("here in { 0x1000, 0x2000 }") == Value::of(true));
  CHECK(worth("here in { 0x1001 }") == Value::of(false));
  CHECK(worth("word in { \"abc\", \"d\" }") == Value::of(true));
  CHECK(worth("8 in cpus") == Value::of(true));
  CHECK(worth("9 in cpus") == Value::of(false));
  CHECK(worth("id == id") == Value::of(true));
  CHECK(worth("id != 0") == Value::of(true));
  CHECK(worth("word ++ \".\" ++ file") == Value::of_string("abc.a.bin"));
  CHECK(finding("three and yes") == "type-mismatch: three");
  CHECK(finding("not three") == "type-mismatch: three");
  CHECK(finding("three in 3") == "type-mismatch: 3");
  CHECK(finding("word ++ three") == "type-mismatch: three");
  CHECK(finding("word < word") == "type-mismatch: word");
  CHECK(finding("word in cpus") == "type-mismatch: word");
  CHECK(finding("id < 4") == "type-mismatch: id");
}

TEST_CASE("functions") {
  CHECK(worth("hex(here)") == Value::of_string("0x1000"));
  CHECK(worth("hex(top)") == Value::of_string("0x10000000000000000"));
  CHECK(worth("dec(4KiB)") == Value::of_string("4096"));
  CHECK(worth("u32(0x1234_5678)") == Value::of_cells({0x12, 0x34, 0x56, 0x78}));
  CHECK(worth("u64(here)") == Value::of_cells({0, 0, 0, 0, 0, 0, 0x10, 0}));
  CHECK(worth("u64(0xffff_ffff_ffff_ffff)") == Value::of_cells(std::vector<uint8_t>(8, 0xff)));
  CHECK(finding("u32(4GiB)") == "number-too-large: u32(4GiB)");
  CHECK(worth("u32(4GiB - 1)") == Value::of_cells({0xff, 0xff, 0xff, 0xff}));
  CHECK(finding("u64(top)") == "number-too-large: u64(top)");
  CHECK(finding("dec(top)") == "number-too-large: dec(top)");
  CHECK(finding("u32(word)") == "type-mismatch: word");
  CHECK(finding("u32(id)") == "type-mismatch: id");
  CHECK(finding("u32(1, 2)") == "wrong-argument-count: u32(1, 2)");
  CHECK(worth("align_up(here + 1, 4KiB)") == address(0x2000));
  CHECK(worth("align_up(here, 4KiB)") == address(0x1000));
  CHECK(worth("align_down(here - 1, 0x100)") == address(0xf00));
  CHECK(worth("align_up(low + 1, 0x100)") == size(0x200));
  CHECK(worth("align_up(three, 4)") == Value::of_int(4));
  CHECK(worth("align_up(low, 1)") == size(0x100));
  CHECK(finding("align_up(here, 3)") == "bad-alignment: 3");
  CHECK(finding("align_up(here, 0)") == "bad-alignment: 0");
  CHECK(finding("align_up(here, end)") == "bad-alignment: end");
  CHECK(finding("align_up(here)") == "wrong-argument-count: align_up(here)");
  CHECK(worth("min(here, end)") == address(0x1000));
  CHECK(worth("max(here, end)") == address(0x2000));
  CHECK(worth("max(low, 4KiB)") == size(0x1000));
  CHECK(worth("min(here, 0x10)") == address(0x10));
  CHECK(worth("min(three, three)") == Value::of_int(3));
  CHECK(finding("min(here, low)") == "type-mismatch: min(here, low)");
  CHECK(finding("min(word, word)") == "type-mismatch: min(word, word)");
  CHECK(finding("min(1)") == "wrong-argument-count: min(1)");
  CHECK(worth("stack(size: 16KiB)") == Value::of_stack({true, Size{0x4000}}));
  CHECK(worth("stack(size: unknown)") == Value::of_stack({false, Size{}}));
  CHECK(finding("stack(16KiB)") == "wrong-argument-count: stack(16KiB)");
  CHECK(finding("stack(size: here)") == "type-mismatch: here");
  CHECK(finding("aligned_up(1, 2)") == "unknown-function: aligned_up(1, 2)");
}

TEST_CASE("what only the running machine knows is no number to calculate with") {
  CHECK(finding("min(id, 3)") == "type-mismatch: id");
  CHECK(finding("max(3, id)") == "type-mismatch: id");
  CHECK(finding("align_up(id, 4)") == "type-mismatch: id");
  CHECK(finding("align_down(here, id)") == "bad-alignment: id");
  CHECK(finding("align_up(image.base, id)") == "bad-alignment: id");
  CHECK(finding("align_up(image.base, 3)") == "bad-alignment: 3");
  CHECK(finding("hex(id)") == "type-mismatch: id");
  CHECK(finding("stack(size: id)") == "type-mismatch: id");
  CHECK(finding("id +: 4") == "type-mismatch: id");
  CHECK(worth("id in cpus").type() == Type::kBool);
}

TEST_CASE("what is not known yet passes through, with its type") {
  const std::pair<const char*, Type> table[] = {
      {"image.base + 0x8 +: 0x54", Type::kRange}, {"image.base + image.size", Type::kAddress},
      {"image.base - image.base", Type::kSize},   {"image.size * 2", Type::kSize},
      {"image.base ..< image.base + 4", Type::kRange}, {"image.extent.end", Type::kAddress},
      {"late except one", Type::kRanges},         {"ram except late", Type::kRanges},
      {"image.extent within ram", Type::kBool},   {"one within late", Type::kBool},
      {"image.base == 0x0", Type::kBool},         {"image.order < 2", Type::kBool},
      {"flag and yes", Type::kBool},              {"not flag", Type::kBool},
      {"image.base in { 0x0, 0x10 }", Type::kBool}, {"hex(image.base)", Type::kString},
      {"u64(image.base)", Type::kCells},          {"align_up(image.base, 64KiB)", Type::kAddress},
      {"min(image.size, 4KiB)", Type::kSize},     {"stack(size: image.size)", Type::kStack},
      {"max(4KiB, image.size) + image.base", Type::kAddress}};
  for (const auto& [text, type] : table) {
    Value v = worth(text);
    CHECK_MESSAGE(v.is_pending(), text);
    CHECK_MESSAGE(v.type() == type, text << " is " << to_text(v.type()));
  }
  // Mistakes of type are found although nothing is known.
  CHECK(finding("image.base + image.base") == "type-mismatch: image.base + image.base");
  CHECK(finding("image.size ..< end") == "type-mismatch: image.size");
  CHECK(finding("image.base == image.size") == "type-mismatch: image.base == image.size");
  CHECK(finding("min(image.base, image.size)") == "type-mismatch: min(image.base, image.size)");
  CHECK(worth("late", Type::kRanges).is_pending());
  CHECK(worth("image.extent", Type::kRanges).type() == Type::kRanges);
}

TEST_CASE("names: the nearest, the absent, and silence after a report") {
  CHECK(finding("hree") == "unknown-name: hree");
  Evaluated e = evaluated("image.bace + 1", usual());
  REQUIRE(e.found.size() == 1);
  CHECK(e.found[0].code == Code::unknown_name);
  CHECK(e.found[0].span_text == "did you mean `image.base`?");
  REQUIRE(e.found[0].fixes.size() == 1);
  CHECK(e.found[0].fixes[0].replacement == "image.base");
  CHECK(finding("machine.isa >= 300") == "absent-fact: machine.isa");
  CHECK(evaluated("broken + here + end", usual()).found.empty());
  CHECK(evaluated("min(broken, word)", usual()).found.empty());
  CHECK(evaluated("broken", usual(), Type::kSize).found.empty());
  // One mistake, one report, however deep it stands.
  CHECK(finding("align_up(here + (low * (2 + nothing)), 4KiB) ..< end") == "unknown-name: nothing");
}

namespace {

/// An expression with what it is worth by the rules, or nothing where it is an error.
struct Random {
  std::string text;
  std::optional<std::pair<Type, Wide>> worth;
  bool literal = false;  // a literal without a unit: takes the type of its place
  size_t findings = 0;   // each operator that fails by itself is one; a call stops at its first bad argument
};

class Generator {
 public:
  Generator(std::mt19937_64& random, Names& names) : random_(random), names_(names) {}

  Random any(unsigned depth) {
    if (depth == 0 || random_() % 4 == 0) return leaf();
    Random a = any(depth - 1), b = any(depth - 1);
    switch (random_() % 5) {
      case 0: return counted(sum(a, b), a.findings + b.findings);
      case 1: return counted(difference(a, b), a.findings + b.findings);
      case 2: return counted(product(a, b), a.findings + b.findings);
      case 3: return counted(extreme(a, b, random_() % 2 == 0), a.findings != 0 ? a.findings : b.findings);
      default: return counted(aligned(a, random_() % 2 == 0), a.findings);
    }
  }

 private:
  static Random counted(Random r, size_t of_operands) {
    r.findings = of_operands != 0 || r.worth ? of_operands : 1;
    return r;
  }
  Wide number() {
    Wide n = random_();
    switch (random_() % 5) {
      case 0: return n % 16;
      case 1: return n % 0x10000;
      case 2: return kTop - n % 16 - 1;
      case 3: return n >> 32;
      default: return n;
    }
  }
  Random leaf() {
    Wide n = number();
    if (random_() % 3 == 0) return {hex(n), {{Type::kInt, n}}, true};
    Type type = random_() % 3 == 0 ? Type::kInt : random_() % 2 == 0 ? Type::kAddress : Type::kSize;
    if (random_() % 8 == 0) n = kTop;
    std::string name = "n" + std::to_string(names_.size());
    names_.emplace(name, type == Type::kInt       ? Value::of_int(n)
                         : type == Type::kAddress ? Value::of(Address{n})
                                                  : Value::of(Size{n}));
    return {name, {{type, n}}, false};
  }
  static Type beside(Type mine, Type other) { return mine == Type::kInt && other != Type::kInt ? Type::kSize : mine; }
  Random sum(const Random& a, const Random& b) {
    Random r{"(" + a.text + " + " + b.text + ")", {}, false};
    if (!a.worth || !b.worth) return r;
    Type x = beside(a.worth->first, b.worth->first), y = beside(b.worth->first, a.worth->first);
    if (x == Type::kAddress && y == Type::kAddress) return r;
    Wide n = a.worth->second + b.worth->second;
    if (n <= kTop) r.worth = {x == y ? x : Type::kAddress, n};
    return r;
  }
  Random difference(const Random& a, const Random& b) {
    Random r{"(" + a.text + " - " + b.text + ")", {}, false};
    if (!a.worth || !b.worth || a.worth->second < b.worth->second) return r;
    Type x = beside(a.worth->first, b.worth->first), y = beside(b.worth->first, a.worth->first);
    if (x != Type::kAddress && y == Type::kAddress) return r;
    r.worth = {x == y && x == Type::kAddress ? Type::kSize : x, a.worth->second - b.worth->second};
    return r;
  }
  Random product(const Random& a, const Random& b) {
    Random r{"(" + a.text + " * " + b.text + ")", {}, false};
    if (!a.worth || !b.worth) return r;
    Type x = a.worth->first, y = b.worth->first;
    if (x == Type::kAddress || y == Type::kAddress || (x == Type::kSize && y == Type::kSize)) return r;
    Wide p = a.worth->second, q = b.worth->second;
    bool fits = p == 0 || q <= kTop / p;
    if (fits) r.worth = {x == Type::kSize || y == Type::kSize ? Type::kSize : Type::kInt, p * q};
    return r;
  }
  Random extreme(const Random& a, const Random& b, bool least) {
    Random r{(least ? "min(" : "max(") + a.text + ", " + b.text + ")", {}, false};
    if (!a.worth || !b.worth) return r;
    Type x = a.worth->first, y = b.worth->first;
    if (x != y && x != Type::kInt && y != Type::kInt) return r;
    r.worth = {x == Type::kInt ? y : x, least ? std::min(a.worth->second, b.worth->second)
                                             : std::max(a.worth->second, b.worth->second)};
    return r;
  }
  Random aligned(const Random& a, bool up) {
    Wide by = Wide{1} << random_() % 64;
    Random r{(up ? "align_up(" : "align_down(") + a.text + ", " + hex(by) + ")", {}, false};
    if (!a.worth) return r;
    Wide n = a.worth->second, down = n / by * by;
    Wide result = up && down != n ? down + by : down;
    // A literal to be aligned is an address.
    if (result <= kTop) r.worth = {a.literal ? Type::kAddress : a.worth->first, result};
    return r;
  }

  std::mt19937_64& random_;
  Names& names_;
};

}  // namespace

TEST_CASE("random expressions are worth what the rules say, or are as many findings as they have roots") {
  std::mt19937_64 random(20250117);
  unsigned errors = 0, values = 0;
  for (unsigned i = 0; i < 3000; ++i) {
    Names names;
    Generator generator(random, names);
    Random r = generator.any(1 + i % 4);
    Evaluated e = evaluated(r.text, TestScope(names));
    INFO(r.text);
    if (!r.worth) {
      ++errors;
      CHECK(e.value.is_error());
      CHECK(e.found.size() == r.findings);
      continue;
    }
    ++values;
    CHECK(e.found.empty());
    REQUIRE(e.value.is_known());
    CHECK(e.value.type() == r.worth->first);
    CHECK(e.value.number() == r.worth->second);
  }
  CHECK(errors > 300);
  CHECK(values > 300);
}

TEST_CASE("the same expression over names that are only typed has the same type and the same type mistakes") {
  std::mt19937_64 random(7);
  unsigned pending = 0;
  for (unsigned i = 0; i < 1500; ++i) {
    Names known;
    Generator generator(random, known);
    Random r = generator.any(1 + i % 4);
    if (!r.worth || known.empty()) continue;
    Names typed;
    // Integers stay known: a known one beside an address is a size, one that is only typed is not.
    for (const auto& [name, value] : known)
      typed.emplace(name, value.type() == Type::kInt ? value : Value::pending(value.type(), name));
    Evaluated e = evaluated(r.text, TestScope(typed));
    INFO(r.text);
    CHECK(e.found.empty());
    CHECK(e.value.type() == r.worth->first);
    if (e.value.is_pending()) ++pending;
    else CHECK(e.value.number() == r.worth->second);
  }
  CHECK(pending > 200);
}
