// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One function per attribute or group of them. Property names and their shapes: arch/powerpc/kernel/prom.c
// and kexec/core.c, mm/drmem.c, skiboot's device-tree pages, PAPR. See tree_machine.h.
#include "inputs/tree_machine.h"

#include <algorithm>

#include "inputs/live_facts.h"

namespace baton::inputs {

using model::Value;

namespace {

constexpr Wide kGiB = Wide{1} << 30;

// Flags of a logical memory block (mm/drmem.c): it is there, and nobody else's.
constexpr uint32_t kLmbAssigned = 0x8, kLmbReserved = 0x80;

struct CpuVersion {
  uint32_t version, mask;
  unsigned isa;
};
// The first match counts. Processor versions are the upper half of the PVR.
constexpr CpuVersion kCpuVersions[] = {
    {0x0f000001, 0xffffffff, 204}, {0x0f000002, 0xffffffff, 205}, {0x0f000003, 0xffffffff, 206},
    {0x0f100003, 0xffffffff, 206}, {0x0f000004, 0xffffffff, 207}, {0x0f000005, 0xffffffff, 300},
    {0x0f000006, 0xffffffff, 310}, {0x0f000007, 0xffffffff, 310},
    {0x00350000, 0xffff0000, 200}, {0x00380000, 0xffff0000, 200},                                 // POWER4, 4+
    {0x00390000, 0xffff0000, 201}, {0x003c0000, 0xffff0000, 201}, {0x00440000, 0xffff0000, 201},  // 970, FX, MP
    {0x00450000, 0xffff0000, 201},                                                                // 970GX
    {0x003a0000, 0xffff0000, 202}, {0x003b0000, 0xffff0000, 203},                                 // POWER5, 5+
    {0x003e0000, 0xffff0000, 205},                                                                // POWER6
    {0x003f0000, 0xffff0000, 206}, {0x004a0000, 0xffff0000, 206},                                 // POWER7, 7+
    {0x004b0000, 0xffff0000, 207}, {0x004c0000, 0xffff0000, 207}, {0x004d0000, 0xffff0000, 207},  // POWER8
    {0x004e0000, 0xffff0000, 300}, {0x004f0000, 0xffff0000, 300},                                 // POWER9
    {0x00800000, 0xffff0000, 310}, {0x00820000, 0xffff0000, 310},                                 // POWER10, 11
};

/// A node that says it is not there. Firmware marks banks it found bad this way.
bool is_disabled(const DeviceTree& tree, NodeId id) {
  return tree.property(id, "status") && !tree.says(id, "status", "okay") && !tree.says(id, "status", "ok");
}

class MachineReader {
 public:
  MachineReader(const DeviceTree& tree, std::string name) : tree_(tree) { machine_.name = std::move(name); }

  Result<model::Machine> read() {
    machine_.tree = tree_.file();
    set("tree", Value::tree(tree_.file().path().string()), "the file itself");
    chosen_ = tree_.find("/chosen");
    opal_ = tree_.find("/ibm,opal");
    auto live = read_live_facts(tree_);
    if (!live) return live.failure();
    live_ = *live;
    using Step = Trouble (MachineReader::*)();
    for (Step step : {&MachineReader::read_memory, &MachineReader::read_cpus, &MachineReader::derive_rma,
                      &MachineReader::read_kernel, &MachineReader::read_rtas, &MachineReader::read_opal,
                      &MachineReader::read_tce, &MachineReader::read_reserved, &MachineReader::read_page})
      if (auto failure = (this->*step)()) return *failure;
    return std::move(machine_);
  }

 private:
  using Trouble = std::optional<Failure>;

  void set(const std::string& attribute, Value value, std::string origin) {
    machine_.facts[attribute] = model::MachineFact{std::move(value), std::move(origin), {}};
  }
  void remark(std::string text) { machine_.remarks.push_back(std::move(text)); }
  /// The attribute stands first, so that a clause which states it can take the remark back.
  void absent(const std::string& attribute, const std::string& reason) {
    remark("`" + attribute + "` is not known: " + reason);
  }
  Failure malformed(NodeId id, std::string_view property, const std::string& what) const {
    return Failure{Failure::Kind::kMalformed, place_of(tree_, id, property) + " " + what};
  }

  // --- ram, rma -------------------------------------------------------------------------------

  Trouble read_memory() {
    auto cells = cell_counts(tree_, kRootNode);
    if (!cells) return cells.failure();
    root_cells_ = *cells;
    if (root_cells_.size == 0) return malformed(kRootNode, "#size-cells", "is 0; memory has a size");
    std::vector<Range> banks;
    std::vector<std::string> sources;
    for (NodeId id : tree_.node(kRootNode).children) {
      if (!tree_.says(id, "device_type", "memory")) continue;
      if (is_disabled(tree_, id)) {
        remark(tree_.path(id) + " is disabled: its memory is not counted");
        continue;
      }
      if (auto failure = read_bank(id, banks, sources)) return failure;
    }
    if (auto drconf = tree_.find("/ibm,dynamic-reconfiguration-memory")) {
      size_t before = banks.size();
      if (auto failure = read_lmbs(*drconf, banks)) return failure;
      if (banks.size() != before) sources.push_back(tree_.path(*drconf));
    }
    ram_ = RangeSet(std::move(banks));
    if (ram_.empty()) {
      absent("ram", "the tree has no enabled node of device_type \"memory\" with a size");
      return std::nullopt;
    }
    std::string origin = sources.front();
    if (sources.size() == 2) origin += ", " + sources.back();
    if (sources.size() > 2) origin += " and " + std::to_string(sources.size() - 1) + " more nodes, to " + sources.back();
    set("ram", Value::of(ram_), origin);
    return std::nullopt;
  }

  /// The pairs of one node ascend; empty ones are sockets without memory.
  Trouble read_bank(NodeId id, std::vector<Range>& banks, std::vector<std::string>& sources) {
    if (!tree_.property(id, "reg")) {
      remark(tree_.path(id) + " has no reg: its memory is not counted");
      return std::nullopt;
    }
    auto pairs = read_pairs(tree_, id, "reg", root_cells_);
    if (!pairs) return pairs.failure();
    std::optional<Range> previous;
    for (const Range& pair : *pairs) {
      if (pair.empty()) continue;
      if (previous && pair.begin < previous->end)
        return malformed(id, "reg", "descends: " + to_text(pair) + " stands after " + to_text(*previous));
      if (!previous && (!lowest_ || pair.begin < lowest_->begin)) {
        lowest_ = pair;
        lowest_origin_ = tree_.path(id) + " reg";
      }
      previous = pair;
      banks.push_back(pair);
    }
    if (previous) sources.push_back(tree_.path(id) + " reg");
    return std::nullopt;
  }

  /// Logical memory blocks: one entry each (v1), or one entry for a run of neighbours (v2). A reserved
  /// one stands in a memory node already, or belongs to the platform.
  Trouble read_lmbs(NodeId id, std::vector<Range>& banks) {
    bool first_form = tree_.property(id, "ibm,dynamic-memory").has_value();
    std::string_view property = first_form ? "ibm,dynamic-memory" : "ibm,dynamic-memory-v2";
    auto bytes = tree_.property(id, property);
    if (!bytes) return std::nullopt;
    auto lmb = read_number(tree_, id, "ibm,lmb-size");
    if (!lmb) return lmb.failure();
    if (!*lmb || **lmb == 0) return malformed(id, property, "has blocks of no known size: ibm,lmb-size is absent or 0");
    // v1: address, drc index, reserved, associativity, flags. v2: the number of blocks, then the same
    // without the reserved word.
    size_t address_at = first_form ? 0 : 4;
    size_t width = 4 * root_cells_.address + 16;
    auto count = load<uint32_t>(*bytes, 0, Endian::kBig);
    if (!count || Wide{*count} * width + 4 != bytes->size())
      return malformed(id, property, "has " + std::to_string(bytes->size()) + " bytes, which do not hold the " +
                                         (count ? std::to_string(*count) : "unknown number of") + " entries of " +
                                         std::to_string(width) + " bytes it announces");
    for (size_t at = 4; at < bytes->size(); at += width) {
      uint32_t blocks = first_form ? 1 : *load<uint32_t>(*bytes, at, Endian::kBig);
      uint64_t base = root_cells_.address == 1 ? *load<uint32_t>(*bytes, at + address_at, Endian::kBig)
                                               : *load<uint64_t>(*bytes, at + address_at, Endian::kBig);
      uint32_t flags = *load<uint32_t>(*bytes, at + width - 4, Endian::kBig);
      if ((flags & kLmbAssigned) == 0 || (flags & kLmbReserved) != 0) continue;
      Wide size = Wide{blocks} * **lmb;
      if (Wide{base} + size > kTwoTo64)
        return malformed(id, property, "runs past 2^64: " + std::to_string(blocks) + " blocks of " + hex(**lmb) +
                                           " from " + hex(base));
      banks.push_back(Range::from_to(base, base + size));
    }
    return std::nullopt;
  }

  /// Bare metal reaches all of memory in real mode. A guest reaches its first bank, of which processors
  /// before ISA 3.0 see 1 GiB at most; a processor nobody knows counts as such.
  Trouble derive_rma() {
    set("hypervisor", Value::of_int(opal_ ? 1 : 0), opal_ ? "/ibm,opal" : "no /ibm,opal");
    if (opal_ && !ram_.empty()) {
      set("rma", Value::of(Range{ram_.front().begin, ram_.back().end}), "/ibm,opal: all of ram");
    } else if (!opal_ && lowest_) {
      Range rma = *lowest_;
      std::string origin = lowest_origin_;
      auto isa = machine_.number("isa");
      Address limit{std::max(rma.begin.wide(), kGiB)};
      if ((!isa || *isa < 300) && rma.end > limit) {
        rma.end = limit;
        origin += ", at most 1GiB " + std::string(isa ? "before ISA 3.0" : "as the ISA level is not known");
      }
      set("rma", Value::of(rma), origin);
    } else {
      absent("rma", "no memory node has a size");
    }
    return std::nullopt;
  }

  // --- cpus, kexec_slaves, isa ----------------------------------------------------------------

  Trouble read_cpus() {
    std::vector<uint32_t> ids;
    std::string origin;
    auto cpus = tree_.find("/cpus");
    if (cpus) {
      auto cells = cell_counts(tree_, *cpus);
      if (!cells) return cells.failure();
      for (NodeId id : tree_.node(*cpus).children) {
        if (!tree_.says(id, "device_type", "cpu")) continue;
        std::string_view property = "ibm,ppc-interrupt-server#s";
        if (!tree_.property(id, property)) property = "reg";
        if (auto failure = add_threads(id, property, property == "reg" ? cells->address : 1, ids)) return failure;
        if (origin.empty()) origin = "/cpus/* " + std::string(property);
        if (auto failure = read_isa(id)) return failure;
      }
    }
    std::sort(ids.begin(), ids.end());
    auto twin = std::adjacent_find(ids.begin(), ids.end());
    if (twin != ids.end())
      return malformed(*cpus, origin.substr(origin.rfind(' ') + 1), "gives two threads the id " + std::to_string(*twin));
    std::string slaves = opal_ ? "firmware" : ids.size() == 1 ? "absent" : "arriving";
    set("kexec_slaves", Value::of_word(slaves),
        opal_ ? "/ibm,opal" : ids.size() == 1 ? "one thread in /cpus" : "no /ibm,opal");
    if (ids.empty())
      absent("cpus", "/cpus has no node of device_type \"cpu\"");
    else
      set("cpus", Value::of_ids(std::move(ids)), origin);
    if (!isa_ || unknown_cpu_version_)
      absent("isa", unknown_cpu_version_ ? "cpu-version " + hex(*unknown_cpu_version_) + " is no processor of the table"
                                         : std::string("no cpu node has a cpu-version"));
    else
      set("isa", Value::of_int(*isa_), isa_origin_);
    return std::nullopt;
  }

  Trouble add_threads(NodeId id, std::string_view property, unsigned cells, std::vector<uint32_t>& ids) const {
    auto bytes = tree_.property(id, property);
    if (!bytes) return malformed(id, property, "is missing, and so is ibm,ppc-interrupt-server#s: the CPU has no id");
    size_t width = 4 * cells;
    if (bytes->empty() || bytes->size() % width != 0)
      return malformed(id, property, "has " + std::to_string(bytes->size()) + " bytes; ids have " + std::to_string(width) + " each");
    for (size_t at = 0; at < bytes->size(); at += width) {
      uint64_t value = cells == 1 ? *load<uint32_t>(*bytes, at, Endian::kBig) : *load<uint64_t>(*bytes, at, Endian::kBig);
      if (value > UINT32_MAX) return malformed(id, property, "has the id " + hex(value) + ", which no 32 bits hold");
      ids.push_back(static_cast<uint32_t>(value));
    }
    return std::nullopt;
  }

  /// The lowest level of all processors: what every one of them can execute.
  Trouble read_isa(NodeId id) {
    auto version = read_number(tree_, id, "cpu-version");
    if (!version) return version.failure();
    if (!*version) return std::nullopt;
    auto isa = **version <= UINT32_MAX ? isa_of_cpu_version(static_cast<uint32_t>(**version)) : std::nullopt;
    if (!isa) {
      unknown_cpu_version_ = **version;
    } else if (!isa_ || *isa < *isa_) {
      isa_ = isa;
      isa_origin_ = tree_.path(id) + " cpu-version " + hex(**version);
    }
    return std::nullopt;
  }

  // --- what /chosen says of the running kernel ------------------------------------------------

  Trouble read_kernel() {
    if (auto failure = read_kernel_end()) return failure;
    if (auto failure = chosen_range("crashkernel", "linux,crashkernel-base", "linux,crashkernel-size", SecondIs::kSize))
      return failure;
    if (!machine_.find("crashkernel") && live_ && !live_->crash_kernel.empty())
      set("crashkernel", Value::of(live_->crash_kernel), "/baton,facts iomem, Crash kernel");
    if (auto failure = chosen_range("hash_table", "linux,htab-base", "linux,htab-size", SecondIs::kSize)) return failure;
    if (auto failure = chosen_range("initrd", "linux,initrd-start", "linux,initrd-end", SecondIs::kEnd)) return failure;
    if (!machine_.find("crashkernel")) absent("crashkernel", "/chosen has no linux,crashkernel-base");
    if (!machine_.find("hash_table")) absent("hash_table", "/chosen has no linux,htab-base (radix, or a guest)");
    if (!machine_.find("initrd")) absent("initrd", "/chosen has no linux,initrd-start");
    return std::nullopt;
  }

  Trouble read_kernel_end() {
    if (chosen_) {
      auto end = read_number(tree_, *chosen_, "linux,kernel-end");
      if (!end) return end.failure();
      if (*end) {
        set("running_kernel", Value::of(Range::from_to(0, **end)), "/chosen linux,kernel-end");
        return std::nullopt;
      }
    }
    if (live_ && live_->kernel_end)
      set("running_kernel", Value::of(Range{Address{}, *live_->kernel_end}), "/baton,facts iomem, Kernel lines");
    else
      absent("running_kernel", "linux,kernel-end stands in /proc/device-tree/chosen only, which a facts file has");
    return std::nullopt;
  }

  Trouble chosen_range(const std::string& attribute, std::string_view first, std::string_view second, SecondIs meaning) {
    if (!chosen_) return std::nullopt;
    auto range = read_range(tree_, *chosen_, first, second, meaning);
    if (!range) return range.failure();
    if (*range && !(*range)->empty())
      set(attribute, Value::of(RangeSet{**range}), "/chosen " + std::string(first));
    return std::nullopt;
  }

  // --- firmware -------------------------------------------------------------------------------

  /// rtas-size is firmware's wish; linux,rtas-base says that a kernel has given it memory. Kernels of
  /// 2004 wrote both into /chosen.
  Trouble read_rtas() {
    auto rtas = tree_.find("/rtas");
    for (auto [node, size] : {std::pair(rtas, "rtas-size"), std::pair(chosen_, "linux,rtas-size")}) {
      if (!node) continue;
      auto range = read_range(tree_, *node, "linux,rtas-base", size, SecondIs::kSize, true);
      if (!range) return range.failure();
      if (!*range || (*range)->empty()) continue;
      set("rtas", Value::of(RangeSet{**range}), tree_.path(*node) + " linux,rtas-base, " + size);
      return std::nullopt;
    }
    absent("rtas", rtas ? "there is an RTAS, but /rtas has no linux,rtas-base (a running kernel adds it)" : "there is no /rtas");
    return std::nullopt;
  }

  Trouble read_opal() {
    if (!opal_) {
      for (const char* attribute : {"opal.base", "opal.entry", "opal.memory"}) absent(attribute, "there is no /ibm,opal");
      return std::nullopt;
    }
    for (auto [attribute, property] : {std::pair("opal.base", "opal-base-address"), std::pair("opal.entry", "opal-entry-address")}) {
      auto number = read_number(tree_, *opal_, property);
      if (!number) return number.failure();
      if (*number)
        set(attribute, Value::of(Address{**number}), std::string("/ibm,opal ") + property);
      else
        absent(attribute, std::string("/ibm,opal has no ") + property + " (firmware adds it)");
    }
    // The size is asked for only where a base is: simulators have neither.
    auto memory = read_range(tree_, *opal_, "opal-base-address", "opal-runtime-size", SecondIs::kSize, true);
    if (!memory) return memory.failure();
    if (*memory && !(*memory)->empty())
      set("opal.memory", Value::of(RangeSet{**memory}), "/ibm,opal opal-base-address, opal-runtime-size");
    else
      absent("opal.memory", "/ibm,opal has no opal-runtime-size");
    return std::nullopt;
  }

  Trouble read_tce() {
    RangeSet tables;
    std::string origin;
    for (NodeId id = 0; id < tree_.nodes().size(); ++id) {
      if (!tree_.says(id, "device_type", "pci")) continue;
      auto table = read_range(tree_, id, "linux,tce-base", "linux,tce-size", SecondIs::kSize);
      if (!table) return table.failure();
      if (!*table || (*table)->empty()) continue;
      tables.add(**table);
      origin += (origin.empty() ? "" : ", ") + tree_.path(id) + " linux,tce-base";
    }
    if (tables.empty())
      absent("tce", "no pci node has a linux,tce-base");
    else
      set("tce", Value::of(tables), origin);
    return std::nullopt;
  }

  // --- reserved, page -------------------------------------------------------------------------

  Trouble read_reserved() {
    std::vector<Range> all = tree_.lasting_reservations();
    std::vector<std::string> sources;
    if (!all.empty()) sources.push_back("reserve map");
    if (auto node = tree_.find("/reserved-memory")) {
      size_t before = all.size();
      auto cells = cell_counts(tree_, *node);
      if (!cells) return cells.failure();
      for (NodeId id : tree_.node(*node).children) {
        if (is_disabled(tree_, id)) continue;
        if (!tree_.property(id, "reg")) {
          remark(tree_.path(id) + " has no reg: where it lies is decided at boot, and nothing is kept free for it");
          continue;
        }
        auto pairs = read_pairs(tree_, id, "reg", *cells);
        if (!pairs) return pairs.failure();
        all.insert(all.end(), pairs->begin(), pairs->end());
      }
      if (all.size() != before) sources.push_back("/reserved-memory");
    }
    auto pairs = read_pairs(tree_, kRootNode, "reserved-ranges", root_cells_);
    if (!pairs) return pairs.failure();
    if (!pairs->empty()) sources.push_back("/ reserved-ranges");
    all.insert(all.end(), pairs->begin(), pairs->end());
    RangeSet reserved(std::move(all));
    if (reserved.empty()) {
      absent("reserved", "no reserve map entry, no /reserved-memory, no reserved-ranges");
      return std::nullopt;
    }
    std::string origin;
    for (const std::string& source : sources) origin += (origin.empty() ? "" : ", ") + source;
    set("reserved", Value::of(reserved), origin);
    return std::nullopt;
  }

  /// Only a facts file says it; what holds otherwise is the language's rule (inputs/machine.h).
  Trouble read_page() {
    if (live_ && live_->page) set("page", Value::of(*live_->page), "/baton,facts page-size");
    return std::nullopt;
  }

  const DeviceTree& tree_;
  model::Machine machine_;
  CellCounts root_cells_;
  std::optional<NodeId> chosen_, opal_;
  std::optional<LiveFacts> live_;
  RangeSet ram_;
  std::optional<Range> lowest_;  // first pair of the lowest memory node
  std::string lowest_origin_;
  std::optional<unsigned> isa_;
  std::string isa_origin_;
  std::optional<uint64_t> unknown_cpu_version_;
};

}  // namespace

std::optional<unsigned> isa_of_cpu_version(uint32_t version) {
  for (const CpuVersion& known : kCpuVersions)
    if ((version & known.mask) == known.version) return known.isa;
  return std::nullopt;
}

Result<model::Machine> machine_from_tree(const DeviceTree& tree, std::string name) {
  return MachineReader(tree, std::move(name)).read();
}

}  // namespace baton::inputs
