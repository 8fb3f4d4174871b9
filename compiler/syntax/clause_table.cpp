// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The table of clauses. See clause_table.h for its notation; CLAUSES.md is generated from it.
#include "syntax/clause_table.h"

#include <algorithm>
#include <array>

namespace baton::syntax {
namespace {

using C = Context;

constexpr uint32_t in(C context) { return 1u << static_cast<unsigned>(context); }
template <typename... More>
constexpr uint32_t in(C first, More... more) {
  return in(first) | in(more...);
}

constexpr uint32_t kSegments = in(C::kSegmentElf, C::kSegmentFile, C::kSegmentDevicetree,
                                  C::kSegmentReserve, C::kSegmentElfcorehdr, C::kSegmentTrampoline);
constexpr uint32_t kCpus = in(C::kEnsuresMaster, C::kEnsuresSlaves);
constexpr uint32_t kEnsures = kCpus | in(C::kEnsuresMemory);
constexpr uint32_t kHandoffs = kSegments | in(C::kHandoff, C::kSegmentInherited);
constexpr uint32_t kInherited = kEnsures | kHandoffs | in(C::kConvention, C::kExpects, C::kLoader);

// One row stands for r0 .. r31 lr ctr cr xer.
constexpr std::string_view kRegisterRow = "REG";

struct Row {
  uint32_t contexts;
  std::string_view head;
  std::string_view word;
  std::string_view shape;
  std::optional<C> block;
  std::string_view doc;
};

// clang-format off
const Row kRows[] = {
  // Declarations
  {in(C::kFile), "language", "", "language 1", {}, "opens every file: the version of the language it is written in"},
  {in(C::kFile), "use", "", "use PATH", {}, "makes another file's declarations known; beside this file, or in the standard library"},
  {in(C::kFile), "let", "", "let NAME = VALUE", {}, "names a value; the name has the value's type"},
  {in(C::kFile), "convention", "", "convention NAME@N [extends NAME@N]", C::kConvention, "what is true when control crosses from a giver to a taker, and what the giver expects of the image"},
  {in(C::kFile), "machine", "", "machine NAME", C::kMachine, "the facts of one machine, each written out"},
  {in(C::kFile), "machine", "dtb", "machine NAME from dtb PATH", C::kMachine, "the facts of one machine, from its device tree; a clause overrides"},
  {in(C::kFile), "machine", "live", "machine NAME from live", C::kMachine, "the facts of the machine the compiler runs on, which must be ppc64; a clause overrides"},
  {in(C::kFile), "loader", "", "loader NAME@N [extends NAME@N]", C::kLoader, "what loads the segments: table encodings, granule, and the checks it makes"},
  {in(C::kFile), "handoff", "", "handoff NAME[@N] [extends NAME@N] [on MACHINE] [via LOADER@N]", C::kHandoff, "one boot: from a convention, to a convention, with these segments; one with a version is there for others to extend, and on no machine"},

  // Convention
  {in(C::kConvention), "status", "", "status stable | experimental", {}, "whether a change of meaning is a break; stable versions never change"},
  {in(C::kConvention, C::kLoader), "source", "", "source STRING", {}, "where the claim comes from: a document, a file, a commit"},
  {in(C::kConvention), "supersedes", "", "supersedes CONVENTION@N", {}, "the version this one takes the place of"},
  {in(C::kConvention), "role", "", "role NAME : loadable | elf64 | devicetree | raw [optional]", {}, "what the convention speaks of: an image, a tree; a handoff binds it to a segment"},
  {in(C::kConvention), "role", "pagelist", "role NAME : pagelist", {}, "a run-time value of the call that departs: the list of pages to copy"},
  {in(C::kConvention), "role", "hook", "role NAME : hook", {}, "a run-time value of the call that departs: a function to be called"},
  {in(C::kConvention), "role", "argument", "role NAME : argument", {}, "a run-time value of the call that departs: a number or address"},
  {in(C::kConvention), "ensures", "master", "ensures master", C::kEnsuresMaster, "what is true of the one CPU that crosses first, at the instant it crosses"},
  {in(C::kConvention), "ensures", "slaves", "ensures slaves", C::kEnsuresSlaves, "what is true of each other CPU that arrives, at its own instant"},
  {in(C::kConvention), "ensures", "memory", "ensures memory", C::kEnsuresMemory, "what is true of memory when the master crosses"},
  {in(C::kConvention), "expects", "", "expects ROLE", C::kExpects, "what the giver relies on about the image: its bytes and its place"},
  {in(C::kConvention), "order", "", "order EVENT < EVENT < ..., ...", {}, "which event comes before which, as chains; a strict partial order"},
  {in(C::kConvention), "breaking", "", "breaking allowed RULE because STRING", {}, "waives one rule of the version comparison, with its reason"},

  // ensures master, ensures slaves
  {kCpus, "enter", "", "enter ROLE.entry", {}, "the CPU is at the entry of the image"},
  {kCpus, "enter", "absolute", "enter absolute ADDRESS", {}, "the CPU is at this address"},
  {in(C::kEnsuresMaster), "enter", "call", "enter call", {}, "the stub is code of the giver: functions that it calls, linked by the user"},
  {in(C::kEnsuresMaster), "argument", "", "argument NAME = REG : pagelist | hook | argument", {}, "names a run-time value that a register of the call holds"},
  {in(C::kEnsuresSlaves), "arrival", "", "arrival STATE | in { STATE, ... } | any", {}, "whether slaves come: absent, firmware, arriving, held, unknown"},
  {kCpus, "mode", "", "mode real | virtual", {}, "real is IR = DR = PR = 0, virtual is IR = DR = 1 and PR = 0"},
  {kCpus, "msr", "", "msr FIELD = 0 | 1 | any | giver | VALUE, ...", {}, "fields of the machine state register; one not mentioned is left as found"},
  {kCpus, "ile", "", "ile = VALUE | in { VALUE, ... }", {}, "the byte order interrupts are taken in: 0 big, 1 little, giver"},
  {kCpus, kRegisterRow, "", "REG = VALUE | in { VALUE, ... }", {}, "the register holds this value, or one of these; one not mentioned is unknown"},

  // ensures slaves
  {in(C::kEnsuresSlaves), "pen", "", "pen slot SIZE while INT at offset INT", {}, "each slave polls a slot of its own of a table, and is held while any of these bits is set in the doubleword there"},
  {in(C::kEnsuresSlaves), "field", "", "field at offset INT size INT named NAME [default VALUE]", {}, "names 4 or 8 bytes of a slot, and what they are at first; slot.NAME is what they are when the slave is let go"},

  // ensures slaves, ensures memory
  {in(C::kEnsuresSlaves, C::kEnsuresMemory), "bytes", "", "bytes RANGE = bytes RANGE", {}, "memory on the left equals the bytes on the right; both of one length"},
  {in(C::kEnsuresMemory), "fact", "", "fact segments_placed | icache_coherent | hash_table_cleared", {}, "that event has happened, or that state holds"},
  {in(C::kEnsuresMemory), "place", "", "place ROLE within RANGES | place ROLE disjoint RANGES | place others disjoint RANGES", {}, "where the taker needs a segment to be; others is every segment but the image"},
  {in(C::kEnsuresMemory), "tree.format", "", "tree.format in { INT, ... }", {}, "the versions of the flattened tree that the taker can read"},
  {in(C::kEnsuresMemory), "tree.boot_cpuid_phys", "", "tree.boot_cpuid_phys = VALUE", {}, "the boot CPU's id in the header of the tree"},
  {in(C::kEnsuresMemory), "tree.boot_cpu_node", "", "tree.boot_cpu_node = VALUE", {}, "the cpu node that begins its reg with this id, and no other, has the empty property linux,boot-cpu"},
  {in(C::kEnsuresMaster, C::kEnsuresSlaves, C::kEnsuresMemory), "tree.property", "", "tree.property STRING STRING [= VALUE | absent | not VALUE | at most SIZE]", {}, "a node of the tree, by its path, has this property, with this value or none; or has it not, or not with that value, or not of more bytes"},
  {in(C::kEnsuresMaster, C::kEnsuresSlaves), "tree.property", "cpu", "tree.property cpu STRING [= VALUE | absent | not VALUE | at most SIZE]", {}, "the same of the node of each CPU that is spoken of"},
  {in(C::kEnsuresMemory), "tree.reserves", "", "tree.reserves RANGES, ...", {}, "what the reserve map of the tree covers"},

  // expects
  {in(C::kExpects), "landing", "", "landing slaves at offset INT", {}, "slaves come to this offset of the image's head: there is an instruction for them"},
  {in(C::kExpects), "head", "", "head INT runs_at_zero", {}, "the code slaves reach stays in the first INT bytes and runs at address 0"},
  {in(C::kExpects), "order_neutral", "", "order_neutral entry | landing", {}, "the code there works in whichever byte order the CPU arrives"},
  {in(C::kExpects), "word", "", "word at offset INT named NAME [default INT]", {}, "a 32-bit word of the image that a handoff may poke"},
  {in(C::kExpects), "disjoint", "", "disjoint RANGES, ...", {}, "the segment shares no byte with these ranges"},

  // Machine
  {in(C::kMachine), "ram", "", "ram = RANGES, ...", {}, "memory that exists"},
  {in(C::kMachine), "rma", "", "rma = RANGE", {}, "what is reached with translation off"},
  {in(C::kMachine), "hypervisor", "", "hypervisor = 0 | 1", {}, "1 on bare metal, 0 in a guest: MSR[HV]"},
  {in(C::kMachine), "kexec_slaves", "", "kexec_slaves = STATE", {}, "what becomes of the other CPUs on a kexec: absent, firmware, arriving"},
  {in(C::kMachine), "running_kernel", "", "running_kernel = RANGE", {}, "where the kernel is that loads the segments"},
  {in(C::kMachine), "crashkernel", "", "crashkernel = RANGES, ...", {}, "the reservation for a crash kernel"},
  {in(C::kMachine), "crash_cma", "", "crash_cma = RANGES, ...", {}, "memory in use that a crash kernel may take besides"},
  {in(C::kMachine), "rtas", "", "rtas = RANGES, ...", {}, "run-time firmware of a guest or an older server"},
  {in(C::kMachine), "opal.base", "", "opal.base = ADDRESS", {}, "base of the OPAL firmware, for its callers"},
  {in(C::kMachine), "opal.entry", "", "opal.entry = ADDRESS", {}, "entry of the OPAL firmware"},
  {in(C::kMachine), "opal.memory", "", "opal.memory = RANGES, ...", {}, "memory that OPAL firmware occupies"},
  {in(C::kMachine), "tce", "", "tce = RANGES, ...", {}, "translation tables of I/O bridges, read by hardware"},
  {in(C::kMachine), "hash_table", "", "hash_table = RANGES, ...", {}, "the hash page table"},
  {in(C::kMachine), "initrd", "", "initrd = RANGES, ...", {}, "the initial RAM disk of the running kernel"},
  {in(C::kMachine), "reserved", "", "reserved = RANGES, ...", {}, "memory that is spoken for; placement keeps out of it"},
  {in(C::kMachine), "cpus", "", "cpus = INT, ...", {}, "hardware ids of all CPUs"},
  {in(C::kMachine), "isa", "", "isa = INT", {}, "level of the instruction set, as 206 for 2.06"},
  {in(C::kMachine), "cache_block", "", "cache_block = SIZE", {}, "the smallest cache block of its CPUs, for stubs of others"},
  {in(C::kMachine), "page", "", "page = SIZE", {}, "page size of the running kernel; no tree says it, 64KiB unless written"},
  {in(C::kMachine), "tree", "", "tree = PATH", {}, "the machine's device tree, flattened"},
  {in(C::kMachine), "region", "", "region NAME = RANGES, ...", {}, "names ranges; placement ignores them"},
  {in(C::kMachine), "reserve", "", "reserve NAME = RANGES, ...", {}, "names ranges; placement keeps out of them"},
  {in(C::kMachine), "notes", "", "notes PATH", {}, "addresses of the CPUs' crash notes, for a core header"},

  // Loader
  {in(C::kLoader), "table", "", "table native64 | compat32 | json, ...", {}, "encodings of the segment table it takes"},
  {in(C::kLoader), "granule", "", "granule = SIZE", {}, "what it rounds segments to"},
  {in(C::kLoader), "segments", "", "segments <= INT", {}, "the most segments it takes"},
  {in(C::kLoader), "check", "", "check [on_crash] PREDICATE error NAME | none [because STRING]", {}, "one check in its real order, with the error it answers; none: it does not look, the compiler does"},

  // Handoff
  {in(C::kHandoff), "from", "", "from CONVENTION@N", {}, "the convention the stub is entered by"},
  {in(C::kHandoff), "to", "", "to CONVENTION@N", {}, "the convention the image is to be entered by"},
  {in(C::kHandoff), "giver", "", "giver big | little | both", {}, "byte order of the giver; both: proved once for each"},
  {in(C::kHandoff), "load", "", "load normal | on_crash", {}, "whether the segments wait for a crash"},
  {in(C::kHandoff), "param", "", "param NAME : path | string | size | address | int | bool [in RANGE | in { VALUE, ... }] [= VALUE]", {}, "a value set with -D NAME=..., what it may be, and its default"},
  {in(C::kHandoff), "segment", "elf", "segment NAME = elf PATH", C::kSegmentElf, "the loadable parts of an ELF image"},
  {in(C::kHandoff), "segment", "file", "segment NAME = file PATH", C::kSegmentFile, "a file's bytes as they are"},
  {in(C::kHandoff), "segment", "devicetree", "segment NAME = devicetree PATH | TREE", C::kSegmentDevicetree, "a flattened device tree, edited"},
  {in(C::kHandoff), "segment", "reserve", "segment NAME = reserve SIZE", C::kSegmentReserve, "memory kept free, zero at the start"},
  {in(C::kHandoff), "segment", "elfcorehdr", "segment NAME = elfcorehdr", C::kSegmentElfcorehdr, "the ELF header of a crash dump"},
  {in(C::kHandoff), "segment", "trampoline", "segment NAME = trampoline", C::kSegmentTrampoline, "the stub that closes the gap between the two conventions"},
  {in(C::kHandoff), "segment", kReopened, "segment NAME", C::kSegmentInherited, "adds to the inherited segment of that name, whatever it is"},
  {in(C::kHandoff), "bind", "", "bind ROLE = SEGMENT | giver.ROLE | argument.NAME", {}, "which segment a role of `to` is, or what the giver itself supplies; without it, the segment of that name"},
  {in(C::kHandoff), "slaves", "overlay", "slaves by overlay", {}, "slaves find the taker's own code in the low copy of the stub's head"},
  {in(C::kHandoff), "slaves", "none", "slaves by none", {}, "nothing is done for slaves"},
  {in(C::kHandoff), "slaves", "auto", "slaves by auto", {}, "none when none arrive, else overlay, else relay"},
  {in(C::kHandoff), "slaves", "relay", "slaves by relay", {}, "slaves are caught in a pen of the stub and sent on"},
  {in(C::kHandoff), "enter", "", "enter SEGMENT", {}, "the segment the giver jumps to: its `image`"},
  {in(C::kHandoff), "relies", "", "relies on incidental KEY", {}, "takes as a fact what the giver happens to do and does not promise"},
  {in(C::kHandoff), "assert", "", "assert PREDICATE [else STRING]", {}, "must hold of the placed addresses"},
  {in(C::kHandoff), "allow", "", "allow SLUG because STRING", {}, "silences findings of one kind in this handoff, with the reason"},

  // Segments
  {kSegments, "place", "", "place bottom_up | top_down | at ADDRESS", {}, "from which end a hole is looked for, or the address itself"},
  {kSegments, "align", "", "align SIZE", {}, "start is a multiple of this; the loader's granule holds besides"},
  {in(C::kExpects), "align", "", "align SIZE", {}, "the segment starts at a multiple of this"},
  {kSegments | in(C::kExpects), "within", "", "within RANGES, ...", {}, "all of it lies in one range of each of these"},
  {kSegments, "avoid", "", "avoid RANGES, ...", {}, "no byte of it lies in these"},
  {kSegments, "size", "", "size <= SIZE", {}, "most bytes of content; the room a trampoline is placed with"},
  {in(C::kSegmentElf), "poke", "", "poke WORD = VALUE", {}, "sets a named word of the image, in the image's byte order"},
  {in(C::kSegmentDevicetree), "version", "", "version INT", {}, "version of the flattened form; without it, the highest the taker reads"},
  {in(C::kSegmentDevicetree), "node", "", "node STRING", C::kTreeNode, "edits one node, which is made if it is missing"},
  {in(C::kSegmentDevicetree), "reserve", "", "reserve RANGES | SEGMENT, ...", {}, "adds to the reserve map of the tree"},
  {in(C::kSegmentDevicetree), "usable", "", "usable RANGES, ...", {}, "the memory a crash kernel may use"},
  {in(C::kSegmentElfcorehdr), "cover", "", "cover RANGES, ...", {}, "memory the dump describes"},
  {in(C::kSegmentElfcorehdr), "except", "", "except RANGES, ...", {}, "memory the dump leaves out"},
  {in(C::kSegmentElfcorehdr), "remap", "", "remap RANGE to ADDRESS", {}, "memory whose bytes were moved before the dump"},
  {in(C::kSegmentElfcorehdr), "ranges", "", "ranges <= INT", {}, "room for as many ranges of memory, since more may be plugged"},
  {in(C::kSegmentTrampoline), "digest", "", "digest sha256 of SEGMENT, ...", {}, "the stub compares each segment's digest before it stores anything, and stops at the first that differs"},
  {in(C::kSegmentTrampoline), "before", "", "before enter copy RANGE to ADDRESS", {}, "the stub copies memory before it enters the image; where the two overlap, too"},

  // Tree node
  {in(C::kTreeNode), kPropertyHead, "", "STRING [= VALUE, ...]", {}, "sets a property; an address or size is 8 bytes, an integer 4, a string ends in NUL"},
  {in(C::kTreeNode), "drop", "", "drop STRING", {}, "removes a property"},
};
// clang-format on

const std::array<std::string_view, 36>& register_names() {
  static const std::array<std::string_view, 36> kNames = {
      "r0",  "r1",  "r2",  "r3",  "r4",  "r5",  "r6",  "r7",  "r8",  "r9",  "r10", "r11",
      "r12", "r13", "r14", "r15", "r16", "r17", "r18", "r19", "r20", "r21", "r22", "r23",
      "r24", "r25", "r26", "r27", "r28", "r29", "r30", "r31", "lr",  "ctr", "cr",  "xer"};
  return kNames;
}

ClauseForm form_of(const Row& row, std::string_view head) {
  uint32_t contexts = row.contexts;
  if (contexts & kSegments) contexts |= in(C::kSegmentInherited);
  return ClauseForm{contexts, head,    row.word, row.shape, row.block.has_value(),
                    row.block,    row.doc, 1};
}

// What a user is told of; an inherited segment is one of the others.
const Context kAllContexts[] = {
    C::kFile,           C::kConvention,        C::kEnsuresMaster,  C::kEnsuresSlaves,
    C::kEnsuresMemory,  C::kExpects,           C::kMachine,        C::kLoader,
    C::kHandoff,        C::kSegmentElf,        C::kSegmentFile,    C::kSegmentDevicetree,
    C::kSegmentReserve, C::kSegmentElfcorehdr, C::kSegmentTrampoline, C::kTreeNode};
static_assert(std::size(kAllContexts) == kContextCount - 1);

}  // namespace

std::string_view to_text(Context context) {
  switch (context) {
    case C::kFile: return "a file";
    case C::kConvention: return "a convention";
    case C::kEnsuresMaster: return "`ensures master`";
    case C::kEnsuresSlaves: return "`ensures slaves`";
    case C::kEnsuresMemory: return "`ensures memory`";
    case C::kExpects: return "`expects`";
    case C::kMachine: return "a machine";
    case C::kLoader: return "a loader";
    case C::kHandoff: return "a handoff";
    case C::kSegmentElf: return "an elf segment";
    case C::kSegmentFile: return "a file segment";
    case C::kSegmentDevicetree: return "a devicetree segment";
    case C::kSegmentReserve: return "a reserve segment";
    case C::kSegmentElfcorehdr: return "an elfcorehdr segment";
    case C::kSegmentTrampoline: return "a trampoline segment";
    case C::kSegmentInherited: return "an inherited segment";
    case C::kTreeNode: return "a tree node";
  }
  BATON_CHECK(false, "a context outside the enumeration");
}

bool is_register(std::string_view name) {
  const auto& names = register_names();
  return std::find(names.begin(), names.end(), name) != names.end();
}

const std::vector<ClauseForm>& clause_forms() {
  static const std::vector<ClauseForm> kForms = [] {
    std::vector<ClauseForm> all;
    for (const Row& row : kRows) {
      if (row.head == kRegisterRow) {
        for (std::string_view name : register_names()) all.push_back(form_of(row, name));
      } else {
        all.push_back(form_of(row, row.head));
      }
    }
    return all;
  }();
  return kForms;
}

const std::vector<ModifierForm>& modifier_forms() {
  static const std::vector<ModifierForm> kForms = {
      {Modifier::kIncidental, "incidental", kEnsures, "incidental CLAUSE",
       "true of today's code and not promised; a handoff that needs it says `relies on incidental`"},
      {Modifier::kUnspecified, "unspecified", kEnsures, "unspecified KEY | unspecified bytes RANGES",
       "withdraws an inherited promise: nothing is known; of memory: it may change at any time"},
      {Modifier::kOverride, "override", kInherited | in(C::kTreeNode), "override CLAUSE",
       "takes the place of the inherited clause of the same key"},
      {Modifier::kDrop, "drop", kInherited, "drop KEY", "removes the inherited clause of that key"}};
  return kForms;
}

const ModifierForm& find(Modifier modifier) {
  const auto& all = modifier_forms();
  return *std::find_if(all.begin(), all.end(),
                       [&](const ModifierForm& form) { return form.modifier == modifier; });
}

const ClauseForm* find(Context context, std::string_view head, std::string_view word) {
  const ClauseForm* rest = nullptr;
  for (const ClauseForm& form : clause_forms()) {
    if (form.head != head || !form.stands_in(context)) continue;
    if (form.word == word) return &form;
    if (form.word.empty() && !rest) rest = &form;
  }
  return rest;
}

namespace {

const ClauseForm* find_or_first(Context context, std::string_view head,
                                const std::vector<Argument>& arguments) {
  if (const ClauseForm* form = find(context, head, form_word(head, arguments))) return form;
  auto all = forms(context, head);
  return all.empty() ? nullptr : all.front();
}

}  // namespace

const ClauseForm* find(Context context, const Clause& clause) {
  if (clause.head_is_string) return find(context, kPropertyHead);
  return find_or_first(context, clause.head, clause.arguments);
}

const ClauseForm* find(Context context, const PlainClause& clause) {
  if (clause.head_is_string) return find(context, kPropertyHead);
  return find_or_first(context, clause.head, clause.arguments);
}

std::vector<const ClauseForm*> forms(Context context, std::string_view head) {
  std::vector<const ClauseForm*> found;
  for (const ClauseForm& form : clause_forms())
    if (form.head == head && form.stands_in(context)) found.push_back(&form);
  return found;
}

std::vector<std::string_view> heads(Context context) {
  std::vector<std::string_view> names;
  auto add = [&](std::string_view name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  for (const ClauseForm& form : clause_forms())
    if (form.stands_in(context)) add(form.head);
  for (const ModifierForm& form : modifier_forms())
    if (form.stands_in(context)) add(form.word);
  return names;
}

bool is_modifier(Context context, std::string_view word) {
  return std::any_of(modifier_forms().begin(), modifier_forms().end(),
                     [&](const ModifierForm& form) { return form.word == word && form.stands_in(context); });
}

bool is_head(Context context, std::string_view head) {
  if (is_modifier(context, head)) return true;
  for (const ClauseForm& form : clause_forms())
    if (form.head == head && form.stands_in(context)) return true;
  return false;
}

std::vector<Context> contexts_of(std::string_view head) {
  std::vector<Context> found;
  for (Context context : kAllContexts)
    if (is_head(context, head)) found.push_back(context);
  return found;
}

std::string_view form_word(std::string_view head, const std::vector<Argument>& arguments) {
  if (head == "segment" && arguments.size() == 1) return kReopened;
  // `segment NAME = KIND`, `role NAME : KIND`, `slaves by WORD`, `ensures WORD`, `enter WORD`.
  size_t at = head == "segment" || head == "role" ? 2 : head == "slaves" ? 1 : 0;
  if (at >= arguments.size() || !arguments[at].expr) return {};
  const Expr& expr = *arguments[at].expr;
  return expr.kind == Expr::Kind::kName ? std::string_view(expr.text) : std::string_view();
}

std::optional<Context> context_of(const Declaration& declaration) {
  switch (declaration.kind) {
    case Declaration::Kind::kConvention: return C::kConvention;
    case Declaration::Kind::kMachine: return C::kMachine;
    case Declaration::Kind::kLoader: return C::kLoader;
    case Declaration::Kind::kHandoff: return C::kHandoff;
    default: return std::nullopt;
  }
}

std::optional<Context> block_context(Context outer, const Clause& clause) {
  if (clause.head_is_string) return std::nullopt;
  const ClauseForm* form = find(outer, clause.head, form_word(clause.head, clause.arguments));
  return form ? form->block : std::nullopt;
}

namespace {

/// `|` would end a cell of the table.
std::string cell(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

void table_head(std::string& out) { out += "| clause | meaning |\n|---|---|\n"; }

void table_row(std::string& out, std::string_view shape, std::string_view doc, bool block) {
  out += "| `" + cell(shape) + (block ? " { ... }" : "") + "` | " + cell(doc) + " |\n";
}

}  // namespace

std::string clause_reference_markdown() {
  std::string out =
      "<!-- Generated from compiler/syntax/clause_table.cpp; a test holds it fresh. -->\n"
      "# Clause reference\n\n"
      "Lower case is written as it stands, UPPER CASE is replaced, `[x]` may be left out, `x | y` is\n"
      "either, `x, ...` is a list. `RANGES` is one range or a named set of ranges, `REG` one of `r0` to\n"
      "`r31`, `lr`, `ctr`, `cr`, `xer`. Every clause ends in `;` or in its block, and any clause may carry\n"
      "`because STRING` at its end. What is not listed is refused by name, never ignored.\n";
  for (Context context : kAllContexts) {
    out += "\n## In " + std::string(to_text(context)) + "\n\n";
    table_head(out);
    for (const Row& row : kRows)
      if ((row.contexts >> static_cast<unsigned>(context)) & 1u)
        table_row(out, row.shape, row.doc, row.block.has_value());
    for (const ModifierForm& form : modifier_forms())
      if (form.stands_in(context)) table_row(out, form.shape, form.doc, false);
  }
  return out;
}

}  // namespace baton::syntax
