// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each reader takes what it knows and refuses the rest. See packets.h.
#include "replay/packets.h"

#include <algorithm>

namespace baton::replay {
namespace {

using Kind = Failure::Kind;

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

uint8_t sum_of(std::string_view body) {
  uint8_t sum = 0;
  for (char c : body) sum = static_cast<uint8_t>(sum + static_cast<uint8_t>(c));
  return sum;
}

Failure malformed(std::string what) { return {Kind::kMalformed, "the debugging stub " + std::move(what)}; }

/// `}` escapes the character behind it; `*` and a count repeat the one before it.
Result<std::string> written_out(std::string_view body) {
  std::string text;
  for (size_t i = 0; i < body.size(); ++i) {
    if (body[i] == '}' && i + 1 < body.size()) {
      text += static_cast<char>(body[++i] ^ 0x20);
    } else if (body[i] == '*' && i + 1 < body.size() && !text.empty()) {
      const int count = static_cast<uint8_t>(body[++i]) - 29;
      if (count < 1 || count > 97) return malformed("repeats a character " + std::to_string(count) + " times");
      text.append(static_cast<size_t>(count), text.back());
    } else {
      text += body[i];
    }
    if (text.size() > kMostPacket) return malformed("sends more than " + std::to_string(kMostPacket) + " characters at once");
  }
  return text;
}

/// The value of `name="value"` in a tag.
std::optional<std::string_view> attribute(std::string_view tag, std::string_view name) {
  for (size_t at = tag.find(name); at != std::string_view::npos; at = tag.find(name, at + 1)) {
    std::string_view rest = tag.substr(at + name.size());
    const bool begins = at > 0 && (tag[at - 1] == ' ' || tag[at - 1] == '\t' || tag[at - 1] == '\n');
    if (!begins || rest.size() < 2 || rest[0] != '=' || (rest[1] != '"' && rest[1] != '\'')) continue;
    const size_t end = rest.find(rest[1], 2);
    if (end == std::string_view::npos) return std::nullopt;
    return rest.substr(2, end - 2);
  }
  return std::nullopt;
}

/// Each tag that begins with `opening`, without its brackets.
template <typename Visit>
void each_tag(std::string_view document, std::string_view opening, Visit visit) {
  for (size_t at = document.find(opening); at != std::string_view::npos; at = document.find(opening, at + 1)) {
    const size_t end = document.find('>', at);
    if (end == std::string_view::npos) return;
    visit(document.substr(at, end - at));
  }
}

}  // namespace

std::string packet(std::string_view body) {
  std::string escaped;
  for (char c : body) {
    if (c == '$' || c == '#' || c == '}' || c == '*') {
      escaped += '}';
      escaped += static_cast<char>(c ^ 0x20);
    } else {
      escaped += c;
    }
  }
  const uint8_t sum = sum_of(escaped);
  return "$" + escaped + "#" + to_hex(ByteView(&sum, 1));
}

std::optional<Result<std::string>> PacketReader::next() {
  const size_t start = waiting_.find('$');
  if (start == std::string::npos) {
    if (waiting_.size() <= kMostNoise) return std::nullopt;
    return malformed("sends no packets");
  }
  if (start > kMostNoise) return malformed("sends no packets");
  const size_t end = waiting_.find('#', start);
  if (end == std::string::npos || waiting_.size() - end < 3) {
    if (waiting_.size() - start <= kMostPacket + 4) return std::nullopt;
    return malformed("sends a packet of more than " + std::to_string(kMostPacket) + " characters");
  }
  const std::string body = waiting_.substr(start + 1, end - start - 1), sum = waiting_.substr(end + 1, 2);
  waiting_.erase(0, end + 3);
  auto stated = number_from_hex(sum);
  if (!stated || *stated != sum_of(body)) return malformed("sends a packet whose sum is wrong");
  return written_out(body);
}

std::string to_hex(ByteView bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::optional<ByteBuffer> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  ByteBuffer bytes;
  for (size_t i = 0; i < text.size(); i += 2) {
    const int high = digit(text[i]), low = digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes.push_back(static_cast<uint8_t>(high << 4 | low));
  }
  return bytes;
}

std::optional<uint64_t> number_from_hex(std::string_view text) {
  if (text.empty() || text.size() > 16) return std::nullopt;
  uint64_t number = 0;
  for (char c : text) {
    if (digit(c) < 0) return std::nullopt;
    number = number << 4 | static_cast<uint64_t>(digit(c));
  }
  return number;
}

std::vector<std::string> included_files(std::string_view document) {
  constexpr size_t kMost = 32;
  std::vector<std::string> files;
  each_tag(document, "<xi:include", [&](std::string_view tag) {
    if (auto file = attribute(tag, "href"); file && !file->empty() && files.size() < kMost) files.emplace_back(*file);
  });
  return files;
}

void add_registers(std::string_view document, std::map<std::string, unsigned>& registers, uint64_t& next) {
  each_tag(document, "<reg ", [&](std::string_view tag) {
    auto name = attribute(tag, "name");
    if (!name || name->empty()) return;
    if (auto stated = attribute(tag, "regnum")) {
      if (stated->empty() || stated->size() > 4 || !std::all_of(stated->begin(), stated->end(), [](char c) { return c >= '0' && c <= '9'; })) return;
      next = 0;
      for (char c : *stated) next = 10 * next + static_cast<uint64_t>(c - '0');
    }
    if (next >= kMostRegisters) return;
    std::string lower(*name);
    for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    registers.emplace(std::move(lower), static_cast<unsigned>(next));
    ++next;
  });
}

std::optional<Stop> read_stop(std::string_view answer) {
  if (answer.size() < 3 || (answer[0] != 'T' && answer[0] != 'S')) return std::nullopt;
  auto signal = number_from_hex(answer.substr(1, 2));
  if (!signal) return std::nullopt;
  return Stop{static_cast<unsigned>(*signal)};
}

}  // namespace baton::replay
