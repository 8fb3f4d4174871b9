// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each part in the order in which the loader program takes it (runtime/load/facts.c). See live_machine.h.
#include "inputs/live_machine.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "inputs/live_facts.h"
#include "inputs/tree_folder.h"

namespace baton::inputs {
namespace {

constexpr size_t kLargestText = 16u << 20, kLargestBlob = 64u << 20, kLargestNumber = 4096, kLargestSmallText = 64u << 10;
constexpr uint32_t kBlobMagic = 0xd00dfeed;
constexpr uint64_t kReserveAt = 16, kVersionAt = 20, kBootCpuAt = 28;
constexpr size_t kHeaderOfVersion2 = 32;
constexpr unsigned kMostCpus = 1u << 20;

ByteBuffer text_property(std::string_view text) {
  ByteBuffer bytes(text.begin(), text.end());
  bytes.push_back(0);
  return bytes;
}

ByteBuffer cell(uint32_t value) {
  ByteBuffer bytes;
  append<uint32_t>(bytes, value, Endian::kBig);
  return bytes;
}

/// A number at the start of a text, as strtoull reads it; takes it away.
std::optional<uint64_t> take_number(std::string_view& text, int base) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\n"), text.size()));
  if (base == 16 && (text.starts_with("0x") || text.starts_with("0X"))) text.remove_prefix(2);
  uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return value;
}

class LiveReader {
 public:
  explicit LiveReader(std::filesystem::path root, bool is_copy) : root_(std::move(root)), is_copy_(is_copy) {}

  Result<MappedFile> read() {
    if (auto failure = read_identity()) return *failure;
    auto tree = read_tree_folder(root_ / "proc/device-tree");
    if (!tree) return tree.failure();
    auto iomem = text("proc/iomem");
    if (!iomem) return iomem.failure();
    if (!*iomem) return missing("proc/iomem");
    auto lines = read_iomem(**iomem);
    if (!lines.empty() && std::all_of(lines.begin(), lines.end(), [](const IomemLine& line) { return line.range == Range::from_to(0, 1); }))
      return Failure{Failure::Kind::kNotFound, "`" + place("proc/iomem") + "` shows zeros instead of addresses", "run as root"};
    if (auto failure = read_page()) return *failure;
    BlobExtras extras;
    auto booted = read_booted_blob(extras);
    if (!booted) return booted.failure();

    // A kernel that was booted with a tree made from facts has the node already: facts of then.
    const std::string name(kLiveFactsNode.substr(1));
    std::erase_if(tree->children, [&](const FolderNode& child) { return child.name == name; });
    FolderNode facts;
    facts.name = name;
    facts.properties.emplace_back("page-size", cell(static_cast<uint32_t>(page_)));
    facts.properties.emplace_back("giver-little-endian", cell(arch_ == "ppc64le"));
    if (*booted != 0) facts.properties.emplace_back("boot-tree-size", cell(*booted));
    facts.properties.emplace_back("iomem", text_property(**iomem));
    facts.properties.emplace_back("kernel-release", text_property(release_));
    add_crash_notes(facts);
    add_vmcoreinfo(facts);
    add_texts(facts);
    tree->children.push_back(std::move(facts));
    return MappedFile::from_bytes(flatten(*tree, extras), root_ / "proc/device-tree");
  }

 private:
  using Trouble = std::optional<Failure>;

  std::string place(const std::string& path) const { return (root_ / path).string(); }
  Failure missing(const std::string& path) const {
    return Failure{Failure::Kind::kNotFound, "there is no `" + place(path) + "`", "mount /proc and /sys, and run as root"};
  }

  /// A small text, up to its first zero byte; nullopt when there is no such file.
  Result<std::optional<std::string>> text(const std::string& path, size_t most = kLargestText) const {
    auto bytes = read_small_file(root_ / path, most);
    if (!bytes) return bytes.failure();
    if (!*bytes) return std::optional<std::string>();
    return std::optional<std::string>(std::string((*bytes)->begin(), (*bytes)->end()));
  }
  std::string line(const std::string& path) const {
    auto whole = text(path, kLargestNumber);
    if (!whole || !*whole) return {};
    return (*whole)->substr(0, (*whole)->find('\n'));
  }

  Trouble read_identity() {
    if (is_copy_) {
      arch_ = line("proc/sys/kernel/arch");
      release_ = line("proc/sys/kernel/osrelease");
    } else {
      utsname name{};
      if (::uname(&name) == 0) {
        arch_ = name.machine;
        release_ = name.release;
      }
    }
    if (arch_ == "ppc64" || arch_ == "ppc64le") return std::nullopt;
    std::string who = is_copy_ ? "`" + root_.string() + "` is a copy of a machine that" : "the compiler runs on a machine that";
    return Failure{Failure::Kind::kUnsuitable,
                   who + (arch_.empty() ? " does not say its architecture" : " is `" + arch_ + "`") + ", not ppc64 or ppc64le",
                   "take a facts file on the target with `baton-load --facts FILE`, and name it with `--live FILE`"};
  }

  /// Of the live machine by the C library; a copy says it where the kernel does.
  Trouble read_page() {
    if (!is_copy_) {
      long page = ::sysconf(_SC_PAGESIZE);
      if (page > 0) page_ = static_cast<uint64_t>(page);
    } else {
      auto smaps = text("proc/self/smaps");
      if (!smaps) return smaps.failure();
      constexpr std::string_view kField = "KernelPageSize:";
      size_t at = *smaps ? (*smaps)->find(kField) : std::string::npos;
      if (at != std::string::npos) {
        std::string_view rest = std::string_view(**smaps).substr(at + kField.size());
        auto kib = take_number(rest, 10);
        if (kib && *kib >= 4 && *kib <= 1u << 20 && is_power_of_two(*kib)) page_ = *kib * 1024;
      }
    }
    if (page_ != 0) return std::nullopt;
    return Failure{Failure::Kind::kNotFound, "the running kernel's page size is not known: no KernelPageSize in `" + place("proc/self/smaps") + "`"};
  }

  /// Its size, 0 without one; its reserve map and boot CPU go into `extras`: /proc/device-tree has neither.
  Result<uint32_t> read_booted_blob(BlobExtras& extras) const {
    const std::string path = "sys/firmware/fdt";
    auto blob = read_small_file(root_ / path, kLargestBlob);
    if (!blob) return blob.failure();
    if (!*blob) return uint32_t{0};
    ByteView bytes(**blob);
    Failure damaged{Failure::Kind::kMalformed, "`" + place(path) + "` is no device tree blob, or ends inside its reserve map"};
    if (bytes.size() < kHeaderOfVersion2 || load<uint32_t>(bytes, 0, Endian::kBig) != kBlobMagic) return damaged;
    if (*load<uint32_t>(bytes, kVersionAt, Endian::kBig) >= 2) extras.boot_cpuid_phys = *load<uint32_t>(bytes, kBootCpuAt, Endian::kBig);
    for (uint64_t at = *load<uint32_t>(bytes, kReserveAt, Endian::kBig);; at += 16) {
      auto address = load<uint64_t>(bytes, at, Endian::kBig), size = load<uint64_t>(bytes, at + 8, Endian::kBig);
      if (!address || !size) return damaged;
      if (*address == 0 && *size == 0) return static_cast<uint32_t>(bytes.size());
      extras.reserve.emplace_back(*address, *size);
    }
  }

  /// A number that is all of its first line; one that cannot be read is as good as absent.
  std::optional<uint64_t> number(const std::string& path, int base) const {
    auto whole = text(path, kLargestNumber);
    if (!whole || !*whole) return std::nullopt;
    std::string_view rest = **whole;
    auto value = take_number(rest, base);
    if (!value || !(rest.empty() || rest.front() == '\n' || rest.front() == '\0')) return std::nullopt;
    return value;
  }

  /// One (address, size) pair for each CPU that has a note buffer, in the order of logical CPUs.
  void add_crash_notes(FolderNode& facts) const {
    const std::string folder = "sys/devices/system/cpu";
    std::vector<unsigned> cpus;
    std::error_code error;
    for (std::filesystem::directory_iterator it(root_ / folder, error), end; !error && it != end; it.increment(error)) {
      std::string name = it->path().filename().string();
      if (!name.starts_with("cpu")) continue;
      unsigned cpu = 0;
      const char* last = name.data() + name.size();
      auto [stop, bad] = std::from_chars(name.data() + 3, last, cpu);
      if (bad == std::errc() && stop == last && cpu < kMostCpus) cpus.push_back(cpu);
    }
    std::sort(cpus.begin(), cpus.end());
    ByteBuffer pairs;
    for (unsigned cpu : cpus) {
      std::string base = folder + "/cpu" + std::to_string(cpu) + "/crash_notes";
      auto address = number(base, 16), size = number(base + "_size", 10);
      if (!address || !size) continue;
      append<uint64_t>(pairs, *address, Endian::kBig);
      append<uint64_t>(pairs, *size, Endian::kBig);
    }
    if (!pairs.empty()) facts.properties.emplace_back("crash-notes", std::move(pairs));
  }

  /// "2a50000 1024", or with 0x: both numbers are hexadecimal.
  void add_vmcoreinfo(FolderNode& facts) const {
    auto whole = text("sys/kernel/vmcoreinfo", kLargestNumber);
    if (!whole || !*whole) return;
    std::string_view rest = **whole;
    auto address = take_number(rest, 16);
    auto size = address ? take_number(rest, 16) : std::nullopt;
    if (!size) return;
    ByteBuffer pair;
    append<uint64_t>(pair, *address, Endian::kBig);
    append<uint64_t>(pair, *size, Endian::kBig);
    facts.properties.emplace_back("vmcoreinfo", std::move(pair));
  }

  /// Texts of the kernel that are taken as they are.
  void add_texts(FolderNode& facts) const {
    static constexpr std::pair<const char*, const char*> kTexts[] = {{"sys/kernel/kexec_crash_size", "crash-size"},
                                                                     {"sys/kernel/kexec/crash_cma_ranges", "crash-cma-ranges"},
                                                                     {"sys/devices/system/cpu/possible", "cpus-possible"}};
    for (auto [path, name] : kTexts)
      if (auto whole = text(path, kLargestSmallText); whole && *whole && !(*whole)->empty())
        facts.properties.emplace_back(name, text_property(**whole));
  }

  std::filesystem::path root_;
  bool is_copy_;
  std::string arch_, release_;
  uint64_t page_ = 0;
};

}  // namespace

Result<MappedFile> read_live_machine(const std::optional<std::filesystem::path>& elsewhere) {
  std::error_code error;
  if (!elsewhere || std::filesystem::is_directory(*elsewhere, error))
    return LiveReader(elsewhere.value_or("/"), elsewhere.has_value()).read();
  auto file = MappedFile::open(*elsewhere);
  if (!file) return file.failure();
  auto tree = read_tree(*file);
  if (!tree) return tree.failure();
  // Another tree would pass for the machine without a word on where its kernel ends.
  if (!tree->find(kLiveFactsNode))
    return Failure{Failure::Kind::kMalformed, "`" + elsewhere->string() + "` is no facts file: it has no node " + std::string(kLiveFactsNode),
                   "take one on the target with `baton-load --facts FILE`; any other tree is read by `from dtb \"FILE\"`"};
  return file;
}

}  // namespace baton::inputs
