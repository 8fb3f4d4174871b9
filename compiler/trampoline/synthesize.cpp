// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Head and bodies put together. Bytes of the head, for a newcomer:
//
//   0x00  the master is entered here. Ours: one branch to the body.
//   0x04  also ours when the giver's byte order is open: `b` for big-endian whose four bytes, read in the
//         other order, are `tdi 0,..`, a trap that never happens; then `b` in little-endian. The first
//         displacement must therefore end in 0x08: 48 xx xx 08 reads backwards as 08 xx xx 48.
//   0x08  from here on the taker's own bytes, where its slaves read them: spin word, acknowledge word,
//         and at 0x60 the code that slaves are sent to. The giver copies all of it to address 0, so the
//         taker's slaves run the taker's code without a copy of ours, a handshake or a delay.
//   0x100 the bodies.
//
// Under a pen of the taker's 0x60 has the whole pen, the slots of its slaves follow from 0x100 on, and the bodies
// those. Under relay 0x60 has the branch to the slaves' pen, which stands behind it, and nothing else is the taker's.
// Where no slave comes nothing is read at 0 and the body itself stands at offset 0.
#include "trampoline/synthesize.h"

#include <algorithm>

#include "trampoline/body.h"
#include "trampoline/boot_mark.h"
#include "trampoline/bound.h"
#include "trampoline/id_words.h"
#include "trampoline/interrupts.h"

namespace baton::trampoline {

using ppc64::Stub;
namespace ins = ppc64::ins;

namespace {

/// All that the master executes after the entry's branch.
struct Body {
  Part all;
  size_t set_up = 0, set_up_bound = 0;  // of the last part: registers and the jump
  size_t mark_bound = 0;
};

/// The body that starts at `offset`.
Result<Body> parts_and_body(const StubRequest& request, const MasterGoals& goals, uint64_t offset) {
  Body made{Part{{}, 0, goals}};
  Part& all = made.all;
  auto append = [&](Part part) {
    for (PartLoop loop : part.loops) all.loops.push_back({all.steps.size() + loop.step, loop.turns, loop.bytes});
    all.steps.insert(all.steps.end(), part.steps.begin(), part.steps.end());
    all.executed += part.executed;
    all.after = std::move(part.after);
  };
  // What can be refused comes before what cannot be undone.
  if (goals.interrupts) {
    auto call = set_interrupt_order(all.after, request.start + offset);
    if (!call) return call.failure();
    append(std::move(*call));
  }
  if (!request.copies.empty()) {
    auto copies = copy_memory(request.copies, request.vectors, all.after);
    if (!copies) return copies.failure();
    append(std::move(*copies));
  }
  if (request.relay) {
    auto handover = relay_handover(*request.relay, all.after);
    if (!handover) return handover.failure();
    append(std::move(*handover));
  }
  if (!all.after.more_ids.empty()) {
    auto ids = store_more_ids(all.after);
    if (!ids) return ids.failure();
    append(std::move(*ids));
  }
  if (all.after.mark_store) {
    made.mark_bound = least_mark(all.after);
    auto mark = mark_boot_cpu(all.after);
    if (!mark) return mark.failure();
    append(std::move(*mark));
  }
  uint64_t behind = offset + 4 * all.steps.size();
  auto body = shortest_body(all.after, request.start, behind);
  if (!body) return body.failure();
  made.set_up = body->size();
  made.set_up_bound = least_set_up(all.after, request.start, behind);
  BATON_CHECK(made.set_up >= made.set_up_bound, "a body shorter than the bound");
  append(Part{*body, body->size(), all.after});
  return made;
}

void append(Stub& stub, const Stub& part) {
  stub.items.insert(stub.items.end(), part.items.begin(), part.items.end());
}

}  // namespace

Result<SynthesizedStub> synthesize(const StubRequest& request) {
  BATON_CHECK(!request.masters.empty() && request.masters.size() <= 2, "one or two byte orders");
  bool both = request.masters.size() == 2;
  // With two bodies the unit is big-endian and the other order's words are printed as data.
  Endian unit = both ? Endian::kBig : request.masters[0].giver;
  uint64_t own_head = both ? 8 : 4;
  for (const HeadBytes& part : request.head)
    if (part.offset < own_head)
      return Failure{Failure::Kind::kUnsuitable,
                     "the taker needs byte " + hex(part.offset) + " of the head, and the stub's branch takes " +
                         std::to_string(own_head) + " bytes from 0: " +
                         human(Size{std::min(own_head - part.offset, uint64_t{part.bytes.size()})}) + " too many",
                     both ? "say `giver big;` if only big-endian kernels hand over" : ""};

  bool low_copy = request.overlay || request.relay || request.pen;  // slaves run the first 0x100 bytes
  bool branch_first = low_copy || both;
  uint64_t first_body = low_copy ? kHeadSize : 0;
  // The slots follow the head; what the first branch of two must end in follows from whole heads of them.
  if (request.pen) first_body = (kHeadSize + request.pen->table.size().bytes() + kHeadSize - 1) / kHeadSize * kHeadSize;
  if (both) first_body += 8;  // so that the displacement of the first branch ends in 0x08
  // Read backwards, bits of its second byte from the end are conditions to trap on. Behind that many slots it goes by
  // the word at 8, which no slave of a pen reads.
  bool detour = both && request.pen && (first_body >> 8 & 0xff) >= 0x20;

  SynthesizedStub result;
  Stub& stub = result.stub;
  stub.unit_order = unit;

  std::vector<Body> bodies;
  std::vector<DigestCheck> checks;
  uint64_t offset = first_body;
  for (const MasterGoals& goals : request.masters) {
    if (request.digest) {
      auto check = digest_check(*request.digest, goals);
      if (!check) return check.failure();
      auto layout = ppc64::lay_out(check->before);
      if (!layout) return layout.failure();
      offset += layout->size;
      checks.push_back(std::move(*check));
    }
    auto body = parts_and_body(request, goals, offset);
    if (!body) return body.failure();
    for (const PartLoop& loop : body->all.loops)
      result.loops.push_back({goals.giver, offset + 4 * loop.step, loop.turns, loop.bytes});
    offset += 4 * body->all.steps.size();
    bodies.push_back(std::move(*body));
  }

  auto body_label = [&](size_t i) {
    return std::string(request.masters[i].giver == Endian::kBig ? "body_big" : "body_little");
  };
  if (branch_first) {
    std::string why = request.landing_clause;
    stub.comment("Entry. " + std::string(low_copy
                                             ? "The giver copies these 0x100 bytes to 0, where slaves run them."
                                             : "The giver's byte order is open."));
    stub.code(ins::b(ppc64::Displacement(detour ? "entry_big" : body_label(0))), why, request.masters[0].giver);
    if (both) stub.code(ins::b(ppc64::Displacement(body_label(1))), why, request.masters[1].giver);
    if (detour) {
      stub.label("entry_big");
      stub.code(ins::b(ppc64::Displacement(body_label(0))), why, request.masters[0].giver);
    }
    auto head = request.head;
    std::sort(head.begin(), head.end(),
              [](const HeadBytes& a, const HeadBytes& b) { return a.offset < b.offset; });
    for (const HeadBytes& part : head) {
      stub.org(part.offset);
      stub.bytes(part.bytes, part.clause);
    }
    if (request.relay) {
      auto pen = relay_pen(*request.relay);
      if (!pen) return pen.failure();
      stub.org(request.relay->landing);
      append(stub, *pen);
    }
    if (request.pen) {
      auto pen = pen_code(*request.pen);
      if (!pen) return pen.failure();
      stub.org(request.pen->landing);
      append(stub, *pen);
      stub.org(placement::PenTable::kOffset);
      stub.comment("The slots, of CPU " + std::to_string(request.pen->table.first) + " and up.");
      stub.label("slots");
      stub.bytes(request.pen->table.bytes(), request.pen->table.clause);
    }
    stub.org(first_body);
  }
  for (size_t i = 0; i < bodies.size(); ++i) {
    Endian order = request.masters[i].giver;
    stub.comment(std::string("Master, giver ") + to_text(order) + "-endian.");
    stub.label(body_label(i));
    if (request.digest) append(stub, checks[i].before);
    const auto& steps = bodies[i].all.steps;
    for (const Step& step : steps) stub.code(step.instruction, step.clause, step.order.value_or(order));
    bool other_parts = request.relay || request.digest || !request.copies.empty() || request.masters[i].interrupts || detour ||
                       !request.masters[i].more_ids.empty();
    uint64_t branches = branch_first ? 1 : 0;
    result.counts.push_back({order, bodies[i].all.executed + branches,
                             other_parts ? 0 : branches + bodies[i].mark_bound + bodies[i].set_up_bound,
                             bodies[i].set_up, bodies[i].set_up_bound, request.masters[i].interrupts.has_value()});
    if (request.digest) result.counts.back().instructions += checks[i].instructions;
    // In little-endian the first head word is the never-trapping tdi before the second branch.
    if (both && i == 1) result.counts.back().instructions += 1;
    if (detour && i == 0) result.counts.back().instructions += 1;
  }
  for (const DigestCheck& check : checks) append(stub, check.behind);
  if (request.digest) append(stub, digest_stop(*request.digest));
  return result;
}

}  // namespace baton::trampoline
