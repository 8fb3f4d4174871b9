// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Resolve, compare, check what is offered, synthesize. See close.h.
#include "trampoline/close.h"

#include <algorithm>
#include <set>

#include "inputs/boot_marks.h"
#include "inputs/digest.h"
#include "inputs/written_tree.h"
#include "placement/tree_properties.h"
#include "ppc64/head.h"
#include "trampoline/interrupts.h"
#include "trampoline/offers.h"
#include "trampoline/slaves.h"

namespace baton::trampoline {

using contract::Answer;
using contract::Boundary;
using contract::Claim;
using contract::Obligation;
using diagnostics::Code;
using model::ClauseKind;
using model::Section;
using model::SegmentKind;
using model::Value;

namespace {

class Closer {
 public:
  Closer(const placement::Layout& layout, const Payloads& payloads, diagnostics::Sink& sink)
      : layout_(layout), payloads_(payloads), sink_(sink), handoff_(*layout.handoff) {}

  std::optional<ClosedGap> boundaries() {
    if (!find_gaps()) return std::nullopt;
    read_copies(Author::kOthers);
    return std::move(closed_);
  }

  std::optional<ClosedGap> run() {
    size_t errors = sink_.error_count();
    if (!find_gaps()) return std::nullopt;
    for (const ClosedOrder& order : closed_.orders) report_impossible(order);
    if (!strategy()) return std::nullopt;
    closed_.offers = check_offers(layout_, payloads_, closed_.orders.front().gap.slaves_may_arrive, sink_);
    if (sink_.error_count() != errors) return std::nullopt;
    bool trampoline = layout_.entered().declaration->kind == SegmentKind::kTrampoline;
    if (closed_.departs_by_call)
      departing_code();
    else if (trampoline)
      synthesize_stub();
    else
      report_open_gap();
    if (sink_.error_count() != errors) return std::nullopt;
    return std::move(closed_);
  }

 private:
  bool find_gaps() {
    size_t errors = sink_.error_count();
    for (Endian giver : giver_orders(layout_)) resolve(giver);
    if (sink_.error_count() != errors) return false;
    closed_.departs_by_call = layout_.from->departs_by_call();
    for (ClosedOrder& order : closed_.orders) {
      order.gap = contract::find_gap(order.from, order.to);
      passed_on(order);
      events_before_the_stub(order.gap);
    }
    return true;
  }

  void departing_code() {
    if (closed_.orders.size() != 1) {
      sink_.report(Code::no_stub, handoff_.name_span, "departing code is linked into a caller of one byte order")
          .note("say `giver big;` or `giver little;`");
      return;
    }
    const ClosedOrder& order = closed_.orders.front();
    closed_.departure = depart(layout_, order.from, order.gap, order.giver, sink_);
    if (closed_.departure) closed_.stub = SynthesizedStub{closed_.departure->stub, {}};
  }

  void resolve(Endian giver) {
    ClosedOrder order;
    order.giver = giver;
    placement::RoleScope from_scope(layout_, true), to_scope(layout_, false);
    order.from = contract::resolve(*layout_.from, from_scope,
                                   {contract::Side::kFrom, giver, handoff_.relies_on}, sink_);
    order.to = contract::resolve(*layout_.to, to_scope, {contract::Side::kTo, giver, {}}, sink_);
    closed_.orders.push_back(std::move(order));
  }

  /// What the taker needs of a role that the giver itself supplies, only the giver can have promised. What is a
  /// value of a call is the caller's business and stays as it is.
  void passed_on(ClosedOrder& order) {
    for (Obligation& o : order.gap.obligations) {
      if (!o.need || o.answer == Answer::kVacuous) continue;
      const Claim& need = *o.need;
      bool tree = need.kind == ClauseKind::kTreeFormat || need.kind == ClauseKind::kTreeBootCpu ||
                  need.kind == ClauseKind::kTreeReserves || need.kind == ClauseKind::kTreeProperty;
      if (!tree && need.kind != ClauseKind::kPlace) continue;
      const model::Binding* binding = handoff_.find_binding(tree ? "tree" : need.subject);
      if (!binding || binding->to != model::Binding::To::kGiver) {
        o.answer = Answer::kElsewhere;  // what the giver says of its own is not about what this handoff makes
        continue;
      }
      if (o.answer == Answer::kEntailed) continue;
      // What is too long is cut off by who reads it; how long it is, nobody here can say.
      if (need.kind == ClauseKind::kTreeProperty && placement::is_limit(*need.clause)) {
        o.answer = Answer::kElsewhere;
        continue;
      }
      Section where = need.kind == ClauseKind::kTreeProperty ? need.section : Section::kMemory;
      const Claim* promise = order.from.find(where, need.kind, tree ? need.subject : binding->name);
      o.promise = promise;
      if (promise && supplies(*promise, need)) {
        o.answer = Answer::kEntailed;
      } else {
        o.answer = Answer::kImpossible;
        o.reason = "`" + binding->role + "` is the giver's own: nothing here writes it or moves it";
      }
    }
  }

  static bool supplies(const Claim& promise, const Claim& need) {
    bool by_value = need.kind == ClauseKind::kTreeFormat || need.kind == ClauseKind::kTreeBootCpu || need.kind == ClauseKind::kTreeProperty;
    if (by_value) return false;  // and it is not
    if (promise.clause->words != need.clause->words) return false;
    // Each range that is needed: of the same name, or a range that the promised one answers for.
    bool within = need.kind == ClauseKind::kPlace && need.clause->words[0] == "within";
    for (size_t n = 0; n < need.values.size(); ++n) {
      bool met = false;
      for (size_t p = 0; p < promise.values.size() && !met; ++p) {
        const Value &wanted = need.values[n], &given = promise.values[p];
        if (wanted.is_known() && given.is_known())
          met = within ? wanted.ranges().contains(given.ranges()) : given.ranges().contains(wanted.ranges());
        else  // both are one attribute of what the giver supplies
          met = wanted.is_pending() && wanted == given && !model::dotted_name(*need.clause->values[n]).empty() &&
                !model::dotted_name(*promise.clause->values[p]).empty();
      }
      if (!met) return false;
    }
    return true;
  }

  /// With a stub the master enters the taker by the stub's jump, and each event of `from` is over before that.
  void events_before_the_stub(contract::Gap& gap) const {
    if (layout_.entered().declaration->kind != SegmentKind::kTrampoline) return;
    auto of_giver = [&](const std::string& event) {
      return std::any_of(layout_.from->order.begin(), layout_.from->order.end(),
                         [&](const model::OrderEdge& e) { return e.before == event || e.after == event; });
    };
    for (Obligation& o : gap.obligations)
      if (o.edge && o.answer == Answer::kImpossible && o.edge->after == "master_enters" && of_giver(o.edge->before))
        o.answer = Answer::kEntailed;
  }

  void report_impossible(const ClosedOrder& order) {
    for (const Obligation& o : order.gap.obligations) {
      if (o.answer != Answer::kImpossible) continue;
      // The same in the other byte order of the giver is the same to a reader.
      auto span = o.edge ? o.edge->span : o.need->clause->span;
      if (!impossible_.insert({span.file, span.begin}).second) continue;
      if (o.edge) {
        sink_.report(Code::order_gap, o.edge->span,
                     "`" + layout_.to->name + "` needs `" + o.edge->before + " < " + o.edge->after + "`, and `" +
                         layout_.from->name + "` does not promise it")
            .note(o.reason);
        continue;
      }
      auto& d = sink_.report(Code::impossible_need, o.need->clause->span,
                             "`" + o.need->clause->origin + "` needs `" + o.need->text() + "` and `" +
                                 layout_.from->name + "` " +
                                 (o.promise ? "promises `" + o.promise->text() + "`"
                                            : "promises nothing about it"))
                    .at("the need");
      if (o.promise) d.label(o.promise->clause->span, "the promise");
      d.label(handoff_.name_span, "in this handoff").note(o.reason);
    }
  }

  /// By which means slaves get to the taker.
  bool strategy() {
    bool slaves = closed_.orders.front().gap.slaves_may_arrive;
    if (handoff_.slaves == "none" && slaves) {
      std::string states;
      for (const auto& s : closed_.orders.front().gap.arrival) states += (states.empty() ? "" : ", ") + s;
      sink_.report(Code::slaves_ignored, handoff_.slaves_span,
                   "`slaves by none`, but `" + layout_.from->name + "` promises slaves that are " + states)
          .note("whoever comes to the landing must find code there: say `slaves by overlay` or `auto`");
      return false;
    }
    closed_.overlay = layout_.slaves == placement::SlaveMeans::kOverlay;
    if (layout_.slaves == placement::SlaveMeans::kPen && layout_.entered().declaration->kind == SegmentKind::kTrampoline) {
      closed_.pen = pen();
      return closed_.pen.has_value();
    }
    if (layout_.slaves == placement::SlaveMeans::kRelay) closed_.relay = relay();
    return layout_.slaves != placement::SlaveMeans::kRelay || closed_.relay.has_value();
  }

  /// A slave may be in the pen when the taker is at work already: what it overwrites has to be elsewhere.
  Result<ppc64::Stub> kept_pen(ppc64::Stub pen) const {
    const placement::PlacedSegment* image = layout_.bound("image");
    if (!image || !image->overwrites().overlaps(layout_.entered().extent)) return pen;
    return Failure{Failure::Kind::kUnsuitable,
                   "`" + image->name() + "` overwrites " + to_text(image->overwrites()) +
                       " before all slaves have left their pen at " + hex(layout_.entered().extent.begin)};
  }

  /// The relay at the stub's address. Reports.
  std::optional<Relay> relay() {
    auto relay = relay_terms(closed_.orders.front().from, closed_.orders.front().to);
    if (relay) {
      relay->start = layout_.entered().start->value();
      relay->landing_clause = expected_landing();
      auto pen = relay_pen(*relay);
      if (pen) pen = kept_pen(std::move(*pen));
      if (pen) return *relay;
      relay = pen.failure();
    }
    sink_.report(Code::no_relay, handoff_.slaves_span, relay.failure()).label(handoff_.name_span, "in this handoff");
    return std::nullopt;
  }

  /// The pen at the stub's address. Reports.
  std::optional<SlavePen> pen() {
    const ClosedOrder& order = closed_.orders.front();
    auto table = placement::pen_table(layout_);
    BATON_CHECK(table, "slots that were not checked before anything was placed");
    auto pen = pen_terms(order.from, order.to, order.gap, *table);
    if (pen) {
      pen->start = layout_.entered().start->value();
      pen->landing_clause = expected_landing();
      auto code = pen_code(*pen);
      if (code) code = kept_slots(*table, std::move(*code));
      if (code) return *pen;
      pen = code.failure();
    }
    sink_.report(Code::no_pen, handoff_.name_span, pen.failure()).label(table->span, "the need");
    return std::nullopt;
  }

  /// Slaves poll until the taker lets them go, which may be never.
  Result<ppc64::Stub> kept_slots(const placement::PenTable& table, ppc64::Stub code) const {
    const placement::PlacedSegment& stub = layout_.entered();
    if (stub.start->value() % table.slot != 0)
      return Failure{Failure::Kind::kUnsuitable, "the stub is placed at " + hex(*stub.start) + ", and its slots lie at multiples of " + human(Size{table.slot}),
                     "place it at one as well"};
    const placement::PlacedSegment* image = layout_.bound("image");
    RangeSet kept{stub.extent};
    kept.add(Range::at(Address{0}, Size{kHeadSize}));
    if (!image || !image->overwrites().overlaps(kept)) return code;
    return Failure{Failure::Kind::kUnsuitable,
                   "`" + image->name() + "` overwrites " + to_text(image->overwrites()) + ", where its slaves wait until it lets them go",
                   "an image that stays where it is loaded leaves them alone"};
  }

  /// Where the giver expects slaves to land in what it enters.
  const model::Clause* landing_expected() const {
    for (const auto& clause : layout_.from->clauses)
      if (clause.section == Section::kExpects && clause.role == "image" && clause.kind == ClauseKind::kLanding) return &clause;
    return nullptr;
  }

  std::string expected_landing() const {
    const model::Clause* landing = landing_expected();
    return landing ? landing->origin + " expects: " + landing->text : layout_.from->name + ": enter";
  }

  /// The bytes of a range of the taker's image, as it will lie in memory.
  std::optional<ByteBuffer> image_bytes(const Range& range, std::string& owner) const {
    for (const auto& segment : layout_.segments) {
      if (!segment.start) continue;
      Range content = Range::at(*segment.start, segment.content.size);
      if (!content.contains(range)) continue;
      owner = segment.name();
      auto payload = payloads_.find(segment.name());
      if (payload == payloads_.end()) return std::nullopt;
      return payload->second.bytes_at((range.begin - *segment.start).bytes(), range.size().bytes());
    }
    return std::nullopt;
  }

  /// Whether a clause needs bytes at an address: for slaves only where slaves come.
  bool needs_bytes(const Claim& need) const {
    if (need.kind != ClauseKind::kBytes) return false;
    if (!need.values[0].is_known() || !need.values[1].is_known()) return false;  // of an image that is not here
    return need.section == Section::kMemory || (need.section == Section::kSlaves && closed_.overlay);
  }

  enum class Author { kBaton, kOthers };

  /// `before enter copy` of the stub, over final addresses. A stub of ours lets no slave run what it copies.
  void read_copies(Author author) {
    placement::HandoffScope scope(layout_);
    for (const model::RangeMove& move : layout_.entered().declaration->copies) {
      Value from = evaluate_as(*move.from, model::Type::kRange, scope, sink_);
      Value to = evaluate_as(*move.to, model::Type::kAddress, scope, sink_);
      if (!from.is_known() || !to.is_known()) continue;
      MemoryCopy copy{from.range(), to.address(), false, move.text};
      bool low = copy.target().overlaps(Range::at(Address{0}, Size{kHeadSize}));
      if (author == Author::kBaton && low && closed_.orders.front().gap.slaves_may_arrive)
        sink_.report(Code::no_stub, move.span,
                     "slaves run the first " + hex(Wide{kHeadSize}) + " bytes of memory, and nothing says when they have left: a "
                     "copy there would be made under them")
            .label(handoff_.slaves_span.valid() ? handoff_.slaves_span : handoff_.name_span, "the slaves of this handoff");
      for (const ClosedOrder& order : closed_.orders)
        for (const Claim& claim : order.to.claims) {
          bool entered = claim.kind == ClauseKind::kEnter && claim.values.size() == 1 && claim.values[0].is_known();
          if (entered) copy.executed = copy.executed || copy.target().contains(Range::at(Address{claim.values[0].number()}, Size{4}));
        }
      closed_.copies.push_back(std::move(copy));
    }
  }

  /// Bytes are there for a slave only where the giver copies them before it releases the slaves.
  bool copied_in_time(const Claim& need) {
    if (need.section != Section::kSlaves || copies_before_release(*layout_.from)) return true;
    sink_.report(Code::order_gap, need.clause->span,
                 "`" + need.clause->origin + "` needs `" + need.text() + "` at the instant of each slave, and `" +
                     layout_.from->name + "` does not promise `head_copied < slaves_released`")
        .label(handoff_.name_span, "in this handoff");
    return false;
  }

  /// By how much a window is too small for what begins in it.
  static std::string beyond(const Range& wanted, const Range& window) {
    if (wanted.begin < window.begin || wanted.begin >= window.end || wanted.end <= window.end) return {};
    return ": " + human(wanted.end - window.end) + " too many";
  }

  /// `bytes D = bytes S` of the taker, against the giver's copy of the stub's head to 0.
  std::vector<HeadBytes> overlay_head() {
    std::vector<HeadBytes> head;
    const ClosedOrder& order = closed_.orders.front();
    const Claim* copy = nullptr;
    for (const Claim& claim : order.from.claims)
      if (claim.section == Section::kMemory && claim.kind == ClauseKind::kBytes) copy = &claim;
    for (const Obligation& obligation : order.gap.obligations) {
      if (!obligation.need || !needs_bytes(*obligation.need)) continue;
      const Claim& need = *obligation.need;
      if (obligation.answer == Answer::kEntailed) continue;  // it is so already
      Range destination = need.values[0].ranges().front(), wanted = need.values[1].ranges().front();
      Range copied = copy ? copy->values[0].ranges().front() : Range{};
      if (need.section == Section::kMemory && brought_by(closed_.copies, destination, wanted)) continue;
      if (!copy || !copied.contains(destination)) {
        auto& d = sink_.report(Code::head_gap, need.clause->span,
                               "`" + need.clause->origin + "` needs `" + need.text() + "`, and `" +
                                   layout_.from->name + "` " +
                                   (copy ? "copies `" + to_text(copied) + "` only" + beyond(destination, copied) : "copies nothing there"));
        if (copy) d.label(copy->clause->span, "the copy");
        if (need.section == Section::kMemory && layout_.entered().declaration->kind == SegmentKind::kTrampoline)
          d.note("a trampoline can put them there: `before enter copy " + to_text(wanted) + " to " + hex(destination.begin) + ";`");
        continue;
      }
      if (!copied_in_time(need)) continue;
      std::string owner;
      auto bytes = image_bytes(wanted, owner);
      if (!bytes) {
        sink_.report(Code::head_gap, need.clause->span,
                     "`" + need.text() + "` needs bytes of the image that no file provides")
            .label(handoff_.name_span, "in this handoff");
        continue;
      }
      uint64_t offset = (destination.begin - copied.begin).bytes();
      head.push_back({offset, std::move(*bytes), need.clause->origin + ": " + need.text()});
    }
    return head;
  }

  std::optional<TreeWord> tree_word() const {
    const auto* tree = layout_.bound("tree");
    if (!tree || !tree->start) return std::nullopt;
    for (const Obligation& o : closed_.orders.front().gap.obligations) {
      if (!o.need || o.need->kind != ClauseKind::kTreeBootCpu || o.need->subject == model::kBootCpuNode) continue;
      // A value known at build time is written into the tree; only the master's own id needs a store.
      if (o.need->values.size() == 1 && o.need->values[0].is_known()) return std::nullopt;
      // Byte 28 of the header, big-endian (devicetree specification 5.2).
      return TreeWord{(*tree->start + Size{28}).value(), ids_fit_byte()};
    }
    return std::nullopt;
  }

  /// Properties that are the master's id: places of words in the blob that was written.
  std::vector<PropertyWord> id_properties() const {
    std::vector<PropertyWord> words;
    const auto* tree = layout_.bound("tree");
    auto payload = tree && tree->start ? payloads_.find(tree->name()) : payloads_.end();
    if (payload == payloads_.end()) return words;
    for (const Obligation& o : closed_.orders.front().gap.obligations) {
      if (!o.need || o.need->kind != ClauseKind::kTreeProperty || o.answer == Answer::kVacuous) continue;
      bool open = o.need->values.size() == 1 && o.need->values[0].is_symbol() && o.need->values[0].as_symbol().name == "master.physical_id";
      if (!open || placement::of_cpus(*o.need->clause)) continue;
      auto blob = payload->second.bytes_at(0, payload->second.size());
      auto at = inputs::property_offset(*blob, o.need->clause->words[0], o.need->clause->words[1]);
      BATON_CHECK(at, "a property that was written is not there");
      words.push_back({TreeWord{(*tree->start + Size{*at}).value(), ids_fit_byte()}, o.need});
    }
    return words;
  }

  bool ids_fit_byte() const {
    const auto* cpus = layout_.machine->find("cpus");
    return cpus && std::all_of(cpus->value.ids().begin(), cpus->value.ids().end(), [](uint32_t id) { return id < 0x100; });
  }

  /// vshasigmaw is of ISA 2.07. A machine that does not say what it has gets what every one can run.
  bool has_vectors() const { return layout_.machine->number("isa").value_or(0) >= 207; }

  /// The places of names in cpu nodes, one for each CPU, that emit/tree_blob.h prepared for one store.
  MarkStore store_of(const placement::PlacedSegment& tree, const inputs::BootMarks& marks) const {
    BATON_CHECK(marks.boot_name && marks.other_name, "a tree was not prepared for its boot CPU");
    BATON_CHECK((*marks.boot_name ^ *marks.other_name) < 0x100, "two names that one byte does not tell apart");
    auto ids = placement::cpu_ids(layout_);
    MarkStore store;
    store.value = static_cast<uint8_t>(*marks.boot_name);
    for (const inputs::CpuMark& cpu : marks.cpus)  // the last byte of a big-endian word
      if (cpu.name_at && std::find(ids.begin(), ids.end(), cpu.id) != ids.end())
        store.places.push_back({cpu.id, (*tree.start + Size{*cpu.name_at + 3}).value()});
    std::sort(store.places.begin(), store.places.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    return store;
  }

  /// The need for a property that slaves' nodes have and the master's must not have.
  const Claim* taken_need() const {
    const model::Clause* taken = placement::taken_from_master(layout_);
    for (const Obligation& o : closed_.orders.front().gap.obligations)
      if (taken && o.need && o.need->kind == ClauseKind::kTreeProperty && o.need->section == Section::kMaster &&
          placement::of_cpus(*o.need->clause) && o.need->clause->words[1] == taken->words[1] && o.answer != Answer::kEntailed && o.answer != Answer::kImpossible)
        return o.need;
    return nullptr;
  }

  std::optional<MarkStore> taken_mark() const {
    const auto* tree = layout_.bound("tree");
    auto payload = tree && tree->start ? payloads_.find(tree->name()) : payloads_.end();
    const Claim* need = taken_need();
    if (payload == payloads_.end() || !need) return std::nullopt;
    const std::string& name = need->clause->words[1];
    auto blob = payload->second.bytes_at(0, payload->second.size());
    auto marks = inputs::read_boot_marks(*blob, {std::string(inputs::kParkedPrefix) + name, name});
    BATON_CHECK(marks, "a tree that was written cannot be read");
    return store_of(*tree, *marks);
  }

  TreeStores tree_stores() {
    TreeStores stores{tree_word(), boot_mark(), id_properties(), nullptr};
    if (auto taken = taken_mark()) {
      stores.taken = taken_need();
      if (stores.mark)
        sink_.report(Code::no_stub, handoff_.enter_span, "a stub of this release changes the node of the master in one respect, and `" +
                                                             layout_.to->name + "` needs two");
      stores.mark = std::move(taken);
    }
    return stores;
  }

  /// Where the blob has no word for the id.
  std::optional<MarkStore> boot_mark() const {
    const auto* tree = layout_.bound("tree");
    auto payload = tree && tree->start ? payloads_.find(tree->name()) : payloads_.end();
    const auto* cpus = layout_.machine->find("cpus");
    if (payload == payloads_.end() || !cpus) return std::nullopt;
    for (const Obligation& o : closed_.orders.front().gap.obligations) {
      if (!o.need || o.need->kind != ClauseKind::kTreeBootCpu || o.need->subject != model::kBootCpuNode) continue;
      if (o.need->values.size() == 1 && o.need->values[0].is_known()) return std::nullopt;
      auto blob = payload->second.bytes_at(0, payload->second.size());
      auto marks = inputs::read_boot_marks(*blob);
      BATON_CHECK(marks, "a tree that was written cannot be read");
      return store_of(*tree, *marks);
    }
    return std::nullopt;
  }

  bool stores_boot_cpu(const Claim& need) const {
    if (need.kind == ClauseKind::kTreeProperty) {
      auto words = id_properties();
      return &need == taken_need() || std::any_of(words.begin(), words.end(), [&](const auto& w) { return w.need->clause == need.clause; });
    }
    return need.kind == ClauseKind::kTreeBootCpu &&
           (need.subject == model::kBootCpuNode ? boot_mark().has_value() : tree_word().has_value());
  }

  std::optional<Digest> digest() const {
    const placement::PlacedSegment& stub = layout_.entered();
    if (!stub.declaration->digest) return std::nullopt;
    Digest digest;
    digest.start = stub.start->value();
    digest.vectors = has_vectors();
    digest.console = firmware_of(*layout_.machine);
    for (const auto& [name, span] : stub.declaration->digest->segments) {
      auto payload = payloads_.find(name);
      if (payload == payloads_.end()) return std::nullopt;  // bytes that this release does not make: planned only
      digest.inputs.push_back({name, layout_.find(name)->start->value(), payload->second.size(),
                               inputs::sha256(payload->second.views()), "digest sha256 of " + name});
    }
    return digest;
  }

  void synthesize_stub() {
    read_copies(Author::kBaton);
    StubRequest request;
    request.name = handoff_.name;
    request.start = layout_.entered().start->value();
    request.head = overlay_head();
    if (auto stay = parked_slaves(request.head)) request.head.push_back(std::move(*stay));
    request.overlay = closed_.overlay || !request.head.empty();
    request.relay = closed_.relay;
    request.pen = closed_.pen;
    request.digest = closed_.digest = digest();
    request.copies = closed_.copies;
    request.vectors = has_vectors();
    bool slaves_run_it = closed_.overlay || closed_.relay || closed_.pen;
    if (slaves_run_it)
      request.landing_clause = expected_landing();
    else
      request.landing_clause = layout_.from->name + ": enter image.entry, in either byte order";
    const TreeStores stores = tree_stores();
    if (sink_.has_errors()) return;
    for (const ClosedOrder& order : closed_.orders) {
      auto goals = master_goals(order.from, order.gap, order.giver, stores, firmware_of(*layout_.machine),
                                handoff_.name_span, sink_);
      if (!goals) return;
      request.masters.push_back(std::move(*goals));
    }
    closed_.needless = nothing_missing(request) && (!closed_.parked || image_has_landing());
    auto stub = synthesize(request);
    if (!stub) {
      sink_.report(Code::no_stub, handoff_.enter_span, stub.failure());
      return;
    }
    closed_.stub = std::move(*stub);
  }

  uint64_t offset_of(const model::Clause& landing) const {
    Value v = evaluate_as(*landing.values[0], model::Type::kSize, placement::RoleScope(layout_, true), sink_);
    return v.is_error() ? 0 : static_cast<uint64_t>(v.number());
  }

  /// Slaves come to the landing that the giver expects, and the taker does not say where they go: they stay there,
  /// in a branch to itself. A taker that has them enter somewhere has to say what they find.
  std::optional<HeadBytes> parked_slaves(const std::vector<HeadBytes>& head) {
    const model::Clause* landing = landing_expected();
    const ClosedOrder& order = closed_.orders.front();
    if (!closed_.overlay || !landing || order.to.find(Section::kSlaves, ClauseKind::kEnter)) return std::nullopt;
    HeadBytes stay;
    stay.offset = offset_of(*landing);
    stay.clause = expected_landing();
    constexpr uint32_t kBranchToItself = 0x48000000;
    if (auto arrival = order_of_slaves(layout_, sink_)) {
      append(stay.bytes, kBranchToItself, *arrival);
    } else {  // the other order skips the word that is not its own
      append(stay.bytes, ppc64::kNeutralWord, Endian::kBig);
      append(stay.bytes, kBranchToItself, Endian::kBig);
      append(stay.bytes, kBranchToItself, Endian::kLittle);
    }
    uint64_t end = stay.offset + stay.bytes.size();
    if (stay.offset % 4 != 0 || stay.offset < 8 || end > kHeadSize) return std::nullopt;
    for (const HeadBytes& part : head)
      if (part.offset < end && stay.offset < part.offset + part.bytes.size()) return std::nullopt;
    closed_.parked = true;
    closed_.offers.push_back({stay.clause, false,
                              "slaves that come stay there, in a branch to itself: `" + layout_.to->name +
                                  "` does not say where they go, and has to leave that memory alone", false, true});
    return stay;
  }

  /// Whether slaves would find a landing in the image itself, if it were entered.
  bool image_has_landing() const {
    const placement::PlacedSegment* image = layout_.bound("image");
    auto payload = image ? payloads_.find(image->name()) : payloads_.end();
    if (payload == payloads_.end()) return false;
    uint64_t entry = std::min<uint64_t>(image->content.entry_offset.bytes(), payload->second.size());
    auto head = payload->second.bytes_at(entry, std::min<uint64_t>(kHeadSize, payload->second.size() - entry));
    auto arrival = order_of_slaves(layout_, sink_).value_or(image->content.order.value_or(Endian::kBig));
    return head && ppc64::check_landing(*head, offset_of(*landing_expected()), arrival).answer != ppc64::Answer::kRefused;
  }

  /// Whether entering the taker's image itself would have left no gap.
  bool nothing_missing(const StubRequest& request) const {
    if (!layout_.to->find_role("image") || request.digest || !request.copies.empty()) return false;
    return std::all_of(request.masters.begin(), request.masters.end(), [&](const MasterGoals& goals) {
      return goals.registers.empty() && !closed_.pen && !goals.id_store && !goals.mark_store && goals.msr.empty() && !goals.interrupts;
    }) && same_registers_from_image();
  }

  /// r4 = image.entry and the like speak of the entered segment: they must hold for the image too.
  bool same_registers_from_image() const {
    for (const ClosedOrder& order : closed_.orders)
      for (const Claim& claim : order.to.claims)
        if (claim.section == Section::kMaster && claim.kind == ClauseKind::kRegister && !claim.any)
          for (const auto& e : claim.clause->values)
            if (model::dotted_name(*e).rfind("image.", 0) == 0) return false;
    return true;
  }

  /// Without a trampoline every need must be met by the giver itself.
  void report_open_gap() {
    // One clause may be several obligations: `mode` is three bits, and each giver's byte order has its own.
    std::set<const model::Clause*> reported;
    for (const ClosedOrder& order : closed_.orders) {
      for (const Obligation& o : order.gap.obligations) {
        bool stored = o.need && stores_boot_cpu(*o.need);
        if (o.answer != Answer::kGap && !stored) continue;
        if (!reported.insert(o.need->clause).second) continue;
        auto& d = sink_.report(Code::open_gap, o.need->clause->span,
                               "`" + o.need->clause->origin + "` needs `" + o.need->text() + "` but `" +
                                   layout_.from->name + "` " +
                                   (o.promise ? "promises `" + o.promise->text() + "`"
                                              : "does not promise it"))
                      .at("the need");
        if (o.promise) d.label(o.promise->clause->span, "the promise");
        d.label(handoff_.enter_span, "entered without a trampoline")
            .note("add `segment stub = trampoline { ... }` and `enter stub;`");
      }
    }
    // The giver copies the head of the image itself: the taker's bytes are there by themselves only when
    // the needed range is the copied one.
    for (const Obligation& o : closed_.orders.front().gap.obligations)
      if (o.need && needs_bytes(*o.need) && o.answer != Answer::kEntailed && copied_in_time(*o.need))
        sink_.report(Code::head_gap, o.need->clause->span,
                     "`" + o.need->text() + "` does not follow from what `" + layout_.from->name + "` copies and preserves");
  }

  const placement::Layout& layout_;
  const Payloads& payloads_;
  diagnostics::Sink& sink_;
  const model::Handoff& handoff_;
  ClosedGap closed_;
  std::set<std::pair<source::FileId, uint32_t>> impossible_;  // places that were reported
};

}  // namespace

std::optional<ClosedGap> open_gap(const placement::Layout& layout, diagnostics::Sink& sink) {
  const Payloads none;  // nothing is looked at
  return Closer(layout, none, sink).boundaries();
}

std::optional<ClosedGap> close_gap(const placement::Layout& layout, const Payloads& payloads,
                                   diagnostics::Sink& sink) {
  return Closer(layout, payloads, sink).run();
}

}  // namespace baton::trampoline
