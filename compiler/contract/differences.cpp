// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Two statements side by side. See differences.h; order_changes.cpp does the order.
#include "contract/differences.h"

#include <algorithm>

#include "contract/order_changes.h"

namespace baton::contract {

using model::ClauseKind;
using model::Section;
using What = Difference::What;

namespace {

using Facts = std::vector<const Fact*>;

std::string section_of(const Fact& fact) {
  if (fact.section == Section::kExpects) return "expects " + fact.role;
  return model::to_text(fact.section);
}

std::string subject_of(const Fact& fact) {
  switch (fact.kind) {
    case ClauseKind::kMsr: return "msr " + fact.subject;
    case ClauseKind::kFact: return "fact " + fact.subject;
    case ClauseKind::kWord: return "word " + fact.subject;
    case ClauseKind::kPlace: return "place " + fact.subject + (fact.disjoint ? " disjoint" : " within");
    case ClauseKind::kWithin: return "within";
    case ClauseKind::kDisjoint: return "disjoint";
    case ClauseKind::kBytes: return "bytes";
    case ClauseKind::kRegister: return fact.subject;
    default: return fact.clause->key;
  }
}

Judgement all(const Statement& promise, const Facts& needs) {
  Judgement result;
  result.truth = Truth::kYes;
  for (const Fact* need : needs) {
    Judgement j = judge(promise, *need);
    if (result.truth == Truth::kYes || j.truth == Truth::kNo) {
      result.why = j.why;
      result.vacuous = j.vacuous;
    }
    result.truth = both(result.truth, j.truth);
  }
  return result;
}

Wording wording_of(const Facts& facts) {
  Wording all;
  std::vector<const model::Clause*> seen;
  for (const Fact* fact : facts) {
    if (std::find(seen.begin(), seen.end(), fact->clause) != seen.end()) continue;
    seen.push_back(fact->clause);
    Wording one = wording(*fact);
    if (all.text.empty())
      all = one;
    else
      all.text += "; " + one.text;
  }
  return all;
}

std::string because_of(const Facts& facts) {
  std::string text;
  for (const Fact* fact : facts) text += fact->clause->because + "\n";
  return text;
}

class Comparer {
 public:
  Comparer(const Subject& before, const Subject& after, const std::map<std::string, std::string>& renamed)
      : before_(before), after_(after), old_(state(before, renamed)), new_(state(after)) {}

  std::vector<Difference> run() {
    roles();
    facts();
    frame();
    for (Difference& d : order_changes(old_, new_, before_.convention->name, after_.convention->name))
      found_.push_back(std::move(d));
    incidental();
    words();
    return std::move(found_);
  }

 private:
  void roles() {
    auto one = [&](const model::Role* was, const model::Role* is) {
      Difference d;
      d.what = What::kRole;
      d.section_text = "convention";
      d.subject = "role " + (was ? was : is)->name;
      if (was) d.before = {to_text(*was), before_.convention->name, was->span};
      if (is) d.after = {to_text(*is), after_.convention->name, is->span};
      d.was = was != nullptr;
      d.is = is != nullptr;
      found_.push_back(std::move(d));  // neither side can do with the other's: both judgements are no
    };
    auto called = [](const Statement& s, const std::string& name) -> const model::Role* {
      for (const model::Role& r : s.roles)
        if (r.name == name) return &r;
      return nullptr;
    };
    for (const model::Role& role : old_.roles)
      if (!has_role(new_, role)) one(&role, called(new_, role.name));
    for (const model::Role& role : new_.roles)
      if (!called(old_, role.name)) one(nullptr, &role);
  }

  void facts() {
    std::vector<const Fact*> done;
    auto group = [&](const Fact& like) {
      Facts was, is;
      for (const Fact& f : old_.facts)
        if (f.same_subject(like)) was.push_back(&f);
      for (const Fact& f : new_.facts)
        if (f.same_subject(like)) is.push_back(&f);
      done.push_back(&like);
      compare(was, is);
    };
    auto fresh = [&](const Fact& like) {
      return std::none_of(done.begin(), done.end(), [&](const Fact* d) { return d->same_subject(like); });
    };
    for (const Statement* side : {&old_, &new_})
      for (const Fact& fact : side->facts)
        if (fact.kind != ClauseKind::kUnspecified && fresh(fact)) group(fact);
  }

  void compare(const Facts& was, const Facts& is) {
    const Fact& like = was.empty() ? *is.front() : *was.front();
    Difference d;
    d.section = like.section;
    d.kind = like.kind;
    d.section_text = section_of(like);
    d.subject = subject_of(like);
    d.before = wording_of(was);
    d.after = wording_of(is);
    auto says = [](const Facts& facts) {
      return std::any_of(facts.begin(), facts.end(), [](const Fact* f) { return !f->any; });
    };
    d.was = says(was);
    d.is = says(is);
    Judgement new_for_old = all(new_, was), old_for_new = all(old_, is);
    if (like.kind == ClauseKind::kBytes && like.section == Section::kMemory) overwritten(was, is, new_for_old, old_for_new);
    bool expects = like.section == Section::kExpects;
    d.taker = expects ? old_for_new : new_for_old;
    d.giver = expects ? new_for_old : old_for_new;
    // Where no slave arrives nothing is needed of one; a changed clause is a change all the same, unless neither says
    // anything: `any` on one side, no clause on the other.
    bool nobody = (d.taker.vacuous || d.giver.vacuous) && (d.was || d.is);
    if (d.taker_ok() && d.giver_ok() && (!nobody || alike(was, is))) {
      if (d.before.text != d.after.text && !alike(was, is))
        note(d, "other words for the same");
      else if (because_of(was) != because_of(is))
        note(d, "the reason given");
      return;
    }
    if (d.before.text == d.after.text) d.taker.why = same_words(was, is), d.giver.why.clear();
    for (const Fact* f : was) d.stack = d.stack || about_stack(*f);
    for (const Fact* f : is) d.stack = d.stack || about_stack(*f);
    if (was.size() == 1 && is.size() == 1 && was[0]->copies.size() == 1 && is[0]->copies.size() == 1) {
      const Copy &a = was[0]->copies[0], &b = is[0]->copies[0];
      d.same_start = a.destination == b.destination && a.source == b.source;
      d.longer = at_most(b.size, a.size) != Truth::kYes;
    }
    if (like.kind == ClauseKind::kWord && d.was && d.is)
      d.same_offset = equal(was[0]->values[0].number, is[0]->values[0].number) == Truth::kYes;
    d.same_incidental_before = incidental_twin(old_, is);
    d.same_incidental_after = incidental_twin(new_, was);
    if (fold_into_mode(d, was, is)) return;
    found_.push_back(std::move(d));
  }

  /// A copy that is new, or gone, also changes what the memory under it holds.
  void overwritten(const Facts& was, const Facts& is, Judgement& taker, Judgement& giver) const {
    Area old_lost, new_lost;
    for (const Fact* f : was)
      for (const Copy& c : f->copies)
        if (!(c.source == c.destination)) old_lost.add(destination_of(c));
    for (const Fact* f : is)
      for (const Copy& c : f->copies)
        if (!(c.source == c.destination)) new_lost.add(destination_of(c));
    taker.truth = both(taker.truth, covers(destroyed(old_), new_lost));
    giver.truth = both(giver.truth, covers(destroyed(new_), old_lost));
  }

  static bool about_stack(const Fact& f) {
    return std::any_of(f.values.begin(), f.values.end(), [](const Term& t) { return t.kind == Term::Kind::kStack; });
  }

  /// The normal form, in text.
  static std::string form_of(const Fact& f) {
    std::vector<std::string> parts;
    for (const Term& t : f.values) parts.push_back(to_text(t));
    // A set; of a word or a slot they are its layout, in an order.
    if (f.kind != ClauseKind::kWord && f.kind != ClauseKind::kPen && f.kind != ClauseKind::kSlotField) {
      std::sort(parts.begin(), parts.end());
      parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
    }
    if (f.kind == ClauseKind::kTreeProperty && f.clause->words.size() > 2) parts.push_back(f.clause->words[2]);
    for (const Area& a : f.areas) parts.push_back(to_text(a));
    for (const Copy& c : f.copies)
      parts.push_back(to_text(c.destination) + " = " + to_text(c.source) + " +: " + to_text(c.size));
    std::string form = f.any ? "any" : "";
    for (const std::string& part : parts) form += (form.empty() ? "" : "; ") + part;
    return form;
  }
  static std::vector<std::string> forms(const Facts& facts) {
    std::vector<std::string> all;
    for (const Fact* f : facts) all.push_back(form_of(*f));
    std::sort(all.begin(), all.end());
    return all;
  }
  /// The same normal form, whatever the words.
  static bool alike(const Facts& was, const Facts& is) { return forms(was) == forms(is); }

  /// A name that stands for another value changes what a clause says, and not how it reads.
  static std::string same_words(const Facts& was, const Facts& is) {
    auto joined = [](const Facts& facts) {
      std::string all;
      for (const std::string& form : forms(facts)) all += (all.empty() ? "" : "; ") + form;
      return all;
    };
    return "the same words: `" + joined(was) + "` before, `" + joined(is) + "` now";
  }

  /// The other side's incidental clause about it says what these promise.
  static bool incidental_twin(const Statement& side, const Facts& promised) {
    if (promised.empty()) return false;
    return std::all_of(promised.begin(), promised.end(), [&](const Fact* f) {
      return std::any_of(side.incidental.begin(), side.incidental.end(), [&](const Fact& i) {
        return i.same_subject(*f) && alike({&i}, {f});
      });
    });
  }

  /// The fields of one mode clause are one difference: `mode real` -> `mode virtual`.
  bool fold_into_mode(Difference& d, const Facts& was, const Facts& is) {
    auto mode = [](const Facts& facts) -> const model::Clause* {
      return facts.size() == 1 && facts[0]->clause->kind == ClauseKind::kMode ? facts[0]->clause : nullptr;
    };
    const model::Clause *before = mode(was), *after = mode(is);
    bool from_mode = (before || was.empty()) && (after || is.empty());
    if (!from_mode) return false;
    for (Difference& other : found_) {
      if (other.what != What::kMode || other.section != d.section) continue;
      if (other.before.text != d.before.text || other.after.text != d.after.text) continue;
      other.taker.truth = both(other.taker.truth, d.taker.truth);
      other.giver.truth = both(other.giver.truth, d.giver.truth);
      return true;
    }
    d.what = What::kMode;
    d.subject = "mode";
    found_.push_back(std::move(d));
    return true;
  }

  void frame() {
    auto given_up = [](const Statement& s) {
      Facts facts;
      for (const Fact& f : s.facts)
        if (f.kind == ClauseKind::kUnspecified) facts.push_back(&f);
      return facts;
    };
    auto area = [](const Facts& facts) {
      Area all;
      for (const Fact* f : facts)
        for (const Area& a : f->areas) all.add(a);
      return all;
    };
    Facts was = given_up(old_), is = given_up(new_);
    if (was.empty() && is.empty()) return;
    Difference d;
    d.what = What::kFrame;
    d.section = Section::kMemory;
    d.section_text = model::to_text(Section::kMemory);
    d.subject = "unspecified bytes";
    d.before = wording_of(was);
    d.after = wording_of(is);
    d.was = !was.empty();
    d.is = !is.empty();
    d.taker.truth = covers(destroyed(old_), area(is));
    d.giver.truth = covers(destroyed(new_), area(was));
    if (d.taker.truth == Truth::kUnknown || d.giver.truth == Truth::kUnknown)
      d.taker.why = "which of the two is more, only a handoff can say";
    if (!d.taker_ok() || !d.giver_ok())
      found_.push_back(std::move(d));
    else if (to_text(area(was)) != to_text(area(is)))
      note(d, "other words for the same");
    else if (because_of(was) != because_of(is))
      note(d, "the reason given");
  }

  void incidental() {
    auto one = [&](const Facts& was, const Facts& is) {
      const Fact& like = was.empty() ? *is.front() : *was.front();
      Difference d;
      d.what = was.empty() ? What::kWords : What::kIncidental;
      d.section = like.section;
      d.kind = like.kind;
      d.section_text = section_of(like);
      d.subject = subject_of(like);
      d.before = wording_of(was);
      d.after = wording_of(is);
      for (Wording* w : {&d.before, &d.after})
        if (!w->text.empty() && w->text.rfind("incidental ", 0) != 0) w->text = "incidental " + w->text;
      d.was = !was.empty();
      d.is = !is.empty();
      d.taker.truth = d.giver.truth = Truth::kYes;
      if (was.empty()) d.taker.why = "what is incidental promises nothing";
      found_.push_back(std::move(d));
    };
    auto like_it = [](const std::vector<Fact>& facts, const Fact& f) {
      Facts all;
      for (const Fact& other : facts)
        if (other.same_subject(f)) all.push_back(&other);
      return all;
    };
    for (const Fact& f : old_.incidental) {
      Facts now = like_it(new_.incidental, f), promised = like_it(new_.facts, f);
      // What became a promise, or stays true as one, is still there for who relied on it.
      bool kept = !promised.empty() && alike({&f}, promised);
      if (now.empty() ? !kept : !alike({&f}, now)) one({&f}, now);
    }
    for (const Fact& f : new_.incidental) {
      Facts promised = like_it(old_.facts, f);
      bool demoted = !promised.empty() && alike({&f}, promised);
      if (like_it(old_.incidental, f).empty() && !demoted) one({}, {&f});
    }
  }

  void words() {
    const model::Convention &a = *before_.convention, &b = *after_.convention;
    Difference d;
    d.section_text = "convention";
    d.before = {"", a.name, a.name_span};
    d.after = {"", b.name, b.name_span};
    if (a.source != b.source) {
      d.source = true;
      d.subject = "source";
      d.before.text = a.source;
      d.after.text = b.source;
      note(d, "");
      d.source = false;
    }
    auto lines = [](const std::vector<std::string>& doc) {
      std::string text;
      for (const std::string& line : doc) text += (text.empty() ? "" : " ") + line;
      return text;
    };
    if (a.doc != b.doc) {
      d.subject = "documentation";
      d.before.text = lines(a.doc);
      d.after.text = lines(b.doc);
      note(d, "");
    }
    if (a.name == b.name && a.supersedes != b.supersedes) {
      d.subject = "supersedes";
      d.before.text = a.supersedes;
      d.after.text = b.supersedes;
      note(d, "");
    }
  }

  void note(Difference d, const std::string& why) {
    d.what = What::kWords;
    d.taker = d.giver = {};
    d.taker.truth = d.giver.truth = Truth::kYes;
    d.taker.why = why;
    found_.push_back(std::move(d));
  }

  const Subject &before_, &after_;
  Statement old_, new_;
  std::vector<Difference> found_;
};

}  // namespace

std::vector<Difference> differences(const Subject& before, const Subject& after,
                                    const std::map<std::string, std::string>& renamed) {
  return Comparer(before, after, renamed).run();
}

}  // namespace baton::contract
