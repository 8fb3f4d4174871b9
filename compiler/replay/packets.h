// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How are questions and answers of a debugging stub written?
//
// GDB's remote protocol as bytes: "$body#sum". Answers come from another program and are not trusted: a packet is never
// longer than kMostPacket, its sum is checked, and what is no packet is a failure after kMostNoise bytes. The texts inside
// (numbers in hex, the list of registers, why the machine stopped) are read here too. No sockets and no machine here.
//
//   PacketReader reader; reader.feed("+$OK#9a"); reader.next() -> "OK"
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace baton::replay {

/// Of a packet's text, its runs written out.
inline constexpr size_t kMostPacket = 64 << 10;
/// Between two packets, where only acknowledgements belong.
inline constexpr size_t kMostNoise = 256;
/// Registers have numbers below this.
inline constexpr uint64_t kMostRegisters = 4096;

/// "$body#sum"; what would end a packet is escaped.
std::string packet(std::string_view body);

class PacketReader {
 public:
  void feed(std::string_view bytes) { waiting_ += bytes; }
  /// The next packet's text; nullopt when more has to come; a Failure when what came is none. After that nothing comes.
  std::optional<Result<std::string>> next();

 private:
  std::string waiting_;
};

std::string to_hex(ByteView bytes);
/// Pairs of hex digits, and nothing else.
std::optional<ByteBuffer> from_hex(std::string_view text);
/// 1 to 16 hex digits, and nothing else.
std::optional<uint64_t> number_from_hex(std::string_view text);

/// The files that a target description includes, at most 32.
std::vector<std::string> included_files(std::string_view document);
/// Adds the registers of one such file, name -> number; the first of a name counts. Those without a number follow the one
/// before, the first of them gets `next`, which is moved on.
void add_registers(std::string_view document, std::map<std::string, unsigned>& registers, uint64_t& next);

/// "T05thread:p01.01;" stopped by a breakpoint or a step (5), by being interrupted (2).
struct Stop {
  unsigned signal = 0;
};
std::optional<Stop> read_stop(std::string_view answer);

}  // namespace baton::replay
