// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading promises, needs and offers. See contract_clauses.h.
#include "check/contract_clauses.h"

#include <algorithm>

#include "contract/order.h"
#include "diagnostics/suggest.h"
#include "model/evaluate.h"

namespace baton::check {

using diagnostics::Code;
using model::Clause;
using model::ClauseKind;
using model::Section;
using syntax::ExprPtr;

namespace {

constexpr std::string_view kMsrFields[] = {"SF", "HV", "EE", "PR", "FP", "VEC", "VSX", "ME", "RI",
                                           "IR", "DR", "LE", "CM", "CE", "DE",  "IS",  "DS", "GS"};

bool is_register(const std::string& name) {
  if (name == "lr" || name == "ctr" || name == "cr" || name == "xer") return true;
  if (name.size() < 2 || name.size() > 3 || name[0] != 'r') return false;
  if (name.size() == 3 && name[1] == '0') return false;
  unsigned number = 0;
  for (char c : name.substr(1)) {
    if (c < '0' || c > '9') return false;
    number = number * 10 + static_cast<unsigned>(c - '0');
  }
  return number < 32;
}

class Reader {
 public:
  Reader(ClauseReader& reader, Section section, bool key_only, const source::SourceSet& sources,
         diagnostics::Sink& sink)
      : r_(reader), section_(section), key_only_(key_only), sources_(sources), sink_(sink) {}

  std::vector<Clause> read() {
    const std::string& head = r_.head();
    if (section_ == Section::kExpects) {
      expects(head);
    } else if (section_ == Section::kMemory) {
      memory(head);
    } else if (head == "tree.property") {
      tree_property();
    } else if (is_register(head)) {
      Clause& c = add(ClauseKind::kRegister, head, head);
      value(c);
    } else if (head == "enter") {
      enter();
    } else if (head == "argument") {
      argument();
    } else if (head == "mode") {
      mode();
    } else if (head == "msr") {
      msr();
    } else if (head == "ile") {
      Clause& c = add(ClauseKind::kIle, "ile", "");
      value(c);
    } else if (head == "arrival") {
      arrival();
    } else if (head == "bytes") {
      bytes();
    } else if (head == "pen") {
      pen();
    } else if (head == "field") {
      field();
    }
    std::string because;
    r_.end(&because);
    if (r_.failed()) return {};
    for (Clause& c : clauses_) c.because = because;
    return std::move(clauses_);
  }

 private:
  Clause& add(ClauseKind kind, std::string key, std::string subject) {
    Clause c;
    c.section = section_;
    c.kind = kind;
    c.key = std::move(key);
    c.subject = std::move(subject);
    c.incidental = r_.incidental();
    c.span = r_.clause().span;
    c.text = r_.text();
    clauses_.push_back(std::move(c));
    return clauses_.back();
  }

  /// `= VALUE`, `= any`, or `in { VALUE, .. }`.
  void value(Clause& c) {
    if (key_only_) return;
    if (r_.take_word("in")) {
      set(c);
      return;
    }
    if (!r_.equals()) return;
    if (r_.take_word("any")) {
      c.any = true;
      return;
    }
    if (ExprPtr e = r_.expr("a value", {"because"})) c.values = {e};
  }

  void set(Clause& c) {
    ExprPtr e = r_.expr("a set such as { 0, 1 }", {"because"});
    if (!e) return;
    if (e->kind != syntax::Expr::Kind::kSet) {
      r_.shape_error(e->span, "a set such as `{ 0, 1 }`");
      return;
    }
    c.values = e->operands;
  }

  void ranges(Clause& c, std::initializer_list<std::string_view> stop = {"because"}) {
    do {
      ExprPtr e = r_.expr("a range", stop);
      if (!e) return;
      c.values.push_back(e);
    } while (r_.take_comma());
  }

  void enter() {
    Clause& c = add(ClauseKind::kEnter, "enter", "");
    if (key_only_) return;
    if (r_.take_word("absolute")) {
      c.words = {"absolute"};
    } else if (r_.take_word("call")) {
      c.words = {"call"};
      return;
    } else {
      c.words = {""};
    }
    if (ExprPtr e = r_.expr("an address", {"because"})) c.values = {e};
  }

  /// `argument NAME = REG : KIND`: where the call that departs passes a run-time value.
  void argument() {
    auto name = r_.name("a name for the value");
    if (!name) return;
    Clause& c = add(ClauseKind::kArgument, "argument " + name->text, name->text);
    if (key_only_) return;
    if (!r_.equals()) return;
    auto gpr = r_.name("a register");
    if (!gpr) return;
    if (!is_register(gpr->text)) {
      sink_.report(Code::unknown_word, gpr->span, "there is no register `" + gpr->text + "`")
          .note("a call passes its arguments in r3 to r10");
    }
    if (!r_.take_colon()) return r_.shape_error(r_.here(), "`:` and a kind");
    auto kind = r_.name("`pagelist`, `hook` or `argument`");
    if (!kind) return;
    if (kind->text != "pagelist" && kind->text != "hook" && kind->text != "argument")
      return r_.shape_error(kind->span, "`pagelist`, `hook` or `argument`");
    c.words = {gpr->text, kind->text};
  }

  void mode() {
    Clause& c = add(ClauseKind::kMode, "mode", "");
    if (key_only_) return;
    auto word = r_.name("`real` or `virtual`");
    if (!word) return;
    if (word->text != "real" && word->text != "virtual") {
      r_.shape_error(word->span, "`real` or `virtual`");
      return;
    }
    c.words = {word->text};
  }

  void msr() {
    do {
      auto field = r_.name("an MSR field");
      if (!field) return;
      if (std::find(std::begin(kMsrFields), std::end(kMsrFields), field->text) == std::end(kMsrFields)) {
        auto& d = sink_.report(Code::unknown_word, field->span, "there is no MSR field `" + field->text + "`");
        diagnostics::suggest(d, field->text, {std::begin(kMsrFields), std::end(kMsrFields)}, field->span);
      }
      Clause& c = add(ClauseKind::kMsr, "msr " + field->text, field->text);
      if (key_only_) continue;
      value(c);
      if (c.any)
        c.text = "msr " + field->text + " = any";
      else if (c.values.size() == 1)
        c.text = "msr " + field->text + " = " + squeeze(c.values[0]->span);
    } while (r_.take_comma());
  }

  void arrival() {
    Clause& c = add(ClauseKind::kArrival, "arrival", "");
    if (key_only_) return;
    if (r_.take_word("any")) {
      c.any = true;
    } else if (r_.take_word("in")) {
      set(c);
    } else if (ExprPtr e = r_.expr("an arrival state", {"because"})) {
      c.values = {e};
    }
  }

  void bytes() {
    Clause& c = add(ClauseKind::kBytes, "", "");
    ExprPtr destination = r_.expr("a destination range", {"because"});
    if (!destination) return;
    c.key = "bytes " + range_key(*destination);
    if (key_only_) return;
    if (!r_.equals() || !r_.word("bytes")) return;
    ExprPtr from = r_.expr("a source range", {"because"});
    if (from) c.values = {destination, from};
  }

  /// `tree.property "/chosen" "linux,booted-from-kexec"`, `tree.property cpu "enable-method" = "spin-table"`,
  /// `tree.property "/chosen" "bootargs" at most 512`.
  void tree_property() {
    std::string where = model::kCpuNodes;
    if (section_ == Section::kMemory || !r_.take_word(model::kCpuNodes)) {
      source::Span place = r_.here();
      auto path = r_.string(section_ == Section::kMemory ? "the path of a node in quotes" : "`cpu`, or the path of a node in quotes");
      if (!path) return;
      if (path->empty() || path->front() != '/')
        return r_.shape_error(place, "a path that begins with `/`, as \"/chosen\" does,");
      where = *path;
    }
    auto name = r_.string("a property's name in quotes");
    if (!name) return;
    std::string shown = where == model::kCpuNodes ? where : "\"" + where + "\"";
    Clause& c = add(ClauseKind::kTreeProperty, "tree.property " + shown + " \"" + *name + "\"", where + " " + *name);
    c.words = {where, *name};
    if (key_only_) return;
    if (r_.take_word("absent")) {
      c.words.emplace_back("absent");
    } else if (r_.take_word("not")) {
      c.words.emplace_back("not");
      if (ExprPtr e = r_.expr("a value", {"because"})) c.values = {e};
    } else if (r_.take_word("at")) {
      if (!r_.word("most")) return;
      c.words.emplace_back("most");
      if (ExprPtr e = r_.expr("a number of bytes", {"because"})) c.values = {e};
    } else if (r_.take_equals()) {
      if (ExprPtr e = r_.expr("a value", {"because"})) c.values = {e};
    }
  }

  /// `pen slot 64 while 0x1 at offset 0x0`
  void pen() {
    Clause& c = add(ClauseKind::kPen, "pen", "");
    if (key_only_) return;
    if (!r_.word("slot")) return;
    ExprPtr slot = r_.expr("a size", {"while", "because"});
    if (!slot || !r_.word("while")) return;
    ExprPtr mask = r_.expr("the bits that hold a slave", {"at", "because"});
    if (!mask || !r_.word("at") || !r_.word("offset")) return;
    if (ExprPtr offset = r_.expr("an offset", {"because"})) c.values = {slot, mask, offset};
  }

  /// `field at offset 0x14 size 4 named pir default cpu.physical_id`
  void field() {
    if (key_only_) {
      if (auto name = r_.name("the field's name")) add(ClauseKind::kSlotField, "field " + name->text, name->text);
      return;
    }
    if (!r_.word("at") || !r_.word("offset")) return;
    ExprPtr offset = r_.expr("an offset", {"size", "because"});
    if (!offset || !r_.word("size")) return;
    ExprPtr size = r_.expr("a size", {"named", "because"});
    if (!size || !r_.word("named")) return;
    auto name = r_.name("the field's name");
    if (!name) return;
    Clause& c = add(ClauseKind::kSlotField, "field " + name->text, name->text);
    c.values = {offset, size};
    if (r_.take_word("default"))
      if (ExprPtr e = r_.expr("the default", {"because"})) c.values.push_back(e);
  }

  void memory(const std::string& head) {
    if (r_.unspecified() && head == "bytes") {
      Clause& c = add(ClauseKind::kUnspecified, "", "");
      ranges(c);
      if (!c.values.empty()) c.key = "unspecified bytes " + squeeze(c.values[0]->span);
      for (const auto& e : c.values) c.words.push_back("bytes " + range_key(*e));  // the copies it withdraws
    } else if (head == "bytes") {
      bytes();
    } else if (head == "fact") {
      auto name = r_.name("a fact");
      if (!name) return;
      const auto& facts = contract::facts();
      if (std::find(facts.begin(), facts.end(), name->text) == facts.end()) {
        auto& d = sink_.report(Code::unknown_word, name->span, "there is no fact `" + name->text + "`");
        diagnostics::suggest(d, name->text, facts, name->span);
      }
      add(ClauseKind::kFact, "fact " + name->text, name->text);
    } else if (head == "place") {
      auto role = r_.name("a role or `others`");
      if (!role) return;
      bool within = r_.take_word("within");
      if (!within && !r_.word("disjoint")) return;
      std::string how = within ? "within" : "disjoint";
      Clause& c = add(ClauseKind::kPlace, "place " + role->text + " " + how, role->text);
      c.words = {how};
      // A key has no ranges, but `within` and `disjoint` want something behind them: it may be the old ranges.
      if (!key_only_ || !r_.at_end()) ranges(c);
    } else if (head == "tree.format") {
      Clause& c = add(ClauseKind::kTreeFormat, head, "");
      value(c);
    } else if (head == "tree.boot_cpuid_phys") {
      Clause& c = add(ClauseKind::kTreeBootCpu, head, "");
      value(c);
    } else if (head == "tree.boot_cpu_node") {
      Clause& c = add(ClauseKind::kTreeBootCpu, head, model::kBootCpuNode);
      value(c);
    } else if (head == "tree.property") {
      tree_property();
    } else if (head == "tree.reserves") {
      Clause& c = add(ClauseKind::kTreeReserves, head, "");
      if (!key_only_) ranges(c);
    }
  }

  void expects(const std::string& head) {
    if (head == "landing") {
      if (!key_only_ || !r_.at_end()) {
        auto who = r_.name("`slaves`");
        if (who && who->text != "slaves") return r_.shape_error(who->span, "`slaves`");
      }
      Clause& c = add(ClauseKind::kLanding, "landing", "");
      c.words = {"slaves"};
      if (key_only_) return;
      if (!r_.word("at") || !r_.word("offset")) return;
      if (ExprPtr e = r_.expr("an offset", {"because"})) c.values = {e};
    } else if (head == "head") {
      Clause& c = add(ClauseKind::kHead, "head", "");
      if (key_only_) return;
      ExprPtr e = r_.expr("a size", {"runs_at_zero", "because"});
      if (e && r_.word("runs_at_zero")) c.values = {e};
    } else if (head == "order_neutral") {
      auto what = r_.name("`entry` or `landing`");
      if (!what) return;
      if (what->text != "entry" && what->text != "landing")
        return r_.shape_error(what->span, "`entry` or `landing`");
      Clause& c = add(ClauseKind::kOrderNeutral, "order_neutral " + what->text, what->text);
      c.words = {what->text};
    } else if (head == "word") {
      if (key_only_) {
        if (auto name = r_.name("the word's name")) add(ClauseKind::kWord, "word " + name->text, name->text);
        return;
      }
      if (!r_.word("at") || !r_.word("offset")) return;
      ExprPtr offset = r_.expr("an offset", {"named", "default", "because"});
      if (!offset || !r_.word("named")) return;
      auto name = r_.name("the word's name");
      if (!name) return;
      Clause& c = add(ClauseKind::kWord, "word " + name->text, name->text);
      c.values = {offset};
      if (r_.take_word("default"))
        if (ExprPtr e = r_.expr("the default", {"because"})) c.values.push_back(e);
    } else if (head == "within" || head == "disjoint") {
      // An image may have to lie within several things: the ranges are part of the key.
      Clause& c = add(head == "within" ? ClauseKind::kWithin : ClauseKind::kDisjoint, head, "");
      ranges(c);
      for (const auto& e : c.values) c.key += " " + squeeze(e->span);
    } else if (head == "align") {
      Clause& c = add(ClauseKind::kAlign, head, "");
      if (key_only_) return;
      if (ExprPtr e = r_.expr("an alignment", {"because"})) c.values = {e};
    }
  }

  std::string squeeze(source::Span span) const {
    std::string line;
    for (char c : sources_.text(span)) {
      if (!std::isspace(static_cast<unsigned char>(c)))
        line.push_back(c);
      else if (!line.empty() && line.back() != ' ')
        line.push_back(' ');
    }
    return line;
  }

  /// A range of literals by its bounds, however it is written; else as written.
  std::string range_key(const syntax::Expr& e) const {
    class NoNames : public model::Scope {
      std::optional<model::Value> lookup(std::string_view) const override { return std::nullopt; }
      std::vector<std::string> names() const override { return {}; }
    };
    diagnostics::Sink ignored;
    model::Value v = model::evaluate(e, NoNames(), ignored, model::Type::kRange);
    if (v.is_known() && v.type() == model::Type::kRange) return to_text(v.range());
    return squeeze(e.span);
  }

  ClauseReader& r_;
  Section section_;
  bool key_only_;
  const source::SourceSet& sources_;
  diagnostics::Sink& sink_;
  std::vector<Clause> clauses_;
};

}  // namespace

std::vector<Clause> read_contract_clause(ClauseReader& reader, Section section, bool key_only,
                                         const source::SourceSet& sources, diagnostics::Sink& sink) {
  return Reader(reader, section, key_only, sources, sink).read();
}

}  // namespace baton::check
