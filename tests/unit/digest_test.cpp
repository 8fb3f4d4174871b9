// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Digests checked by stubs, by the judge: both ways to compute, in both byte orders, against LLVM's SHA-256 and the
// standard's examples. Each message is one that gets to the taker, and one that does not when a byte of it changes.
#include <ostream>

#include <random>

#include <doctest/doctest.h>

#include "inputs/digest.h"
#include "ppc64/assemble.h"
#include "ppc64/stub.h"
#include "trampoline/synthesize.h"
#include "verify/sha256.h"
#include "verify/verify.h"

using namespace baton;
using namespace baton::trampoline;
namespace msr = baton::ppc64::msr;
namespace reg = baton::ppc64::reg;

namespace {

constexpr uint64_t kStart = 0x4000000, kKernel = 0x5000000, kTree = 0x6000000, kData = 0x7000000, kPage = 0x10000;
constexpr uint64_t kRealMode = msr::kSf | msr::kPr | msr::kIr | msr::kDr | msr::kEe | msr::kVec | msr::kLe;

struct Way {
  Endian order;
  bool vectors;
};
const Way kWays[] = {{Endian::kBig, false}, {Endian::kBig, true}, {Endian::kLittle, false}, {Endian::kLittle, true}};

ByteBuffer bytes_of(const std::string& text) { return ByteBuffer(text.begin(), text.end()); }

ByteBuffer random_bytes(std::mt19937_64& random, size_t size) {
  ByteBuffer bytes(size);
  for (auto& byte : bytes) byte = static_cast<uint8_t>(random());
  return bytes;
}

/// A kexec to a kernel, its id stored and its registers set, after the digests of some messages. What lies behind
/// a message is not zero: it must not count.
struct Scene {
  Way way;
  std::vector<ByteBuffer> messages;
  std::vector<ByteBuffer> memory;
  StubRequest request;
  SynthesizedStub made;
  ByteBuffer stub, tree = ByteBuffer(0x100, 0);
  verify::Loaded loaded;
  verify::EntryState state;
  verify::Goals goals;

  Scene(Way w, std::vector<ByteBuffer> m) : way(w), messages(std::move(m)) {
    MasterGoals g;
    g.giver = way.order;
    g.known = {{reg::r4, kStart}, {reg::r5, 0}};
    g.id_register = reg::r3;
    g.registers = {{reg::r3, {kTree}, "r3"}, {reg::r4, {kKernel}, "r4"}};
    g.kept = {{reg::r5, {uint64_t{0}}, "r5"}, {reg::r6, {reg::r6}, "r6"}};
    g.id_store = IdStore{kTree + 28, false, "the id"};
    g.target = kKernel;
    g.target_clause = "enter image.entry";
    request.name = "digested";
    request.start = kStart;
    request.masters = {g};
    request.digest = Digest{kStart, {}, way.vectors, {}};
    for (size_t i = 0; i < messages.size(); ++i) {
      auto sha256 = inputs::sha256({ByteView(messages[i])});
      request.digest->inputs.push_back({"m" + std::to_string(i), kData + i * kPage * 0x100, messages[i].size(), sha256, "digest"});
      memory.push_back(messages[i]);
      memory.back().resize(messages[i].size() + 256, 0xa5);
    }
  }

  uint64_t address(size_t input, size_t offset = 0) const { return request.digest->inputs[input].start + offset; }

  void make() {
    auto result = synthesize(request);
    if (!result) FAIL(result.failure().message);
    made = std::move(*result);
    auto encoded = ppc64::encode(made.stub);
    if (!encoded) FAIL(encoded.failure().message);
    stub = std::move(*encoded);
    loaded.entry = Address{kStart};
    state.registers = {{"r3", verify::Term::named("master.physical_id")}, {"r4", verify::Term::number(kStart)},
                       {"r5", verify::Term::number(0)}};
    state.symbol_bits["master.physical_id"] = 0xffffffff;
    state.isa = 207;
    state.msr_known = kRealMode;
    state.msr_value = msr::kSf;
    goals.target = Address{kKernel};
    goals.registers = {{"r3", {verify::Term::number(kTree)}, "r3"}, {"r4", {verify::Term::number(kKernel)}, "r4"},
                       {"r5", {verify::Term::number(0)}, "r5"}, {"r6", {verify::Term::named("r6 at entry")}, "r6"}};
    goals.msr_fixed = msr::kIr | msr::kDr;
    goals.words = {{Address{kTree + 28}, 4, verify::Term::named("master.physical_id"), "the id"}};
  }
  uint64_t label(const std::string& name) const { return kStart + ppc64::lay_out(made.stub)->labels.at(name); }
  void describe() {
    loaded.segments = {{"stub", Address{kStart}, stub, Size{kPage}}, {"tree", Address{kTree}, tree, Size{kPage}}};
    for (size_t i = 0; i < memory.size(); ++i)
      loaded.segments.push_back({"m" + std::to_string(i), Address{address(i)}, memory[i], Size{memory[i].size()}});
  }
  void say_where_the_loops_are() {
    for (size_t i = 0; i < messages.size(); ++i)
      if (uint64_t blocks = messages[i].size() / 64)
        loaded.hash_loops.push_back({Address{label(digest_loop_label(way.order, i))}, Address{address(i)}, blocks, "m" + std::to_string(i)});
  }
  verify::Verdict judge() {
    describe();
    return verify::verify_entry(loaded, state, goals, way.order);
  }
  verify::Outcome detects(size_t input, size_t offset, size_t told) {
    describe();
    std::deque<ByteBuffer> kept;
    auto changed = verify::with_changed_byte(loaded, state, Address{address(input, offset)}, kept);
    REQUIRE(changed);
    return verify::verify_detects(loaded, *changed, verify::detection_goals(Address{label(digest_differs_label(way.order, told))}, "detects"), way.order)
        .outcome();
  }
};

std::string refusals(const verify::Verdict& verdict) {
  std::string text;
  for (const auto& o : verdict.obligations)
    if (o.outcome != verify::Outcome::kProved) text += o.clause + ": " + o.detail + "\n";
  return text;
}

void check_message(const ByteBuffer& message) {
  for (Way way : kWays) {
    CAPTURE(to_text(way.order));
    CAPTURE(way.vectors);
    CAPTURE(message.size());
    Scene scene(way, {message});
    scene.make();
    auto verdict = scene.judge();
    INFO(refusals(verdict));
    CHECK(verdict.outcome() == verify::Outcome::kProved);
    CHECK(verdict.instructions == scene.made.counts[0].instructions);
    if (message.empty()) continue;
    for (size_t offset : {size_t{0}, message.size() / 2, message.size() - 1})
      CHECK(scene.detects(0, offset, 0) == verify::Outcome::kProved);
  }
}

}  // namespace

TEST_CASE("the judge's own SHA-256 is LLVM's") {
  std::mt19937_64 random(180);
  for (size_t size = 0; size < 300; size += 7) {
    ByteBuffer message = random_bytes(random, size), padded = message;
    padded.push_back(0x80);
    while (padded.size() % 64 != 56) padded.push_back(0);
    append<uint64_t>(padded, 8 * size, Endian::kBig);
    auto state = verify::sha256_start();
    for (size_t at = 0; at < padded.size(); at += 64) verify::sha256_block(state, &padded[at]);
    ByteBuffer digest;
    for (uint32_t word : state) append<uint32_t>(digest, word, Endian::kBig);
    auto expected = inputs::sha256({ByteView(message)});
    CHECK(digest == ByteBuffer(expected.begin(), expected.end()));
  }
}

TEST_CASE("the examples of FIPS 180-4") {
  CHECK(inputs::to_text(inputs::sha256({ByteView(bytes_of("abc"))})) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  for (const char* text : {"", "abc", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                           "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrs"
                           "mnopqrstnopqrstu"})
    check_message(bytes_of(text));
}

TEST_CASE("messages of every length around the ends of words, vectors and blocks") {
  std::mt19937_64 random(2007);
  for (size_t size : {1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 18, 19, 31, 32, 33, 47, 48, 49, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64,
                      65, 66, 67, 68, 79, 80, 81, 119, 120, 127, 128, 129, 191, 192, 193, 200, 1024, 1111})
    check_message(random_bytes(random, size));
}

TEST_CASE("several segments, one after the other: the first that differs is told") {
  std::mt19937_64 random(3);
  for (Way way : kWays) {
    Scene scene(way, {random_bytes(random, 65), random_bytes(random, 64), random_bytes(random, 0), random_bytes(random, 130)});
    scene.make();
    auto verdict = scene.judge();
    INFO(refusals(verdict));
    CHECK(verdict.outcome() == verify::Outcome::kProved);
    CHECK(verdict.instructions == scene.made.counts[0].instructions);
    for (size_t input : {0, 1, 3})
      for (size_t told : {0, 1, 2, 3})
        CHECK((scene.detects(input, 5, told) == verify::Outcome::kProved) == (input == told));
  }
}

TEST_CASE("every bit of the digest is compared") {
  std::mt19937_64 random(256);
  for (Way way : kWays) {
    Scene scene(way, {random_bytes(random, 40)});
    auto good = scene.request.digest->inputs[0].sha256;
    for (unsigned bit = 0; bit < 256; bit += 3) {
      scene.request.digest->inputs[0].sha256 = good;
      scene.request.digest->inputs[0].sha256[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
      scene.make();
      CHECK(scene.judge().outcome() == verify::Outcome::kRefuted);
    }
  }
}

TEST_CASE("of a long message most blocks are not run, and that is said") {
  std::mt19937_64 random(5);
  for (Way way : kWays) {
    CAPTURE(to_text(way.order));
    CAPTURE(way.vectors);
    Scene scene(way, {random_bytes(random, 100), random_bytes(random, 200'001)});
    scene.make();
    scene.say_where_the_loops_are();
    auto verdict = scene.judge();
    INFO(refusals(verdict));
    CHECK(verdict.outcome() == verify::Outcome::kAssumed);
    CHECK(verdict.instructions == scene.made.counts[0].instructions);
    CHECK(verdict.obligations.back().detail.find("3120 of 3125 blocks") == 0);
    // A byte of a block that is run, of one that is not, of the tail; and another segment's.
    for (size_t offset : {size_t{10}, size_t{100'000}, size_t{200'000}})
      CHECK(scene.detects(1, offset, 1) == verify::Outcome::kAssumed);
    CHECK(scene.detects(0, 99, 0) == verify::Outcome::kProved);
    CHECK(scene.detects(0, 99, 1) > verify::Outcome::kAssumed);
    // A stub that computes something else: a round constant that is wrong.
    Scene wrong(way, {random_bytes(random, 200'001)});
    wrong.make();
    wrong.say_where_the_loops_are();
    wrong.stub[wrong.label(std::string("digest_rounds_") + to_text(way.order)) - kStart + 77] ^= 4;
    CHECK(wrong.judge().outcome() > verify::Outcome::kAssumed);
  }
}

TEST_CASE("a hint that is wrong proves nothing that is not so") {
  std::mt19937_64 random(6);
  for (Way way : kWays) {
    Scene scene(way, {random_bytes(random, 20'000)});
    scene.make();
    // Nothing is wrong with the stub: without a hint it is run, with a good one most of it is not.
    CHECK(scene.judge().outcome() == verify::Outcome::kProved);
    uint64_t head = scene.label(digest_loop_label(way.order, 0));
    for (auto [at, data, blocks] : {std::tuple{head + 4, kData, uint64_t{312}}, std::tuple{head, kData + 64, uint64_t{312}},
                                    std::tuple{head, kData, uint64_t{300}}, std::tuple{head, kData, uint64_t{330}}}) {
      scene.loaded.hash_loops = {{Address{at}, Address{data}, blocks, "wrong"}};
      auto verdict = scene.judge();
      bool skipped = verdict.obligations.back().clause == "wrong";
      INFO(refusals(verdict));
      CHECK((verdict.outcome() != verify::Outcome::kProved || !skipped));
    }
    // And a byte that differs is found, or nothing is known; it never gets to the taker.
    scene.memory[0][9'999] ^= 1;
    CHECK(scene.judge().outcome() > verify::Outcome::kAssumed);
  }
}

TEST_CASE("what no digest can be checked of") {
  auto refusal = [](auto change, bool vectors) {
    Scene scene({Endian::kBig, vectors}, {ByteBuffer(100, 1)});
    change(scene.request);
    auto result = synthesize(scene.request);
    return result.ok() ? std::string() : result.failure().message;
  };
  auto nothing = [](StubRequest&) {};
  auto odd_stub = [](StubRequest& r) { r.digest->start += 0x80; };
  auto odd_input = [](StubRequest& r) { r.digest->inputs[0].start += 8; };
  auto many_kept = [](StubRequest& r) { r.masters[0].kept = {{reg::r6, {reg::r6}, ""}, {reg::r7, {reg::r7}, ""}, {reg::r31, {reg::r31}, ""}}; };
  for (bool vectors : {false, true}) {
    CHECK(refusal(nothing, vectors).empty());
    CHECK(refusal(odd_stub, vectors).find("multiple of 0x100") != std::string::npos);
    CHECK(refusal(odd_input, vectors).find("multiple of 16") != std::string::npos);
  }
  CHECK(refusal(many_kept, false).find("4 registers of the master") != std::string::npos);
  CHECK(refusal(many_kept, true).empty());
}

TEST_CASE("who finds a difference stays, whatever the hypervisor answers") {
  for (Way way : kWays)
    for (Firmware console : {Firmware{}, Firmware{Firmware::Kind::kPapr, 0, 0}}) {
      Scene scene(way, {ByteBuffer(100, 1)});
      scene.request.digest->console = console;
      scene.state.firmware.papr = console.kind == Firmware::Kind::kPapr;
      scene.make();
      CHECK(scene.detects(0, 99, 0) == verify::Outcome::kProved);
      // Without the branch to itself it would run into the text.
      store<uint32_t>(scene.stub, scene.label("digest_stop_here") - kStart, 0x60000000, Endian::kBig);
      CHECK(scene.detects(0, 99, 0) > verify::Outcome::kAssumed);
      // And a jump to the taker is one, however late it comes.
      store<uint32_t>(scene.stub, scene.label("digest_stop_here") - kStart, 0x4e800420, Endian::kBig);
      CHECK(scene.detects(0, 99, 0) > verify::Outcome::kAssumed);
    }
}

TEST_CASE("the listing is the same bytes by the assembler and by the table") {
  for (Way way : kWays)
    for (Firmware console : {Firmware{}, Firmware{Firmware::Kind::kPapr, 0, 0}, Firmware{Firmware::Kind::kOpal, 0x30000000, 0x300050a0}}) {
      Scene scene(way, {ByteBuffer(100, 1), ByteBuffer(128, 2)});
      scene.request.digest->console = console;
      scene.make();
      auto text = ppc64::print(scene.made.stub);
      REQUIRE(text.ok());
      auto assembled = ppc64::assemble(*text, scene.made.stub.unit_order);
      if (!assembled) FAIL(assembled.failure().message);
      CHECK(assembled->text == scene.stub);
    }
}
