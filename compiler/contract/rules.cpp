// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The rules: which difference has which name, and who breaks. See diff.h.
//
// A rule's effects are what it declares; of a single change entailment answers the same, and a test holds
// the table to that. Where it answers otherwise (a register of slaves where no slave comes) the answer
// stands and the change says why. The first rule that names a difference has it.
#include <algorithm>

#include "contract/differences.h"

namespace baton::contract {

using model::ClauseKind;
using model::Section;
using What = Difference::What;
using D = Difference;

const char* to_text(Effect effect) {
  switch (effect) {
    case Effect::kOk: return "ok";
    case Effect::kWarns: return "warns";
    case Effect::kBreaks: return "breaks";
  }
  return "";
}

namespace {

bool of(const D& d, ClauseKind kind) { return d.what == What::kFact && d.kind == kind; }
bool came(const D& d) { return !d.was && d.is; }
bool went(const D& d) { return d.was && !d.is; }
bool stayed(const D& d) { return d.was && d.is; }
/// Less is promised now, more, something else.
bool less(const D& d) { return !d.taker_ok() && d.giver_ok(); }
bool more(const D& d) { return d.taker_ok() && !d.giver_ok(); }
bool other(const D& d) { return !less(d) && !more(d); }

bool promoted(const D& d) { return d.what <= What::kMode && d.same_incidental_before && more(d); }
bool demoted(const D& d) { return d.what <= What::kMode && d.same_incidental_after && less(d); }
bool strength(const D& d) { return promoted(d) || demoted(d); }

bool reg(const D& d) { return of(d, ClauseKind::kRegister) && !strength(d); }
bool reg_set(const D& d) { return reg(d) && stayed(d) && !d.stack; }
bool enter(const D& d) { return of(d, ClauseKind::kEnter) && !strength(d); }
bool bit(const D& d) {
  bool half_mode = d.what == What::kMode && !stayed(d);
  return (half_mode || of(d, ClauseKind::kMsr) || of(d, ClauseKind::kIle)) && !strength(d);
}
bool memory_copy(const D& d) {
  return of(d, ClauseKind::kBytes) && d.section == Section::kMemory && !d.taker_ok() && !d.giver_ok();
}
bool memory_fact(const D& d) {
  bool bytes = of(d, ClauseKind::kBytes) && !memory_copy(d);
  bool tree = of(d, ClauseKind::kTreeBootCpu) || of(d, ClauseKind::kTreeReserves) || of(d, ClauseKind::kTreeProperty);
  bool pen = of(d, ClauseKind::kPen) || of(d, ClauseKind::kSlotField);
  return (bytes || of(d, ClauseKind::kFact) || tree || pen) &&
         !strength(d);
}
bool head_window(const D& d) { return memory_copy(d) && stayed(d) && d.same_start; }
bool formats(const D& d) { return of(d, ClauseKind::kTreeFormat) && !strength(d); }
bool arrival(const D& d) { return of(d, ClauseKind::kArrival) && !strength(d); }
bool place(const D& d) { return of(d, ClauseKind::kPlace) && !strength(d); }
bool placement(const D& d) {
  return of(d, ClauseKind::kWithin) || of(d, ClauseKind::kDisjoint) || of(d, ClauseKind::kAlign);
}
bool offer(const D& d) {
  return of(d, ClauseKind::kLanding) || of(d, ClauseKind::kHead) || of(d, ClauseKind::kOrderNeutral) ||
         of(d, ClauseKind::kWord);
}
bool flag(const D& d) { return of(d, ClauseKind::kWord) && stayed(d); }

constexpr Effect kOk = Effect::kOk, kBreaks = Effect::kBreaks, kWarns = Effect::kWarns;

// clang-format off
const std::vector<Rule> kRules = {
  // The version itself
  {"CONVENTION_REMOVED", "a version that others may name is not there any more", kBreaks, kBreaks, false, true, nullptr},
  {"CONVENTION_EDITED_IN_PLACE", "a stable version means something else under its old name", kBreaks, kBreaks, false, true, nullptr},
  {"STATUS_CHANGED", "a version became stable, or gave that up", kWarns, kWarns, false, true, nullptr},

  // Registers
  {"MASTER_REG_REMOVED", "a register of the master is promised no more", kBreaks, kOk, false, false,
   [](const D& d) { return reg(d) && d.section == Section::kMaster && went(d); }},
  {"SLAVE_REG_REMOVED", "a register of the slaves is promised no more", kBreaks, kOk, false, false,
   [](const D& d) { return reg(d) && d.section == Section::kSlaves && went(d); }},
  {"MASTER_REG_ADDED", "a register of the master is promised that was not", kOk, kBreaks, false, false,
   [](const D& d) { return reg(d) && d.section == Section::kMaster && came(d); }},
  {"SLAVE_REG_ADDED", "a register of the slaves is promised that was not", kOk, kBreaks, false, false,
   [](const D& d) { return reg(d) && d.section == Section::kSlaves && came(d); }},
  {"REG_VALUE_CHANGED", "a register holds something else, or something not provably equal", kBreaks, kBreaks, false, false,
   [](const D& d) { return reg(d) && stayed(d) && other(d); }},
  {"REG_SET_WIDENED", "a register may hold more values", kBreaks, kOk, false, false,
   [](const D& d) { return reg_set(d) && less(d); }},
  {"REG_SET_NARROWED", "a register may hold fewer values", kOk, kBreaks, false, false,
   [](const D& d) { return reg_set(d) && more(d); }},

  // Strength
  {"INCIDENTAL_PROMOTED", "what was only true is promised now", kOk, kBreaks, false, false, promoted},
  {"PROMISE_DEMOTED", "what was promised is only true now", kBreaks, kOk, false, false, demoted},
  {"INCIDENTAL_CHANGED", "what was true and not promised is another, or gone", kWarns, kOk, false, false,
   [](const D& d) { return d.what == What::kIncidental; }},

  // Where CPUs enter, and in what state
  {"ENTRY_MOVED", "the master enters elsewhere", kBreaks, kBreaks, false, false,
   [](const D& d) { return enter(d) && d.section == Section::kMaster && stayed(d); }},
  {"LANDING_MOVED", "slaves arrive elsewhere", kBreaks, kBreaks, false, false,
   [](const D& d) { return enter(d) && d.section == Section::kSlaves && stayed(d); }},
  {"ENTRY_WITHDRAWN", "where a CPU enters is said no more", kBreaks, kOk, false, false,
   [](const D& d) { return enter(d) && went(d); }},
  {"ENTRY_STATED", "where a CPU enters is said now", kOk, kBreaks, false, false,
   [](const D& d) { return enter(d) && came(d); }},
  {"LANDING_OFFSET_CHANGED", "the image takes slaves at another offset of its head", kBreaks, kBreaks, false, false,
   [](const D& d) { return of(d, ClauseKind::kLanding) && stayed(d); }},
  {"HEAD_WINDOW_GROWN", "more of the image's head is copied over memory", kBreaks, kBreaks, false, false,
   [](const D& d) { return head_window(d) && d.longer; }},
  {"HEAD_WINDOW_SHRUNK", "less of the image's head is copied", kBreaks, kBreaks, false, false,
   [](const D& d) { return head_window(d) && !d.longer; }},
  {"MODE_CHANGED", "real mode became virtual mode, or the reverse", kBreaks, kBreaks, false, false,
   [](const D& d) { return d.what == What::kMode && stayed(d) && !strength(d); }},
  {"MSR_BIT_FLIPPED", "a field of the machine state has another value", kBreaks, kBreaks, false, false,
   [](const D& d) { return bit(d) && stayed(d) && other(d); }},
  {"MSR_BIT_PINNED", "a field of the machine state is fixed that was open", kOk, kBreaks, false, false,
   [](const D& d) { return bit(d) && (more(d) || (came(d) && other(d))); }},
  {"MSR_BIT_RELEASED", "a field of the machine state is open that was fixed", kBreaks, kOk, false, false,
   [](const D& d) { return bit(d) && (less(d) || (went(d) && other(d))); }},
  {"STACK_PROMISE_WEAKENED", "less stack is promised, or a stack of unknown size", kBreaks, kOk, false, false,
   [](const D& d) { return reg(d) && stayed(d) && d.stack && less(d); }},
  {"STACK_PROMISE_STRENGTHENED", "more stack is promised", kOk, kBreaks, false, false,
   [](const D& d) { return reg(d) && stayed(d) && d.stack && more(d); }},

  // Memory
  {"MEMORY_FACT_REMOVED", "something about memory is promised no more", kBreaks, kOk, false, false,
   [](const D& d) { return memory_fact(d) && went(d); }},
  {"MEMORY_FACT_ADDED", "something about memory is promised that was not", kOk, kBreaks, false, false,
   [](const D& d) { return memory_fact(d) && came(d); }},
  {"MEMORY_FACT_WEAKENED", "a promise about memory covers less", kBreaks, kOk, false, false,
   [](const D& d) { return memory_fact(d) && stayed(d) && less(d); }},
  {"MEMORY_FACT_STRENGTHENED", "a promise about memory covers more", kOk, kBreaks, false, false,
   [](const D& d) { return memory_fact(d) && stayed(d) && more(d); }},
  {"MEMORY_FACT_CHANGED", "a promise about memory is another one", kBreaks, kBreaks, false, false,
   [](const D& d) { return memory_fact(d) && stayed(d) && other(d); }},
  {"MEMORY_COPY_ADDED", "memory that was preserved is overwritten with a copy", kBreaks, kBreaks, false, false,
   [](const D& d) { return memory_copy(d) && came(d); }},
  {"MEMORY_COPY_REMOVED", "a copy is made no more, and what lay there is preserved", kBreaks, kBreaks, false, false,
   [](const D& d) { return memory_copy(d) && went(d); }},
  {"MEMORY_COPY_CHANGED", "other bytes are copied, or elsewhere", kBreaks, kBreaks, false, false,
   [](const D& d) { return memory_copy(d) && stayed(d) && !d.same_start; }},
  {"MEMORY_CLOBBER_ADDED", "more memory may be destroyed", kBreaks, kOk, false, false,
   [](const D& d) { return d.what == What::kFrame && less(d); }},
  {"MEMORY_CLOBBER_REMOVED", "less memory may be destroyed", kOk, kBreaks, false, false,
   [](const D& d) { return d.what == What::kFrame && more(d); }},
  {"MEMORY_CLOBBER_CHANGED", "other memory may be destroyed", kBreaks, kBreaks, false, false,
   [](const D& d) { return d.what == What::kFrame && other(d); }},
  {"TREE_FORMATS_WIDENED", "the tree may have more formats", kBreaks, kOk, false, false,
   [](const D& d) { return formats(d) && less(d); }},
  {"TREE_FORMATS_NARROWED", "the tree may have fewer formats", kOk, kBreaks, false, false,
   [](const D& d) { return formats(d) && more(d); }},
  {"TREE_FORMATS_CHANGED", "the tree has other formats", kBreaks, kBreaks, false, false,
   [](const D& d) { return formats(d) && other(d); }},
  {"PLACE_ADDED", "the taker needs a segment in a place it did not ask for", kOk, kBreaks, false, false,
   [](const D& d) { return place(d) && more(d); }},
  {"PLACE_REMOVED", "the taker asks less of a segment's place", kBreaks, kOk, false, false,
   [](const D& d) { return place(d) && less(d); }},
  {"PLACE_CHANGED", "the taker needs a segment in another place", kBreaks, kBreaks, false, false,
   [](const D& d) { return place(d) && other(d); }},

  // Order and slaves
  {"ORDER_EDGE_REMOVED", "one event need not come before another any more", kBreaks, kOk, false, false,
   [](const D& d) { return d.what == What::kEdge && d.was; }},
  {"ORDER_EDGE_ADDED", "one event comes before another now", kOk, kBreaks, false, false,
   [](const D& d) { return d.what == What::kEdge && !d.was; }},
  {"ORDER_EDGE_REVERSED", "an event moved past others", kBreaks, kBreaks, false, false,
   [](const D& d) { return d.what == What::kMoved; }},
  {"ARRIVAL_WIDENED", "slaves may be in more states", kBreaks, kOk, false, false,
   [](const D& d) { return arrival(d) && less(d); }},
  {"ARRIVAL_NARROWED", "slaves may be in fewer states", kOk, kBreaks, false, false,
   [](const D& d) { return arrival(d) && more(d); }},
  {"ARRIVAL_CHANGED", "slaves are in another state", kBreaks, kBreaks, false, false,
   [](const D& d) { return arrival(d) && other(d); }},

  // What is expected of the image
  {"EXPECT_ADDED", "the image must offer something more", kBreaks, kOk, false, false,
   [](const D& d) { return offer(d) && came(d); }},
  {"EXPECT_REMOVED", "the image need not offer something any more", kOk, kBreaks, false, false,
   [](const D& d) { return offer(d) && went(d); }},
  {"EXPECT_TIGHTENED", "an offer of the image must be better", kBreaks, kOk, false, false,
   [](const D& d) { return (flag(d) || of(d, ClauseKind::kHead)) && stayed(d) && less(d); }},
  {"EXPECT_LOOSENED", "an offer of the image may be worse", kOk, kBreaks, false, false,
   [](const D& d) { return (flag(d) || of(d, ClauseKind::kHead)) && stayed(d) && more(d); }},
  {"EXPECT_CHANGED", "an offer of the image is another, not provably better or worse", kBreaks, kBreaks, false, false,
   [](const D& d) { return of(d, ClauseKind::kHead) && stayed(d) && other(d); }},
  {"FLAG_WORD_MOVED", "a named word of the image is at another offset", kBreaks, kBreaks, false, false,
   [](const D& d) { return flag(d) && !d.same_offset && other(d); }},
  {"FLAG_DEFAULT_CHANGED", "a named word of the image holds another value", kBreaks, kBreaks, false, false,
   [](const D& d) { return flag(d) && d.same_offset && other(d); }},
  {"PLACEMENT_TIGHTENED", "the image has fewer places to be in", kBreaks, kOk, false, false,
   [](const D& d) { return placement(d) && less(d); }},
  {"PLACEMENT_LOOSENED", "the image has more places to be in", kOk, kBreaks, false, false,
   [](const D& d) { return placement(d) && more(d); }},
  {"PLACEMENT_CHANGED", "the image must be in another place", kBreaks, kBreaks, false, false,
   [](const D& d) { return placement(d) && other(d); }},
  {"ROLE_ADDED", "the convention speaks of something new", kBreaks, kBreaks, false, false,
   [](const D& d) { return d.what == What::kRole && came(d); }},
  {"ROLE_REMOVED", "the convention does not speak of something any more", kBreaks, kBreaks, false, false,
   [](const D& d) { return d.what == What::kRole && went(d); }},
  {"ROLE_RETYPED", "a role is of another kind, or optional, or no longer so", kBreaks, kBreaks, false, false,
   [](const D& d) { return d.what == What::kRole && stayed(d); }},

  // Words
  {"DOC_ONLY", "other words, the same meaning", kOk, kOk, true, false,
   [](const D& d) { return d.what == What::kWords && !d.source; }},
  {"SOURCE_CHANGED", "the claim is taken from somewhere else", kOk, kOk, true, false,
   [](const D& d) { return d.what == What::kWords && d.source; }},
};
// clang-format on

}  // namespace

const std::vector<Rule>& rules() { return kRules; }

const Rule* find_rule(std::string_view id) {
  auto it = std::find_if(kRules.begin(), kRules.end(), [&](const Rule& r) { return r.id == id; });
  return it == kRules.end() ? nullptr : &*it;
}

}  // namespace baton::contract
