// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does it cost to find a place among a million stretches of memory, and to put their list in order?
//
// Three things on the same lists, in turns within one run: our search; the search of Linux (arch/powerpc/kexec/file_load_64.c
// of 6.12, locate_mem_hole_bottom_up_ppc64), written anew from its description: between two excluded ranges it walks all of
// memory, and again for the next two; and the order in which kexec-tools puts ranges, by exchanging neighbours
// (kexec/arch/ppc64/kexec-ppc64.c sort_base_ranges), against a set's. Each is the best of some rounds; the ratio is the
// figure. Memory is the worst case for a search from below: every stretch but the last is too small.
//
//   holes_bench [--most 1000000]
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

#include "placement/holes.h"

using namespace baton;
using namespace baton::placement;

namespace {

constexpr uint64_t kKiB = 1024, kMiB = 1024 * kKiB;

/// Stretches of 192 KiB in steps of 256, and one of 1 GiB behind them.
std::vector<Range> memory_of(size_t count) {
  std::vector<Range> ranges;
  ranges.reserve(count);
  Wide at = 0;
  for (size_t i = 0; i + 1 < count; ++i, at += 256 * kKiB) ranges.push_back(Range::from_to(at, at + 192 * kKiB));
  ranges.push_back(Range::from_to(at, at + 1024 * kMiB));
  return ranges;
}

/// 64 of them, far apart: kernel, firmware, tables.
std::vector<Range> excluded_in(const std::vector<Range>& memory) {
  std::vector<Range> ranges;
  for (size_t i = 0; i < 64; ++i) {
    const Range& member = memory[memory.size() * i / 65];
    ranges.push_back(Range{member.begin, Address{member.begin.wide() + 64 * kKiB}});
  }
  return ranges;
}

struct Inclusive {
  uint64_t start, end;
};

std::vector<Inclusive> inclusive(const std::vector<Range>& ranges) {
  std::vector<Inclusive> out;
  for (const Range& r : ranges) out.push_back({r.begin.value(), static_cast<uint64_t>(r.end.wide() - 1)});
  return out;
}

/// Linux's: 0 where there is none.
uint64_t kernel_search(const std::vector<Inclusive>& memory, const std::vector<Inclusive>& excluded, uint64_t size,
                       uint64_t align, uint64_t least, uint64_t most) {
  auto between = [&](uint64_t low, uint64_t high) -> uint64_t {
    for (const Inclusive& part : memory) {
      uint64_t start = std::max(part.start, low), end = std::min(part.end, high);
      start = (start + align - 1) / align * align;
      if (start < end && end - start + 1 >= size) return start;
    }
    return 0;
  };
  uint64_t low = least;
  for (const Inclusive& hole : excluded) {
    if (hole.end < low) continue;
    if (hole.start > low)
      if (uint64_t found = between(low, std::min(most, hole.start - 1))) return found;
    low = hole.end + 1;
    if (low > most) return 0;
  }
  return between(low, most);
}

/// kexec-tools': neighbours change places until all are in order.
void exchange_sort(std::vector<Inclusive>& ranges) {
  for (size_t i = 0; i + 1 < ranges.size(); ++i)
    for (size_t j = 0; j + 1 < ranges.size() - i; ++j)
      if (ranges[j].start > ranges[j + 1].start) std::swap(ranges[j], ranges[j + 1]);
}

/// Microseconds of the quickest of `rounds`.
template <typename F>
double best(int rounds, F run) {
  double least = 1e300;
  for (int i = 0; i < rounds; ++i) {
    auto begin = std::chrono::steady_clock::now();
    run();
    least = std::min(least, std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count());
  }
  return least;
}

void searches(size_t most) {
  std::printf("%-10s %14s %14s %14s %10s\n", "stretches", "index, us", "one query, us", "Linux's, us", "ratio");
  for (size_t count : {size_t{1000}, size_t{126976}, size_t{1000000}}) {
    if (count > most) continue;
    const std::vector<Range> ranges = memory_of(count), kept = excluded_in(ranges);
    const std::vector<Inclusive> plain = inclusive(ranges), excluded = inclusive(kept);
    HoleRequest request;
    request.name = "segment";
    request.size = Size{16 * kMiB};
    request.granule = request.align = Size{64 * kKiB};
    request.within.push_back({RangeSet(ranges), "within machine.ram", {}});
    request.avoid.push_back({RangeSet(kept), "kept", {}});
    const double build = best(3, [&] { SizeIndex index(request.within[0].ranges); });
    const SizeIndex sizes(request.within[0].ranges);
    request.sizes = &sizes;
    std::optional<Address> ours;
    uint64_t theirs = 0;
    double query = 1e300, linear = 1e300;
    for (int round = 0; round < 9; ++round) {
      query = std::min(query, best(3, [&] { ours = find_hole(request).start; }));
      linear = std::min(linear, best(1, [&] { theirs = kernel_search(plain, excluded, 16 * kMiB, 64 * kKiB, 0, ~uint64_t{0} - 1); }));
    }
    if (!ours || ours->value() != theirs) {
      std::printf("the searches disagree among %zu\n", count);
      std::exit(1);
    }
    std::printf("%-10zu %14.0f %14.1f %14.0f %10.0f\n", count, build, query, linear, linear / query);
  }
}

void orders() {
  std::printf("\n%-10s %14s %14s %10s\n", "ranges", "a set, us", "kexec-tools'", "ratio");
  std::mt19937 random(1);
  for (size_t count : {size_t{1000}, size_t{4000}, size_t{16000}}) {
    std::vector<Range> ranges = memory_of(count);
    std::shuffle(ranges.begin(), ranges.end(), random);
    const std::vector<Inclusive> plain = inclusive(ranges);
    double ours = best(9, [&] { RangeSet set(ranges); });
    std::vector<Inclusive> sorted;
    double theirs = best(1, [&] {
      sorted = plain;
      exchange_sort(sorted);
    });
    std::printf("%-10zu %14.0f %14.0f %10.0f\n", count, ours, theirs, theirs / ours);
  }
}

}  // namespace

int main(int count, char** words) {
  size_t most = 1000000;
  if (count == 3 && std::strcmp(words[1], "--most") == 0) most = std::strtoull(words[2], nullptr, 10);
  searches(most);
  orders();
  return 0;
}
