// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Machines and loaders. See machines.h.
#include "check/machines.h"

#include <algorithm>
#include <set>

#include "check/lineage.h"
#include "check/reader.h"
#include "diagnostics/suggest.h"
#include "model/evaluate.h"

namespace baton::check {

using diagnostics::Code;
using model::MachineClause;
using model::Type;
using model::Value;
using syntax::Context;

model::MachineDeclaration check_machine(const syntax::Declaration& d, const source::SourceSet& sources,
                                        diagnostics::Sink& sink) {
  model::MachineDeclaration machine;
  machine.name = d.name;
  machine.span = d.span;
  machine.name_span = d.name_span;
  machine.source = d.machine_source;
  machine.file_span = d.machine_source_span;
  if (d.machine_file) machine.file = (sources.folder(d.span.file) / *d.machine_file).lexically_normal().string();
  if (!machine.source.empty() && machine.source != "dtb" && machine.source != "live")
    sink.report(Code::unknown_word, d.machine_source_span, "a machine comes `from dtb \"FILE\"` or `from live`");
  else if (machine.source == "dtb" && !machine.file)
    sink.report(Code::clause_shape, d.machine_source_span, "`from dtb` needs a file name in quotes");
  std::set<std::string> seen;
  for (const syntax::Clause& clause : d.clauses) {
    ClauseReader r(clause, Context::kMachine, sources, sink);
    MachineClause fact;
    fact.span = clause.span;
    if (!r.known()) continue;
    if (r.head() == "notes") {
      auto file = r.string("a facts file in quotes");
      if (!file || !r.end()) continue;
      if (machine.notes) {
        sink.report(Code::duplicate_clause, r.head_span(), "`notes` is stated twice");
        continue;
      }
      machine.notes = (sources.folder(d.span.file) / *file).lexically_normal().string();
      machine.notes_span = clause.span;
      continue;
    }
    if (r.head() == "region" || r.head() == "reserve") {
      fact.kind = r.head() == "region" ? MachineClause::Kind::kRegion : MachineClause::Kind::kReserve;
      auto name = r.name("a name");
      if (!name || !r.equals()) continue;
      fact.name = name->text;
    } else {
      fact.name = r.head();
      if (fact.name == "tree") {
        sink.report(Code::misplaced_clause, r.head_span(),
                    "`tree` is the file the machine was read from and is not stated")
            .note("write `machine " + d.name + " from dtb \"FILE\" { ... }`");
        continue;
      }
      if (!r.equals()) continue;
    }
    do {
      syntax::ExprPtr e = r.expr("a value");
      if (!e) break;
      fact.values.push_back(e);
    } while (r.take_comma());
    if (!r.end()) continue;
    if (!seen.insert((fact.kind == MachineClause::Kind::kFact ? "" : "named ") + fact.name).second) {
      sink.report(Code::duplicate_clause, r.head_span(), "`" + fact.name + "` is stated twice");
      continue;
    }
    machine.clauses.push_back(std::move(fact));
  }
  return machine;
}

namespace {

/// Types of what a loader's predicate may speak of.
class LoaderScope : public model::Scope {
 public:
  std::optional<Value> lookup(std::string_view name) const override {
    if (name.substr(0, 8) == "machine.") {
      if (const auto* a = model::find_machine_attribute(name.substr(8)))
        return Value::pending(a->type, std::string(name));
      return std::nullopt;
    }
    for (const auto& [known, type] : kNames)
      if (known == name) return Value::pending(type, std::string(name));
    return std::nullopt;
  }
  std::optional<Value> call(std::string_view name, const std::vector<Value>& arguments) const override {
    if (name != "spare" || arguments.size() != 1) return std::nullopt;
    if (arguments[0].type() != Type::kRange && arguments[0].type() != Type::kRanges) return std::nullopt;
    return Value::pending(Type::kSize, "spare(...)");
  }
  std::vector<std::string> names() const override {
    std::vector<std::string> all;
    for (const auto& [known, type] : kNames) all.emplace_back(known);
    for (const auto& a : model::machine_attributes()) all.push_back("machine." + std::string(a.name));
    return all;
  }

 private:
  static constexpr std::pair<std::string_view, Type> kNames[] = {
      {"segment.start", Type::kAddress}, {"segment.end", Type::kAddress}, {"segment.size", Type::kSize},
      {"segment.extent", Type::kRange},  {"segments.others", Type::kRanges}, {"segments.total", Type::kSize},
      {"entry", Type::kAddress}};
};

/// Each is compared with all others.
constexpr size_t kMaxChecks = 256;

class LoaderReader {
 public:
  LoaderReader(const LoaderDeclarations& declarations, const source::SourceSet& sources, diagnostics::Sink& sink)
      : declarations_(declarations), sources_(sources), sink_(sink) {}

  std::map<std::string, model::Loader> run() {
    for (const auto& [name, declaration] : declarations_)
      lineage_.read(name, done_, [&](const std::string& one) { flatten(one); });
    return std::move(done_);
  }

 private:
  void flatten(const std::string& name) {
    const syntax::Declaration& d = *declarations_.at(name);
    model::Loader loader;
    loader.name = name;
    loader.span = d.span;
    loader.name_span = d.name_span;
    loader.doc = d.doc;
    // Of what a missing parent would have brought nothing is known.
    bool orphan = d.extends && (!inherit(loader, *d.extends) || orphans_.count(d.extends->text()) != 0);
    if (orphan) orphans_.insert(name);
    inherited_checks_ = loader.checks.size();
    seen_.clear();
    for (const syntax::Clause& clause : d.clauses) read(loader, clause, orphan);
    if (!loader.granule && !orphan)
      sink_.report(Code::missing_clause, d.name_span, "`" + loader.name + "` does not say its granule")
          .note("add `granule = machine.page;` or a size");
    done_.emplace(name, std::move(loader));
  }

  bool inherit(model::Loader& loader, const syntax::VersionedName& parent) {
    std::string name = parent.text();
    if (std::string circle = lineage_.circle_to(name); !circle.empty()) {
      sink_.report(Code::cyclic_extends, parent.span, "`" + loader.name + "` extends itself").note(circle);
      return false;
    }
    if (declarations_.count(name) == 0) {
      auto& report = sink_.report(Code::unknown_name, parent.span, "there is no loader `" + name + "`");
      if (!sink_.wants_suggestions()) return false;
      std::vector<std::string_view> names;
      for (const auto& [known, declaration] : declarations_) names.push_back(known);
      diagnostics::suggest(report, name, names, parent.span);
      return false;
    }
    const model::Loader& base = done_.at(name);
    inherited_ += base.checks.size();
    if (inherited_ > kMaxInherited) {
      if (!heavy_)
        sink_.report(Code::limit_reached, parent.span,
                     "with this one, loaders inherit more than " + std::to_string(kMaxInherited) + " checks in all");
      heavy_ = true;
      return false;
    }
    loader.parent = name;
    loader.tables = base.tables;
    loader.granule = base.granule;
    loader.max_segments = base.max_segments;
    loader.max_segments_span = base.max_segments_span;
    loader.checks = base.checks;
    return true;
  }

  void read(model::Loader& loader, const syntax::Clause& clause, bool orphan) {
    ClauseReader r(clause, Context::kLoader, sources_, sink_, true);
    if (!r.known()) return;
    const std::string& head = r.head();
    if (r.incidental() || r.unspecified()) {
      sink_.report(Code::misplaced_clause, clause.head_span, "a loader's clause is neither incidental nor unspecified");
      return;
    }
    if (head == "check") return read_check(loader, r, orphan);
    if (!seen_.insert(head).second) {
      sink_.report(Code::duplicate_clause, r.head_span(), "`" + head + "` stands twice in `" + loader.name + "`");
      return;
    }
    bool there = head == "table" ? !loader.tables.empty()
                 : head == "granule" ? loader.granule != nullptr
                 : head == "segments" ? loader.max_segments.has_value()
                                      : false;
    if (!may_change(loader, r, head, there, orphan)) return;
    if (r.drops()) {
      if (!r.end()) return;
      if (head == "table") loader.tables.clear();
      if (head == "granule") loader.granule = nullptr;
      if (head == "segments") loader.max_segments.reset();
      return;
    }
    if (head == "source") {
      if (auto s = r.string("a text in quotes")) loader.source = *s;
      r.end();
    } else if (head == "table") {
      read_tables(loader, r);
    } else if (head == "granule") {
      if (!r.equals()) return;
      loader.granule = r.expr("a size");
      if (r.end()) evaluate_as(*loader.granule, Type::kSize, scope_, sink_);
    } else if (head == "segments") {
      read_limit(loader, r);
    }
  }

  /// Whether `override`, `drop` or neither is right for what is inherited, or not; reports when it is wrong.
  bool may_change(const model::Loader& loader, const ClauseReader& r, const std::string& what, bool inherited,
                  bool orphan) {
    if (r.overrides() || r.drops()) {
      if (!inherited && !orphan)
        sink_.report(Code::override_nothing, r.head_span(),
                     "there is no inherited `" + what + "` to " + (r.drops() ? "drop" : "override"));
      return inherited || (orphan && !r.drops());
    }
    if (!inherited) return true;
    sink_.report(Code::override_missing, r.head_span(),
                 "`" + loader.name + "` inherits `" + what + "` from `" + loader.parent +
                     "`; changing it needs `override`")
        .fix(source::Span{r.head_span().file, r.head_span().begin, r.head_span().begin}, "override ");
    return false;
  }

  void read_tables(model::Loader& loader, ClauseReader& r) {
    loader.tables.clear();
    do {
      auto word = r.name("an encoding");
      if (!word) break;
      if (word->text != "native64" && word->text != "compat32" && word->text != "json") {
        r.shape_error(word->span, "`native64`, `compat32` or `json`");
        break;
      }
      bool there = std::find(loader.tables.begin(), loader.tables.end(), word->text) != loader.tables.end();
      if (!there) loader.tables.push_back(word->text);
    } while (r.take_comma());
    r.end();
  }

  void read_limit(model::Loader& loader, ClauseReader& r) {
    if (r.relation() != "<=") return r.shape_error(r.head_span(), "`<=` and a number");
    syntax::ExprPtr e = r.expr("a number");
    if (!e || !r.end()) return;
    Value v = evaluate_as(*e, Type::kInt, scope_, sink_);
    if (!v.is_known() || v.number() > 0xffff) {
      if (!v.is_error()) r.shape_error(e->span, "`<=` and a number up to 65535");
      return;
    }
    loader.max_segments = static_cast<uint64_t>(v.number());
    loader.max_segments_span = r.clause().span;
  }

  /// A check is known by its predicate, as it is written: an override keeps its place in the order.
  void read_check(model::Loader& loader, ClauseReader& r, bool orphan) {
    model::LoaderCheck check;
    check.span = r.clause().span;
    check.on_crash = r.take_word("on_crash");
    check.predicate = r.expr("a condition", {"error"});
    if (!check.predicate) return;
    check.text = squeezed(check.predicate->span);
    if (!r.drops()) {
      if (!r.word("error")) return;
      auto error = r.name("the error the loader gives, or `none`");
      if (!error) return;
      check.error = error->text;
    }
    if (!r.end(r.drops() ? nullptr : &check.because)) return;
    if (evaluate_as(*check.predicate, Type::kBool, scope_, sink_).is_error()) return;
    auto same = std::find_if(loader.checks.begin(), loader.checks.end(), [&](const model::LoaderCheck& other) {
      return other.text == check.text && other.on_crash == check.on_crash;
    });
    bool found = same != loader.checks.end();
    bool inherited = found && static_cast<size_t>(same - loader.checks.begin()) < inherited_checks_;
    if (found && !inherited && !r.overrides() && !r.drops()) {
      sink_.report(Code::duplicate_clause, r.head_span(), "this check stands twice in `" + loader.name + "`")
          .label(same->span, "first here");
      return;
    }
    if (!may_change(loader, r, "check " + check.text, inherited, orphan)) return;
    if (r.drops()) {
      loader.checks.erase(same);
      --inherited_checks_;
    } else if (inherited) {
      *same = std::move(check);
    } else if (loader.checks.size() >= kMaxChecks) {
      sink_.report(Code::limit_reached, r.head_span(),
                   "a loader has at most " + std::to_string(kMaxChecks) + " checks");
    } else {
      loader.checks.push_back(std::move(check));
    }
  }

  std::string squeezed(source::Span span) const {
    std::string line;
    for (char c : sources_.text(span)) {
      bool blank = c == ' ' || c == '\n' || c == '\t' || c == '\r';
      if (!blank) line.push_back(c);
      else if (!line.empty() && line.back() != ' ') line.push_back(' ');
    }
    return line;
  }

  const LoaderDeclarations& declarations_;
  const source::SourceSet& sources_;
  diagnostics::Sink& sink_;
  LoaderScope scope_;
  std::map<std::string, model::Loader> done_;
  Lineage lineage_{declarations_};
  std::set<std::string> orphans_, seen_;
  size_t inherited_checks_ = 0;
  size_t inherited_ = 0;
  bool heavy_ = false;  // kMaxInherited was reported
};

}  // namespace

std::map<std::string, model::Loader> check_loaders(const LoaderDeclarations& declarations,
                                                   const source::SourceSet& sources, diagnostics::Sink& sink) {
  return LoaderReader(declarations, sources, sink).run();
}

}  // namespace baton::check
