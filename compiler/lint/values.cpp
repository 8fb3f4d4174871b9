// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Checks of numbers: of another width or byte order than their reader takes, one half of a pair, or a number
// that a fact of the machine names.
//
//   "linux,crashkernel-base" = 0x800_0000;   ->  flag-access: four bytes, and its readers take eight
//   within 0x0 ..< 0x1000_0000;              ->  magic-number: `machine.rma` where that is the RMA
#include <algorithm>
#include <array>
#include <set>

#include "inputs/machine.h"
#include "lint/expressions.h"
#include "lint/lints.h"
#include "model/evaluate.h"
#include "model/handoff_clauses.h"

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

/// How many bytes the readers of a property take, whatever its length. Linux 2.6.9 to 6.12: prom.c, rtas.c,
/// prom_init.c, the PCI code; kexec-tools for what a kernel leaves it in /chosen. A property that is read at the
/// length it has (`linux,initrd-start`, those of OPAL) is of no width here. An empty node is any.
struct PropertyWidth {
  std::string_view node, property;
  unsigned bytes;
};
constexpr PropertyWidth kWidths[] = {
    {"/chosen", "linux,memory-limit", 8},     {"/chosen", "linux,crashkernel-base", 8},
    {"/chosen", "linux,crashkernel-size", 8}, {"/chosen", "linux,kernel-end", 8},
    {"/chosen", "linux,tce-alloc-start", 8},  {"/chosen", "linux,tce-alloc-end", 8},
    {"/chosen", "linux,htab-base", 8},        {"/chosen", "linux,htab-size", 8},
    {"/chosen", "linux,rtas-base", 8},        {"/chosen", "linux,rtas-entry", 8},
    {"/chosen", "linux,platform", 4},         {"/rtas", "linux,rtas-base", 4},
    {"/rtas", "linux,rtas-entry", 4},         {"/rtas", "rtas-size", 4},
    {"", "linux,tce-base", 8},                {"", "linux,tce-size", 4},
    {"", "phandle", 4},                       {"", "linux,phandle", 4},
    {"", "#address-cells", 4},                {"", "#size-cells", 4},
    {"", "#interrupt-cells", 4}};

unsigned read_width(std::string_view node, std::string_view property) {
  for (const auto& row : kWidths)
    if (row.property == property && (row.node.empty() || row.node == node)) return row.bytes;
  return 0;
}

/// 4 or 8 where the text says it: a name is as wide as its type, which `.size` and the like show.
unsigned written_width(const Expr& e) {
  if (e.kind == Expr::Kind::kCall && e.text == "u32") return 4;
  if (e.kind == Expr::Kind::kCall && e.text == "u64") return 8;
  if (e.kind == Expr::Kind::kInteger) return 4;
  if (e.kind == Expr::Kind::kSize) return 8;
  static constexpr std::array<std::string_view, 6> kAddresses = {"start", "end", "size", "base", "entry", "address"};
  if (e.kind == Expr::Kind::kMember && std::find(kAddresses.begin(), kAddresses.end(), e.text) != kAddresses.end())
    return 8;
  return 0;
}

void property_widths(const Handoff& handoff, Findings& out) {
  for (const auto& segment : handoff.segments)
    for (const auto& node : segment.nodes)
      for (const auto& p : node.properties) {
        if (p.drop || p.values.size() != 1) continue;
        unsigned written = written_width(*p.values[0]), read = read_width(node.path, p.name);
        if (written == 0 || read == 0 || written == read) continue;
        out.report(Code::flag_access, p.values[0]->span,
                        "these are " + std::to_string(written) + " bytes, and `" + p.name + "` of " + node.path +
                            " is read as " + std::to_string(read))
            .note(read == 8 ? "write `u64(...)`, an address or a size" : "write `u32(...)`");
      }
}

}  // namespace

void find_flag_accesses(const Subject& s, Findings& out) {
  for (const auto& [name, c] : s.program.conventions)
    for (const Clause& clause : c.clauses) {
      if (clause.kind != ClauseKind::kWord || clause.origin != name || clause.values.empty()) continue;
      auto offset = known_number(*clause.values[0], s.program.lets);
      if (offset && *offset % 4 != 0)
        out.report(Code::flag_access, clause.values[0]->span,
                        "word `" + clause.subject + "` at " + hex(*offset) +
                            " is not aligned to its 4 bytes: its reader takes them in two accesses, or traps");
      auto initial = clause.values.size() > 1 ? known_number(*clause.values[1], s.program.lets) : std::nullopt;
      if (initial && *initial > 0xffffffff)
        out.report(Code::flag_access, clause.values[1]->span,
                        "word `" + clause.subject + "` has 32 bits, and its default needs more");
    }
  for (const auto& [name, handoff] : s.program.handoffs) {
    for (const auto& segment : handoff.segments)
      for (const auto& poke : segment.pokes) {
        auto value = poke.value ? known_number(*poke.value, s.program.lets) : std::nullopt;
        if (value && looks_swapped(*value))
          out.report(Code::flag_access, poke.value->span,
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
        out.report(Code::half_pair, there->span,
                        "`" + there->name + "` without `" + std::string(one ? second : first) +
                            "`: a kernel that finds one of the two takes neither");
      }
}

namespace {

std::pair<Wide, Wide> bounds(const Range& range) { return {range.begin.wide(), range.end.wide()}; }

/// What is known of a machine: with its tree where that can be read, else by its clauses.
struct KnownMachine {
  std::map<Wide, std::vector<std::string>> numbers;      // addresses, and what they are called
  std::map<std::pair<Wide, Wide>, std::vector<std::string>> ranges;
  std::set<std::string> kept_out;                        // names of ranges that nothing can be placed in
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
    known.ranges[bounds(ranges.front())].push_back(name);
    known.numbers[ranges.front().begin.wide()].push_back(name + ".start");
    known.numbers[ranges.front().end.wide()].push_back(name + ".end");
  };
  for (const char* scalar : {"opal.base", "opal.entry"})
    if (auto n = machine->number(scalar)) known.numbers[*n].push_back(std::string("machine.") + scalar);
  for (const char* list : {"crashkernel", "rtas", "opal.memory", "tce", "hash_table", "initrd", "running_kernel"})
    add(machine->ranges(list), std::string("machine.") + list);
  for (const char* list : {"rtas", "opal.memory", "tce", "hash_table", "running_kernel"})
    known.kept_out.insert(std::string("machine.") + list);
  for (const auto& named : machine->named) {
    add(named.ranges, "machine." + named.name);
    if (named.reserve) known.kept_out.insert("machine." + named.name);
  }
  for (const char* list : {"rma", "ram"}) add(machine->ranges(list), std::string("machine.") + list);
  return known;
}

class MagicNumbers {
 public:
  MagicNumbers(const KnownMachine& known, Findings& out) : known_(known), out_(out) {}

  void visit(const syntax::Clause& clause) {
    within_ = clause.head == "within";
    bool place = clause.head == "place";
    for (const auto& argument : clause.arguments) {
      if (!argument.expr) continue;
      if (place && is_literal(*argument.expr)) number(*argument.expr, Bound::kNone);
      for_each(*argument.expr, [&](const Expr& e) { expression(e); });
    }
  }

 private:
  static constexpr Wide kSmallest = 64 << 10;  // below, too many things are the same number

  enum class Bound { kNone, kBegin, kEnd };  // of a range

  void expression(const Expr& e) {
    if (e.kind == Expr::Kind::kBinary && (e.text == "..<" || e.text == "+:")) {
      static const Lets kNoLets;
      auto whole = known_ranges(e, kNoLets);
      auto named = whole && whole->count() == 1 && whole->front().end.wide() >= kSmallest
                       ? known_.ranges.find(bounds(whole->front())) : known_.ranges.end();
      if (named != known_.ranges.end())
        for (const auto& name : named->second)
          if (!within_ || !known_.kept_out.contains(name)) return report(e, name);
      if (is_literal(*e.operands[0])) number(*e.operands[0], Bound::kBegin);
      if (e.text == "..<" && is_literal(*e.operands[1])) number(*e.operands[1], Bound::kEnd);
    } else if (e.kind == Expr::Kind::kCall && e.text == "u64" && e.operands.size() == 1 &&
               e.operands[0]->kind == Expr::Kind::kInteger) {
      number(*e.operands[0], Bound::kNone);
    } else if (e.kind == Expr::Kind::kBinary && (e.text == "<" || e.text == "<=" || e.text == ">" || e.text == ">=" ||
                                                 e.text == "==" || e.text == "!=")) {
      for (const auto& side : e.operands)
        if (side->kind == Expr::Kind::kInteger) number(*side, Bound::kNone);
    }
  }

  /// Nobody means to place something in what is kept out of: `within` may begin where such a range ends, and end
  /// where one begins. `within 0x0 ..< 32MiB` is the reach of a branch, however large the running kernel is.
  bool means(const std::string& name, Bound bound) const {
    if (!within_ || bound == Bound::kNone) return true;
    size_t dot = name.rfind('.');
    if (!known_.kept_out.contains(name.substr(0, dot))) return true;
    return name.substr(dot) == (bound == Bound::kBegin ? ".end" : ".start");
  }

  void number(const Expr& e, Bound bound) {
    if (e.integer < kSmallest) return;
    auto named = known_.numbers.find(e.integer);
    if (named == known_.numbers.end()) return;
    for (const auto& name : named->second)
      if (means(name, bound)) return report(e, name);
  }

  void report(const Expr& e, const std::string& name) {
    out_.report(Code::magic_number, e.span, "this is `" + name + "`, a fact of the machine that may differ on the next")
        .at("write `" + name + "`")
        .fix(e.span, name);
  }

  bool within_ = false;
  const KnownMachine& known_;
  Findings& out_;
};

}  // namespace

void find_magic_numbers(const Subject& s, Findings& out) {
  std::map<std::string, KnownMachine> machines;
  const model::HandoffClauses clauses(s.files);
  for (const auto& [name, handoff] : s.program.handoffs) {
    auto machine = s.program.machines.find(handoff.machine);
    if (machine == s.program.machines.end() || !s.judged(handoff.span)) continue;
    auto known = machines.find(machine->first);
    if (known == machines.end()) known = machines.emplace(machine->first, known_machine(s, machine->second)).first;
    out.incomplete = out.incomplete || !known->second.complete;
    MagicNumbers finder(known->second, out);
    for_each_clause(clauses.of(handoff), [&](const syntax::Clause& clause) { finder.visit(clause); });
  }
}

}  // namespace baton::lint
