// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pen that keeps slaves at slots of their own: its code, and that the judge finds out a wrong one. Pens are made by
// the synthesis, with the mistake in what it is told or in the bytes it made, and judged against a right table.
#include <doctest/doctest.h>

#include <functional>

#include "trampoline/pen.h"
#include "verify/pen.h"

namespace baton::trampoline {
namespace {

using placement::PenTable;
using ppc64::Gpr;
using verify::Outcome;
namespace reg = ppc64::reg;

constexpr uint64_t kStart = 0x1030000, kLanding = 0x60;

PenTable table_of(std::vector<uint32_t> ids, uint64_t slot = 64) {
  PenTable table;
  table.slot = slot;
  table.mask = 1;
  table.ids = std::move(ids);
  table.first = table.ids.front();
  table.slots = table.ids.back() - table.first + 1;
  table.fields = {{"entry", 0, 8, 1}, {"argument", 8, 8, 0}, {"pir", 20, 4, std::nullopt}};
  table.clause = "pen";
  return table;
}

SlavePen pen_of(const PenTable& table, uint64_t start = kStart) {
  SlavePen pen;
  pen.table = table;
  pen.start = start;
  pen.landing = kLanding;
  for (unsigned n : {4, 5, 6, 8, 9}) pen.constants.push_back({Gpr{n}, 0, "r" + std::to_string(n)});
  pen.constants.push_back({reg::r7, 0x2000'0000, "r7"});
  pen.loads.push_back({reg::r3, *table.find("argument"), "r3"});
  pen.entry = *table.find("entry");
  pen.landing_clause = "landing";
  pen.enter_clause = "enter";
  return pen;
}

ByteBuffer bytes_of(const SlavePen& pen) {
  auto code = pen_code(pen);
  REQUIRE_MESSAGE(code.ok(), code.failure().message);
  auto bytes = ppc64::encode(*code);
  REQUIRE(bytes.ok());
  return *bytes;
}

/// What the judge says of these bytes at the landing, and of this table, where a right stub has them.
verify::Verdict judged(ByteView code, const PenTable& right, const ByteBuffer& slots, uint64_t start = kStart) {
  verify::Loaded loaded;
  ByteBuffer stub(PenTable::kOffset, 0);
  stub.insert(stub.end(), slots.begin(), slots.end());
  loaded.segments.push_back({"stub", Address{start}, ByteView(stub), Size{stub.size()}});
  loaded.entry = Address{kLanding};
  verify::EntryState slave;
  slave.registers["r3"] = verify::Term::named("cpu.physical_id");
  slave.msr_known = uint64_t{1} << 63 | 0x8000 | 0x4000 | 0x30 | 1;
  slave.msr_value = uint64_t{1} << 63;
  slave.memory.push_back({"the copy of the head", Address{kLanding}, code, Size{code.size()}});
  verify::Goals goals;
  goals.target_clause = "enter";
  goals.may_execute.add(Range::at(Address{kLanding}, Size{code.size()}));
  goals.registers.push_back({"r3", {verify::Term::named("slot.argument")}, "r3"});
  for (const char* zero : {"r4", "r5", "r6", "r8", "r9"}) goals.registers.push_back({zero, {verify::Term::number(0)}, zero});
  goals.registers.push_back({"r7", {verify::Term::number(0x2000'0000)}, "r7"});
  goals.msr_fixed = slave.msr_known;
  goals.msr_value = slave.msr_value;
  verify::PenSlots slots_of;
  for (uint32_t id : right.ids) slots_of.slots[id] = Address{start + right.offset_of(id)};
  slots_of.size = Size{right.slot};
  slots_of.mask = right.mask;
  slots_of.polled = right.polled;
  slots_of.entry = {0, 8};
  slots_of.fields = {{"slot.entry", {0, 8}}, {"slot.argument", {8, 8}}, {"slot.pir", {20, 4}}};
  slots_of.strangers = {right.ids.back() + 1, 0xffff'ffff};
  if (right.first != 0) slots_of.strangers.push_back(right.first - 1);
  slots_of.clause = "pen";
  return verify::verify_pen(loaded, slave, goals, slots_of);
}

std::string worst(const verify::Verdict& verdict) {
  std::string text;
  for (const auto& o : verdict.obligations)
    if (o.outcome != Outcome::kProved) text += std::string(to_text(o.outcome)) + " " + o.clause + ": " + o.detail + "\n";
  return text;
}

Outcome outcome_of(const verify::Verdict& verdict, const std::string& clause) {
  for (const auto& o : verdict.obligations)
    if (o.clause == clause) return o.outcome;
  FAIL("nothing is said of " << clause);
  return Outcome::kUnknown;
}

}  // namespace

TEST_CASE("a pen is proved for dense, sparse and large ids, and wherever its table lies") {
  for (const auto& ids : std::vector<std::vector<uint32_t>>{{0, 1, 2, 3}, {0, 8, 16, 24}, {5, 6}, {0x9000, 0x9001}, {2, 600}, {0, 70000}, {0x12345678, 0x12345679}})
    for (uint64_t start : {uint64_t{0x1030000}, uint64_t{0x7fff0000}, uint64_t{0x80000000}, uint64_t{0x1'2340'0000}, uint64_t{0x1037f00}}) {
      for (uint64_t slot : {32u, 64u, 4096u}) {
        if (ids.back() - ids.front() > 3000 && (slot != 32 || start != 0x1030000)) continue;
        PenTable table = table_of(ids, slot);
        auto verdict = judged(bytes_of(pen_of(table, start)), table, table.bytes(), start);
        CHECK_MESSAGE(verdict.outcome() == Outcome::kProved, worst(verdict) << "ids from " << ids.front() << " at " << start << ", slots of " << slot);
      }
    }
}

TEST_CASE("the code is as short as this") {
  auto code = bytes_of(pen_of(table_of({0, 1, 2, 3})));
  // Priority, two for the bound, two for the slot, six registers, three around, five to leave.
  CHECK(code.size() / 4 == 19);
  CHECK(kLanding + code.size() <= 0x100);
}

TEST_CASE("slots as they are loaded hold their CPUs, and tell them apart") {
  PenTable table = table_of({3, 5});
  ByteBuffer bytes = table.bytes();
  REQUIRE(bytes.size() == 3 * 64);
  CHECK(*load<uint64_t>(bytes, 64, Endian::kBig) == 1);
  CHECK(*load<uint32_t>(bytes, 128 + 20, Endian::kBig) == 5);
}

TEST_CASE("a pen that is told wrong is refuted") {
  PenTable right = table_of({0, 1, 2, 3});
  auto with = [&](const std::function<void(SlavePen&)>& mistake) {
    SlavePen pen = pen_of(right);
    mistake(pen);
    return judged(bytes_of(pen), right, right.bytes());
  };
  CHECK(outcome_of(with([](SlavePen& p) { p.table.slot = 128; }), "each slave polls its own slot alone") == Outcome::kRefuted);
  CHECK(outcome_of(with([](SlavePen& p) { p.table.slot = 32; }), "each slave polls its own slot alone") == Outcome::kRefuted);
  CHECK(outcome_of(with([](SlavePen& p) { p.start += 64; }), "each slave polls its own slot alone") == Outcome::kRefuted);
  CHECK(outcome_of(with([](SlavePen& p) { p.table.mask = 2; }), "pen") == Outcome::kRefuted);
  CHECK(with([](SlavePen& p) { p.table.polled = 8; }).outcome() == Outcome::kRefuted);
  CHECK(outcome_of(with([](SlavePen& p) { p.table.slots = 8; }), "a CPU without a slot stays") == Outcome::kRefuted);
  CHECK(outcome_of(with([](SlavePen& p) { p.constants[0].value = 1; }), "r4") == Outcome::kRefuted);
  CHECK(outcome_of(with([](SlavePen& p) { p.constants[0].gpr = reg::r0; }), "r4") != Outcome::kProved);
  CHECK(outcome_of(with([](SlavePen& p) { p.loads[0].field.offset = 16; }), "r3") == Outcome::kRefuted);
  CHECK(outcome_of(with([](SlavePen& p) { p.entry.offset = 8; }), "enter") != Outcome::kProved);
  CHECK(outcome_of(with([](SlavePen& p) { p.table.first = 1; }), "each slave polls its own slot alone") == Outcome::kRefuted);
}

TEST_CASE("what a slot says besides is read behind a barrier, and not only after the branch") {
  PenTable table = table_of({0, 1});
  const ByteBuffer code = bytes_of(pen_of(table));
  const std::string clause = "what its slot says besides is read after the slot lets go";
  CHECK(outcome_of(judged(code, table, table.bytes()), clause) == Outcome::kProved);
  constexpr uint32_t kIsync = 0x4c00012c;
  size_t at = 0;
  while (at < code.size() && *load<uint32_t>(code, at, Endian::kBig) != kIsync) at += 4;
  REQUIRE(at + 8 <= code.size());
  // The barrier behind the load, as if the branch kept it back.
  ByteBuffer late = code;
  store<uint32_t>(late, at, *load<uint32_t>(code, at + 4, Endian::kBig), Endian::kBig);
  store<uint32_t>(late, at + 4, kIsync, Endian::kBig);
  CHECK(outcome_of(judged(late, table, table.bytes()), clause) == Outcome::kRefuted);
  // Before the branch isync keeps nothing back, and lwsync does.
  for (uint32_t barrier : {kIsync, 0x7c2004acu}) {
    ByteBuffer early = code;
    store<uint32_t>(early, at, *load<uint32_t>(code, at - 4, Endian::kBig) + 4, Endian::kBig);
    store<uint32_t>(early, at - 4, barrier, Endian::kBig);
    CAPTURE(barrier);
    CHECK(outcome_of(judged(early, table, table.bytes()), clause) == (barrier == kIsync ? Outcome::kRefuted : Outcome::kProved));
  }
}

TEST_CASE("a table that lets somebody go, or is not loaded, is refuted") {
  PenTable table = table_of({0, 1, 2, 3});
  auto code = bytes_of(pen_of(table));
  ByteBuffer slots = table.bytes();
  slots[2 * 64 + 7] = 0;
  CHECK(outcome_of(judged(code, table, slots), "pen") == Outcome::kRefuted);
  CHECK(outcome_of(judged(code, table, ByteBuffer(64, 1)), "pen") == Outcome::kRefuted);
}

TEST_CASE("what does not fit the window says by how much") {
  SlavePen pen = pen_of(table_of({0x12345678, 0x12345679}), 0x1'2345'6780'0000);
  for (unsigned n : {4, 5, 6, 7, 8, 9}) pen.constants.push_back({Gpr{n}, uint64_t{0x1234'5678'9abc'def0} + n, "long"});
  auto code = pen_code(pen);
  REQUIRE(!code.ok());
  CHECK(code.failure().message.find("more than the head has room for from 0x60 on") != std::string::npos);
}

}  // namespace baton::trampoline
