// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a compilation to files. See outputs.h.
#include "driver/outputs.h"

#include <algorithm>

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

}  // namespace

Tables make_tables(const Compilation& c) {
  const placement::Layout& layout = c.layout;
  Tables t;
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
  return t;
}

bool write_outputs(Compilation& c, const Options& options) {
  auto cannot = [&](const Failure& failure) {
    c.sink.report(Code::cannot_write, c.layout.handoff->name_span, failure);
    return false;
  };
  Tables t = make_tables(c);
  auto bundle = emit::lay_out_bundle(t.contents);
  if (!bundle) return cannot(bundle.failure());
  auto offsets = emit::payload_offsets(*bundle);
  for (size_t i = 0; i < offsets.size(); ++i) t.table.segments[i].payload_offset = offsets[i];

  const std::string& name = c.layout.handoff->name;
  OutputSet out(options.output);
  std::optional<Failure> failure;
  auto put = [&](const std::string& suffix, const std::vector<ByteView>& pieces) {
    if (failure) return;
    auto added = out.add(name + suffix, pieces);
    if (!added) failure = added.failure();
  };
  auto text = [&](const std::string& suffix, const std::string& content) { put(suffix, {view_of(content)}); };

  if (c.stub) {
    text(".S", c.stub->assembly);
    put(".o", {ByteView(c.stub->code.object)});
    put(".bin", {ByteView(c.stub->code.text)});
  }
  auto wants = [&](const char* encoding) {
    const auto* loader = c.layout.loader;
    return loader && std::find(loader->tables.begin(), loader->tables.end(), encoding) != loader->tables.end();
  };
  text(".json", table_json(t.table));
  text(".h", table_header(t.table));
  for (Endian order : {Endian::kBig, Endian::kLittle}) {
    std::string suffix = order == Endian::kBig ? "-be.table" : "-le.table";
    if (wants("native64")) {
      auto table = emit::native64_table(t.table, order);
      if (!table) return cannot(table.failure());
      put(".native64" + suffix, {ByteView(*table)});
    }
    if (wants("compat32")) {
      // A 32-bit caller cannot load what lies above 4 GiB: then there is no such table.
      if (auto table = emit::compat32_table(t.table, order)) put(".compat32" + suffix, {ByteView(*table)});
    }
  }
  for (const auto& segment : c.layout.segments)
    if (segment.declaration->kind == SegmentKind::kDeviceTree) {
      bool only = std::count_if(c.layout.segments.begin(), c.layout.segments.end(), [](const auto& s) {
                    return s.declaration->kind == SegmentKind::kDeviceTree;
                  }) == 1;
      put(only ? ".dtb" : "." + segment.name() + ".dtb", c.contents.payloads.at(segment.name()).views());
    }
  std::vector<emit::MapSymbol> symbols;
  for (const auto& segment : c.layout.segments)
    if (segment.content.order)
      symbols.push_back({segment.name() + ".entry", *segment.start + segment.content.entry_offset});
  text(".map", map_text(t.table, symbols));
  put(".bundle", bundle->pieces());

  std::vector<std::filesystem::path> outputs, inputs;
  for (const auto& file : out.names()) outputs.push_back(out.directory() / file);
  for (auto id : c.program.files)
    if (!c.sources.is_library(id)) inputs.emplace_back(c.sources.name(id));
  const auto& machine_file = c.program.machines.at(c.layout.handoff->machine).file;
  if (machine_file) inputs.emplace_back(*machine_file);
  for (const auto& path : c.contents.inputs) inputs.push_back(path);
  auto rule = emit::depfile(outputs, inputs);
  if (!rule) return cannot(rule.failure());
  text(".d", *rule);
  if (failure) return cannot(*failure);
  auto done = out.commit();
  return done ? true : cannot(done.failure());
}

}  // namespace baton::driver
