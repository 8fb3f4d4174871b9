// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tables as they are loaded, with slots let go, run by each CPU. See pen.h.
#include "verify/pen.h"

#include <algorithm>

#include "ppc64/instruction.h"
#include "verify/machine.h"

namespace baton::verify {
namespace {

/// Two that differ in each bit that an instruction's address has; real mode drops the four high ones.
constexpr uint64_t kWide[] = {0x0aaa'aaaa'aaaa'aaa8, 0x0555'5555'5555'5554};
/// The same where addresses have 32 bits.
constexpr uint64_t kNarrow[] = {0xaaaa'aaa8, 0x5555'5554};

/// Sees what each step accesses, and lets another one see the step, too.
class Onlooker : public Observer {
 public:
  explicit Onlooker(Observer* next) : next_(next) {}
  void follows(const std::string& conditions) override {
    if (next_) next_->follows(conditions);
  }
  void before(Machine& m) override {
    if (next_) next_->before(m);
    comes_to(m);
    accesses_.clear();
    m.memory.note_accesses(&accesses_);
  }
  void after(const Machine& m, const SymbolNames& names) override {
    if (next_) next_->after(m, names);
    for (size_t i = 1; i < accesses_.size(); ++i)  // the first is the fetch
      if (!accesses_[i].stores) loads(accesses_[i]);
    has_gone();
  }
  void ends(const Machine& m, const Obligation& arrival) override {
    if (next_) next_->ends(m, arrival);
  }

 private:
  virtual void comes_to(Machine&) {}
  virtual void loads(const Access& access) = 0;
  virtual void has_gone() {}

  Observer* next_;
  std::vector<Access> accesses_;
};

/// A CPU loads ahead of a branch that depends on an earlier load (Power ISA 3.0B, Book II 1.7.1): what the slot says besides may
/// be what it said before it let go. isync after the branch keeps later loads behind, lwsync and sync without one.
class ReadsBehind : public Onlooker {
 public:
  ReadsBehind(const Range& polled, RangeSet fields, Observer* next) : Onlooker(next), polled_(polled), fields_(std::move(fields)) {}
  /// Which instruction read what too early.
  const std::optional<std::pair<uint64_t, Address>>& early() const { return early_; }

 private:
  enum class Order { kNone, kBranched, kBehind };

  void comes_to(Machine& m) override {
    auto order = m.order();
    auto word = order ? m.memory.load(m.place_of(m.pc), 4, *order).constant() : std::nullopt;
    instruction_ = word ? ppc64::decode(static_cast<uint32_t>(*word)) : std::nullopt;
    at_ = m.pc;
  }
  void loads(const Access& access) override {
    auto place = Range::checked(Address{access.address}, Size{access.width});
    if (!place) return;
    if (place->overlaps(polled_))
      order_ = Order::kNone;
    else if (fields_.overlaps(*place) && order_ != Order::kBehind && !early_)
      early_ = {at_, place->begin};
  }
  void has_gone() override {
    if (!instruction_) return;
    switch (instruction_->mnemonic) {
      case ppc64::Mnemonic::kSync:
      case ppc64::Mnemonic::kLwsync:
      case ppc64::Mnemonic::kPtesync: order_ = Order::kBehind; break;
      case ppc64::Mnemonic::kIsync:
        if (order_ == Order::kBranched) order_ = Order::kBehind;
        break;
      case ppc64::Mnemonic::kBc:
        if (order_ == Order::kNone && (instruction_->operands[0] & 16) == 0) order_ = Order::kBranched;
        break;
      default: break;
    }
  }

  Range polled_;
  RangeSet fields_;
  Order order_ = Order::kNone;
  uint64_t at_ = 0;
  std::optional<ppc64::Instruction> instruction_;
  std::optional<std::pair<uint64_t, Address>> early_;
};

/// Where a CPU loads from at all.
class Loads : public Onlooker {
 public:
  using Onlooker::Onlooker;
  const std::optional<Address>& first() const { return first_; }

 private:
  void loads(const Access& access) override {
    if (!first_) first_ = Address{access.address};
  }

  std::optional<Address> first_;
};

class Judge {
 public:
  Judge(const Loaded& loaded, const EntryState& slave, const Goals& goals, const PenSlots& pen)
      : loaded_(loaded), slave_(slave), goals_(goals), pen_(pen) {
    constexpr uint64_t kSf = uint64_t{1} << 63, kCm = uint64_t{1} << 31;
    const uint64_t* to = (slave.msr_value & (slave.book3e ? kCm : kSf)) != 0 ? kWide : kNarrow;
    for (int n = 0; n < 2; ++n) released_to_[n] = to[n] & ~pen.mask;
  }

  Verdict run() {
    if (!read_table()) return std::move(all_);
    for (const auto& [id, slot] : pen_.slots) {
      std::string cpu = "CPU " + std::to_string(id);
      waits(id, table_, pen_.clause, cpu + " is held at first: ");
      waits(id, released_but(id), "each slave polls its own slot alone", cpu + ", with all other slots let go: ");
      for (uint64_t to : released_to_) leaves(id, slot, to);
    }
    for (uint32_t id : pen_.strangers) stays(id);
    return std::move(all_);
  }

 private:
  /// All slots and what lies between them, as loaded.
  bool read_table() {
    if (pen_.slots.empty()) return refuse("there is no slot");
    Address end = Address{0};
    start_ = Address::limit();
    for (const auto& [id, slot] : pen_.slots) {
      (void)id;
      auto past = checked_add(slot, pen_.size);
      if (!past) return refuse("the slot at " + hex(slot) + " runs past 2^64");
      start_ = std::min(start_, slot);
      end = std::max(end, *past);
    }
    for (const Segment& segment : loaded_.segments) {
      Range whole = Range::at(segment.start, segment.size);
      if (!whole.contains(Range{start_, end})) continue;
      uint64_t offset = (start_ - segment.start).bytes(), size = (end - start_).bytes();
      table_.assign(size, 0);
      for (uint64_t i = 0; i < size && offset + i < segment.bytes.size(); ++i) table_[i] = segment.bytes[offset + i];
      return true;
    }
    return refuse("slots from " + hex(start_) + " to " + hex(end) + " lie in no segment that is loaded");
  }
  bool refuse(std::string why) {
    all_.obligations.push_back({pen_.clause, Outcome::kRefuted, std::move(why)});
    return false;
  }

  static bool overlap(const PenSlots::Field& a, const PenSlots::Field& b) {
    return a.offset < b.offset + b.width && b.offset < a.offset + a.width;
  }

  void put(ByteBuffer& table, Address slot, const PenSlots::Field& field, uint64_t value) const {
    uint64_t at = (slot - start_).bytes() + field.offset;
    if (field.width == 8)
      store<uint64_t>(table, at, value, Endian::kBig);
    else
      store<uint32_t>(table, at, static_cast<uint32_t>(value), Endian::kBig);
  }
  void let_go(ByteBuffer& table, Address slot, uint64_t to) const {
    uint64_t held = load<uint64_t>(table, (slot - start_).bytes() + pen_.polled, Endian::kBig).value_or(0);
    put(table, slot, {pen_.polled, 8}, held & ~pen_.mask);
    put(table, slot, pen_.entry, to);
  }
  /// The numbers between the ids, too: whoever looks there finds that it may go.
  ByteBuffer released_but(std::optional<uint32_t> own) const {
    ByteBuffer table = table_;
    for (uint64_t at = 0; at + pen_.size.bytes() <= table.size(); at += pen_.size.bytes()) {
      auto slot = checked_add(start_, Size{at});
      if (own && *slot == pen_.slots.at(*own)) continue;
      let_go(table, *slot, released_to_[0]);
    }
    return table;
  }

  EntryState state_of(uint32_t id, const ByteBuffer& table) const {
    EntryState state = slave_;
    for (auto& [name, term] : state.registers)
      if (term.symbol == pen_.id) term = Term::number(id);
    state.memory.push_back({"the slots", start_, ByteView(table), Size{table.size()}});
    return state;
  }
  Goals goals_of(uint32_t id, uint64_t to) const {
    Goals goals = goals_;
    goals.target = Address{to};
    for (RegisterGoal& goal : goals.registers)
      for (Term& term : goal.one_of)
        if (term.symbol == pen_.id) term = Term::number(id);
    return goals;
  }

  void keep(const Obligation& one) {
    auto found = std::find_if(all_.obligations.begin(), all_.obligations.end(), [&](const Obligation& o) { return o.clause == one.clause; });
    if (found == all_.obligations.end())
      all_.obligations.push_back(one);
    else if (one.outcome > found->outcome)
      *found = one;
  }

  void waits(uint32_t id, const ByteBuffer& table, const std::string& clause, const std::string& who) {
    auto verdict = verify_wait(loaded_, state_of(id, table), goals_of(id, released_to_[0]), Endian::kBig, clause);
    for (Obligation o : verdict.obligations) {
      o.detail = who + o.detail;
      keep(o);
    }
  }

  /// Whatever lies around the slots: what it looks at there holds it by accident.
  void stays(uint32_t id) {
    const char* clause = "a CPU without a slot stays";
    const std::string who = "CPU " + std::to_string(id);
    const ByteBuffer table = released_but(std::nullopt);
    EntryState state = state_of(id, table);
    Loads loads(state.observer);
    state.observer = &loads;
    Obligation o = verify_wait(loaded_, state, goals_of(id, released_to_[0]), Endian::kBig, clause).obligations.front();
    if (o.outcome != Outcome::kRefuted && loads.first())
      o = {clause, Outcome::kRefuted, "it looks at " + hex(*loads.first()) + ", and no slot of its own is anywhere"};
    o.detail = who + ": " + o.detail;
    keep(o);
  }

  void leaves(uint32_t id, Address slot, uint64_t to) {
    ByteBuffer table = table_;
    let_go(table, slot, to);
    EntryState state = state_of(id, table);
    Goals goals = goals_of(id, to);
    const Range polled = Range::at(slot + Size{pen_.polled}, Size{8});
    goals.awaited.add(polled);
    RangeSet fields{Range::at(slot + Size{pen_.entry.offset}, Size{pen_.entry.width})};
    for (const auto& [name, field] : pen_.fields) {
      fields.add(Range::at(slot + Size{field.offset}, Size{field.width}));
      // What it polls, and where it goes, are numbers already.
      bool fixed = overlap(field, {pen_.polled, 8}) || overlap(field, pen_.entry);
      if (field.width == 8 && !fixed) {
        state.named.push_back({slot + Size{field.offset}, name});
        continue;
      }
      if (!fixed) put(table, slot, field, to >> 1);
      uint64_t at = (slot - start_).bytes() + field.offset;
      uint64_t value = field.width == 8 ? load<uint64_t>(table, at, Endian::kBig).value_or(0) : load<uint32_t>(table, at, Endian::kBig).value_or(0);
      for (RegisterGoal& goal : goals.registers)
        for (Term& term : goal.one_of)
          if (term.symbol == name) term = Term::number(value);
    }
    // Who goes on waiting is told apart first: that is seen after a few turns, and an end that never comes is not.
    Verdict stays = verify_wait(loaded_, state, goals, Endian::kBig, goals.target_clause);
    if (stays.outcome() != Outcome::kRefuted) {
      bool waits = stays.outcome() <= Outcome::kAssumed;
      keep({goals.target_clause, waits ? Outcome::kRefuted : Outcome::kUnknown,
            "CPU " + std::to_string(id) + ", with its own slot let go: " + stays.obligations.front().detail});
      for (const RegisterGoal& goal : goals.registers) keep({goal.clause, Outcome::kUnknown, "the CPU does not leave"});
      return;
    }
    fields.subtract(polled);
    ReadsBehind reads(polled, fields, state.observer);
    state.observer = &reads;
    Verdict verdict = verify_entry(loaded_, state, goals, Endian::kBig);
    if (!fields.empty()) {
      const char* clause = "what its slot says besides is read after the slot lets go";
      if (const auto& early = reads.early())
        keep({clause, Outcome::kRefuted, "CPU " + std::to_string(id) + ": the load at " + hex(Wide{early->first}) + " of " + hex(early->second) +
                                             " may be done before that of " + hex(polled.begin)});
      else
        keep({clause, Outcome::kProved, "a barrier stands between"});
    }
    for (Obligation o : verdict.obligations) {
      if (o.outcome != Outcome::kProved) o.detail = "CPU " + std::to_string(id) + ": " + o.detail;
      keep(o);
    }
    if (verdict.instructions > all_.instructions) {
      all_.instructions = verdict.instructions;
      all_.executed = std::move(verdict.executed);
    }
  }

  const Loaded& loaded_;
  const EntryState& slave_;
  const Goals& goals_;
  const PenSlots& pen_;
  uint64_t released_to_[2] = {};
  Address start_;
  ByteBuffer table_;
  Verdict all_;
};

}  // namespace

Verdict verify_pen(const Loaded& loaded, const EntryState& slave, const Goals& goals, const PenSlots& pen) {
  return Judge(loaded, slave, goals, pen).run();
}

}  // namespace baton::verify
