// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a compilation to files. See outputs.h.
#include "driver/outputs.h"

#include <algorithm>

#include "driver/departing.h"
#include "emit/depfile.h"
#include "emit/map.h"
#include "inputs/digest.h"

namespace baton::driver {

using diagnostics::Code;
using model::SegmentKind;

namespace {

emit::BundleKind bundle_kind(SegmentKind kind) {
  switch (kind) {
    case SegmentKind::kElf: return emit::BundleKind::kElf;
    case SegmentKind::kFile: return emit::BundleKind::kFile;
    case SegmentKind::kDeviceTree: return emit::BundleKind::kDevicetree;
    case SegmentKind::kReserve: return emit::BundleKind::kReserve;
    case SegmentKind::kElfCoreHeader: return emit::BundleKind::kElfcorehdr;
    case SegmentKind::kTrampoline: return emit::BundleKind::kTrampoline;
  }
  return emit::BundleKind::kFile;
}

emit::BundleFacts facts_of(const model::Machine& machine) {
  emit::BundleFacts facts;
  if (auto page = machine.number("page")) facts.page = Size{*page};
  facts.ram = machine.ranges("ram");
  if (auto r = machine.ranges("running_kernel"); !r.empty()) facts.kernel_end = r.back().end;
  if (auto r = machine.ranges("rma"); !r.empty()) facts.rma_end = r.back().end;
  if (auto hv = machine.number("hypervisor")) facts.hypervisor = *hv != 0;
  if (auto r = machine.ranges("crashkernel"); r.count() == 1) facts.crashkernel = r.front();
  return facts;
}

void fill_tables(const Compilation& c, Outputs& t) {
  const placement::Layout& layout = c.layout;
  emit::SegmentTable& table = t.table;
  table.handoff = t.contents.handoff = layout.handoff->name;
  table.machine = t.contents.machine = layout.machine->name;
  table.from = layout.from->name;
  table.to = layout.to->name;
  // What the stub serves, which may be less than the handoff left open.
  const auto& orders = c.gap->orders;
  bool both = orders.size() == 2;
  bool little = orders[0].giver == Endian::kLittle;
  table.giver = both ? "both" : to_text(orders[0].giver);
  t.contents.giver = both ? emit::BundleGiver::kBoth
                          : little ? emit::BundleGiver::kLittle : emit::BundleGiver::kBig;
  table.entry = t.contents.entry = layout.entry();
  table.on_crash = t.contents.on_crash = layout.handoff->on_crash;
  table.granule = t.contents.granule = layout.granule;
  t.contents.facts = facts_of(*layout.machine);
  bool has_core = std::any_of(layout.segments.begin(), layout.segments.end(), [](const auto& segment) {
    return segment.declaration->kind == SegmentKind::kElfCoreHeader;
  });
  if (const auto& notes = layout.machine->notes; has_core && notes) {
    t.contents.facts.crash_notes = notes->cpus;
    t.contents.facts.vmcoreinfo = notes->vmcoreinfo;
  }
  for (const auto& segment : layout.segments) {
    auto payload = c.contents.payloads.find(segment.name());
    std::vector<ByteView> pieces;
    if (payload != c.contents.payloads.end()) pieces = payload->second.views();
    auto digest = inputs::sha256(pieces);
    emit::TableSegment row;
    row.name = segment.name();
    row.kind = to_text(segment.declaration->kind);
    row.start = *segment.start;
    row.size = segment.content.size;
    row.bufsz = Size{payload != c.contents.payloads.end() ? payload->second.size() : 0};
    row.memsz = segment.extent.end - *segment.start;
    row.sha256 = inputs::to_text(digest);
    table.segments.push_back(row);
    emit::BundleSegment part;
    part.name = row.name;
    part.kind = bundle_kind(segment.declaration->kind);
    part.start = row.start;
    part.memsz = row.memsz;
    part.pieces = std::move(pieces);
    if (row.bufsz != Size{0}) part.digest = digest;
    t.contents.segments.push_back(std::move(part));
  }
}

}  // namespace

uint64_t OutputFile::size() const {
  uint64_t total = 0;
  for (ByteView piece : pieces) total += piece.size();
  return total;
}

std::optional<Outputs> make_outputs(Compilation& c) {
  auto cannot = [&](const Failure& failure) {
    c.sink.report(Code::cannot_write, c.layout.handoff->name_span, failure);
    return std::nullopt;
  };
  if (c.gap->departure) return departure_outputs(c);
  std::optional<Outputs> made;
  made.emplace();
  Outputs& o = *made;
  fill_tables(c, o);
  // Without a loader nobody reads a table: whoever has the segments puts them where the JSON says.
  if (c.layout.loader) {
    auto bundle = emit::lay_out_bundle(o.contents);
    if (!bundle) return cannot(bundle.failure());
    o.bundle.emplace(std::move(*bundle));
    auto offsets = emit::payload_offsets(*o.bundle);
    for (size_t i = 0; i < offsets.size(); ++i) o.table.segments[i].payload_offset = offsets[i];
  }

  const std::string& name = c.layout.handoff->name;
  auto put = [&](const std::string& suffix, const char* what, std::vector<ByteView> pieces) {
    o.files.push_back({name + suffix, what, std::move(pieces)});
  };
  auto text = [&](const std::string& suffix, const char* what, const std::string& content) {
    o.owned.emplace_back(content.begin(), content.end());
    put(suffix, what, {ByteView(o.owned.back())});
  };
  if (c.stub) {
    text(".S", "the stub, for people and for GNU as", c.stub->assembly);
    put(".o", "the stub as an ELF object", {ByteView(c.stub->code.object)});
    put(".bin", "the stub's bytes", {ByteView(c.stub->code.text)});
  }
  auto wants = [&](const char* encoding) {
    const auto* loader = c.layout.loader;
    return loader && std::find(loader->tables.begin(), loader->tables.end(), encoding) != loader->tables.end();
  };
  text(".json", "the segment table", table_json(o.table));
  if (o.bundle) text(".h", "the segment table for C and assembly", table_header(o.table));
  for (Endian order : {Endian::kBig, Endian::kLittle}) {
    std::string suffix = order == Endian::kBig ? "-be.table" : "-le.table";
    auto table = [&](const char* encoding, const char* what, const Result<ByteBuffer>& bytes) {
      o.owned.push_back(*bytes);
      put(std::string(".") + encoding + suffix, what, {ByteView(o.owned.back())});
    };
    if (wants("native64")) {
      auto bytes = emit::native64_table(o.table, order);
      if (!bytes) return cannot(bytes.failure());
      table("native64", "struct kexec_segment[], 64-bit", bytes);
    }
    // A 32-bit caller cannot load what lies above 4 GiB: then there is no such table.
    if (wants("compat32"))
      if (auto bytes = emit::compat32_table(o.table, order); bytes.ok())
        table("compat32", "struct kexec_segment[], 32-bit", bytes);
  }
  // What a reader would look into by itself; by the segment's name where there are several.
  auto whole = [&](SegmentKind kind, const std::string& suffix, const char* what) {
    auto is_one = [&](const auto& s) { return s.declaration->kind == kind; };
    bool only = std::count_if(c.layout.segments.begin(), c.layout.segments.end(), is_one) == 1;
    for (const auto& segment : c.layout.segments)
      if (is_one(segment))
        put(only ? suffix : "." + segment.name() + suffix, what, c.contents.payloads.at(segment.name()).views());
  };
  whole(SegmentKind::kDeviceTree, ".dtb", "the taker's device tree");
  whole(SegmentKind::kElfCoreHeader, ".elfcorehdr", "the ELF header of the dump, for readelf -l");
  std::vector<emit::MapSymbol> symbols;
  for (const auto& segment : c.layout.segments)
    if (segment.content.order)
      symbols.push_back({segment.name() + ".entry", *segment.start + segment.content.entry_offset});
  text(".map", "what lies where", map_text(o.table, symbols));
  if (o.bundle) put(".bundle", "everything the loader program needs", o.bundle->pieces());
  return made;
}

bool write_outputs(Compilation& c, const Outputs& outputs, const Options& options) {
  auto cannot = [&](const Failure& failure) {
    c.sink.report(Code::cannot_write, c.layout.handoff->name_span, failure);
    return false;
  };
  OutputSet out(options.output);
  for (const OutputFile& file : outputs.files) {
    auto added = out.add(file.name, file.pieces);
    if (!added) return cannot(added.failure());
  }
  std::vector<std::filesystem::path> made, inputs;
  for (const auto& file : out.names()) made.push_back(out.directory() / file);
  // The shipped conventions by their real place: a changed convention is a changed build.
  for (auto id : c.program.files)
    inputs.emplace_back(c.sources.is_library(id) ? c.sources.path(id) : std::filesystem::path(c.sources.name(id)));
  // Departing code is made for no machine in particular.
  if (auto machine = c.program.machines.find(c.layout.handoff->machine); machine != c.program.machines.end()) {
    if (machine->second.file) inputs.emplace_back(*machine->second.file);
    std::error_code error;
    if (machine->second.source == "live" && options.live && std::filesystem::is_regular_file(*options.live, error))
      inputs.emplace_back(*options.live);
  }
  for (const auto& path : c.contents.inputs) inputs.push_back(path);
  auto rule = emit::depfile(made, inputs);
  if (!rule) return cannot(rule.failure());
  auto added = out.add(c.layout.handoff->name + ".d", *rule);
  if (!added) return cannot(added.failure());
  auto done = out.commit();
  if (!done) return cannot(done.failure());
  return true;
}

}  // namespace baton::driver
