// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How is another program run, spoken to and surely ended?
//
// Its standard input and output are one socket that nobody else has a name for, what it says besides goes into memory, and
// it dies with us: by kill and wait when the object goes, by the kernel when this process does. No shell, no files.
//
//   auto child = Child::start({"qemu-system-ppc64", ...}, {ram}); child->send(text); child->receive(deadline)
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace baton::replay {

using Deadline = std::chrono::steady_clock::time_point;
inline Deadline in_seconds(double seconds) {
  return std::chrono::steady_clock::now() + std::chrono::duration_cast<std::chrono::steady_clock::duration>(std::chrono::duration<double>(seconds));
}

/// A file descriptor that is closed when it goes.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(other.number_) { other.number_ = -1; }
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();
  int number() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }

 private:
  int number_;
};

/// The path of a program that can be run: as it is where it has a slash, else where PATH finds it.
std::optional<std::string> find_program(const std::string& name);

class Child {
 public:
  /// `inherited`: descriptors that it keeps, under the numbers they have here.
  static Result<Child> start(const std::string& program, const std::vector<std::string>& arguments, const std::vector<int>& inherited);
  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;
  ~Child();

  Result<Done> send(const std::string& bytes, Deadline until);
  /// What came; empty when nothing did until then; a Failure when it has ended.
  Result<std::string> receive(Deadline until);
  /// The last line of what it said on standard error, shortened.
  std::string complaint() const;

 private:
  Child() = default;

  int process_ = -1;
  Descriptor socket_, errors_;
};

}  // namespace baton::replay
