// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What do inputs/ and emit/devicetree make of a file? For scripts that ask another program the same.
//
//   inputs_tool edit IN.dtb OUT.dtb [set|create NODE PROPERTY HEX] [drop NODE PROPERTY] [reserve START SIZE]
//                                   [own START GRANULE] [cpu N] [kexec] [version N] ...
//   inputs_tool machine IN.dtb             one line a fact: NAME<tab>VALUE<tab>ORIGIN
//   inputs_tool folder DIR OUT.dtb         a folder like /proc/device-tree, flattened
//   inputs_tool live ROOT OUT.dtb          the live machine of a copy of /proc and /sys, as a facts file
//   inputs_tool elf IN OUT.bin             the file-backed image; prints base, size, entry, order
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>

#include "emit/devicetree.h"
#include "inputs/digest.h"
#include "inputs/elf.h"
#include "inputs/live_machine.h"
#include "inputs/tree_folder.h"
#include "inputs/tree_machine.h"
#include "tool.h"

using namespace baton;

namespace {

ByteBuffer from_hex(const std::string& text) {
  ByteBuffer bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2)
    bytes.push_back(static_cast<uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)));
  return bytes;
}

void write(const std::string& path, const std::vector<ByteView>& views) {
  std::ofstream out(path, std::ios::binary);
  for (ByteView view : views) out.write(reinterpret_cast<const char*>(view.data()), static_cast<long>(view.size()));
  if (!out) stop("cannot write " + path);
}

class Arguments {
 public:
  Arguments(int count, char** values) : values_(values + 1, values + count) {}
  bool more() const { return next_ < values_.size(); }
  std::string text() {
    if (!more()) stop("an argument is missing");
    return values_[next_++];
  }
  uint64_t number() { return std::stoull(text(), nullptr, 0); }

 private:
  std::vector<std::string> values_;
  size_t next_ = 0;
};

void edit(Arguments& arguments) {
  auto base = must(inputs::read_tree(must(MappedFile::open(arguments.text()))));
  std::string out = arguments.text();
  emit::TreeEdits edits;
  while (arguments.more()) {
    std::string word = arguments.text();
    if (word == "set" || word == "create" || word == "drop") {
      emit::TreePropertyEdit property{arguments.text(), arguments.text()};
      if (word != "drop") property.value = from_hex(arguments.text());
      property.create = word == "create";
      edits.properties.push_back(std::move(property));
    } else if (word == "reserve") {
      Address start{arguments.number()};
      edits.reserve.push_back(Range::at(start, Size{arguments.number()}));
    } else if (word == "own") {
      Address start{arguments.number()};
      edits.own = emit::OwnReservation{start, Size{arguments.number()}};
    } else if (word == "cpu") {
      edits.boot_cpuid_phys = static_cast<uint32_t>(arguments.number());
    } else if (word == "may-boot") {
      edits.boot_cpus.push_back(static_cast<uint32_t>(arguments.number()));
    } else if (word == "version") {
      edits.format = emit::find_blob_format(arguments.number());
      if (edits.format == nullptr) stop("no such version");
    } else if (word == "kexec") {
      edits.booted_from_kexec = true;
    } else {
      stop("unknown edit " + word);
    }
  }
  ByteBuffer blob = must(emit::edit_tree(base, edits));
  write(out, {blob});
}

void machine(Arguments& arguments) {
  auto tree = must(inputs::read_tree(must(MappedFile::open(arguments.text()))));
  auto machine = must(inputs::machine_from_tree(tree, "m"));
  for (const auto& [name, fact] : machine.facts) {
    bool count = fact.value.type() == model::Type::kInt;
    std::cout << name << '\t' << (count ? std::to_string(static_cast<uint64_t>(fact.value.number())) : model::to_text(fact.value))
              << '\t' << fact.origin << '\n';
  }
}

void elf(Arguments& arguments) {
  auto image = must(inputs::read_elf(must(MappedFile::open(arguments.text()))));
  write(arguments.text(), image.views());
  std::cout << hex(image.base()) << ' ' << hex(image.size()) << ' ' << hex(image.entry_offset()) << ' '
            << to_text(image.order()) << ' ' << inputs::to_text(inputs::sha256(image.views())) << '\n';
}

void folder(Arguments& arguments) {
  auto tree = must(inputs::read_tree_at(arguments.text()));
  write(arguments.text(), {tree.blob()});
}

void live(Arguments& arguments) {
  auto blob = must(inputs::read_live_machine(arguments.text()));
  write(arguments.text(), {blob.bytes()});
}

}  // namespace

int main(int count, char** values) {
  Arguments arguments(count, values);
  std::string word = arguments.text();
  if (word == "edit") edit(arguments);
  else if (word == "machine") machine(arguments);
  else if (word == "folder") folder(arguments);
  else if (word == "live") live(arguments);
  else if (word == "elf") elf(arguments);
  else stop("unknown command " + word);
}
