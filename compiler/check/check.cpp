// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The phases of checking, in the order in which names depend on each other. See check.h.
#include "check/check.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "check/conventions.h"
#include "check/follow_ups.h"
#include "check/handoff_inheritance.h"
#include "check/handoffs.h"
#include "check/load.h"
#include "check/machine_types.h"
#include "check/machines.h"
#include "model/evaluate.h"

namespace baton::check {

using diagnostics::Code;
using model::Value;
using syntax::Declaration;

namespace {

/// The lets declared so far.
class LetScope : public model::Scope {
 public:
  explicit LetScope(const std::map<std::string, model::Let>& lets) : lets_(lets) {}
  std::optional<Value> lookup(std::string_view name) const override {
    auto it = lets_.find(std::string(name));
    if (it == lets_.end()) return std::nullopt;
    return it->second.value;
  }
  std::vector<std::string> names() const override {
    std::vector<std::string> all;
    for (const auto& [name, let] : lets_) all.push_back(name);
    return all;
  }

 private:
  const std::map<std::string, model::Let>& lets_;
};

/// Each constant keeps its value, and one may be made of many others: range by range, word by word.
constexpr size_t kMaxLetBytes = 256u << 20;

size_t bytes_of(const Value& v) {
  if (!v.is_known()) return sizeof v;
  if (v.type() == model::Type::kString || v.type() == model::Type::kPath) return sizeof v + v.text().size();
  if (v.type() == model::Type::kRanges) return sizeof v + v.ranges().count() * sizeof(Range);
  size_t bytes = sizeof v;
  if (v.type() == model::Type::kSet)
    for (const Value& member : v.members()) bytes += bytes_of(member);
  return bytes;
}

}  // namespace

namespace {

model::Program check_files(const std::vector<syntax::File>& files, const source::SourceSet& sources, source::FileId main,
                           diagnostics::Sink& sink) {
  model::Program program;
  for (const syntax::File& file : files) program.files.push_back(file.id);
  Declarations conventions;
  LoaderDeclarations loaders;
  std::map<std::string, source::Span> seen;  // "convention linux.kexec@2013" -> where
  std::vector<const Declaration*> handoffs;
  size_t held = 0;  // bytes of the values of lets

  auto unique = [&](const char* what, const Declaration& d) {
    auto [it, fresh] = seen.emplace(what + (" " + d.full_name()), d.name_span);
    if (!fresh)
      sink.report(Code::duplicate_declaration, d.name_span,
                  std::string(what) + " `" + d.full_name() + "` is declared twice")
          .label(it->second, "first here");
    return fresh;
  };

  for (const syntax::File& file : files) {
    for (const Declaration& d : file.declarations) {
      switch (d.kind) {
        case Declaration::Kind::kUse: break;
        case Declaration::Kind::kLet:
          if (unique("let", d)) {
            LetScope scope(program.lets);
            Value value = evaluate(*d.value, scope, sink);
            held += bytes_of(value);
            if (held > kMaxLetBytes) {
              if (held - bytes_of(value) <= kMaxLetBytes)
                sink.report(Code::limit_reached, d.name_span,
                            "up to this one, the constants of the program take more than " + human(Size{kMaxLetBytes}));
              value = Value::error();
            }
            program.lets[d.name] = {d.name, std::move(value), d.name_span};
          }
          break;
        case Declaration::Kind::kConvention:
          if (unique("convention", d)) conventions[d.full_name()] = &d;
          break;
        case Declaration::Kind::kMachine:
          if (unique("machine", d)) program.machines[d.name] = check_machine(d, sources, sink);
          break;
        case Declaration::Kind::kLoader:
          if (unique("loader", d)) loaders[d.full_name()] = &d;
          break;
        case Declaration::Kind::kHandoff:
          if (unique("handoff", d)) handoffs.push_back(&d);
          break;
      }
    }
  }
  check_machine_types(program, sink);
  program.loaders = check_loaders(loaders, sources, sink);
  program.conventions = check_conventions(conventions, program.lets, sources, sink);
  std::set<std::tuple<Code, source::FileId, uint32_t>> said;
  for (WholeHandoff& whole : inherit_handoffs(handoffs, sources, sink)) {
    const Declaration& d = whole.declaration();
    diagnostics::Sink found;
    model::Handoff handoff = check_handoff(d, program, sources, found);
    for (diagnostics::Diagnostic finding : found.all()) {
      bool fresh = said.emplace(finding.code, finding.span.file, finding.span.begin).second;
      if (finding.span.valid() && !source::holds(d.span, finding.span)) {
        if (!fresh) continue;  // what is wrong with an inherited clause is said once
        finding.label(d.name_span, "inherited by `" + d.full_name() + "`");
      }
      sink.add(std::move(finding));
    }
    if (whole.merged) handoff.merged = std::move(whole.merged->clauses);
    if (d.has_version) {
      program.patterns.emplace(d.full_name(), std::move(handoff));
      continue;
    }
    program.handoffs[d.name] = std::move(handoff);
    if (d.span.file == main) program.main_handoffs.push_back(d.name);
  }
  return program;
}

}  // namespace

model::Program check(source::SourceSet& sources, source::FileId main, diagnostics::Sink& sink) {
  std::vector<syntax::File> files = load(sources, main, sink);
  return check(files, sources, main, sink);
}

model::Program check(std::vector<syntax::File>& files, const source::SourceSet& sources, source::FileId main,
                     diagnostics::Sink& sink) {
  bool names_missing = std::any_of(sink.all().begin(), sink.all().end(), [](const diagnostics::Diagnostic& d) {
    return d.code == Code::use_not_found || d.code == Code::cyclic_use;
  });
  mend_heads(files, sink);
  diagnostics::Sink found;
  model::Program program = check_files(files, sources, main, found);
  pass_independent(found, files, sources, names_missing, sink);
  return program;
}

}  // namespace baton::check
