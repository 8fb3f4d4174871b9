// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls of firmware as the judge takes them: what they need, what they leave, and what is not known.
#include <doctest/doctest.h>

#include "ppc64/stub.h"
#include "verify/semantics.h"
#include "verify/verify.h"

using namespace baton;
namespace ins = ppc64::ins;
namespace reg = ppc64::reg;
namespace msr = ppc64::msr;

namespace {

constexpr uint64_t kCode = 0x1000, kOpal = 0x9000;

/// A machine before one `sc 1`, or at OPAL's entry.
verify::Machine machine() {
  static const ByteBuffer kBytes = [] {
    ppc64::Stub stub;
    stub.code(ins::sc(1), "");
    return *ppc64::encode(stub);
  }();
  verify::Machine m;
  m.memory.describe("code", kCode, kBytes, 0x100);
  m.pc = kCode;
  m.msr = verify::Value(msr::kSf | msr::kHv);
  for (size_t i = 0; i < m.gpr.size(); ++i) m.gpr[i] = verify::Value(0x100 + i);
  for (auto& vector : m.vr) vector = {verify::Value(7), verify::Value(8)};
  m.lr = verify::Value(kCode + 0x40);
  m.interrupts = {1};
  return m;
}
verify::Machine set_mode(uint64_t order) {
  auto m = machine();
  m.firmware.papr = true;
  uint64_t arguments[] = {0x31c, order, 4, 0, 0};
  for (size_t i = 0; i < 5; ++i) m.gpr[3 + i] = verify::Value(arguments[i]);
  return m;
}
verify::Machine reinit(uint64_t flags) {
  auto m = machine();
  m.firmware.opal_entry = Address{kOpal};
  m.firmware.opal_base = 0x8000;
  m.pc = kOpal;
  m.gpr[0] = verify::Value(70);
  m.gpr[2] = verify::Value(0x8000);
  m.gpr[3] = verify::Value(flags);
  return m;
}
bool went(verify::Machine& m) { return step(m).kind == verify::Step::Kind::kWent; }

}  // namespace

TEST_CASE("H_SET_MODE sets the order of interrupts, answers in r3, and leaves r1, r2 and r13 .. r31") {
  auto m = set_mode(0);
  REQUIRE(went(m));
  CHECK(m.interrupts == verify::InterruptOrders{0});
  CHECK(m.pc == kCode + 4);
  CHECK(m.gpr[3].constant() == uint64_t{0});
  for (size_t i : {0, 4, 5, 6, 7, 8, 9, 10, 11, 12}) CHECK(!m.gpr[i].is_constant());
  for (size_t i : {1, 2, 13, 14, 30, 31}) CHECK(m.gpr[i].constant() == 0x100 + i);
  CHECK(m.lr.constant() == kCode + 0x40);
  CHECK(!m.ctr.is_constant());
  CHECK(!m.cr.is_constant());
}

TEST_CASE("no vector register is known after a call of firmware") {
  auto guest = set_mode(1), host = reinit(2);
  for (verify::Machine* m : {&guest, &host}) {
    REQUIRE(m->vr[0][0].constant() == uint64_t{7});
    REQUIRE(went(*m));
    for (const auto& vector : m->vr)
      for (const verify::Value& half : vector) CHECK(!half.is_constant());
  }
}

TEST_CASE("an answer that is not 0 changes nothing but registers, and covers what it says") {
  for (const auto& refusal : set_mode(0).firmware.refusals()) {
    auto m = set_mode(0);
    m.firmware.answer = refusal.value;
    REQUIRE(went(m));
    CHECK(m.interrupts == verify::InterruptOrders{1});
    auto order = verify::compare(m.gpr[3], verify::Value(0), true);
    CHECK(order.equal.is_constant);
    CHECK(!order.equal.one);
    CHECK(order.less.is_constant);
  }
  // 9900 .. 9905, all of the long ones, are within the third.
  for (uint64_t number = 9900; number <= 9905; ++number)
    CHECK(!verify::Value(number).differs_from(set_mode(0).firmware.refusals()[2].value));
}

TEST_CASE("another call, or another use of this one, is not known") {
  for (auto [gpr, value] : {std::pair<size_t, uint64_t>{3, 0x8}, {4, 2}, {5, 3}, {6, 1}, {7, 1}}) {
    auto m = set_mode(0);
    m.gpr[gpr] = verify::Value(value);
    CHECK(step(m).kind == verify::Step::Kind::kUnknown);
  }
  auto open = set_mode(0);
  open.gpr[3] = verify::Value::unknown();
  CHECK(step(open).kind == verify::Step::Kind::kUnknown);
  auto nobody = set_mode(0);
  nobody.firmware.papr = false;
  CHECK(step(nobody).kind == verify::Step::Kind::kUnknown);
}

TEST_CASE("OPAL is one step at its entry, for who comes as it wants to be entered") {
  auto m = reinit(1);
  REQUIRE(went(m));
  CHECK(m.interrupts == verify::InterruptOrders{0});
  CHECK(m.pc == kCode + 0x40);
  CHECK(m.gpr[31].constant() == uint64_t{0x11f});
  CHECK(!m.gpr[2].is_constant());
  auto little = reinit(2);
  REQUIRE(went(little));
  CHECK(little.interrupts == verify::InterruptOrders{1});

  auto wrong = [](auto change) {
    auto m = reinit(1);
    change(m);
    return step(m).kind == verify::Step::Kind::kUnknown;
  };
  CHECK(wrong([](auto& m) { m.msr = verify::Value(msr::kSf | msr::kHv | msr::kLe); }));
  CHECK(wrong([](auto& m) { m.msr = verify::Value(msr::kSf); }));
  CHECK(wrong([](auto& m) { m.msr = verify::Value(msr::kSf | msr::kHv | msr::kEe); }));
  CHECK(wrong([](auto& m) { m.gpr[2] = verify::Value(0x8008); }));
  CHECK(wrong([](auto& m) { m.gpr[0] = verify::Value(71); }));
  CHECK(wrong([](auto& m) { m.gpr[3] = verify::Value(3); }));
  CHECK(wrong([](auto& m) { m.lr = verify::Value::unknown(); }));
}
