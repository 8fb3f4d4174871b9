// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Terms and code. See pen.h.
#include "trampoline/pen.h"

#include <algorithm>
#include <bit>

#include "trampoline/slaves.h"

namespace baton::trampoline {

using contract::Answer;
using contract::Claim;
using model::ClauseKind;
using model::Section;
using model::Value;
using ppc64::Gpr;
namespace ins = ppc64::ins;
namespace reg = ppc64::reg;

namespace {

std::optional<uint64_t> number(const Claim* claim) {
  if (!claim || claim->any || claim->possible().size() != 1) return std::nullopt;
  Value v = claim->possible()[0];
  if (!v.is_known() || !v.is_number() || v.number() >= kTwoTo64) return std::nullopt;
  return static_cast<uint64_t>(v.number());
}

/// The field that a value `slot.NAME` is of.
const placement::SlotField* field_of(const Value& v, const placement::PenTable& table) {
  if (!v.is_symbol() || v.as_symbol().name.rfind(contract::kSlotWords, 0) != 0) return nullptr;
  return table.find(v.as_symbol().name.substr(contract::kSlotWords.size()));
}

bool is_slave_id(const Value& v) { return v.is_symbol() && v.as_symbol().name == "cpu.physical_id"; }

/// The master's needs may read the same.
std::string clause_of(const Claim& need) { return need.clause->origin + " slaves: " + need.text(); }

class Builder {
 public:
  explicit Builder(const SlavePen& pen) : pen_(pen) {}

  Result<ppc64::Stub> run() {
    if (!choose_registers()) return Failure{Failure::Kind::kUnsuitable, "the slaves' registers leave none to find a slot with"};
    stub_.comment("Slaves, in the low copy: each waits at its own slot, and goes where that says.");
    stub_.label("landing");
    add(ins::raw(ppc64::Mnemonic::kOr, {1, 1, 1}), pen_.landing_clause);  // low priority
    find_slot();
    for (const auto& constant : pen_.constants) set(constant);
    stub_.label("wait");
    add(ins::ld(word_, at(pen_.table.polled), slot_), pen_.table.clause);
    auto mask = pen_.table.mask;
    if (mask <= 0xffff)
      add(ins::andi_dot(test_, word_, mask), pen_.table.clause);
    else
      add(ins::raw(ppc64::Mnemonic::kAndisDot, {number_of(test_), number_of(word_), static_cast<int64_t>(mask >> 16)}), pen_.table.clause);
    add(ins::bne("wait"), pen_.table.clause);
    add(ins::isync(), pen_.enter_clause);
    for (const auto& load : pen_.loads) add(from_slot(load.gpr, load.field), load.clause);
    bool polled = pen_.entry.offset == pen_.table.polled && pen_.entry.width == 8;
    if (!polled) add(from_slot(word_, pen_.entry), pen_.enter_clause);
    add(ins::mtctr(word_), pen_.enter_clause);
    add(ins::raw(ppc64::Mnemonic::kOr, {2, 2, 2}), pen_.enter_clause);  // medium priority
    add(ins::bctr(), pen_.enter_clause);
    auto layout = ppc64::lay_out(stub_);
    if (!layout) return layout.failure();
    if (uint64_t end = pen_.landing + layout->size; end > placement::kLowHead)
      return Failure{Failure::Kind::kUnsuitable,
                     "the pen has " + std::to_string(layout->size) + " bytes, " + std::to_string(end - placement::kLowHead) +
                         " more than the head has room for from " + hex(Wide{pen_.landing}) + " on"};
    return std::move(stub_);
  }

 private:
  static int64_t number_of(Gpr gpr) { return static_cast<int64_t>(gpr.number()); }
  // Slaves arrive big-endian, whatever the master's byte order is.
  void add(ppc64::Instruction i, const std::string& clause) { stub_.code(std::move(i), clause, Endian::kBig); }
  int64_t at(uint64_t offset) const { return low_ + static_cast<int64_t>(offset); }
  ppc64::Instruction from_slot(Gpr gpr, const placement::SlotField& field) const {
    return field.width == 8 ? ins::ld(gpr, at(field.offset), slot_) : ins::lwz(gpr, at(field.offset), slot_);
  }

  bool choose_registers() {
    std::vector<Gpr> taken = pen_.kept;
    taken.push_back(pen_.id);
    for (const auto& constant : pen_.constants) taken.push_back(constant.gpr);
    for (const auto& load : pen_.loads) taken.push_back(load.gpr);
    std::vector<Gpr> free;
    for (unsigned number : {12, 11, 10, 9, 8, 7, 6, 5, 4})
      if (Gpr gpr{number}; std::find(taken.begin(), taken.end(), gpr) == taken.end()) free.push_back(gpr);
    if (free.size() < 3) return false;
    slot_ = free[0], word_ = free[1], test_ = free[2];
    return true;
  }

  void number_into(Gpr gpr, uint64_t value) {
    for (const auto& i : ppc64::materialize(gpr, value, {})) add(i, pen_.table.clause);
  }

  /// The slot's address less low_, into slot_; who has none stays.
  void find_slot() {
    const std::string& clause = pen_.table.clause;
    Gpr index = pen_.id;
    if (uint64_t first = pen_.table.first; first != 0) {
      index = slot_;
      if (first <= 0x8000) {
        add(ins::addi(slot_, pen_.id, -static_cast<int64_t>(first)), clause);
      } else {
        number_into(test_, first);
        add(ins::subf(slot_, test_, pen_.id), clause);
      }
    }
    uint64_t last = pen_.table.slots - 1;
    if (last <= 0xffff) {
      add(ins::raw(ppc64::Mnemonic::kCmpldi, {0, number_of(index), static_cast<int64_t>(last)}), clause);
    } else {
      number_into(test_, last);
      add(ins::cmpld(0, index, test_), clause);
    }
    stub_.label("stranger");
    add(ins::bc(12, 1, ppc64::Displacement("stranger")), clause);  // greater: stays
    add(ins::sldi(slot_, index, static_cast<unsigned>(std::countr_zero(pen_.table.slot))), clause);
    uint64_t table = pen_.start + placement::PenTable::kOffset;
    int64_t high = static_cast<int64_t>((table + 0x8000) >> 16);
    low_ = static_cast<int64_t>(table) - (high << 16);
    if (low_ + static_cast<int64_t>(pen_.table.slot) > 0x8000) ++high, low_ -= 0x10000;  // every field within reach
    if (high < 0x8000) {
      add(ins::addis(slot_, slot_, high), clause);
    } else {
      number_into(test_, table);
      add(ins::add(slot_, slot_, test_), clause);
      low_ = 0;
    }
  }

  void set(const SlavePen::Constant& constant) {
    for (const auto& i : ppc64::materialize(constant.gpr, constant.value, {})) add(i, constant.clause);
  }

  const SlavePen& pen_;
  ppc64::Stub stub_;
  Gpr slot_ = reg::r12, word_ = reg::r11, test_ = reg::r10;
  int64_t low_ = 0;  // of the displacement to the slot
};

}  // namespace

Result<SlavePen> pen_terms(const contract::Boundary& from, const contract::Boundary& to, const contract::Gap& gap,
                           const placement::PenTable& table) {
  const std::string giver = "`" + from.convention->name + "`", taker = "`" + to.convention->name + "`";
  auto refuse = [](const std::string& why, const std::string& way_out = "") {
    return Failure{Failure::Kind::kUnsuitable, "slaves cannot be kept in a pen: " + why, way_out};
  };
  for (const char* field : {"LE", "IR", "DR"})
    if (number(from.find(Section::kSlaves, ClauseKind::kMsr, field)) != 0)
      return refuse(giver + " does not promise that they arrive with " + field + " = 0");
  SlavePen pen;
  pen.table = table;
  auto landing = number(from.find(Section::kSlaves, ClauseKind::kEnter));
  if (!landing) return refuse(giver + " does not say where they land");
  pen.landing = *landing;
  if (pen.landing % 4 != 0 || pen.landing < 8 || pen.landing >= placement::kLowHead)
    return refuse("they land at " + hex(Wide{pen.landing}) + ", where the stub's head has no room for them");
  const Claim* copy = from.find(Section::kMemory, ClauseKind::kBytes);
  bool copied = copy && copy->values[0].is_known() && copy->values[0].ranges().contains(RangeSet{Range::at(Address{0}, Size{placement::kLowHead})});
  if (!copied) return refuse(giver + " does not copy the stub's head to 0");
  if (!copies_before_release(*from.convention)) return refuse(giver + " does not promise `head_copied < slaves_released`");
  std::optional<Gpr> id;
  for (const Claim& claim : from.claims)
    if (claim.section == Section::kSlaves && claim.kind == ClauseKind::kRegister && claim.possible().size() == 1 &&
        is_slave_id(claim.possible()[0]))
      if (auto gpr = ppc64::find_gpr(claim.subject); gpr && !id) id = gpr;
  if (!id) return refuse(giver + " promises no register with the id of each, so none could find its slot");
  pen.id = *id;
  for (const contract::Obligation& o : gap.obligations) {
    if (!o.need || o.need->section != Section::kSlaves) continue;
    const Claim& need = *o.need;
    auto values = need.possible();
    if (need.kind == ClauseKind::kEnter) {
      const placement::SlotField* field = values.size() == 1 ? field_of(values[0], table) : nullptr;
      if (!field) return refuse(taker + " has them enter elsewhere than where their slots say", "`enter slot.NAME;`, with a field of that name");
      pen.entry = *field;
      pen.enter_clause = clause_of(need);
    }
    auto gpr = need.kind == ClauseKind::kRegister ? ppc64::find_gpr(need.subject) : std::nullopt;
    if (need.kind != ClauseKind::kRegister || need.any) continue;
    if (o.answer == Answer::kEntailed && gpr) {
      pen.kept.push_back(*gpr);
      continue;
    }
    const placement::SlotField* field = values.size() == 1 ? field_of(values[0], table) : nullptr;
    auto known = std::find_if(values.begin(), values.end(), [](const Value& v) {
      return v.is_known() && v.is_number() && v.number() < kTwoTo64;
    });
    if (gpr && field)
      pen.loads.push_back({*gpr, *field, clause_of(need)});
    else if (gpr && known != values.end())
      pen.constants.push_back({*gpr, static_cast<uint64_t>(known->number()), clause_of(need)});
    else
      return refuse(taker + " needs `" + need.text() + "`, which is neither a number nor what their slots say");
  }
  if (pen.enter_clause.empty()) return refuse(taker + " does not say where they go then", "`enter slot.NAME;`");
  return pen;
}

Result<ppc64::Stub> pen_code(const SlavePen& pen) { return Builder(pen).run(); }

}  // namespace baton::trampoline
