// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Any bytes as a device tree: refused with a sentence, or read, judged as a machine, written out as a program in
// which nothing of the tree's own text leaves its comment, and edited, and the edited blob is read again: it keeps
// what it must, and its size does not depend on addresses.
#include <algorithm>
#include <cstdlib>

#include "emit/devicetree.h"
#include "inputs/tree_machine.h"
#include "report/machine_text.h"

using namespace baton;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

emit::TreeEdits edits_at(uint64_t address, size_t choice) {
  emit::TreeEdits edits;
  const auto& formats = emit::blob_formats();
  edits.format = &formats[choice % formats.size()];
  ByteBuffer value;
  append<uint64_t>(value, address, Endian::kBig);
  edits.properties = {{"/chosen", "linux,initrd-start", value, true}, {"/chosen", "bootargs"}, {"/a/b@1", "c", value, true}};
  edits.reserve = {Range::from_to(address, address + 0x1000), Range::from_to(0x7000, 0x7800)};
  edits.own = emit::OwnReservation{Address{address}, Size{0x10000}};
  edits.booted_from_kexec = true;
  return edits;
}

/// Outside of comments there are clauses of attributes only, whatever names and strings the tree has.
void require_program(const std::string& text) {
  bool in_machine = false;
  for (size_t at = 0, end = 0; at < text.size(); at = end + 1) {
    end = text.find('\n', at);
    require(end != std::string::npos);
    std::string_view line(text.data() + at, end - at);
    require(std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c <= '~'; }));
    if (size_t comment = line.find("//"); comment != std::string_view::npos) line = line.substr(0, comment);
    while (line.ends_with(' ')) line.remove_suffix(1);
    if (line.empty() || line == "language 1;") continue;
    if (line == "machine m {" || line == "}") {
      require(in_machine == (line == "}"));
      in_machine = !in_machine;
      continue;
    }
    size_t equals = line.find(" = ");
    require(in_machine && equals != std::string_view::npos && line.starts_with("  ") && line.find(';') == line.size() - 1);
    require(model::find_machine_attribute(std::string(line.substr(2, equals - 2))) != nullptr);
  }
  require(!in_machine);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto tree = inputs::read_tree(MappedFile::from_bytes(ByteBuffer(data, data + size), "fuzz"));
  if (!tree) {
    require(tree.failure().message.rfind("`fuzz` ", 0) == 0);
    return 0;
  }
  auto machine = inputs::machine_from_tree(*tree, "m");
  if (machine) {
    for (const auto& [name, fact] : machine->facts) {
      const auto* attribute = model::find_machine_attribute(name);
      require(attribute != nullptr && attribute->type == fact.value.type() && !fact.origin.empty());
    }
    std::string anything(reinterpret_cast<const char*>(data), std::min<size_t>(size, 300));
    require_program(report::machine_text(*machine, {.doc = {anything}, .remarks = {anything}}));
  } else {
    require(machine.failure().message.rfind("`fuzz`: ", 0) == 0);
  }
  auto measured = emit::edit_tree(*tree, edits_at(0, size));
  auto placed = emit::edit_tree(*tree, edits_at(0x4000000, size));
  require(measured.ok() == placed.ok());
  if (!placed) return 0;
  require(measured->size() == placed->size());
  auto again = inputs::read_tree(MappedFile::from_bytes(*placed, "again"));
  uint32_t version = edits_at(0, size).format->version;
  require(again.ok() || version < 3);  // libfdt reads no version 1, and some of version 2 it takes for damaged
  if (!again) return 0;
  auto chosen = again->find("/chosen");
  require(chosen && again->property(*chosen, "linux,booted-from-kexec") && !again->property(*chosen, "bootargs"));
  const auto& map = again->reserve_map();
  auto kept = tree->lasting_reservations();
  require(map.size() >= kept.size() + 2 && std::equal(kept.begin(), kept.end(), map.begin()));
  return 0;
}
