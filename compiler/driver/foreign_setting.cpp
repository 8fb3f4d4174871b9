// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A handoff as text where none is given, and a layout by hand of what has no files. See foreign_setting.h.
#include "driver/foreign_setting.h"

#include <map>

#include "base/file.h"
#include "check/check.h"
#include "driver/call_contracts.h"
#include "driver/library.h"
#include "emit/bundle.h"
#include "inputs/elf.h"
#include "inputs/machine.h"
#include "placement/contents.h"
#include "ppc64/assemble.h"
#include "trampoline/slaves.h"

namespace baton::driver {

using diagnostics::Code;
using inputs::ForeignCode;

namespace {

constexpr uint64_t kMiB = 1 << 20;
// Behind the stub, and this far apart: more than a kernel's 32 MiB, so that none can be mistaken for its neighbour.
constexpr uint64_t kStride = 64 * kMiB;
// A reservation for a crash kernel starts here, and all of what is loaded lies in it.
constexpr uint64_t kCrashMemory = 512 * kMiB;
// What a stub that lies in pieces may have between them.
constexpr uint64_t kMostZerosBetween = 64 * kMiB;
constexpr uint64_t kImageSize = 32 * kMiB, kTreeSize = 64 << 10;

constexpr const char* kCommon = R"(
  ram = 0x0 ..< 1GiB;
  rma = 0x0 ..< 1GiB;
  running_kernel = 0x0 ..< 32MiB;
  crashkernel = 512MiB +: 512MiB;
  page = 64KiB;
)";

bool failed(Compilation& c, const std::string& what, const std::string& note = {}) {
  auto& d = c.sink.report(Code::foreign_code, {}, what);
  if (!note.empty()) d.note(note);
  return false;
}

/// A bundle, and which of its segments is entered.
struct Bundle {
  MappedFile file;
  emit::BundleContents contents;
  const emit::BundleSegment* entered = nullptr;
};

bool is_bundle(const MappedFile& file) {
  const std::string_view magic = BATON_BUNDLE_MAGIC;
  return file.bytes().size() >= magic.size() && std::equal(magic.begin(), magic.end(), file.bytes().begin());
}

ByteBuffer bytes_of(const emit::BundleSegment& segment) {
  ByteBuffer bytes;
  for (ByteView piece : segment.pieces) bytes.insert(bytes.end(), piece.begin(), piece.end());
  return bytes;
}

/// Null for what is no bundle. Fails for one that is damaged, or that enters no trampoline.
Result<std::unique_ptr<Bundle>> open_bundle(const std::string& path) {
  auto file = MappedFile::open(path);
  if (!file || !is_bundle(*file)) return std::unique_ptr<Bundle>();
  auto contents = emit::read_bundle(file->bytes());
  if (!contents) return Failure{contents.failure().kind, "`" + path + "`: " + contents.failure().message, contents.failure().way_out};
  auto bundle = std::make_unique<Bundle>(Bundle{std::move(*file), std::move(*contents)});
  for (const auto& segment : bundle->contents.segments)
    if (segment.kind == emit::BundleKind::kTrampoline && Range::at(segment.start, segment.memsz).contains(Range::at(bundle->contents.entry, Size{4})))
      bundle->entered = &segment;
  if (!bundle->entered) return Failure{Failure::Kind::kUnsuitable, "`" + path + "` is a bundle that enters no trampoline: there is no stub in it"};
  return bundle;
}

/// The handoff that two conventions and a machine make.
class StatedHandoff {
 public:
  /// `bundle`: what lies around the stub where it came in one; else null.
  StatedHandoff(Compilation& c, const Options& options, const Bundle* bundle) : c_(c), options_(options), bundle_(bundle) {}

  bool set_up() {
    const StatedMachine* machine = choose_machine();
    if (!machine || !find_conventions()) return false;
    source::FileId text = c_.sources.add("(the handoff of --from and --to)", compose(*machine));
    c_.main = text;
    c_.program = check::check(c_.sources, text, c_.sink);
    if (c_.sink.has_errors()) return false;
    const model::Handoff& handoff = c_.program.handoffs.at(kName);
    c_.machine = inputs::build_machine(c_.program.machines.at(kMachine), c_.program, c_.sink, std::nullopt);
    return c_.machine && start_layout(c_, handoff) && lay_out();
  }

 private:
  static constexpr const char *kName = "stated", *kMachine = "stated_machine", *kStub = "stub";

  const StatedMachine* choose_machine() {
    const std::string name = options_.machine.empty() ? stated_machines()[0].name : options_.machine;
    std::string known;
    for (const StatedMachine& machine : stated_machines()) {
      if (machine.name == name) return &machine;
      known += (known.empty() ? "" : ", ") + std::string(machine.name) + " (" + machine.what + ")";
    }
    failed(c_, "there is no machine `" + name + "` to judge a stub on", "there are " + known + "; --in takes the machine of a handoff");
    return nullptr;
  }

  bool find_conventions() {
    for (const auto& folder : library_folders(options_)) c_.sources.add_library(folder);
    for (const std::string& file : options_.convention_files) uses_ += "use \"" + std::filesystem::absolute(file).string() + "\";\n";
    std::string preamble = "language 1;\n" + uses_;
    Compilation look;
    for (const auto& folder : library_folders(options_)) look.sources.add_library(folder);
    for (const std::string* name : {&options_.from, &options_.to}) {
      if (auto use = find_in_library(*name, options_); use && preamble.find("use \"" + *use + "\"") == std::string::npos)
        preamble += "use \"" + *use + "\";\n";
    }
    uses_ = preamble;
    look.program = check::check(look.sources, look.sources.add("(the conventions of --from and --to)", preamble), look.sink);
    for (const std::string* name : {&options_.from, &options_.to}) {
      if (look.program.conventions.count(*name) != 0) continue;
      if (look.sink.has_errors()) {
        for (const auto& d : look.sink.all()) c_.sink.report(d.code, {}, d.message);
        return false;
      }
      return failed(c_, "there is no convention `" + *name + "`", "`baton explain` lists none, `stdlib/README.md` all; one of your own: --convention FILE.baton");
    }
    from_roles_ = look.program.conventions.at(options_.from).roles;
    to_roles_ = look.program.conventions.at(options_.to).roles;
    if (look.program.conventions.at(options_.from).departs_by_call())
      return failed(c_, "`" + options_.from + "` is left by a call: what it calls is code of its own, not a stub that is loaded",
                    "build the handoff, and its code is judged");
    for (const auto& clause : look.program.conventions.at(options_.from).clauses)
      on_crash_ = on_crash_ || clause.text.find("machine.crashkernel") != std::string::npos;
    return true;
  }

  static std::string number(uint64_t n) { return hex(Wide{n}); }

  /// What a bundle has of a role's kind. Who is entered last has the name of the role; there is one of each.
  const emit::BundleSegment* in_bundle(emit::BundleKind kind) const {
    if (!bundle_) return nullptr;
    auto found = std::find_if(bundle_->contents.segments.begin(), bundle_->contents.segments.end(), [&](const auto& s) { return s.kind == kind; });
    return found == bundle_->contents.segments.end() ? nullptr : &*found;
  }
  static emit::BundleKind bundle_kind(model::SegmentKind kind) {
    return kind == model::SegmentKind::kElf ? emit::BundleKind::kElf : kind == model::SegmentKind::kDeviceTree ? emit::BundleKind::kDevicetree : emit::BundleKind::kFile;
  }

  uint64_t place_of(const std::string& role, emit::BundleKind kind) {
    auto stated = options_.places.find(role);
    const auto* bundled = in_bundle(kind);
    const uint64_t place = stated != options_.places.end() ? stated->second : bundled ? bundled->start.value() : stub() + kStride * (used_.size() + 1);
    used_.emplace(role, place);
    roles_ += (roles_.empty() ? "" : ", ") + role;
    return place;
  }
  uint64_t stub() const { return bundle_ ? bundle_->entered->start.value() : on_crash_ ? kCrashMemory : inputs::kForeignAddress.value(); }

  std::string compose(const StatedMachine& machine) {
    std::string text = uses_ + "machine " + kMachine + " {" + kCommon + machine.clauses +
                       (options_.cache_block ? "  cache_block = " + number(*options_.cache_block) + ";\n" : "") + "}\nhandoff " + kName + " on " + kMachine +
                       " {\n  from " + options_.from + ";\n  to " + options_.to + ";\n";
    std::string giver = options_.giver;
    if (giver.empty() && bundle_ && bundle_->contents.giver != emit::BundleGiver::kBoth)
      giver = bundle_->contents.giver == emit::BundleGiver::kBig ? "big" : "little";
    if (!giver.empty()) text += "  giver " + giver + ";\n";
    if (on_crash_) text += "  load on_crash;\n";
    for (const std::string& key : options_.relies) text += "  relies on incidental " + key + ";\n";
    std::string binds;
    for (const model::Role& role : to_roles_) {
      const model::Role* own = nullptr;
      for (const model::Role& r : from_roles_)
        if (r.kind == role.kind && role.kind != "loadable" && role.kind != "elf64") own = &r;
      if (own) {
        binds += "  bind " + role.name + " = giver." + own->name + ";\n";
        continue;
      }
      const auto bundled = role.kind == "devicetree" ? emit::BundleKind::kDevicetree : role.kind == "raw" ? emit::BundleKind::kFile : emit::BundleKind::kElf;
      const char* kind = role.kind == "elf64" || role.kind == "loadable" ? "elf" : role.kind == "devicetree" ? "devicetree" : role.kind == "raw" ? "file" : nullptr;
      if (!kind) continue;  // the check says what is missing
      text += "  segment " + role.name + " = " + kind + " \"" + role.name + "\" { place at " + number(place_of(role.name, bundled)) + "; }\n";
    }
    return text + "  segment " + kStub + " = trampoline { place at " + number(stub()) + "; size <= 64MiB; }\n" + binds + "  enter " + kStub + ";\n}\n";
  }

  /// What `place at` says, without files: all that a boundary asks of a segment.
  bool lay_out() {
    for (const auto& [role, place] : options_.places)
      if (used_.count(role) == 0)
        return failed(c_, "`" + options_.to + "` has no role `" + role + "` to place", roles_.empty() ? "" : "it has " + roles_);
    for (auto& segment : c_.layout.segments) {
      const bool is_image = segment.declaration->kind == model::SegmentKind::kElf;
      segment.start = Address{segment.name() == kStub ? stub() : used_.at(segment.name())};
      segment.content.size = Size{is_image ? kImageSize : kTreeSize};
      if (is_image) segment.content.order = options_.image_order == "big" ? Endian::kBig : Endian::kLittle;
      const auto* bundled = segment.name() == kStub ? nullptr : in_bundle(bundle_kind(segment.declaration->kind));
      if (bundled && bundled->start == *segment.start) {
        segment.content.size = bundled->memsz;
        c_.contents.payloads.insert_or_assign(segment.name(), inputs::Payload::of_bytes(bytes_of(*bundled)));
      }
      segment.extent = Range::at(*segment.start, segment.content.size);
    }
    return true;
  }

  Compilation& c_;
  const Options& options_;
  const Bundle* bundle_;
  std::string uses_;
  std::vector<model::Role> from_roles_, to_roles_;
  std::map<std::string, uint64_t> used_;  // role -> where it lies
  std::string roles_;                     // the same as a list, in the taker's order
  bool on_crash_ = false;
};

/// Assembly becomes an object first. The C preprocessor is the user's.
Result<MappedFile> open_code(const std::string& path, Endian order) {
  auto file = MappedFile::open(path);
  const std::string extension = std::filesystem::path(path).extension().string();
  if (!file || (extension != ".s" && extension != ".S")) return file;
  auto object = ppc64::assemble_object({file->bytes().begin(), file->bytes().end()}, order, path);
  if (!object) return object.failure();
  return MappedFile::from_bytes(std::move(*object), path);
}

/// Where functions of contracts go that lie elsewhere: within a branch of the stub, and in no segment.
std::optional<Range> room_for_calls(const Compilation& c, Address stub) {
  constexpr uint64_t kAbove = 24 * kMiB;
  const Size size{kMostCallsElsewhere * kCallDistance};
  for (Wide start : {stub.wide() - size.bytes(), stub.wide() + kAbove}) {
    if (start > stub.wide() + kAbove) continue;  // below 0
    const Range range = Range::at(Address{static_cast<uint64_t>(start)}, size);
    const bool taken = std::any_of(c.layout.segments.begin(), c.layout.segments.end(),
                                   [&](const auto& segment) { return segment.extent.overlaps(range); });
    if (!taken) return range;
  }
  return std::nullopt;
}

/// Contracts of --contract: to the addresses where the file leaves functions undefined. False after a report.
bool open_contracts(Compilation& c, const Options& options, inputs::ForeignRequest& request, CallContracts& into) {
  if (options.contract_files.empty()) return true;
  auto contracts = read_call_contracts(options.contract_files);
  if (!contracts) {
    c.sink.report(contracts.failure().kind == Failure::Kind::kNotFound ? Code::input_missing : Code::foreign_code, {}, contracts.failure());
    return false;
  }
  into = std::move(*contracts);
  auto room = room_for_calls(c, request.at.value_or(inputs::kForeignAddress));
  if (!room || into.functions.size() > kMostCallsElsewhere)
    return failed(c, "there is no room near the stub for the functions of --contract", "--at ADDRESS places the stub elsewhere");
  request.elsewhere = addresses_elsewhere(into, room->begin);
  return true;
}

/// What kexec-tools does with its purgatory: the first word stays the stub's, and what slaves come to is the kernel's.
bool put_head(Compilation& c, const Options& options, ForeignCode& code) {
  constexpr Size kKept{4}, kEnd{trampoline::kHeadSize};
  if (options.head_from.empty()) return true;
  auto file = MappedFile::open(options.head_from);
  if (!file) {
    c.sink.report(file.failure().kind == Failure::Kind::kNotFound ? Code::input_missing : Code::foreign_code, {}, file.failure());
    return false;
  }
  auto kernel = inputs::read_elf(std::move(*file));
  if (!kernel) {
    c.sink.report(Code::foreign_code, {}, kernel.failure());
    return false;
  }
  const Size length{kEnd.bytes() - kKept.bytes()};
  auto head = kernel->bytes_at(kKept, length);
  if (!head) return failed(c, "`" + options.head_from + "` has no first " + human(kEnd) + " to put over the stub's");
  inputs::ForeignPiece& first = code.pieces.front();
  if (!first.executable || first.size < kEnd)
    return failed(c, "the stub begins with " + to_text(Range::at(first.start, first.size)) + " (`" + first.name + "`), and a head of " + human(kEnd) + " does not fit over it",
                  "what --head-from is for begins with a branch over 0x100 bytes that are left free");
  if (first.bytes.size() < kEnd.bytes()) first.bytes.resize(kEnd.bytes());
  // What is set in the stub's symbols is set after that, as a loader does it.
  for (uint64_t at = kKept.bytes(); at < kEnd.bytes(); ++at)
    if (!code.patched.contains(Range::at(first.start + Size{at}, Size{1}))) first.bytes[at] = (*head)[at - kKept.bytes()];
  code.remarks.push_back("its bytes 0x4 to 0x100 are those of `" + options.head_from + "`, as the loader puts them there");
  return true;
}

/// It is loaded as one segment, with zeros between its pieces. False after a report of more than there can be.
bool lies_together(Compilation& c, const ForeignCode& code) {
  uint64_t zeros = 0;
  for (size_t i = 1; i < code.pieces.size(); ++i) {
    const inputs::ForeignPiece &before = code.pieces[i - 1], &piece = code.pieces[i];
    zeros += (piece.start - before.start).bytes() - before.bytes.size();
    if (zeros > kMostZerosBetween)
      return failed(c, "the stub has `" + before.name + "` at " + hex(before.start) + " and `" + piece.name + "` at " + hex(piece.start) +
                           ", with more than " + human(Size{kMostZerosBetween}) + " of zeros between its pieces",
                    "it is loaded as one segment: link its pieces together");
  }
  return true;
}

bool set_up_handoff(Compilation& c, const Options& options) {
  return open_program(c, options, options.program) && compile(c, options, Phase::kPlace);
}

}  // namespace

const std::vector<StatedMachine>& stated_machines() {
  static const std::vector<StatedMachine> kMachines = {
      {"guest", "four CPUs, slaves come to 0x60", "  hypervisor = 0;\n  kexec_slaves = arriving;\n  cpus = 0, 1, 2, 3;\n"},
      {"single", "a guest of one CPU", "  hypervisor = 0;\n  kexec_slaves = absent;\n  cpus = 5;\n"},
      {"host", "slaves wait in OPAL",
       "  hypervisor = 1;\n  kexec_slaves = firmware;\n  cpus = 0, 8, 16, 24;\n  opal.base = 0x3000_0000;\n  opal.entry = 0x3000_0b58;\n"},
  };
  return kMachines;
}

std::optional<ForeignCode> set_up_foreign(Compilation& c, const Options& options) {
  auto opened = open_bundle(options.files[0]);
  if (!opened) {
    c.sink.report(Code::foreign_code, {}, opened.failure());
    return std::nullopt;
  }
  const Bundle* bundle = opened->get();
  const bool good = options.program.empty() ? StatedHandoff(c, options, bundle).set_up() : set_up_handoff(c, options);
  if (!good) return std::nullopt;
  auto& stub = *c.layout.find(c.layout.handoff->enter);
  if (stub.declaration->kind != model::SegmentKind::kTrampoline) {
    failed(c, "`" + c.layout.handoff->name + "` enters `" + stub.name() + "`, which is no trampoline: there is no place for a stub");
    return std::nullopt;
  }
  inputs::ForeignRequest request;
  // A linked program says itself where it lies.
  if (options.at) request.at = Address{*options.at};
  else if (!options.program.empty() || *stub.start != inputs::kForeignAddress) request.at = *stub.start;
  request.entry = options.entry;
  if (bundle) {
    if (options.at || !options.entry.empty()) {
      failed(c, "a bundle says itself where its stub lies and is entered, and --at or --entry says it too");
      return std::nullopt;
    }
    request.at = bundle->entered->start;
    request.entry = hex(bundle->contents.entry);
  }
  for (const auto& [symbol, text] : options.sets) {
    auto value = inputs::read_foreign_value(text);
    if (!value) {
      failed(c, "--set " + symbol + "=" + text + ": a value is a number, a symbol or a segment with an offset, or bytes:HEX",
             "as in --set kernel=0x2000000, --set kernel=image, --set sha256_digest=bytes:00ff");
      return std::nullopt;
    }
    if (const auto* segment = c.layout.find(value->relative_to)) {
      value->number += segment->start->value();
      value->relative_to.clear();
    }
    request.sets.emplace(symbol, *value);
  }
  CallContracts contracts;
  if (!open_contracts(c, options, request, contracts)) return std::nullopt;
  auto orders = trampoline::giver_orders(c.layout);
  const Endian order = options.order.empty() ? orders.front() : options.order == "big" ? Endian::kBig : Endian::kLittle;
  auto file = bundle ? MappedFile::from_bytes(bytes_of(*bundle->entered), options.files[0]) : open_code(options.files[0], order);
  if (!file) {
    const bool missing = file.failure().kind == Failure::Kind::kNotFound;
    c.sink.report(missing ? Code::input_missing : Code::foreign_code, {}, file.failure());
    return std::nullopt;
  }
  auto code = inputs::read_foreign(*file, request);
  if (!code) {
    c.sink.report(Code::foreign_code, {}, code.failure());
    return std::nullopt;
  }
  if (!lies_together(c, *code) || !put_head(c, options, *code)) return std::nullopt;
  if (bundle) code->remarks.push_back("`" + options.files[0] + "` is a bundle, and its segment `" + bundle->entered->name + "` is judged");
  auto calls = place_contracts(contracts, *code);
  if (!calls) {
    c.sink.report(Code::foreign_code, {}, calls.failure());
    return std::nullopt;
  }
  if (!options.contract_files.empty()) c.calls = std::make_shared<const verify::ForeignCalls>(std::move(*calls));
  const Address end = code->pieces.back().start + code->pieces.back().size;
  if (!options.program.empty() && (code->pieces.front().start < *stub.start || end > stub.extent.end)) {
    failed(c, "the stub takes " + hex(code->pieces.front().start) + " to " + hex(end) + ", and `" + stub.name() + "` has " + to_text(stub.extent),
           "give the segment more room with `size <=`");
    return std::nullopt;
  }
  for (const auto& segment : c.layout.segments)
    for (const auto& piece : code->pieces)
      if (&segment != &stub && segment.extent.overlaps(Range::at(piece.start, piece.size))) {
        failed(c, "`" + piece.name + "` of the stub, " + to_text(Range::at(piece.start, piece.size)) + ", overlaps `" + segment.name() + "`, " + to_text(segment.extent),
               "--at ADDRESS places the stub, --place " + segment.name() + "=ADDRESS the other");
        return std::nullopt;
      }
  // The giver enters where the stub says, which need not be its first byte.
  stub.start = code->entry;
  stub.content.entry_offset = Size{0};
  stub.content.size = Size{end.value() - code->entry.value()};
  stub.extent = Range::at(code->entry, stub.content.size);
  c.gap = trampoline::open_gap(c.layout, c.sink);
  if (!c.gap) return std::nullopt;
  return std::move(*code);
}

}  // namespace baton::driver
