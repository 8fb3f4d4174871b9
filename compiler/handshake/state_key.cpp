// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// States as bytes, so that each is kept once and small. Per CPU in the order of the renaming: what constrains its next
// store, then per event its status and what that status makes meaningful. Ids and masks are renamed along. Like CPUs are
// first put in the order of what can be said of each without naming another; where that is the same, the smallest of
// the renamings that are left stands for the state.
//
//   slave1 waits, slave2 has fetched   and   slave1 has fetched, slave2 waits   ->   the same bytes
#include <utility>

#include "handshake/machine.h"

namespace baton::handshake {
namespace {

struct Renaming {
  const Program& program;
  std::array<uint8_t, kMostCpus> old_of{}, new_of{};
  EventId id(EventId from) const {
    return from >= kInitial ? from : static_cast<EventId>(program.id_of(new_of[program.cpu_of(from)], program.place_of(from)));
  }
  /// CPUs that take each other's place have as many events.
  uint64_t mask(uint64_t from) const {
    uint64_t to = 0;
    for (size_t cpu = 0; cpu < program.ops.size(); ++cpu) {
      const size_t count = program.ops[cpu].size();
      if (count == 0) continue;
      to |= (from >> program.first[cpu] & ~uint64_t{0} >> (kMostEvents - count)) << program.first[new_of[cpu]];
    }
    return to;
  }
  uint8_t cpus(uint8_t from, size_t count) const {
    unsigned to = 0;
    for (size_t cpu = 0; cpu < count; ++cpu)
      if (from & cpu_bit(cpu)) to |= cpu_bit(new_of[cpu]);
    return static_cast<uint8_t>(to);
  }
};

constexpr uint8_t kHasNeed = 4;

void put_mask(std::string& out, uint64_t mask, const Program& program) {
  for (size_t i = 0; 8 * i < program.events(); ++i) out.push_back(static_cast<char>(mask >> (8 * i)));
}
uint64_t get_mask(const uint8_t*& in, const Program& program) {
  uint64_t mask = 0;
  for (size_t i = 0; 8 * i < program.events(); ++i) mask |= uint64_t{*in++} << (8 * i);
  return mask;
}

/// A digest of what a CPU has done, and of what has reached it from CPUs that have no like.
uint64_t rank_of(const Program& program, const State& s, size_t cpu) {
  uint64_t rank = s.absent & cpu_bit(cpu) ? 1 : 0;
  auto mix = [&](uint64_t part) { rank = (rank ^ part) * 0x9e3779b97f4a7c15ull; };
  for (size_t i = 0; i < program.ops[cpu].size(); ++i) mix(static_cast<uint64_t>(s.status[program.id_of(cpu, i)]));
  for (size_t from = 0; from < program.ops.size(); ++from) {
    bool has_like = false;
    for (size_t other = 0; other < program.ops.size(); ++other)
      has_like |= other != from && program.kind[other] == program.kind[from];
    for (size_t i = 0; !has_like && i < program.ops[from].size(); ++i) mix(s.reached[program.id_of(from, i)] >> cpu & 1u);
  }
  return rank;
}

std::string bytes_of(const Program& program, const State& s, const Renaming& r) {
  std::string out;
  out.reserve(160);
  const size_t cpus = program.ops.size();
  auto put = [&](unsigned byte) { out.push_back(static_cast<char>(byte)); };
  put(unsigned{r.cpus(s.absent, cpus)} | (s.wrong ? 0x80u : 0u));
  for (size_t slot = 0; slot < cpus; ++slot) {
    const size_t cpu = r.old_of[slot];
    put(s.behind[cpu] ? 1 : 0);
    if (s.behind[cpu]) put_mask(out, r.mask(s.behind[cpu]), program);
    if (program.meets) put_mask(out, r.mask(s.earlier[cpu]), program);
    for (size_t i = 0; i < program.ops[cpu].size(); ++i) {
      const size_t id = program.id_of(cpu, i);
      const Op& o = program.ops[cpu][i];
      const Status status = s.status[id];
      put(static_cast<unsigned>(status) | (s.need[id] ? unsigned{kHasNeed} : 0u));
      if (s.need[id]) put_mask(out, r.mask(s.need[id]), program);
      if (status == Status::kEarly || status == Status::kDone) {
        if (o.reads() || o.act == Act::kFetch || o.act == Act::kAdd) put(r.id(s.read[id]));
        if (o.travels()) put(r.cpus(s.reached[id], cpus));
        if (program.meets && o.writes()) put_mask(out, r.mask(s.before[id]), program);
        if (o.act == Act::kDcbst)
          for (size_t k = 0; k < program.lines[o.line].size(); ++k) put(r.id(s.pushed[id][k]));
      }
    }
    for (const auto& words : program.lines)
      for (uint8_t word : words) {
        put(r.id(s.stale[cpu][word]));
        put(r.id(s.held[cpu][word]));
      }
  }
  for (size_t w = 0; w < program.model.words.size(); ++w) {
    put(s.stored[w]);
    for (size_t k = 0; k < s.stored[w]; ++k) put(r.id(s.order[w][k]));
  }
  return out;
}

}  // namespace

std::string Machine::key(const State& s) const {
  std::string least;
  std::array<uint64_t, kMostCpus> rank{};
  if (program_.orders.size() > 1)
    for (size_t cpu = 0; cpu < program_.ops.size(); ++cpu) rank[cpu] = rank_of(program_, s, cpu);
  for (const auto& order : program_.orders) {
    bool in_order = true;
    for (size_t a = 0; a < order.size(); ++a)
      for (size_t b = a + 1; b < order.size(); ++b)
        if (program_.kind[a] == program_.kind[b] && rank[order[a]] > rank[order[b]]) in_order = false;
    if (!in_order) continue;
    Renaming r{program_};
    for (size_t slot = 0; slot < order.size(); ++slot) {
      r.old_of[slot] = order[slot];
      r.new_of[order[slot]] = static_cast<uint8_t>(slot);
    }
    std::string bytes = bytes_of(program_, s, r);
    if (least.empty() || bytes < least) least = std::move(bytes);
  }
  return least;
}

State Machine::from_key(const std::string& key) const {
  State s;
  s.read.fill(kNothing);
  for (auto& pushed : s.pushed) pushed.fill(kNothing);
  for (size_t cpu = 0; cpu < kMostCpus; ++cpu)
    for (size_t w = 0; w < kMostWords; ++w) s.stale[cpu][w] = s.held[cpu][w] = static_cast<EventId>(kInitial + w);
  const size_t cpus = program_.ops.size();
  const uint8_t* in = reinterpret_cast<const uint8_t*>(key.data());
  s.wrong = *in & 0x80;
  s.absent = *in++ & 0x7f;
  for (size_t cpu = 0; cpu < cpus; ++cpu) {
    if (*in++) s.behind[cpu] = get_mask(in, program_);
    if (program_.meets) s.earlier[cpu] = get_mask(in, program_);
    for (size_t i = 0; i < program_.ops[cpu].size(); ++i) {
      const size_t id = program_.id_of(cpu, i);
      const Op& o = program_.ops[cpu][i];
      const uint8_t byte = *in++;
      s.status[id] = static_cast<Status>(byte & 3);
      if (byte & kHasNeed) s.need[id] = get_mask(in, program_);
      if (s.status[id] == Status::kEarly || s.status[id] == Status::kDone) {
        if (o.reads() || o.act == Act::kFetch || o.act == Act::kAdd) s.read[id] = *in++;
        if (o.travels()) s.reached[id] = *in++;
        if (program_.meets && o.writes()) s.before[id] = get_mask(in, program_);
        if (o.act == Act::kDcbst)
          for (size_t k = 0; k < program_.lines[o.line].size(); ++k) s.pushed[id][k] = *in++;
      }
    }
    for (const auto& words : program_.lines)
      for (uint8_t word : words) {
        s.stale[cpu][word] = *in++;
        s.held[cpu][word] = *in++;
      }
  }
  for (size_t w = 0; w < program_.model.words.size(); ++w) {
    s.stored[w] = *in++;
    for (size_t k = 0; k < s.stored[w]; ++k) s.order[w][k] = *in++;
  }
  BATON_CHECK(in == reinterpret_cast<const uint8_t*>(key.data() + key.size()), "a state's bytes have another length");
  return s;
}

}  // namespace baton::handshake
