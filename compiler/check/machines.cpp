// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Machines and loaders. See machines.h.
#include "check/machines.h"

#include <algorithm>
#include <set>

#include "check/reader.h"
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
    if (r.head() == "region" || r.head() == "reserve" || r.head() == "notes") {
      if (!r.known()) continue;
      fact.kind = r.head() == "region" ? MachineClause::Kind::kRegion : MachineClause::Kind::kReserve;
      auto name = r.name("a name");
      if (!name || !r.equals()) continue;
      fact.name = name->text;
    } else {
      fact.name = r.head();
      if (!model::find_machine_attribute(fact.name)) {
        auto& report = sink.report(Code::unknown_clause, r.head_span(), "a machine has no `" + fact.name + "`");
        std::vector<std::string_view> names;
        for (const auto& attribute : model::machine_attributes()) names.push_back(attribute.name);
        names.insert(names.end(), {"region", "reserve"});
        auto near = diagnostics::did_you_mean(fact.name, names);
        if (!near.empty())
          report.at("did you mean `" + std::string(near) + "`?").fix(r.head_span(), std::string(near));
        continue;
      }
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

}  // namespace

model::Loader check_loader(const syntax::Declaration& d, const source::SourceSet& sources,
                           diagnostics::Sink& sink) {
  model::Loader loader;
  loader.name = d.full_name();
  loader.span = d.span;
  loader.name_span = d.name_span;
  loader.doc = d.doc;
  if (d.extends)
    sink.report(Code::not_served, d.extends->span,
                "a loader that extends another is part of the language, and this release does not serve it yet");
  LoaderScope scope;
  std::set<std::string> seen;
  for (const syntax::Clause& clause : d.clauses) {
    ClauseReader r(clause, Context::kLoader, sources, sink);
    if (!r.known()) continue;
    const std::string& head = r.head();
    if (head != "check" && !seen.insert(head).second) {
      sink.report(Code::duplicate_clause, r.head_span(), "`" + head + "` stands twice in `" + loader.name + "`");
      continue;
    }
    if (head == "source") {
      if (auto s = r.string("a text in quotes")) loader.source = *s;
      r.end();
    } else if (head == "table") {
      do {
        auto word = r.name("an encoding");
        if (!word) break;
        if (word->text != "native64" && word->text != "compat32" && word->text != "json") {
          r.shape_error(word->span, "`native64`, `compat32` or `json`");
          break;
        }
        loader.tables.push_back(word->text);
      } while (r.take_comma());
      r.end();
    } else if (head == "granule") {
      if (!r.equals()) continue;
      loader.granule = r.expr("a size");
      if (r.end()) evaluate_as(*loader.granule, Type::kSize, scope, sink);
    } else if (head == "segments") {
      if (clause.relation != "<=") {
        r.shape_error(r.head_span(), "`<=` and a number");
        continue;
      }
      syntax::ExprPtr e = r.expr("a number");
      if (!e || !r.end()) continue;
      Value v = evaluate_as(*e, Type::kInt, scope, sink);
      if (!v.is_known() || v.number() > 0xffff) {
        if (!v.is_error()) r.shape_error(e->span, "`<=` and a number up to 65535");
        continue;
      }
      loader.max_segments = static_cast<uint64_t>(v.number());
      loader.max_segments_span = clause.span;
    } else if (head == "check") {
      model::LoaderCheck check;
      check.span = clause.span;
      check.on_crash = r.take_word("on_crash");
      check.predicate = r.expr("a condition", {"error"});
      if (!check.predicate || !r.word("error")) continue;
      auto error = r.name("the error the loader gives, or `none`");
      if (!error) continue;
      check.error = error->text;
      check.text = std::string(sources.text(check.predicate->span));
      if (!r.end(&check.because)) continue;
      evaluate_as(*check.predicate, Type::kBool, scope, sink);
      loader.checks.push_back(std::move(check));
    }
  }
  if (!loader.granule)
    sink.report(Code::missing_clause, d.name_span, "`" + loader.name + "` does not say its granule")
        .note("add `granule = machine.page;` or a size");
  return loader;
}

}  // namespace baton::check
