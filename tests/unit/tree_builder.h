// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Device tree blobs made in memory, for tests: libfdt's sequential writer with fewer words.
//
//   TreeBuilder t; t.begin("memory@0").text("device_type", "memory").cells("reg", {0, 0, 0, 1}).end();
//   read_tree(t.file())
#pragma once

#include <libfdt.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/file.h"

namespace baton::tests {

class TreeBuilder {
 public:
  /// The root, with 2 and 2 cells unless told, stays open.
  explicit TreeBuilder(const std::vector<std::pair<uint64_t, uint64_t>>& reserve = {},
                       std::vector<uint32_t> root_cells = {2, 2})
      : blob_(1 << 20) {
    must(fdt_create(fdt(), static_cast<int>(blob_.size())));
    for (auto [address, size] : reserve) must(fdt_add_reservemap_entry(fdt(), address, size));
    must(fdt_finish_reservemap(fdt()));
    begin("");
    if (!root_cells.empty()) cells("#address-cells", {root_cells[0]}).cells("#size-cells", {root_cells[1]});
  }
  TreeBuilder& begin(const std::string& name) { return must(fdt_begin_node(fdt(), name.c_str())); }
  TreeBuilder& end() { return must(fdt_end_node(fdt())); }
  TreeBuilder& bytes(const std::string& name, const ByteBuffer& value) {
    return must(fdt_property(fdt(), name.c_str(), value.data(), static_cast<int>(value.size())));
  }
  TreeBuilder& cells(const std::string& name, const std::vector<uint32_t>& value) {
    ByteBuffer out;
    for (uint32_t cell : value) append<uint32_t>(out, cell, Endian::kBig);
    return bytes(name, out);
  }
  TreeBuilder& wide(const std::string& name, const std::vector<uint64_t>& value) {
    ByteBuffer out;
    for (uint64_t cell : value) append<uint64_t>(out, cell, Endian::kBig);
    return bytes(name, out);
  }
  TreeBuilder& text(const std::string& name, const std::string& value) {
    return must(fdt_property_string(fdt(), name.c_str(), value.c_str()));
  }
  TreeBuilder& memory(const std::string& name, const std::vector<uint64_t>& reg) {
    return begin(name).text("device_type", "memory").wide("reg", reg).end();
  }
  TreeBuilder& cpu(const std::string& name, const std::vector<uint32_t>& threads, uint32_t version) {
    return begin(name).text("device_type", "cpu").cells("reg", {threads.front()})
        .cells("ibm,ppc-interrupt-server#s", threads).cells("cpu-version", {version}).end();
  }
  /// Closes the root; the builder is used up.
  ByteBuffer blob() {
    end();
    must(fdt_finish(fdt()));
    blob_.resize(fdt_totalsize(fdt()));
    return blob_;
  }
  MappedFile file(const std::string& name = "tree.dtb") { return MappedFile::from_bytes(blob(), name); }

 private:
  void* fdt() { return blob_.data(); }
  TreeBuilder& must(int error) {
    if (error != 0) throw std::runtime_error(fdt_strerror(error));
    return *this;
  }
  ByteBuffer blob_;
};

}  // namespace baton::tests
