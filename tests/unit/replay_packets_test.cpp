// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a debugging stub says is read as it is meant, and what none would say ends in a failure, in bounded memory.
#include <doctest/doctest.h>

#include <random>

#include "replay/packets.h"

using namespace baton;
using namespace baton::replay;

namespace {

std::string one(const std::string& bytes) {
  PacketReader reader;
  reader.feed(bytes);
  auto packet = reader.next();
  REQUIRE(packet);
  REQUIRE_MESSAGE(packet->ok(), packet->failure().message);
  return **packet;
}

bool fails(const std::string& bytes) {
  PacketReader reader;
  reader.feed(bytes);
  auto packet = reader.next();
  return packet && !packet->ok();
}

}  // namespace

TEST_CASE("a question is framed with its sum, and what would end it is escaped") {
  CHECK(packet("g") == "$g#67");
  CHECK(packet("") == "$#00");
  CHECK(packet("a#b") == "$a}\x03" "b#43");
  for (const char* body : {"", "OK", "P41=8000", "$#}*", "a}b"}) CHECK(one(packet(body)) == body);
}

TEST_CASE("an answer is read once all of it is there") {
  const std::string whole = packet("T05thread:p01.01;");
  PacketReader reader;
  for (char c : "+" + whole.substr(0, whole.size() - 1)) {
    reader.feed(std::string(1, c));
    CHECK(!reader.next());
  }
  reader.feed(whole.substr(whole.size() - 1) + "+" + packet("OK"));
  CHECK(**reader.next() == "T05thread:p01.01;");
  CHECK(**reader.next() == "OK");
  CHECK(!reader.next());
}

TEST_CASE("runs of a character are written out") {
  CHECK(one("$0* #7a") == "0000");  // ' ' is 32: three more
  CHECK(fails("$0*\x1d#77"));       // none more
  CHECK(one("$*#2a") == "*");       // nothing to repeat, nothing to count
}

TEST_CASE("what is no packet is refused") {
  CHECK(fails("$OK#00"));
  CHECK(fails("$OK#xy"));
  CHECK(fails(std::string(kMostNoise + 1, '+')));
  CHECK(fails(std::string(kMostNoise + 1, 'x') + packet("OK")));
  CHECK(fails("$" + std::string(kMostPacket + 8, 'a')));
  CHECK(!fails("$" + std::string(kMostPacket - 8, 'a')));  // may still end
  std::string bomb = "$a";
  for (int i = 0; i < 1000; ++i) bomb += "*~";  // 97 more each
  uint8_t sum = 0;
  for (char c : bomb.substr(1)) sum = static_cast<uint8_t>(sum + static_cast<uint8_t>(c));
  CHECK(fails(bomb + "#" + to_hex(ByteView(&sum, 1))));
}

TEST_CASE("no bytes make the reader misbehave") {
  std::mt19937_64 random(1);
  const std::string alphabet = "$#*}+-0aT\x03\xff";
  for (int round = 0; round < 20'000; ++round) {
    PacketReader reader;
    std::string bytes(random() % 40, ' ');
    for (char& c : bytes) c = alphabet[random() % alphabet.size()];
    reader.feed(bytes);
    for (int i = 0; i < 50; ++i) {
      auto packet = reader.next();
      if (!packet || !packet->ok()) break;
      CHECK((**packet).size() <= kMostPacket);
    }
  }
}

TEST_CASE("numbers in hex are digits and nothing else") {
  CHECK(number_from_hex("0") == 0u);
  CHECK(number_from_hex("ffffFFFFffffFFFF") == ~uint64_t{0});
  for (const char* text : {"", "0x1", " 1", "1 ", "-1", "g", "00000000000000001"}) CHECK(!number_from_hex(text));
  CHECK(from_hex("00ff") == ByteBuffer{0, 255});
  CHECK(from_hex("") == ByteBuffer{});
  for (const char* text : {"0", "0g", "xxxxxxxxxxxxxxxx", "00 1"}) CHECK(!from_hex(text));
}

TEST_CASE("registers are numbered as the description says") {
  std::map<std::string, unsigned> registers;
  uint64_t next = 0;
  add_registers("<feature name='x'><reg name=\"r0\" bitsize=\"64\"/>\n<reg bitsize='64' name='R1'/><reg name=\"pc\" regnum=\"64\"/><reg name=\"msr\"/>"
                "<regular name=\"no\"/></feature>", registers, next);
  add_registers("<reg name=\"srr0\"/><reg name=\"msr\"/>", registers, next);
  CHECK(registers == std::map<std::string, unsigned>{{"r0", 0}, {"r1", 1}, {"pc", 64}, {"msr", 65}, {"srr0", 66}});
  CHECK(included_files("<target><xi:include href=\"a.xml\"/><xi:include href=\"\"/><xi:include/><xi:include href='b.xml'") ==
        std::vector<std::string>{"a.xml"});
}

TEST_CASE("a description that makes no sense numbers nothing out of bounds") {
  std::map<std::string, unsigned> registers;
  uint64_t next = 0;
  for (const char* wrong : {"<reg name=\"a\" regnum=\"99999999999999999999\"/>", "<reg name=\"b\" regnum=\"-1\"/>", "<reg name=\"c\" regnum=\"\"/>",
                            "<reg name=\"d", "<reg ", "<reg name=d/>", "<reg name=\"\"/>", "<reg xname=\"e\"/>", "<reg name=\"f\" regnum=\"4096\"/>"})
    add_registers(wrong, registers, next);
  CHECK(registers.empty());
  std::string many;
  for (int i = 0; i < 10'000; ++i) many += "<reg name=\"q" + std::to_string(i) + "\"/>";
  next = 0;
  add_registers(many, registers, next);
  CHECK(registers.size() == kMostRegisters);
  std::string includes;
  for (int i = 0; i < 1000; ++i) includes += "<xi:include href=\"x\"/>";
  CHECK(included_files(includes).size() == 32);
}

TEST_CASE("why a machine stopped") {
  CHECK(read_stop("T05thread:p01.01;")->signal == 5);
  CHECK(read_stop("S02")->signal == 2);
  for (const char* other : {"", "T", "T0", "W00", "X09", "OK", "Tzz", "E01"}) CHECK(!read_stop(other));
}
