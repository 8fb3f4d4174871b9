// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What heads offer: landings, order neutrality, and slave code that stays low, on code assembled here.
#include <ostream>

#include <doctest/doctest.h>

#include "ppc64/assemble.h"
#include "ppc64/head.h"

using namespace baton;
using namespace baton::ppc64;

namespace {

ByteBuffer assembled(const std::string& text, Endian order) {
  auto result = assemble(text, order);
  if (!result) FAIL(result.failure().message);
  return result->text;
}

/// Slave code for a kernel of byte order `order` entered in either: an order switch by rfid whose words
/// are in the other order, then store of the id, wait for an address, jump.
ByteBuffer kernel_like_head(Endian order, const std::string& wait = "ld %r12, 0x38(%r26)") {
  ByteBuffer head(0x100, 0);
  ByteBuffer native = assembled("\ttdi 0, %r0, 0x48\n\tb .+0x2c\n\t.org 0x30, 0\n"
                                "\tmr %r24, %r3\n\tstd %r24, 0x40(0)\n\tsync\n\tli %r26, 0\n"
                                "1:\t" + wait + "\n\tcmpdi %r12, 0\n\tbeq 1b\n\tmtctr %r12\n\tmr %r3, %r24\n"
                                "\tisync\n\tbctr\n", order);
  ByteBuffer swap = assembled("\tmfmsr %r11\n\txori %r11, %r11, 1\n\tli %r10, 0\n\tmtmsrd %r10, 1\n"
                              "\tbcl 20, 31, .+4\n\tmflr %r10\n\taddi %r10, %r10, 0x14\n\tmtsrr0 %r10\n"
                              "\tmtsrr1 %r11\n\trfid\n", other(order));
  std::copy(native.begin(), native.end(), head.begin() + 0x60);
  std::copy(swap.begin(), swap.end(), head.begin() + 0x68);
  return head;
}

}  // namespace

TEST_CASE("slave code of a kernel runs at zero, entered in either byte order") {
  for (Endian image : {Endian::kBig, Endian::kLittle})
    for (Endian arrival : {Endian::kBig, Endian::kLittle}) {
      ByteBuffer head = kernel_like_head(image);
      HeadAnswer answer = check_runs_at_zero(head, 0x60, 0x100, arrival);
      CHECK(answer.answer == Answer::kChecked);
      CHECK(answer.reason == "`bctr` at 0xb8 leaves through ctr, to an address that it loads at 0x38");
      CHECK(check_landing(head, 0x60, arrival).answer == Answer::kChecked);
      CHECK(check_order_neutral(head, 0x60, image).answer == Answer::kChecked);
      CHECK(check_order_neutral(head, 0x60, other(image)).answer == Answer::kRefused);
    }
}

TEST_CASE("what leaves the head is refused with its place") {
  ByteBuffer head = kernel_like_head(Endian::kBig);
  HeadAnswer low = check_runs_at_zero(head, 0x60, 0xa0, Endian::kBig);
  CHECK(low.answer == Answer::kRefused);
  head = kernel_like_head(Endian::kBig, "ld %r12, 0x100(%r26)");
  HeadAnswer load = check_runs_at_zero(head, 0x60, 0x100, Endian::kBig);
  CHECK(load.answer == Answer::kRefused);
  CHECK(load.offset == 0xa0);
  CHECK(load.reason == "`ld %r12, 0x100(%r26)` at 0xa0 loads at 0x100, not below 0x100");
  // The last byte counts, not the first.
  head = kernel_like_head(Endian::kBig, "ld %r12, 0xfc(%r26)");
  CHECK(check_runs_at_zero(head, 0x60, 0x100, Endian::kBig).answer == Answer::kRefused);
  head = kernel_like_head(Endian::kBig, "ld %r12, 0x38(%r5)");
  CHECK(check_runs_at_zero(head, 0x60, 0x100, Endian::kBig).answer == Answer::kAssumed);
}

TEST_CASE("a far branch, an indirect one, a trap and a foreign word") {
  auto at_landing = [](const std::string& text) {
    ByteBuffer code = assembled(text, Endian::kBig), head(0x100, 0);
    std::copy(code.begin(), code.end(), head.begin() + 0x60);
    return check_runs_at_zero(head, 0x60, 0x100, Endian::kBig);
  };
  CHECK(at_landing("\tb .+0x1000\n").answer == Answer::kRefused);
  CHECK(at_landing("\tbeq .+0x1000\n1:\tb 1b\n").answer == Answer::kRefused);
  CHECK(at_landing("\tmtctr %r4\n\tbctr\n").answer == Answer::kAssumed);
  CHECK(at_landing("\ttrap\n").answer == Answer::kRefused);
  CHECK(at_landing("\t.long 0\n").answer == Answer::kAssumed);
  CHECK(at_landing("1:\tb 1b\n").answer == Answer::kChecked);
  CHECK(at_landing("\tli %r5, 0x70\n\tmtlr %r5\n\tblr\n\tnop\n1:\tb 1b\n").answer == Answer::kChecked);
}

TEST_CASE("landings that cannot be one") {
  ByteBuffer head(0x64, 0);
  CHECK(check_landing(head, 0x60, Endian::kBig).reason == "the word at 0x60 is zero");
  store<uint32_t>(head, 0x60, 0x7fe00008, Endian::kBig);
  CHECK(check_landing(head, 0x60, Endian::kBig).reason == "`trap` at 0x60 traps");
  // The same bytes in the other order are a trap that is never taken.
  CHECK(check_landing(head, 0x60, Endian::kLittle).answer == Answer::kChecked);
  store<uint32_t>(head, 0x60, 0x12345678, Endian::kBig);
  CHECK(check_landing(head, 0x60, Endian::kBig).answer == Answer::kRefused);
  CHECK(check_landing(head, 0x64, Endian::kBig).reason == "the image has no instruction at 0x64");
  CHECK(check_landing(head, ~uint64_t{0} - 2, Endian::kBig).answer == Answer::kRefused);
  store<uint32_t>(head, 0x60, 0x48000008, Endian::kBig);
  CHECK(check_landing(head, 0x60, Endian::kBig).answer == Answer::kChecked);
  CHECK(check_order_neutral(head, 0x60, Endian::kBig).answer == Answer::kRefused);
}
