// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// fork and exec, with nothing between them that may not stand there. See child.h.
#include "replay/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace baton::replay {
namespace {

Failure refused(const std::string& what) { return {Failure::Kind::kEnvironment, what + ": " + std::strerror(errno)}; }

/// Milliseconds for poll.
int until_then(Deadline until) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
  return static_cast<int>(std::clamp<long long>(left + 1, 0, 60'000));
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

std::optional<std::string> find_program(const std::string& name) {
  auto runs = [](const std::string& path) { return ::access(path.c_str(), X_OK) == 0; };
  if (name.find('/') != std::string::npos) return runs(name) ? std::optional(name) : std::nullopt;
  const char* variable = std::getenv("PATH");
  const std::string folders = variable ? variable : "";
  for (size_t at = 0; at < folders.size() && !name.empty();) {
    const size_t end = std::min(folders.find(':', at), folders.size());
    // An empty part is the current folder, from which nothing is run by accident.
    if (end != at)
      if (std::string path = folders.substr(at, end - at) + "/" + name; runs(path)) return path;
    at = end + 1;
  }
  return std::nullopt;
}

Result<Child> Child::start(const std::string& program, const std::vector<std::string>& arguments, const std::vector<int>& inherited) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return refused("no socket for " + program);
  Descriptor ours(ends[0]), theirs(ends[1]);
  Descriptor errors(::memfd_create("errors", MFD_CLOEXEC));
  if (!errors) return refused("no memory for what " + program + " says");
  std::vector<std::string> texts{program};
  texts.insert(texts.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  const pid_t parent = ::getpid(), process = ::fork();
  if (process < 0) return refused("no process for " + program);
  if (process == 0) {
    // A Ctrl-C at the terminal is ours; we end it.
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
    for (int number : inherited) ::fcntl(number, F_SETFD, 0);
    if (::dup2(theirs.number(), 0) < 0 || ::dup2(theirs.number(), 1) < 0 || ::dup2(errors.number(), 2) < 0) ::_exit(127);
    ::execv(program.c_str(), pointers.data());
    ::_exit(127);
  }
  Child child;
  child.process_ = process;
  child.socket_ = std::move(ours);
  child.errors_ = std::move(errors);
  return child;
}

Child::Child(Child&& other) noexcept : process_(other.process_), socket_(std::move(other.socket_)), errors_(std::move(other.errors_)) {
  other.process_ = -1;
}

Child::~Child() {
  if (process_ <= 0) return;
  ::kill(process_, SIGKILL);
  while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Result<Done> Child::send(const std::string& bytes, Deadline until) {
  for (size_t sent = 0; sent < bytes.size();) {
    const ssize_t n = ::send(socket_.number(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) {
      sent += static_cast<size_t>(n);
    } else if (errno == EAGAIN || errno == EINTR) {
      pollfd ready{socket_.number(), POLLOUT, 0};
      if (::poll(&ready, 1, until_then(until)) == 0) return Failure{Failure::Kind::kEnvironment, "it takes no more questions"};
    } else {
      return Failure{Failure::Kind::kEnvironment, "it has ended"};
    }
  }
  return Done{};
}

Result<std::string> Child::receive(Deadline until) {
  std::string bytes(16 << 10, '\0');
  while (true) {
    pollfd ready{socket_.number(), POLLIN, 0};
    const int answer = ::poll(&ready, 1, until_then(until));
    if (answer < 0 && errno == EINTR) continue;
    if (answer <= 0) return std::string();
    const ssize_t n = ::recv(socket_.number(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n <= 0) return Failure{Failure::Kind::kEnvironment, "it has ended"};
    bytes.resize(static_cast<size_t>(n));
    return bytes;
  }
}

std::string Child::complaint() const {
  std::string text(4096, '\0');
  const ssize_t n = ::pread(errors_.number(), text.data(), text.size(), 0);
  text.resize(n > 0 ? static_cast<size_t>(n) : 0);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  text.erase(0, text.rfind('\n') + 1);
  for (char& c : text) c = c < ' ' || c > '~' ? '?' : c;
  return text.substr(0, 200);
}

}  // namespace baton::replay
