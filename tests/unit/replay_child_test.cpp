// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Programs are spoken to and surely ended; memory that another process maps is compared page by page; and a debugging stub
// that lies, is silent, talks on or dies is an answer in words. The stubs here are scripts that play one.
#include <doctest/doctest.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "replay/child.h"
#include "replay/debugger.h"
#include "replay/guest_memory.h"
#include "replay/packets.h"

using namespace baton;
using namespace baton::replay;

namespace {

Result<Child> shell(const std::string& script) { return Child::start("/bin/sh", {"-c", script}, {}); }

std::string all_of(Child& child) {
  std::string all;
  while (true) {
    auto bytes = child.receive(in_seconds(20));
    if (!bytes || bytes->empty()) return all;
    all += *bytes;
  }
}

/// What comes of a debugging stub that a script plays; its arguments are those of a machine, and it ignores them.
std::string began(const std::string& script) {
  auto debugger = Debugger::start("/bin/sh", {"-c", script}, {});
  return debugger ? "began" : debugger.failure().message;
}

}  // namespace

TEST_CASE("a child's output is read, and its complaint kept") {
  auto child = shell("read line; echo \"got $line\"; echo first >&2; printf 'last\\033 one\\n' >&2");
  REQUIRE(child);
  CHECK(child->send("hello\n", in_seconds(20)));
  CHECK(all_of(*child) == "got hello\n");
  CHECK(child->complaint() == "last? one");
}

TEST_CASE("a child that goes on is ended and waited for") {
  int process = 0;
  {
    auto child = shell("echo $$; while :; do sleep 1000; done");
    REQUIRE(child);
    auto text = child->receive(in_seconds(20));
    REQUIRE(text);
    process = std::stoi(*text);
    CHECK(::kill(process, 0) == 0);
  }
  CHECK(::kill(process, 0) != 0);  // not even as a zombie
  CHECK(errno == ESRCH);
}

TEST_CASE("nothing in time is no failure, and a program that is not there is one") {
  auto silent = shell("sleep 1000");
  REQUIRE(silent);
  auto nothing = silent->receive(in_seconds(0.05));
  REQUIRE(nothing);
  CHECK(nothing->empty());
  auto missing = Child::start("/nonexistent/program", {}, {});
  REQUIRE(missing);  // it is started, and ends at once
  CHECK(!missing->receive(in_seconds(20)));
  CHECK(!find_program("/nonexistent/program"));
  CHECK(!find_program("no-such-program-anywhere"));
  CHECK(find_program("sh"));
  CHECK(find_program("/bin/sh") == "/bin/sh");
  CHECK(!find_program(""));
}

TEST_CASE("a child that reads nothing does not hold us up") {
  auto child = shell("sleep 1000");
  REQUIRE(child);
  CHECK(!child->send(std::string(8 << 20, 'x'), in_seconds(0.2)));
}

TEST_CASE("changes of memory are found wherever they are") {
  auto memory = GuestMemory::create(uint64_t{1} << 32);
  REQUIRE(memory);
  const ByteBuffer bytes{1, 2, 3, 4};
  memory->put(0x1000, bytes);
  memory->put(0xffff'fffe, bytes);  // half of it
  memory->put(uint64_t{1} << 40, bytes);
  auto was = [](uint64_t page, std::span<uint8_t> into) {
    if (page == 0x1000) into[1] = 2;
  };
  auto changes = memory->changes(was, 100);
  CHECK(changes == std::map<uint64_t, uint8_t>{{0x1000, 1}, {0x1002, 3}, {0x1003, 4}, {0xffff'fffe, 1}, {0xffff'ffff, 2}});
  CHECK(memory->changes(was, 2).size() == 2);
  CHECK(memory->clear());
  CHECK(memory->changes([](uint64_t, std::span<uint8_t>) {}, 100).empty());
}

TEST_CASE("a debugging stub that is none is told in words") {
  CHECK(began("exit 0").find("it has ended") != std::string::npos);
  CHECK(began("echo 'no such machine' >&2; exit 1").find("no such machine") != std::string::npos);
  CHECK(began("head -c 100000 /dev/zero; sleep 1000").find("sends no packets") != std::string::npos);
  CHECK(began("printf '$OK#00'; sleep 1000").find("whose sum is wrong") != std::string::npos);
  CHECK(began("printf '$'; head -c 200000 /dev/zero | tr '\\0' a; sleep 1000").find("a packet of more than") != std::string::npos);
  CHECK(began("printf '$E01#a6'; sleep 1000").find("answers `qSupported") != std::string::npos);
  CHECK(began("printf '$#00'; sleep 1000").find("answers `qSupported") != std::string::npos);
}

TEST_CASE("a description without an end, or without registers, is refused") {
  const std::string more = packet("m" + std::string(2000, ' ')), end = packet("l<target/>");
  CHECK(began("exec 3<&0; cat <&3 >/dev/null & while :; do printf '" + more + "'; done").find("does not end") != std::string::npos);
  CHECK(began("printf '" + packet("m") + packet("m") + "'; sleep 1000").find("does not end") != std::string::npos);
  CHECK(began("printf '" + packet("x") + end + "'; sleep 1000").find("has no register r0") != std::string::npos);
}
