// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How many instructions does the judge execute a second, with numbers and with values that are only known by name, and
// how much memory does that take?
//
// Each row is one run of a loop of some millions of steps to its jump, the best of some rounds. That the run arrives is
// checked; the time is not.
//
//   verify_bench [--rounds 3]
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "ppc64/assemble.h"
#include "verify/verify.h"

using namespace baton;
using namespace baton::verify;
namespace msr = baton::ppc64::msr;

namespace {

constexpr uint64_t kStub = 0x4000000, kRoom = 0x5000000, kKernel = 0x6000000;

struct Row {
  const char* name;
  const char* loop;  // r5: memory to be used; ends with bdnz
};

constexpr Row kRows[] = {
    {"numbers: arithmetic", "\tli 6, 1\n\tli 8, 2\n\tli 9, 3\n1:\taddi 6, 6, 3\n\trldicl 7, 6, 5, 10\n\txor 8, 8, 7\n\tadd 9, 9, 8\n\tbdnz 1b\n"},
    {"numbers: loads and stores, a doubleword each", "1:\tldx 6, 5, 10\n\tstdx 6, 11, 10\n\taddi 10, 10, 8\n\trldicl 10, 10, 0, 48\n\tbdnz 1b\n"},
    {"names: rotates and logic", "1:\trldicl 6, 3, 8, 0\n\tor 3, 3, 6\n\trldicr 7, 3, 3, 50\n\txori 3, 3, 1\n\tbdnz 1b\n"},
    {"names: sums, each a result of its own", "1:\tadd 6, 3, 4\n\tadd 7, 6, 3\n\tsubf 8, 7, 6\n\tadd 9, 8, 7\n\tbdnz 1b\n"},
    {"names: loads and stores, a doubleword each", "1:\tstdx 3, 11, 10\n\tldx 6, 11, 10\n\taddi 10, 10, 8\n\trldicl 10, 10, 0, 48\n\tbdnz 1b\n"},
};

double peak_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

void row(const Row& row, uint64_t turns, int rounds) {
  std::string text = "\tlis 5, 0x500\n\tlis 11, 0x501\n\tli 10, 0\n\tlis 12, " + std::to_string(turns >> 16) + "\n\tmtctr 12\n" + row.loop + "\tlis 12, 0x600\n\tmtctr 12\n\tbctr\n";
  auto code = ppc64::assemble(text, Endian::kBig);
  if (!code) {
    std::printf("%s: %s\n", row.name, code.failure().message.c_str());
    std::exit(1);
  }
  const ByteBuffer room(0x20000, 0x5a);
  Loaded loaded{{{"stub", Address{kStub}, code->text, Size{0x1000}}, {"room", Address{kRoom}, room, Size{room.size()}}}, Address{kStub}};
  EntryState from;
  from.msr_known = msr::kSf | msr::kPr | msr::kIr | msr::kDr | msr::kEe;
  from.msr_value = msr::kSf;
  Goals to;
  to.target = Address{kKernel};
  to.msr_any = ~uint64_t{0};
  to.may_write.add(Range::at(Address{kRoom}, Size{room.size()}));
  double least = 1e300;
  uint64_t steps = 0;
  for (int i = 0; i < rounds; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    const Verdict verdict = verify_entry(loaded, from, to, Endian::kBig);
    least = std::min(least, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    if (verdict.outcome() > Outcome::kAssumed) {
      std::printf("%s: %s\n", row.name, verdict.obligations.front().detail.c_str());
      std::exit(1);
    }
    steps = verdict.instructions;
  }
  std::printf("%-48s %10llu %8.1f %12.0f %9.0f\n", row.name, static_cast<unsigned long long>(steps), least * 1e3, static_cast<double>(steps) / least, peak_mib());
}

}  // namespace

int main(int count, char** words) {
  int rounds = 3;
  if (count == 3 && std::strcmp(words[1], "--rounds") == 0) rounds = std::max(1, std::atoi(words[2]));
  std::printf("%-48s %10s %8s %12s %9s\n", "the judge", "steps", "ms", "a second", "peak MiB");
  for (const Row& r : kRows) row(r, 8 << 16, rounds);
  return 0;
}
