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
// Under relay 0x60 has the branch to the slaves' pen, which stands behind it, and nothing else is the taker's.
// Where no slave comes nothing is read at 0 and the body itself stands at offset 0.
#include "trampoline/synthesize.h"

#include <algorithm>

#include "trampoline/body.h"
#include "trampoline/boot_mark.h"
#include "trampoline/interrupts.h"

namespace baton::trampoline {

using ppc64::Stub;
namespace ins = ppc64::ins;

namespace {

/// Whether r9 is one `addi` or `ori` away from r8.
bool near_each_other(const MasterGoals& goals) {
  auto value_of = [&](ppc64::Gpr gpr) -> std::optional<uint64_t> {
    for (const RegisterGoal& g : goals.registers)
      if (g.gpr == gpr && g.allowed.size() == 1)
        if (const auto* value = std::get_if<uint64_t>(&g.allowed[0])) return *value;
    return std::nullopt;
  };
  auto base = value_of(ppc64::reg::r8), entry = value_of(ppc64::reg::r9);
  if (!base || !entry) return false;
  bool by_addi = *entry - *base + 0x8000 < 0x10000, by_ori = (*entry & ~uint64_t{0xffff}) == *base;
  return by_addi || by_ori;
}

/// The lower bounds counted by hand for the job they were counted for: branch over an overlaid head,
/// addis, store of the id, mr, addis, branch, on 64 KiB pages with r4 = start and r5 = 0 promised; two
/// or three more for r8 and r9. 0 where the job is another one.
size_t counted_bound(const MasterGoals& goals, bool branch_first, bool far) {
  auto sets = [&](ppc64::Gpr gpr) {
    return std::any_of(goals.registers.begin(), goals.registers.end(),
                       [&](const RegisterGoal& g) { return g.gpr == gpr; });
  };
  bool opal = goals.registers.size() == 4 && sets(ppc64::reg::r8) && sets(ppc64::reg::r9);
  if (goals.id_store.has_value() == goals.mark_store.has_value() || !sets(ppc64::reg::r3) || !sets(ppc64::reg::r4)) return 0;
  if (goals.registers.size() != 2 && !opal) return 0;
  // r8 is one instruction (OPAL starts on a multiple of 64 KiB); r9 is one from r8 where it is near, else two.
  size_t opal_registers = !opal ? 0 : near_each_other(goals) ? 2 : 3;
  size_t bound = (branch_first ? 1 : 0) + 5 + opal_registers;
  if (goals.mark_store) ++bound;  // whose place depends on the id: one multiplication
  if (goals.giver == Endian::kLittle && goals.id_store && !goals.id_store->fits_byte) ++bound;
  if (!goals.msr.empty()) return bound + 4;  // mfmsr, clrrdi, mtsrr0, mtsrr1, rfid for the branch
  return far ? bound + 1 : bound;
}

/// All that the master executes after the entry's branch, from `offset` on.
Result<Part> parts_and_body(const StubRequest& request, const MasterGoals& goals, uint64_t offset) {
  Part all{{}, 0, goals};
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
  if (all.after.mark_store) {
    auto mark = mark_boot_cpu(all.after);
    if (!mark) return mark.failure();
    append(std::move(*mark));
  }
  auto body = shortest_body(all.after, request.start, offset + 4 * all.steps.size());
  if (!body) return body.failure();
  append(Part{*body, body->size(), all.after});
  return all;
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
                         std::to_string(own_head) + " bytes from 0",
                     both ? "say `giver big;` if only big-endian kernels hand over" : ""};

  bool low_copy = request.overlay || request.relay;  // slaves run the first 0x100 bytes
  bool branch_first = low_copy || both;
  uint64_t first_body = low_copy ? kHeadSize : 0;
  if (both) first_body += 8;  // so that the displacement of the first branch ends in 0x08

  SynthesizedStub result;
  Stub& stub = result.stub;
  stub.unit_order = unit;

  std::vector<Part> bodies;
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
    for (const PartLoop& loop : body->loops)
      result.loops.push_back({goals.giver, offset + 4 * loop.step, loop.turns, loop.bytes});
    offset += 4 * body->steps.size();
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
    stub.code(ins::b(ppc64::Displacement(body_label(0))), why, request.masters[0].giver);
    if (both) stub.code(ins::b(ppc64::Displacement(body_label(1))), why, request.masters[1].giver);
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
    stub.org(first_body);
  }
  for (size_t i = 0; i < bodies.size(); ++i) {
    Endian order = request.masters[i].giver;
    stub.comment(std::string("Master, giver ") + to_text(order) + "-endian.");
    stub.label(body_label(i));
    if (request.digest) append(stub, checks[i].before);
    const auto& steps = bodies[i].steps;
    for (const Step& step : steps) stub.code(step.instruction, step.clause, step.order.value_or(order));
    // Far unless the way out is a plain branch.
    bool far = request.masters[i].msr.empty() && steps.size() >= 2 && steps.back().instruction == ins::bctr();
    bool only_body = !request.relay && !request.digest && request.copies.empty() && !request.masters[i].interrupts;
    result.counts.push_back({order, bodies[i].executed + (branch_first ? 1 : 0),
                             only_body ? counted_bound(request.masters[i], branch_first, far) : 0,
                             request.masters[i].interrupts.has_value()});
    if (request.digest) result.counts.back().instructions += checks[i].instructions;
    // In little-endian the first head word is the never-trapping tdi before the second branch.
    if (both && i == 1) result.counts.back().instructions += 1;
  }
  for (const DigestCheck& check : checks) append(stub, check.behind);
  if (request.digest) append(stub, digest_stop(*request.digest));
  return result;
}

}  // namespace baton::trampoline
