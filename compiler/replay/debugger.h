// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does a CPU of a machine that stands still hold, and how is it made to go on?
//
// Speaks GDB's remote protocol with the debugging stub of a QEMU that it starts stopped, with one CPU: registers by their
// names (special ones too, as QEMU's own description numbers them), breakpoints, and going on for a bounded time. It knows
// nothing of stubs and conventions.
//
//   auto d = Debugger::start("qemu-system-ppc64", arguments, {ram}); d->set("r3", 5); d->break_at(0x8000000); d->go(10)
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "replay/child.h"
#include "replay/packets.h"

namespace baton::replay {

class Debugger {
 public:
  /// `arguments` describe the machine; how it is spoken to is added.
  static Result<Debugger> start(const std::string& program, std::vector<std::string> arguments, const std::vector<int>& inherited);

  bool has(const std::string& name) const { return numbers_.count(name) != 0; }
  /// Of at most 64 bits; the low ones of a wider one.
  Result<uint64_t> get(const std::string& name);
  Result<Done> set(const std::string& name, uint64_t value);
  /// 128 bits, the high half first.
  Result<Done> set_vector(const std::string& name, uint64_t high, uint64_t low);
  /// The MSR comes last: it may change the byte order in which registers are written.
  Result<Done> set_msr(uint64_t value);
  /// From here on registers are written big-endian, until set_msr.
  Result<Done> begin_setting();

  Result<Done> break_at(uint64_t address);
  Result<Done> unbreak(uint64_t address);
  enum class Went { kStopped, kStillRunning };  // the latter: it was then interrupted
  Result<Went> go(double seconds);
  Result<Done> step();

 private:
  Debugger(Child child, Deadline until) : child_(std::move(child)), until_(until) {}
  Result<Done> begin();
  Result<std::string> ask(const std::string& question);
  Result<std::string> document(const std::string& name);
  /// An answer, or nothing by then.
  Result<std::optional<std::string>> answer(Deadline until);
  Result<ByteBuffer> raw(const std::string& name);
  Result<Endian> order();
  Result<Done> write(const std::string& name, ByteView bytes);
  Failure failure(const std::string& what) const;

  Child child_;
  Deadline until_;  // for all that is said
  PacketReader reader_;
  std::map<std::string, unsigned> numbers_;
  std::map<std::string, size_t> sizes_;
  std::optional<Endian> order_;
};

}  // namespace baton::replay
