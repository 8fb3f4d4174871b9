// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Entailment against a brute-force model: a convention is the set of states that it allows, and it entails
// another exactly when its states are among the other's. The state spaces are small enough to enumerate: two
// registers of three values, two MSR bits, arrival with a register of the slaves, all orders of four events;
// three cells of memory that hold some cell's first content or none, a place, a fact; and what the image offers.
#include <ostream>

#include <algorithm>
#include <array>
#include <memory>
#include <random>

#include <doctest/doctest.h>

#include "check/check.h"
#include "contract/differences.h"

using namespace baton;
using namespace baton::contract;

namespace {

using Random = std::mt19937;

struct Stated {
  source::SourceSet sources;
  diagnostics::Sink sink;
  model::Program program;
  explicit Stated(const std::string& body) {
    std::string text = "language 1; convention demo.a@1 { source \"s\"; role image : elf64; role tree : devicetree; " + body + " }";
    program = check::check(sources, sources.add("main.baton", text), sink);
    for (const auto& d : sink.all()) FAIL(d.message << "\n" << text);
  }
  Subject subject() const { return *find_subject(program, "demo.a@1"); }
  Statement statement() const { return state(subject()); }
};

bool one_in(Random& random, unsigned n) { return random() % n == 0; }

/// A subset of 0 .. n-1 as bits, never empty; often all, which is written as silence.
unsigned some_of(Random& random, unsigned n) {
  unsigned all = (1u << n) - 1;
  if (one_in(random, 3)) return all;
  unsigned chosen = random() & all;
  return chosen == 0 ? all : chosen;
}

std::string list(unsigned set, const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i)
    if ((set >> i) & 1u) text += (text.empty() ? "" : ", ") + names[i];
  return "{ " + text + " }";
}

// --- CPUs and order -----------------------------------------------------------------------------------------

const std::vector<std::string> kStates = {"absent", "firmware", "arriving", "held", "unknown"};
const std::vector<std::string> kEvents = {"real_mode", "head_copied", "slaves_released", "master_enters"};
constexpr unsigned kReleased = 2;

struct Cpus {
  std::array<unsigned, 2> regs{7, 7};
  std::array<unsigned, 2> bits{3, 3};
  unsigned arrival = 31, slave = 7;
  std::vector<std::pair<unsigned, unsigned>> edges;

  static Cpus any(Random& random) {
    Cpus c;
    for (auto& r : c.regs) r = some_of(random, 3);
    for (auto& b : c.bits) b = some_of(random, 2);
    c.arrival = some_of(random, 5);
    if (one_in(random, 4)) c.arrival = 1 + random() % 3;  // absent, firmware or both
    c.slave = some_of(random, 3);
    std::array<unsigned, 4> rank{0, 1, 2, 3};
    std::shuffle(rank.begin(), rank.end(), random);
    for (unsigned n = random() % 4; n > 0; --n) {
      unsigned a = random() % 4, b = random() % 4;
      if (rank[a] < rank[b]) c.edges.emplace_back(a, b);
    }
    return c;
  }
  std::string text() const {
    std::string master, slaves = "arrival " + (arrival == 31 ? "any" : "in " + list(arrival, kStates)) + "; ", order;
    const char* names[] = {"r5", "r6"};
    for (unsigned i = 0; i < 2; ++i)
      if (regs[i] != 7) master += names[i] + (" in " + list(regs[i], {"0", "1", "2"})) + "; ";
    const char* fields[] = {"LE", "EE"};
    for (unsigned i = 0; i < 2; ++i)
      if (bits[i] != 3) master += std::string("msr ") + fields[i] + " = " + (bits[i] == 1 ? "0" : "1") + "; ";
    if (slave != 7) slaves += "r3 in " + list(slave, {"0", "1", "2"}) + "; ";
    for (auto [a, b] : edges) order += (order.empty() ? "order " : ", ") + kEvents[a] + " < " + kEvents[b];
    return "ensures master { " + master + "} ensures slaves { " + slaves + "} " + (order.empty() ? "" : order + ";");
  }
  /// What follows from the edges, by exhaustion.
  std::array<std::array<bool, 4>, 4> closure() const {
    std::array<std::array<bool, 4>, 4> reach{};
    for (auto [a, b] : edges) reach[a][b] = true;
    for (unsigned k = 0; k < 4; ++k)
      for (unsigned i = 0; i < 4; ++i)
        for (unsigned j = 0; j < 4; ++j) reach[i][j] = reach[i][j] || (reach[i][k] && reach[k][j]);
    return reach;
  }
  /// Every state that it allows, numbered.
  std::vector<bool> states() const {
    std::vector<bool> all;
    auto reach = closure();
    std::array<unsigned, 4> at{0, 1, 2, 3};
    std::vector<std::array<bool, 2>> orders;  // with slaves, without
    do {
      std::array<bool, 2> good{true, true};
      for (unsigned a = 0; a < 4; ++a)
        for (unsigned b = 0; b < 4; ++b) {
          if (!reach[a][b] || at[a] < at[b]) continue;
          good[0] = false;
          if (a != kReleased && b != kReleased) good[1] = false;
        }
      orders.push_back(good);
    } while (std::next_permutation(at.begin(), at.end()));
    auto allows = [](unsigned set, unsigned v) { return ((set >> v) & 1u) != 0; };
    unsigned met = arrival | (allows(arrival, 2) ? 8u : 0u);  // held slaves have arrived
    for (unsigned r = 0; r < 9; ++r)
      for (unsigned b = 0; b < 4; ++b)
        for (unsigned s = 0; s < 5; ++s)
          for (unsigned v = 0; v < 3; ++v)
            for (const auto& good : orders) {
              bool nobody = s < 2;
              all.push_back(allows(regs[0], r % 3) && allows(regs[1], r / 3) && allows(bits[0], b % 2) &&
                            allows(bits[1], b / 2) && allows(met, s) && (nobody || allows(slave, v)) && good[nobody]);
            }
    return all;
  }
};

// --- Memory -------------------------------------------------------------------------------------------------

constexpr unsigned kCells = 3, kOrigins = 4;  // cells 0 .. 2 hold what was in 0 .. 3, or kOrigins: garbage

struct Memory {
  struct Move {
    unsigned to, from, size;
  };
  std::vector<Move> copies;
  std::vector<std::pair<unsigned, unsigned>> unspecified;  // begin, end
  unsigned within = 15, apart = 0;                         // of four places
  bool within_said = false, fact = false;

  static Memory any(Random& random) {
    Memory m;
    for (unsigned n = random() % 3; n > 0; --n) {
      unsigned to = random() % kCells, size = 1 + random() % (kCells - to);
      unsigned from = random() % (kOrigins - size + 1);
      bool there = std::any_of(m.copies.begin(), m.copies.end(), [&](auto& c) { return c.to == to && c.size == size; });
      if (!there) m.copies.push_back({to, from, size});
    }
    if (one_in(random, 3)) {
      unsigned begin = random() % kCells;
      m.unspecified.emplace_back(begin, begin + 1 + random() % (kCells - begin));
    }
    if (one_in(random, 2)) m.within = 1 + random() % 15, m.within_said = true;
    if (one_in(random, 2)) m.apart = 1 + random() % 15;
    m.fact = one_in(random, 2);
    return m;
  }
  static std::string range(unsigned begin, unsigned size) { return std::to_string(begin) + " +: " + std::to_string(size); }
  std::string text() const {
    std::string t;
    for (const Move& c : copies) t += "bytes " + range(c.to, c.size) + " = bytes " + range(c.from, c.size) + "; ";
    for (auto [a, b] : unspecified) t += "unspecified bytes " + range(a, b - a) + "; ";
    // `within` one run of places, which is all that a list in the language can say: it is an intersection.
    if (within_said) t += "place tree within " + std::to_string(low()) + " ..< " + std::to_string(high()) + "; ";
    if (apart != 0) {
      std::string list;
      for (unsigned i = 0; i < 4; ++i)
        if ((apart >> i) & 1u) list += (list.empty() ? "" : ", ") + range(i, 1);
      t += "place tree disjoint " + list + "; ";
    }
    if (fact) t += "fact icache_coherent; ";
    return "ensures slaves { arrival any; } ensures memory { " + t + "}";
  }
  unsigned low() const { return static_cast<unsigned>(__builtin_ctz(within)); }
  unsigned high() const { return 32 - static_cast<unsigned>(__builtin_clz(within)); }
  std::vector<bool> states() const {
    std::vector<bool> all;
    std::array<bool, kCells> moved{}, open{};
    for (const Move& c : copies)
      for (unsigned i = 0; i < c.size; ++i) moved[c.to + i] = true;
    for (auto [a, b] : unspecified)
      for (unsigned i = a; i < b; ++i) open[i] = true;
    for (unsigned m = 0; m < 125; ++m) {
      std::array<unsigned, kCells> cell{m % 5, m / 5 % 5, m / 25};
      bool good = true;
      for (const Move& c : copies)
        for (unsigned i = 0; i < c.size; ++i) good = good && cell[c.to + i] == c.from + i;
      for (unsigned i = 0; i < kCells; ++i) good = good && (moved[i] || open[i] || cell[i] == i);
      for (unsigned p = 0; p < 5; ++p)  // the fifth place is where neither clause speaks of
        for (bool coherent : {false, true}) {
          bool here = !within_said || (low() <= p && p < high());
          here = here && (p == 4 || ((apart >> p) & 1u) == 0);
          all.push_back(good && here && (coherent || !fact));
        }
    }
    return all;
  }
};

// --- What the image offers, and the tree ----------------------------------------------------------------------

/// Reach of the head in words of 8 bytes, landing, a named word, both neutralities, alignment by the residue
/// of the place, formats of the tree, two pages of which the reserve map has some.
struct Offers {
  unsigned reach = 0, landing = 0, word = 0, align = 0;  // 0: not said
  unsigned neutral = 0, formats = 7, reserved = 0;

  static Offers any(Random& random) {
    Offers o;
    auto maybe = [&](unsigned n) { return one_in(random, 2) ? 0 : 1 + random() % n; };
    o.reach = maybe(3);
    o.landing = maybe(2);
    o.word = maybe(6);
    o.align = maybe(6);
    o.neutral = one_in(random, 2) ? 0 : random() % 4;
    o.formats = some_of(random, 3);
    o.reserved = one_in(random, 2) ? 0 : random() % 4;
    return o;
  }
  unsigned word_offset() const { return (word - 1) / 3; }
  unsigned word_value() const { return (word - 1) % 3; }  // 2: not said
  std::string text() const {
    std::string image, memory;
    if (reach != 0) image += "head " + std::to_string(8 * reach) + " runs_at_zero; ";
    if (landing != 0) image += "landing slaves at offset " + std::to_string(8 * landing) + "; ";
    if (word != 0)
      image += "word at offset " + std::to_string(8 * word_offset()) + " named flag" +
               (word_value() == 2 ? "" : " default " + std::to_string(word_value())) + "; ";
    if (align != 0) image += "align " + std::to_string(align) + "; ";
    if (neutral & 1u) image += "order_neutral entry; ";
    if (neutral & 2u) image += "order_neutral landing; ";
    if (formats != 7) memory += "tree.format in " + list(formats, {"2", "3", "17"}) + "; ";
    if (reserved != 0) {
      memory += std::string("tree.reserves ") + (reserved & 1u ? "0x0 +: 4KiB" : "");
      memory += std::string(reserved == 3 ? ", " : "") + (reserved & 2u ? "4KiB +: 4KiB" : "") + "; ";
    }
    return "ensures slaves { arrival any; } ensures memory { " + memory + "} expects image { " + image + "}";
  }
  /// One list for each thing that is spoken of: they are independent, so inclusion of all is inclusion of each.
  std::vector<std::vector<bool>> parts(bool image) const {
    auto all = [](unsigned n, auto allows) {
      std::vector<bool> states;
      for (unsigned i = 0; i < n; ++i) states.push_back(allows(i));
      return states;
    };
    if (!image)
      return {all(4, [&](unsigned f) { return formats == 7 || (f < 3 && ((formats >> f) & 1u)); }),
              all(4, [&](unsigned r) { return (r & reserved) == reserved; })};
    return {all(5, [&](unsigned r) { return reach == 0 || r <= reach; }),  // what is reached ends there
            all(3, [&](unsigned l) { return landing == 0 || l == landing; }),
            all(12,
                [&](unsigned w) {  // offset and value of the word
                  return word == 0 || (w / 4 == word_offset() && (word_value() == 2 || w % 4 == word_value()));
                }),
            all(60, [&](unsigned p) { return align == 0 || p % align == 0; }),
            all(4, [&](unsigned n) { return (n & neutral) == neutral; })};
  }
};

bool included(const std::vector<bool>& inner, const std::vector<bool>& outer) {
  for (size_t i = 0; i < inner.size(); ++i)
    if (inner[i] && !outer[i]) return false;
  return true;
}
bool empty(const std::vector<bool>& states) { return std::none_of(states.begin(), states.end(), [](bool b) { return b; }); }

template <typename Model>
void hold_against_states(unsigned seed, unsigned rounds, unsigned close_by) {
  Random random(seed);
  unsigned yes = 0, no = 0;
  for (unsigned round = 0; round < rounds; ++round) {
    Model a = Model::any(random), b = round % close_by == 0 ? a : Model::any(random);
    Stated promise(a.text()), need(b.text());
    Statement p = promise.statement(), n = need.statement();
    auto allowed = a.states(), wanted = b.states();
    // Who promises what cannot be promises everything, as a set; the relation does not follow him there.
    if (empty(allowed)) continue;
    bool truth = included(allowed, wanted);
    auto unmet = unmet_ensures(p, n);
    CAPTURE(a.text());
    CAPTURE(b.text());
    for (const Unmet& u : unmet) {
      CAPTURE(u.need.text);
      CHECK(u.decided);  // without names there is nothing that a handoff would have to say
    }
    CHECK(unmet.empty() == truth);
    ++(truth ? yes : no);
  }
  CHECK(yes > rounds / 20);
  CHECK(no > rounds / 20);
}

}  // namespace

TEST_CASE("entailment about CPUs, slaves and order is inclusion of states") { hold_against_states<Cpus>(11, 900, 6); }

TEST_CASE("entailment about memory, places and facts is inclusion of states") { hold_against_states<Memory>(12, 2500, 6); }

TEST_CASE("entailment about the image and the tree is inclusion of states") {
  Random random(15);
  std::array<unsigned, 2> yes{}, no{};
  for (unsigned round = 0; round < 1500; ++round) {
    Offers a = Offers::any(random), b = round % 4 == 0 ? a : Offers::any(random);
    // Near ones, or nearly all would differ somewhere.
    if (round % 4 == 1) b = a, b.align = 0, b.formats |= 1u, b.word = b.word == 0 ? 0 : 3 * b.word_offset() + 3;
    if (round % 4 == 2) b = a, b.reach = 3, b.reserved &= 1u;
    Stated promise(a.text()), need(b.text());
    Statement p = promise.statement(), n = need.statement();
    CAPTURE(a.text());
    CAPTURE(b.text());
    for (bool image : {false, true}) {
      auto allowed = a.parts(image), wanted = b.parts(image);
      bool truth = true;
      for (size_t i = 0; i < allowed.size(); ++i) truth = truth && included(allowed[i], wanted[i]);
      auto unmet = image ? unmet_expects(p, n) : unmet_ensures(p, n);
      for (const Unmet& u : unmet) CHECK(u.decided);
      CHECK(unmet.empty() == truth);
      ++(truth ? yes : no)[image];
    }
  }
  for (unsigned count : {yes[0], yes[1], no[0], no[1]}) CHECK(count > 200);
}

TEST_CASE("entailment is reflexive and transitive, and more promises entail no less") {
  Random random(13);
  unsigned chains = 0;
  std::vector<std::unique_ptr<Stated>> kept;
  std::vector<Statement> all;
  for (unsigned i = 0; i < 60; ++i) {
    // Few and weak ones in between, so that chains happen.
    Cpus c = Cpus::any(random);
    if (i % 2 == 0) c.regs = {7, 7}, c.slave = 7, c.edges.clear();
    if (i % 4 == 0) c.bits = {3, 3}, c.arrival = 31;
    kept.push_back(std::make_unique<Stated>(c.text()));
    all.push_back(kept.back()->statement());
  }
  auto entails = [&](const Statement& p, const Statement& n) { return unmet_ensures(p, n).empty(); };
  for (const Statement& s : all) CHECK(entails(s, s));
  for (const Statement& a : all)
    for (const Statement& b : all) {
      if (!entails(a, b)) continue;
      for (const Statement& c : all)
        if (entails(b, c)) {
          CHECK(entails(a, c));
          ++chains;
        }
    }
  CHECK(chains > 500);
  for (const Statement& s : all)
    for (const Statement& b : all) {
      // What r20 holds is no business of any of these.
      if (!entails(s, b)) continue;
      Statement more = s;
      Fact extra;
      extra.kind = model::ClauseKind::kRegister;
      extra.subject = "r20";
      extra.values = {term_of(model::Value::of_int(1))};
      more.facts.push_back(extra);
      CHECK(entails(more, b));
      // Nor does a second promise about the same thing take the first away.
      for (const Fact& f : b.facts) {
        Statement both = s;
        both.facts.push_back(f);
        CHECK(entails(both, b));
      }
    }
}

TEST_CASE("a slave finds what was copied for the master where the copy comes before it is released, and only there") {
  const std::string copy = "ensures memory { bytes 0x0 +: 0x100 = bytes image.base +: 0x100; } ";
  const std::string need = "ensures memory { unspecified bytes 0x0 +: 0x100; } "
                           "ensures slaves { arrival any; bytes 0x8 +: 0x54 = bytes image.base + 0x8 +: 0x54; }";
  auto entails = [&](const std::string& promise) {
    Stated p(copy + promise), n(need);
    return unmet_ensures(p.statement(), n.statement()).empty();
  };
  CHECK(entails("ensures slaves { arrival arriving; } order head_copied < slaves_released;"));
  CHECK(entails("ensures slaves { arrival arriving; } order head_copied < real_mode < slaves_released;"));
  CHECK(!entails("ensures slaves { arrival arriving; }"));
  CHECK(!entails("ensures slaves { arrival arriving; } order slaves_released < head_copied;"));
  CHECK(entails("ensures slaves { arrival absent; }"));
}

TEST_CASE("the frame rule: registers are clobbered, memory is preserved") {
  auto entails = [](const std::string& promise, const std::string& need) {
    Stated p(promise + " ensures slaves { arrival any; }"), n(need + " ensures slaves { arrival any; }");
    return unmet_ensures(p.statement(), n.statement()).empty();
  };
  auto memory = [](const std::string& text) { return "ensures memory { " + text + " }"; };
  CHECK(!entails("", "ensures master { r5 = 0; }"));
  CHECK(entails("", memory("bytes 0x100 +: 16 = bytes 0x100 +: 16;")));
  CHECK(entails(memory("unspecified bytes 0x0 +: 16;"), memory("unspecified bytes 0x0 +: 16; bytes 0x100 +: 16 = bytes 0x100 +: 16;")));
  CHECK(!entails(memory("unspecified bytes 0x108 +: 1;"), memory("unspecified bytes 0x108 +: 1; bytes 0x100 +: 16 = bytes 0x100 +: 16;")));
  CHECK(!entails(memory("unspecified bytes 0x108 +: 1;"), ""));
  CHECK(entails("", memory("unspecified bytes 0x108 +: 1;")));
  CHECK(!entails(memory("bytes 0x0 +: 16 = bytes image.base +: 16;"), ""));
  CHECK(entails(memory("bytes 0x0 +: 16 = bytes image.base +: 16;"), memory("unspecified bytes 0x0 +: 32;")));
}

// --- Names --------------------------------------------------------------------------------------------------

namespace {

Linear some_sum(Random& random) {
  Linear l = Linear::number(random() % 6);
  if (one_in(random, 2)) l.names[one_in(random, 2) ? "x" : "y"] = 1;
  return l;
}
Signed value_of(const Linear& l, Signed x, Signed y) {
  Signed v = l.constant;
  for (const auto& [name, count] : l.names) v += count * (name == "x" ? x : y);
  return v;
}
Area::Span some_span(Random& random) { return {some_sum(random), Linear::number(1 + random() % 4)}; }
bool in(const Area& area, Signed byte, Signed x, Signed y) {
  for (const auto& s : area.spans) {
    Signed begin = value_of(s.begin, x, y);
    if (begin <= byte && byte < begin + value_of(s.size, x, y)) return true;
  }
  return false;
}
/// Counts the valuations of x and y for which it holds: yes is all of them, no is none.
template <typename Holds>
void hold_against_valuations(Truth answer, std::array<unsigned, 3>& seen, Holds holds) {
  unsigned held = 0, total = 0;
  for (Signed x = 0; x < 9; ++x)
    for (Signed y = 0; y < 9; ++y, ++total) held += holds(x, y);
  ++seen[static_cast<size_t>(answer)];
  if (answer == Truth::kYes) CHECK(held == total);
  if (answer == Truth::kNo) CHECK(held == 0);
}

}  // namespace

TEST_CASE("with names, yes is for all they may come to, no for none, and else it is unknown") {
  Random random(14);
  std::array<unsigned, 3> numbers{}, ranges{}, apart{}, copies{};
  for (unsigned round = 0; round < 4000; ++round) {
    Linear a = some_sum(random), b = some_sum(random);
    hold_against_valuations(equal(a, b), numbers, [&](Signed x, Signed y) { return value_of(a, x, y) == value_of(b, x, y); });
    hold_against_valuations(at_most(a, b), numbers, [&](Signed x, Signed y) { return value_of(a, x, y) <= value_of(b, x, y); });
    Area outer, inner;
    for (unsigned n = 1 + random() % 3; n > 0; --n) outer.spans.push_back(some_span(random));
    for (unsigned n = 1 + random() % 2; n > 0; --n) inner.spans.push_back(some_span(random));
    hold_against_valuations(covers(outer, inner), ranges, [&](Signed x, Signed y) {
      for (Signed i = 0; i < 24; ++i)
        if (in(inner, i, x, y) && !in(outer, i, x, y)) return false;
      return true;
    });
    hold_against_valuations(disjoint(outer, inner), apart, [&](Signed x, Signed y) {
      for (Signed i = 0; i < 24; ++i)
        if (in(inner, i, x, y) && in(outer, i, x, y)) return false;
      return true;
    });
    // Copies: each needed byte comes from where it should, by one of the promised copies.
    std::vector<Copy> promised;
    for (unsigned n = 1 + random() % 3; n > 0; --n) {
      Area::Span to = some_span(random);
      promised.push_back({to.begin, some_sum(random), to.size});
    }
    Area::Span wanted = some_span(random);
    Copy needed{wanted.begin, one_in(random, 2) ? promised[0].source : some_sum(random), wanted.size};
    hold_against_valuations(provides(promised, needed), copies, [&](Signed x, Signed y) {
      for (Signed i = 0; i < value_of(needed.size, x, y); ++i) {
        Signed byte = value_of(needed.destination, x, y) + i, source = value_of(needed.source, x, y) + i;
        bool there = false;
        for (const Copy& c : promised) {
          Signed k = byte - value_of(c.destination, x, y);
          there = there || (0 <= k && k < value_of(c.size, x, y) && value_of(c.source, x, y) + k == source);
        }
        if (!there) return false;
      }
      return true;
    });
  }
  for (const auto* seen : {&numbers, &ranges, &apart, &copies})
    for (unsigned count : *seen) CHECK(count > 20);
}

TEST_CASE("sums that do not fit are not decided, and never wrap") {
  Linear huge = Linear::name("x");
  huge.names["x"] = static_cast<Signed>(1) << 126;
  Linear twice = huge;
  CHECK(!sum(huge, twice, 2));
  CHECK(!product(huge, Linear::number(8)));
  CHECK(equal(huge, Linear::number(0)) == Truth::kUnknown);
}
