// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Checks of numbers: of another width or byte order than their reader takes, one half of a pair, or a number
// that a fact of the machine names.
//
//   "linux,crashkernel-base" = 0x800_0000;   ->  flag-access: four bytes, and its readers take eight
//   within 0x0 ..< 0x1000_0000;              ->  magic-number: `machine.rma` where that is the RMA
#include <algorithm>
#include <array>

#include "inputs/machine.h"
#include "lint/expressions.h"
#include "lint/lints.h"
#include "model/evaluate.h"

namespace baton::lint {

using diagnostics::Code;
using model::Clause;
using model::ClauseKind;
using model::Handoff;
using syntax::Expr;

namespace {

constexpr uint32_t swapped(uint32_t v) { return v >> 24 | (v >> 8 & 0xff00) | (v << 8 & 0xff0000) | v << 24; }

/// One where a byte-order mistake would put it: small when swapped, large as it stands.
bool looks_swapped(Wide v) {
  return v > 0xffff && v <= 0xffffffff && swapped(static_cast<uint32_t>(v)) <= 0xff;
}

/// Properties that their readers take as one number of 64 bits (Linux 6.12: prom.c, kexec/core.c,
/// firmware/opal.c) and as one cell.
constexpr std::array<std::string_view, 10> kWide = {
    "linux,initrd-start",     "linux,initrd-end",    "linux,kernel-end",  "linux,crashkernel-base",
    "linux,crashkernel-size", "linux,memory-limit",  "opal-base-address", "opal-entry-address",
    "opal-runtime-size",      "linux,tce-base"};
constexpr std::array<std::string_view, 9> kCell = {
    "linux,rtas-base", "linux,rtas-entry", "rtas-size", "phandle", "linux,phandle", "#address-cells", "#size-cells",
    "#interrupt-cells", "linux,pci-probe-only"};

template <typename List>
bool has(const List& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

/// 4 or 8 where the text says it: a name is as wide as its type, which `.size` and the like show.
unsigned written_width(const Expr& e) {
  if (e.kind == Expr::Kind::kCall && e.text == "u32") return 4;
  if (e.kind == Expr::Kind::kCall && e.text == "u64") return 8;
  if (e.kind == Expr::Kind::kInteger) return 4;
  if (e.kind == Expr::Kind::kSize) return 8;
  static constexpr std::array<std::string_view, 6> kAddresses = {"start", "end", "size", "base", "entry", "address"};
  if (e.kind == Expr::Kind::kMember && has(kAddresses, e.text)) return 8;
  return 0;
}

void property_widths(const Handoff& handoff, Findings& out) {
  for (const auto& segment : handoff.segments)
    for (const auto& node : segment.nodes)
      for (const auto& p : node.properties) {
        if (p.drop || p.values.size() != 1) continue;
        unsigned width = written_width(*p.values[0]);
        bool narrow = width == 4 && has(kWide, p.name), wide = width == 8 && has(kCell, p.name);
        if (!narrow && !wide) continue;
        out.sink.report(Code::flag_access, p.values[0]->span,
                        std::string("these are ") + (narrow ? "4" : "8") + " bytes, and `" + p.name +
                            "` is read as " + (narrow ? "8" : "4"))
            .note(narrow ? "write `u64(...)`, an address or a size" : "write `u32(...)`");
      }
}

}  // namespace

void find_flag_accesses(const Subject& s, Findings& out) {
  for (const auto& [name, c] : s.program.conventions)
    for (const Clause& clause : c.clauses) {
      if (clause.kind != ClauseKind::kWord || clause.origin != name || clause.values.empty()) continue;
      auto offset = known_number(*clause.values[0], s.program.lets);
      if (offset && *offset % 4 != 0)
        out.sink.report(Code::flag_access, clause.values[0]->span,
                        "word `" + clause.subject + "` at " + hex(*offset) +
                            " is not aligned to its 4 bytes: its reader takes them in two accesses, or traps");
      auto initial = clause.values.size() > 1 ? known_number(*clause.values[1], s.program.lets) : std::nullopt;
      if (initial && *initial > 0xffffffff)
        out.sink.report(Code::flag_access, clause.values[1]->span,
                        "word `" + clause.subject + "` has 32 bits, and its default needs more");
    }
  for (const auto& [name, handoff] : s.program.handoffs) {
    for (const auto& segment : handoff.segments)
      for (const auto& poke : segment.pokes) {
        auto value = poke.value ? known_number(*poke.value, s.program.lets) : std::nullopt;
        if (value && looks_swapped(*value))
          out.sink.report(Code::flag_access, poke.value->span,
                          hex(*value) + " is " + hex(swapped(static_cast<uint32_t>(*value))) +
                              " in the other byte order: a poke is in the image's own already")
              .fix(poke.value->span, hex(swapped(static_cast<uint32_t>(*value))));
      }
    property_widths(handoff, out);
  }
}

void find_half_pairs(const Subject& s, Findings& out) {
  static constexpr std::pair<std::string_view, std::string_view> kPairs[] = {
      {"linux,initrd-start", "linux,initrd-end"}};
  for (const auto& [name, handoff] : s.program.handoffs)
    for (const auto& segment : handoff.segments)
      for (const auto& [first, second] : kPairs) {
        const model::PropertyEdit *one = nullptr, *other = nullptr;
        for (const auto& node : segment.nodes)
          for (const auto& p : node.properties) {
            if (p.drop) continue;
            if (p.name == first) one = &p;
            if (p.name == second) other = &p;
          }
        if ((one == nullptr) == (other == nullptr)) continue;
        const auto* there = one ? one : other;
        out.sink.report(Code::half_pair, there->span,
                        "`" + there->name + "` without `" + std::string(one ? second : first) +
                            "`: a kernel that finds one of the two takes neither");
      }
}

namespace {

struct NamedNumber {
  Wide value;
  std::string name;
};

/// What is known of a machine: with its tree where that can be read, else by its clauses.
struct KnownMachine {
  std::vector<NamedNumber> numbers;                      // addresses
  std::vector<std::pair<Range, std::string>> ranges;
  bool complete = true;
};

KnownMachine known_machine(const Subject& s, const model::MachineDeclaration& declaration) {
  diagnostics::Sink ignored;
  KnownMachine known;
  auto machine = inputs::build_machine(declaration, s.program, ignored);
  if (!machine) {
    known.complete = false;
    model::MachineDeclaration clauses = declaration;
    clauses.file.reset();
    clauses.source.clear();
    machine = inputs::build_machine(clauses, s.program, ignored);
  }
  if (!machine) return known;
  auto add = [&](const RangeSet& ranges, const std::string& name) {
    if (ranges.count() != 1) return;
    known.ranges.emplace_back(ranges.front(), name);
    known.numbers.push_back({ranges.front().begin.wide(), name + ".start"});
    known.numbers.push_back({ranges.front().end.wide(), name + ".end"});
  };
  for (const char* scalar : {"opal.base", "opal.entry"})
    if (auto n = machine->number(scalar)) known.numbers.push_back({*n, std::string("machine.") + scalar});
  for (const char* list : {"crashkernel", "rtas", "opal.memory", "tce", "hash_table", "initrd", "running_kernel"})
    add(machine->ranges(list), std::string("machine.") + list);
  for (const auto& named : machine->named) add(named.ranges, "machine." + named.name);
  for (const char* list : {"rma", "ram"}) add(machine->ranges(list), std::string("machine.") + list);
  return known;
}

class MagicNumbers {
 public:
  MagicNumbers(const KnownMachine& known, Findings& out) : known_(known), out_(out) {}

  void visit(const syntax::Clause& clause) {
    bool place = clause.head == "place";
    for (const auto& argument : clause.arguments) {
      if (!argument.expr) continue;
      if (place && is_literal(*argument.expr)) number(*argument.expr);
      for_each(*argument.expr, [&](const Expr& e) { expression(e); });
    }
  }

 private:
  static constexpr Wide kSmallest = 64 << 10;  // below, too many things are the same number

  void expression(const Expr& e) {
    if (e.kind == Expr::Kind::kBinary && (e.text == "..<" || e.text == "+:")) {
      static const Lets kNoLets;
      auto whole = known_ranges(e, kNoLets);
      if (whole && whole->count() == 1) {
        for (const auto& [range, name] : known_.ranges)
          if (range == whole->front() && range.end.wide() >= kSmallest) return report(e, name);
      }
      if (is_literal(*e.operands[0])) number(*e.operands[0]);
      if (e.text == "..<" && is_literal(*e.operands[1])) number(*e.operands[1]);
    } else if (e.kind == Expr::Kind::kCall && e.text == "u64" && e.operands.size() == 1 &&
               e.operands[0]->kind == Expr::Kind::kInteger) {
      number(*e.operands[0]);
    } else if (e.kind == Expr::Kind::kBinary && (e.text == "<" || e.text == "<=" || e.text == ">" || e.text == ">=" ||
                                                 e.text == "==" || e.text == "!=")) {
      for (const auto& side : e.operands)
        if (side->kind == Expr::Kind::kInteger) number(*side);
    }
  }

  void number(const Expr& e) {
    if (e.integer < kSmallest) return;
    for (const auto& named : known_.numbers)
      if (named.value == e.integer) return report(e, named.name);
  }

  void report(const Expr& e, const std::string& name) {
    out_.sink.report(Code::magic_number, e.span, "this is `" + name + "`, a fact of the machine that may differ on the next")
        .at("write `" + name + "`")
        .fix(e.span, name);
  }

  const KnownMachine& known_;
  Findings& out_;
};

}  // namespace

void find_magic_numbers(const Subject& s, Findings& out) {
  std::map<std::string, KnownMachine> machines;
  std::map<std::pair<source::FileId, uint32_t>, const Handoff*> handoffs;
  for (const auto& [name, handoff] : s.program.handoffs) handoffs[{handoff.name_span.file, handoff.name_span.begin}] = &handoff;
  for (const auto& file : s.files)
    for (const auto& d : file.declarations) {
      if (d.kind != syntax::Declaration::Kind::kHandoff || !s.judged(d.span)) continue;
      auto handoff = handoffs.find({d.name_span.file, d.name_span.begin});
      auto machine = s.program.machines.find(handoff == handoffs.end() ? "" : handoff->second->machine);
      if (machine == s.program.machines.end()) continue;
      auto known = machines.find(machine->first);
      if (known == machines.end()) known = machines.emplace(machine->first, known_machine(s, machine->second)).first;
      out.incomplete = out.incomplete || !known->second.complete;
      MagicNumbers finder(known->second, out);
      for_each_clause(d.clauses, [&](const syntax::Clause& clause) { finder.visit(clause); });
    }
}

}  // namespace baton::lint
