// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Questions and answers, one at a time. See debugger.h.
#include "replay/debugger.h"

#include <algorithm>

namespace baton::replay {
namespace {

/// To start and for all answers: the time in which the machine runs is not among it.
constexpr double kTalkSeconds = 45;
constexpr size_t kMostDocument = 1 << 20;
constexpr unsigned kInterrupted = 2;

std::string hex_digits(uint64_t number) {
  ByteBuffer bytes;
  append(bytes, number, Endian::kBig);
  const std::string text = to_hex(bytes);
  return text.substr(std::min(text.find_first_not_of('0'), text.size() - 1));
}

}  // namespace

Result<Debugger> Debugger::start(const std::string& program, std::vector<std::string> arguments, const std::vector<int>& inherited) {
  for (const char* more : {"-S", "-gdb", "stdio", "-nodefaults", "-no-user-config", "-display", "none", "-monitor", "none", "-serial", "none", "-no-reboot"})
    arguments.push_back(more);
  auto child = Child::start(program, arguments, inherited);
  if (!child) return child.failure();
  Debugger debugger(std::move(*child), in_seconds(kTalkSeconds));
  auto begun = debugger.begin();
  if (!begun) return begun.failure();
  return debugger;
}

Failure Debugger::failure(const std::string& what) const {
  const std::string complaint = child_.complaint();
  return {Failure::Kind::kEnvironment, what + (complaint.empty() ? "" : " (" + complaint + ")")};
}

Result<std::optional<std::string>> Debugger::answer(Deadline until) {
  while (true) {
    if (auto packet = reader_.next()) {
      if (!*packet) return packet->failure();
      auto taken = child_.send("+", until);
      if (!taken) return failure(taken.failure().message);
      return std::optional<std::string>(std::move(**packet));
    }
    auto bytes = child_.receive(until);
    if (!bytes) return failure(bytes.failure().message);
    if (bytes->empty()) return std::optional<std::string>();
    reader_.feed(*bytes);
  }
}

Result<std::string> Debugger::ask(const std::string& question) {
  auto sent = child_.send(packet(question), until_);
  if (!sent) return failure(sent.failure().message);
  auto text = answer(until_);
  if (!text) return text.failure();
  const std::string shown = question.substr(0, 40);
  if (!*text) return failure("it does not answer `" + shown + "`");
  const std::string& said = **text;
  if (said.empty() || (said.size() == 3 && said[0] == 'E')) return failure("it answers `" + shown + "` with `" + said + "`");
  return said;
}

Result<std::string> Debugger::document(const std::string& name) {
  std::string content;
  while (content.size() < kMostDocument) {
    auto piece = ask("qXfer:features:read:" + name + ":" + hex_digits(content.size()) + ",800");
    if (!piece) return piece.failure();
    content += piece->substr(1);
    if ((*piece)[0] != 'm') return content;
    if (piece->size() == 1) break;
  }
  return failure("its description of registers does not end");
}

Result<Done> Debugger::begin() {
  auto supported = ask("qSupported:xmlRegisters=powerpc");
  if (!supported) return supported.failure();
  auto target = document("target.xml");
  if (!target) return target.failure();
  uint64_t next = 0;
  for (const std::string& file : included_files(*target)) {
    auto registers = document(file);
    if (!registers) return registers.failure();
    add_registers(*registers, numbers_, next);
  }
  for (const char* name : {"r0", "r31", "pc", "msr", "cr", "lr", "ctr", "xer", "srr0", "srr1"})
    if (!has(name)) return failure(std::string("it has no register ") + name);
  return Done{};
}

Result<ByteBuffer> Debugger::raw(const std::string& name) {
  auto number = numbers_.find(name);
  if (number == numbers_.end()) return failure("it has no register " + name);
  auto text = ask("p" + hex_digits(number->second));
  if (!text) return text.failure();
  auto bytes = from_hex(*text);
  if (!bytes || bytes->empty() || bytes->size() > 16) return failure("it answers `" + text->substr(0, 40) + "` for " + name);
  sizes_[name] = bytes->size();
  return std::move(*bytes);
}

/// Registers come in the order that the CPU is in. MSR[LE] is the lowest bit, and the one at its other end is never set.
Result<Endian> Debugger::order() {
  if (!order_) {
    auto bytes = raw("msr");
    if (!bytes) return bytes.failure();
    order_ = (bytes->front() & 1) != 0 ? Endian::kLittle : Endian::kBig;
  }
  return *order_;
}

Result<uint64_t> Debugger::get(const std::string& name) {
  auto in = order();
  if (!in) return in.failure();
  auto bytes = raw(name);
  if (!bytes) return bytes.failure();
  if (*in == Endian::kLittle) std::reverse(bytes->begin(), bytes->end());
  uint64_t value = 0;
  for (uint8_t byte : *bytes) value = value << 8 | byte;
  return value;
}

Result<Done> Debugger::write(const std::string& name, ByteView bytes) {
  auto number = numbers_.find(name);
  if (number == numbers_.end()) return failure("it has no register " + name);
  auto done = ask("P" + hex_digits(number->second) + "=" + to_hex(bytes));
  if (!done) return done.failure();
  if (*done != "OK") return failure("it does not set " + name);
  return Done{};
}

Result<Done> Debugger::set(const std::string& name, uint64_t value) {
  auto in = order();
  if (!in) return in.failure();
  if (sizes_.count(name) == 0)
    if (auto known = raw(name); !known) return known.failure();
  ByteBuffer bytes;
  append(bytes, value, Endian::kBig);
  const size_t size = sizes_.at(name);
  if (size > bytes.size()) bytes.insert(bytes.begin(), size - bytes.size(), uint8_t{0});
  bytes.erase(bytes.begin(), bytes.end() - static_cast<std::ptrdiff_t>(size));
  if (*in == Endian::kLittle) std::reverse(bytes.begin(), bytes.end());
  return write(name, bytes);
}

Result<Done> Debugger::set_vector(const std::string& name, uint64_t high, uint64_t low) {
  ByteBuffer bytes;
  append(bytes, high, Endian::kBig);
  append(bytes, low, Endian::kBig);
  return write(name, bytes);
}

Result<Done> Debugger::begin_setting() {
  auto now = get("msr");
  if (!now) return now.failure();
  return set_msr(*now & ~uint64_t{1});
}

Result<Done> Debugger::set_msr(uint64_t value) {
  auto done = set("msr", value);
  order_.reset();
  return done;
}

Result<Done> Debugger::break_at(uint64_t address) {
  auto done = ask("Z1," + hex_digits(address) + ",4");
  if (!done) return done.failure();
  return Done{};
}

Result<Done> Debugger::unbreak(uint64_t address) {
  auto done = ask("z1," + hex_digits(address) + ",4");
  if (!done) return done.failure();
  return Done{};
}

Result<Debugger::Went> Debugger::go(double seconds) {
  order_.reset();
  auto sent = child_.send(packet("c"), until_);
  if (!sent) return failure(sent.failure().message);
  const auto started = std::chrono::steady_clock::now();
  auto text = answer(in_seconds(seconds));
  until_ += std::chrono::steady_clock::now() - started;
  if (!text) return text.failure();
  const bool asked_to_stop = !*text;
  if (asked_to_stop) {
    if (sent = child_.send("\x03", until_); !sent) return failure(sent.failure().message);
    text = answer(until_);
    if (!text) return text.failure();
    if (!*text) return failure("it does not stop");
  }
  auto stop = read_stop(**text);
  if (!stop) return failure("the machine ended with `" + (*text)->substr(0, 40) + "`");
  // It may have come to a breakpoint at the very moment at which it was interrupted.
  return asked_to_stop && stop->signal == kInterrupted ? Went::kStillRunning : Went::kStopped;
}

Result<Done> Debugger::step() {
  order_.reset();
  auto text = ask("s");
  if (!text) return text.failure();
  if (!read_stop(*text)) return failure("the machine ended with `" + text->substr(0, 40) + "`");
  return Done{};
}

}  // namespace baton::replay
