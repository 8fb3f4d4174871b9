// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Trees that say by a property who boots: prepared so that one byte makes it right for each CPU.
#include <doctest/doctest.h>

#include "boot_cpu_tree.h"
#include "emit/devicetree.h"
#include "inputs/boot_marks.h"
#include "inputs/written_tree.h"

using namespace baton;
using namespace baton::emit;
using baton::inputs::BootMarks;
using baton::inputs::read_boot_marks;
using baton::tests::cpu_tree;
using baton::tests::CpuOfTree;

namespace {

ByteBuffer prepared(const std::vector<CpuOfTree>& cpus, uint64_t version, std::vector<uint32_t> may_boot) {
  TreeEdits edits;
  edits.format = find_blob_format(version);
  edits.boot_cpus = std::move(may_boot);
  auto blob = edit_tree(cpu_tree(cpus), edits);
  if (!blob) FAIL(blob.failure().message);
  return *blob;
}

BootMarks marks_of(const ByteBuffer& blob) {
  auto marks = read_boot_marks(blob);
  if (!marks) FAIL(marks.failure().message);
  return *marks;
}

}  // namespace

TEST_CASE("one byte makes a prepared tree name each CPU, in every version") {
  for (uint64_t version : {1, 2, 3, 16, 17}) {
    CAPTURE(version);
    for (const auto& cpus : std::vector<std::vector<CpuOfTree>>{{{0}, {1}, {2}, {3}},
                                                                {{0}, {8}, {16}, {24}},
                                                                {{3, 1}, {0, 40}, {0x100}, {7, 9}}}) {
      std::vector<uint32_t> ids;
      for (const CpuOfTree& cpu : cpus) ids.push_back(cpu.id);
      ByteBuffer blob = prepared(cpus, version, ids);
      BootMarks marks = marks_of(blob);
      CHECK_FALSE(marks.boot_cpu());
      REQUIRE(marks.boot_name);
      REQUIRE(marks.other_name);
      CHECK((*marks.boot_name ^ *marks.other_name) < 0x100);
      REQUIRE(marks.cpus.size() == cpus.size());
      for (size_t i = 0; i < cpus.size(); ++i) {
        CHECK(marks.cpus[i].id == ids[i]);
        CHECK_FALSE(marks.cpus[i].boots);  // what the base said is gone
        REQUIRE(marks.cpus[i].name_at);
        ByteBuffer stored = blob;
        stored[*marks.cpus[i].name_at + 3] = static_cast<uint8_t>(*marks.boot_name);
        BootMarks after = marks_of(stored);
        CHECK(after.boot_cpu() == ids[i]);
        CHECK_FALSE(after.cpus[i].name_at);
      }
    }
  }
}

TEST_CASE("nodes of equal content have their places at equal distances") {
  for (size_t more : {0, 1, 4, 7, 8, 12}) {
    CAPTURE(more);
    for (uint64_t version : {1, 2, 17}) {
      CAPTURE(version);
      BootMarks marks = marks_of(prepared({{0, more}, {1, more}, {2, more}, {3, more}, {4, more}}, version, {0, 1, 2, 3, 4}));
      uint64_t distance = *marks.cpus[1].name_at - *marks.cpus[0].name_at;
      for (size_t i = 1; i < 5; ++i) CHECK(*marks.cpus[i].name_at - *marks.cpus[i - 1].name_at == distance);
    }
  }
}

TEST_CASE("a CPU alone is named when the tree is written") {
  BootMarks marks = marks_of(prepared({{0}, {5}}, 1, {5}));
  CHECK(marks.boot_cpu() == 5);
  CHECK_FALSE(marks.other_name);
  for (const auto& cpu : marks.cpus) CHECK_FALSE(cpu.name_at);
}

TEST_CASE("only CPUs that may boot are prepared") {
  BootMarks marks = marks_of(prepared({{0}, {1}, {2}}, 1, {0, 2}));
  CHECK(marks.cpus[0].name_at);
  CHECK_FALSE(marks.cpus[1].name_at);
  CHECK(marks.cpus[2].name_at);
}

TEST_CASE("a CPU without a node of its own cannot be named") {
  TreeEdits edits;
  edits.format = find_blob_format(1);
  edits.boot_cpus = {0, 1};  // a thread of the same core
  auto blob = edit_tree(cpu_tree({{0}, {8}}), edits);
  REQUIRE_FALSE(blob.ok());
  CHECK(blob.failure().message ==
        "no cpu node of `tree.dtb` has 1 in the first cell of its `reg`: where the boot CPU is told by its node, that CPU "
        "cannot be it");
}

TEST_CASE("a blob that ends early is refused, wherever it is cut, and no byte leads astray") {
  ByteBuffer blob = prepared({{0}, {1}}, 1, {0, 1});
  for (size_t size = 0; size < blob.size(); ++size) CHECK_FALSE(read_boot_marks(ByteView(blob).first(size)).ok());
  for (size_t at = 0; at < blob.size(); ++at)
    for (uint8_t value : {0x00, 0x7f, 0xff}) {
      ByteBuffer damaged = blob;
      damaged[at] = value;
      auto marks = read_boot_marks(damaged);
      if (!marks) continue;
      for (const auto& cpu : marks->cpus)
        if (cpu.name_at) CHECK(*cpu.name_at + 4 <= damaged.size());
    }
}

TEST_CASE("a blob of version 1 reads as one of version 3 when it is given that header") {
  for (const auto& cpus : std::vector<std::vector<CpuOfTree>>{{{0}, {1}}, {{0, 9}, {1}, {2, 40}}}) {
    std::vector<uint32_t> ids;
    for (const CpuOfTree& cpu : cpus) ids.push_back(cpu.id);
    auto file = [](ByteBuffer blob) { return MappedFile::from_bytes(std::move(blob), "t.dtb"); };
    MappedFile first = file(prepared(cpus, 1, ids)), third = file(prepared(cpus, 3, ids));
    CHECK_FALSE(inputs::read_tree(first).ok());
    MappedFile later = inputs::with_later_header(first);
    CHECK(ByteBuffer(later.bytes().begin(), later.bytes().end()) == ByteBuffer(third.bytes().begin(), third.bytes().end()));
    CHECK(inputs::read_tree(later).ok());
    CHECK(inputs::with_later_header(third).bytes().data() == third.bytes().data());
  }
}

TEST_CASE("a property of each other CPU is taken from the boot CPU's node by one byte") {
  for (uint64_t version : {2, 16, 17}) {
    CAPTURE(version);
    TreeEdits edits;
    edits.format = find_blob_format(version);
    edits.first_names = {"baton,status", "status"};
    for (const char* path : {"/cpus/PowerPC,970@0", "/cpus/PowerPC,970@1", "/cpus/PowerPC,970@2"})
      edits.properties.push_back({path, "status", ByteBuffer{'h', 'e', 'l', 'd', 0}, true});
    auto blob = edit_tree(cpu_tree({{0}, {1, 12}, {2}}), edits);
    REQUIRE(blob.ok());
    const inputs::MarkNames names{"baton,status", "status"};
    auto marks = read_boot_marks(*blob, names);
    REQUIRE(marks.ok());
    REQUIRE(marks->boot_name);
    REQUIRE(marks->other_name);
    CHECK((*marks->boot_name ^ *marks->other_name) < 0x100);
    for (size_t i = 0; i < 3; ++i) {
      REQUIRE(marks->cpus[i].name_at);
      ByteBuffer stored = *blob;
      stored[*marks->cpus[i].name_at + 3] = static_cast<uint8_t>(*marks->boot_name);
      auto tree = inputs::read_written_tree(stored);
      REQUIRE(tree.ok());
      for (size_t j = 0; j < 3; ++j) {
        auto node = tree->find("/cpus/PowerPC,970@" + std::to_string(j));
        REQUIRE(node);
        CHECK(tree->property(*node, "status").has_value() == (i != j));
      }
    }
  }
}

TEST_CASE("the place of a property is where its bytes are, in every version") {
  for (uint64_t version : {1, 2, 3, 16, 17}) {
    CAPTURE(version);
    TreeEdits edits;
    edits.format = find_blob_format(version);
    edits.properties.push_back({"/chosen", "boots", ByteBuffer{0xde, 0xad, 0xbe, 0xef}, true});
    auto blob = edit_tree(cpu_tree({{0}, {1}}), edits);
    REQUIRE(blob.ok());
    auto at = inputs::property_offset(*blob, "/chosen", "boots");
    REQUIRE(at);
    CHECK(load<uint32_t>(*blob, *at, Endian::kBig) == 0xdeadbeef);
    CHECK(*at % 4 == 0);
    CHECK_FALSE(inputs::property_offset(*blob, "/chosen", "boot"));
    CHECK_FALSE(inputs::property_offset(*blob, "/choosen", "boots"));
  }
  CHECK_FALSE(inputs::property_offset(ByteBuffer(40, 0), "/chosen", "boots"));
}
