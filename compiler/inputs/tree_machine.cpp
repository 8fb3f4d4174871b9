// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One function per attribute or group of them. Property names and their shapes: arch/powerpc/kernel/prom.c
// and kexec/core.c, skiboot's device-tree pages, PAPR. See tree_machine.h.
#include "inputs/tree_machine.h"

#include <algorithm>

#include "inputs/live_facts.h"
#include "inputs/tree_memory.h"

namespace baton::inputs {

using model::Value;

namespace {

constexpr Wide kGiB = Wide{1} << 30;

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
    if (live_ && !live_->crash_notes.empty())
      machine_.notes = model::CrashNotes{live_->crash_notes, live_->vmcoreinfo, "/baton,facts crash-notes"};
    remark_notes();
    using Step = Trouble (MachineReader::*)();
    for (Step step : {&MachineReader::read_ram, &MachineReader::read_cpus, &MachineReader::derive_rma,
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

  /// A CPU that has no note by now is not in a dump; without vmcoreinfo a dump is read with the kernel's own symbols only.
  void remark_notes() {
    if (!machine_.notes) return;
    size_t notes = machine_.notes->cpus.size();
    if (live_->possible_cpus > notes)
      remark(std::to_string(live_->possible_cpus) + " CPUs are possible (/baton,facts cpus-possible), and " + std::to_string(notes) +
             " have a crash note: a CPU that comes later is not in a dump");
    if (!machine_.notes->vmcoreinfo) remark("vmcoreinfo is not known: /baton,facts has none, and makedumpfile needs it to leave pages out");
  }

  // --- ram, rma -------------------------------------------------------------------------------

  Trouble read_ram() {
    auto memory = read_memory(tree_);
    if (!memory) return memory.failure();
    memory_ = std::move(*memory);
    for (std::string& text : memory_.remarks) remark(std::move(text));
    if (memory_.ram.empty()) {
      absent("ram", "the tree has no enabled node of device_type \"memory\" with a size");
      return std::nullopt;
    }
    if (auto failure = limit_ram()) return failure;
    set("ram", Value::of(memory_.ram), memory_.origin);
    return std::nullopt;
  }

  /// `mem=`: what a kernel leaves alone is not its memory, and may be somebody else's. The limit counts bytes from below
  /// (memblock_enforce_memory_limit), and is above the crash reservation by the time it is written. What was plugged since,
  /// above it, only the kernel's own list knows.
  Trouble limit_ram() {
    if (!chosen_) return std::nullopt;
    auto limit = read_number(tree_, *chosen_, "linux,memory-limit");
    if (!limit) return limit.failure();
    if (!*limit || **limit == 0) return std::nullopt;
    RangeSet used;
    if (live_ && !live_->system_ram.empty()) {
      used = memory_.ram.intersect(live_->system_ram);
      memory_.origin += ", of it /baton,facts iomem, System RAM";
    } else {
      Wide left = **limit;
      for (const Range& range : memory_.ram) {
        if (left == 0) break;
        Wide part = std::min(left, range.size().wide());
        used.add(Range::at(range.begin, Size{part}));
        left -= part;
      }
    }
    memory_.origin += ", up to /chosen linux,memory-limit";
    if (used.empty()) return malformed(*chosen_, "linux,memory-limit", "leaves no memory: /baton,facts iomem has no System RAM where the tree has memory");
    if (RangeSet unused = memory_.ram.except(used); !unused.empty())
      remark(human(unused.total_size()) + " of memory are left alone by the running kernel (`mem=`), and by placement");
    memory_.ram = std::move(used);
    return std::nullopt;
  }

  /// Bare metal reaches all of memory in real mode. A guest reaches its first bank, of which processors
  /// before ISA 3.0 see 1 GiB at most; a processor nobody knows counts as such.
  Trouble derive_rma() {
    set("hypervisor", Value::of_int(opal_ ? 1 : 0), opal_ ? "/ibm,opal" : "no /ibm,opal");
    if (opal_ && !memory_.ram.empty()) {
      set("rma", Value::of(Range{memory_.ram.front().begin, memory_.ram.back().end}), "/ibm,opal: all of ram");
    } else if (!opal_ && memory_.lowest) {
      Range rma = *memory_.lowest;
      std::string origin = memory_.lowest_origin;
      auto isa = machine_.number("isa");
      Address limit{std::max(rma.begin.wide(), kGiB)};
      if ((!isa || *isa < 300) && rma.end > limit) {
        rma.end = limit;
        origin += ", at most 1GiB " + std::string(isa ? "before ISA 3.0" : "as the ISA level is not known");
      }
      if (rma.empty())
        absent("rma", "the lowest memory, " + memory_.lowest_origin + ", lies above the 1GiB that is reached with translation off");
      else
        set("rma", Value::of(rma), origin);
    } else {
      absent("rma", "no memory node has a size");
    }
    return std::nullopt;
  }

  // --- cpus, kexec_slaves, isa, cache_block ----------------------------------------------------------------

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
        read_cache_block(id);
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
    if (cache_block_ && every_block_is_known_) set("cache_block", Value::of(Size{*cache_block_}), cache_block_origin_);
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

  /// The smallest of all, of data and of instructions (devicetree specification 3.8); nothing where one CPU leaves it open.
  void read_cache_block(NodeId id) {
    for (const char* property : {"d-cache-block-size", "i-cache-block-size"}) {
      auto size = read_number(tree_, id, property);
      if (!size || !*size || !is_power_of_two(**size) || **size < 4 || **size > 4096) {
        every_block_is_known_ = false;
      } else if (!cache_block_ || **size < *cache_block_) {
        cache_block_ = **size;
        cache_block_origin_ = tree_.path(id) + " " + property;
      }
    }
  }

  // --- what /chosen says of the running kernel ------------------------------------------------

  Trouble read_kernel() {
    if (auto failure = read_kernel_end()) return failure;
    if (auto failure = chosen_range("crashkernel", "linux,crashkernel-base", "linux,crashkernel-size", SecondIs::kSize))
      return failure;
    if (!machine_.find("crashkernel") && live_ && !live_->crash_kernel.empty())
      set("crashkernel", Value::of(live_->crash_kernel), "/baton,facts iomem, Crash kernel");
    shrink_crash_kernel();
    if (live_ && !live_->crash_cma.empty())
      set("crash_cma", Value::of(live_->crash_cma), "/baton,facts crash-cma-ranges");
    if (auto failure = chosen_range("hash_table", "linux,htab-base", "linux,htab-size", SecondIs::kSize)) return failure;
    if (auto failure = chosen_range("initrd", "linux,initrd-start", "linux,initrd-end", SecondIs::kEnd)) return failure;
    bool given_back = live_ && live_->crash_size && live_->crash_size->wide() == 0 && chosen_ && tree_.property(*chosen_, "linux,crashkernel-base");
    if (!machine_.find("crashkernel")) absent("crashkernel", given_back ? "all of it was given back (/baton,facts crash-size)" : "/chosen has no linux,crashkernel-base");
    if (!machine_.find("hash_table")) absent("hash_table", "/chosen has no linux,htab-base (radix, or a guest)");
    if (!machine_.find("initrd")) absent("initrd", "/chosen has no linux,initrd-start");
    return std::nullopt;
  }

  /// /chosen has what was reserved at boot. It can be given back from its end, down to nothing.
  void shrink_crash_kernel() {
    const model::MachineFact* reserved = machine_.find("crashkernel");
    if (!reserved || !live_ || !live_->crash_size) return;
    const RangeSet ranges = reserved->value.ranges();
    if (ranges.count() != 1 || *live_->crash_size >= ranges.front().size()) return;
    std::string origin = reserved->origin + ", of it /baton,facts crash-size";
    machine_.facts.erase("crashkernel");
    if (live_->crash_size->wide() != 0) set("crashkernel", Value::of(RangeSet{Range::at(ranges.front().begin, *live_->crash_size)}), origin);
  }

  Trouble read_kernel_end() {
    if (chosen_) {
      auto end = read_number(tree_, *chosen_, "linux,kernel-end");
      if (!end) return end.failure();
      if (*end && **end != 0) {
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
    auto pairs = read_pairs(tree_, kRootNode, "reserved-ranges", memory_.cells);
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
  TreeMemory memory_;
  std::optional<NodeId> chosen_, opal_;
  std::optional<LiveFacts> live_;
  std::optional<unsigned> isa_;
  std::string isa_origin_;
  std::optional<uint64_t> unknown_cpu_version_;
  std::optional<uint64_t> cache_block_;
  std::string cache_block_origin_;
  bool every_block_is_known_ = true;
};

}  // namespace

Result<model::Machine> machine_from_tree(const DeviceTree& tree, std::string name) {
  return MachineReader(tree, std::move(name)).read();
}

}  // namespace baton::inputs
