// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How does a function say that the *world* is wrong: an unreadable file, a truncated ELF image?
//
// Result<T> is a value or a Failure: a sentence for the user (lower case, no full stop, both sides
// named) and the kind of thing that failed. Mistakes in the user's program are Diagnostics
// (diagnostics/diagnostic.h), mistakes of ours abort (BATON_CHECK): neither travels in here.
//
//   Result<ByteBuffer> bytes = read_file(path); if (!bytes) return bytes.failure();
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "base/address.h"

namespace baton {

struct Failure {
  enum class Kind {
    kNotFound,    // no such file, or not a readable regular file
    kMalformed,   // the bytes are not what they say they are
    kUnsuitable,  // well-formed, and not usable for this
    kEnvironment  // the operating system refused (disk full, permission)
  };
  Kind kind = Kind::kMalformed;
  std::string message;
  std::string way_out = {};  // what the user can do, or empty
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}
  Result(Failure failure) : state_(std::move(failure)) {}

  bool ok() const { return std::holds_alternative<T>(state_); }
  explicit operator bool() const { return ok(); }
  T& operator*() { return std::get<T>(state_); }
  const T& operator*() const { return std::get<T>(state_); }
  T* operator->() { return &std::get<T>(state_); }
  const T* operator->() const { return &std::get<T>(state_); }
  const Failure& failure() const { return std::get<Failure>(state_); }

 private:
  std::variant<T, Failure> state_;
};

/// For what succeeds without a value.
struct Done {};

}  // namespace baton
