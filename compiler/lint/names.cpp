// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Checks of names: which are hidden, and which does nobody use?
//
// Use is looked for in the text of all files of the program, clause by clause, so that a clause of a kind
// that this file has never heard of counts as well. In doubt a name is used: a segment called like some
// other word of its handoff is never reported.
//
//   segment initrd = file "initrd.img" {}  and no property names `initrd.start`  ->  unused-segment
#include <algorithm>
#include <set>

#include "lint/expressions.h"
#include "lint/lints.h"
#include "model/evaluate.h"
#include "model/handoff_clauses.h"

namespace baton::lint {

using diagnostics::Code;
using syntax::Declaration;

namespace {

std::string head_of(const std::string& name) { return name.substr(0, name.find('.')); }

/// Every name that a clause uses, blocks included, without the one that it declares.
void for_each_use(Declaration::Kind kind, const syntax::Clause& clause,
                  const std::function<void(const std::string&)>& body) {
  bool first = clause.head == "segment" || clause.head == "param" || clause.head == "region" ||
               (clause.head == "reserve" && kind == Declaration::Kind::kMachine);
  for (const auto& argument : clause.arguments) {
    if (argument.expr && !first) for_each_name(*argument.expr, body);
    first = false;
  }
  for (const auto& inner : clause.block) for_each_use(kind, inner, body);
}

std::set<std::string> names_in(Declaration::Kind kind, const std::vector<syntax::Clause>& clauses) {
  std::set<std::string> names;
  for (const auto& clause : clauses) for_each_use(kind, clause, [&](const std::string& n) { names.insert(n); });
  return names;
}

std::set<std::string> names_in(const Declaration& d) {
  auto names = names_in(d.kind, d.clauses);
  if (d.value) for_each_name(*d.value, [&](const std::string& n) { names.insert(n); });
  return names;
}

std::set<std::string> heads_of(const std::set<std::string>& names) {
  std::set<std::string> heads;
  for (const auto& n : names) heads.insert(head_of(n));
  return heads;
}

}  // namespace

void find_shadowed_names(const Subject& s, Findings& out) {
  for (const auto& [name, handoff] : s.program.handoffs) {
    for (const auto& p : handoff.parameters)
      if (auto let = s.program.lets.find(p.name); let != s.program.lets.end())
        out.report(Code::shadowed_name, p.span,
                        "in `" + name + "` parameter `" + p.name + "` hides the `let` of that name")
            .label(let->second.span, "hidden here");
    for (const auto& segment : handoff.segments)
      if (auto let = s.program.lets.find(segment.name); let != s.program.lets.end())
        out.report(Code::shadowed_name, segment.name_span,
                        "the `let` of that name hides segment `" + segment.name + "` in expressions")
            .label(let->second.span, "what the name stands for");
  }
  for (const auto& [name, machine] : s.program.machines)
    for (const auto& clause : machine.clauses)
      if (clause.kind != model::MachineClause::Kind::kFact && model::find_machine_attribute(clause.name))
        out.report(Code::shadowed_name, clause.span,
                        "`machine." + clause.name + "` is the machine's own fact, which hides these ranges")
            .note("give the ranges another name");
}

void find_unused_ranges(const Subject& s, Findings& out) {
  std::set<std::string> used, machines;
  for (const auto& file : s.files)
    for (const auto& d : file.declarations) used.merge(names_in(d));
  for (const auto& [name, handoff] : s.program.handoffs) machines.insert(handoff.machine);
  for (const auto& [name, machine] : s.program.machines) {
    std::optional<RangeSet> ram;
    for (const auto& clause : machine.clauses)
      if (clause.kind == model::MachineClause::Kind::kFact && clause.name == "ram")
        ram = known_ranges(clause.values, s.program.lets);
    for (const auto& clause : machine.clauses) {
      if (clause.kind == model::MachineClause::Kind::kRegion) {
        // A machine in a file of its own is there for programs that are not seen here.
        if (clause.span.file != s.main || !s.main_has_handoff() || !machines.contains(name)) continue;
        std::string whole = "machine." + clause.name;
        auto attribute = used.lower_bound(whole + ".");
        bool named = used.contains(whole) || (attribute != used.end() && attribute->starts_with(whole + "."));
        if (!named)
          out.report(Code::unused_range, clause.span, "nothing names `" + whole + "`, and placement ignores a region")
              .note("`reserve` keeps placement out of a range without being named");
      } else if (clause.kind == model::MachineClause::Kind::kReserve && ram) {
        auto all = known_ranges(clause.values, s.program.lets);
        bool met = !all || std::any_of(all->begin(), all->end(), [&](const Range& r) { return ram->overlaps(r); });
        if (!met)
          out.report(Code::unused_range, clause.span,
                     "`" + clause.name + "` reserves " + to_text(*all) + ", where `" + name + "` has no memory");
      }
    }
  }
}

void find_unused_names(const Subject& s, Findings& out) {
  std::set<std::string> used;
  std::set<std::string> loaders, machines, conventions;
  for (const auto& file : s.files)
    for (const auto& d : file.declarations) used.merge(names_in(d));
  used = heads_of(used);
  const model::HandoffClauses clauses(s.files);
  for (const auto& [name, handoff] : s.program.handoffs) {
    machines.insert(handoff.machine);
    loaders.insert(handoff.loader);
    conventions.insert({handoff.from, handoff.to});
    auto here = heads_of(names_in(Declaration::Kind::kHandoff, clauses.of(handoff)));
    for (const auto& p : handoff.parameters)
      if (!here.contains(p.name))
        out.report(Code::unused_name, p.span, "nothing in `" + name + "` uses parameter `" + p.name + "`");
  }
  for (const auto& [name, pattern] : s.program.patterns) {
    loaders.insert(pattern.loader);
    conventions.insert({pattern.from, pattern.to});
  }
  for (const auto& [name, c] : s.program.conventions) conventions.insert({c.parent, c.supersedes});
  for (const auto& [name, loader] : s.program.loaders) loaders.insert(loader.parent);
  // Only a file that is a program of its own can have too much: others are there to be used.
  if (!s.main_has_handoff()) return;
  auto unused = [&](source::Span span, const char* what, const std::string& name) {
    if (span.file == s.main)
      out.report(Code::unused_name, span, std::string("nothing in this program uses ") + what + " `" + name + "`");
  };
  for (const auto& [name, let] : s.program.lets)
    if (!used.contains(name)) unused(let.span, "the `let`", name);
  for (const auto& [name, machine] : s.program.machines)
    if (!machines.contains(name)) unused(machine.name_span, "machine", name);
  for (const auto& [name, loader] : s.program.loaders)
    if (!loaders.contains(name)) unused(loader.name_span, "loader", name);
  for (const auto& [name, c] : s.program.conventions)
    if (!conventions.contains(name)) unused(c.name_span, "convention", name);
}

void find_unused_segments(const Subject& s, Findings& out) {
  const model::HandoffClauses clauses(s.files);
  for (const auto& [name, handoff] : s.program.handoffs) {
    const model::Convention* to = s.convention(handoff.to);
    if (!to || !s.judged(handoff.span)) continue;
    std::map<std::string, std::set<const syntax::Clause*>> users;  // name -> the clauses that use it
    std::map<std::string, const syntax::Clause*> own;              // segment -> what it says of itself
    for (const auto& clause : clauses.of(handoff)) {
      for_each_use(Declaration::Kind::kHandoff, clause, [&](const std::string& n) { users[head_of(n)].insert(&clause); });
      if (clause.head == "segment" && !clause.arguments.empty() && clause.arguments[0].expr)
        own[clause.arguments[0].expr->text] = &clause;
    }
    std::set<std::string> bound = {handoff.enter};
    for (const auto& role : to->roles)
      if (const auto* segment = Subject::bound(handoff, role.name)) bound.insert(segment->name);
    for (const auto& segment : handoff.segments) {
      // At an address of the author's choice it may be looked for there.
      if (bound.contains(segment.name) || segment.placing == model::Placing::kAt) continue;
      auto& by = users[segment.name];
      by.erase(own[segment.name]);  // tells nobody else
      if (!by.empty()) continue;
      auto& report = out.report(Code::unused_segment, segment.name_span,
                                     "`" + segment.name + "` is loaded, and nobody is told where: it is not entered, no role is "
                                     "bound to it, and nothing names it");
      if (segment.kind == model::SegmentKind::kTrampoline) report.note("a trampoline is entered: `enter " + segment.name + ";`");
      else if (segment.kind == model::SegmentKind::kReserve) report.note("memory that nothing else may use is a `reserve` of the machine");
      else if (segment.kind == model::SegmentKind::kElfCoreHeader) report.note("a crash kernel learns of it on its command line: `\" elfcorehdr=\" ++ hex(" + segment.name + ".start)`");
      else report.note("a taker learns of a file through its tree: `\"linux,initrd-start\" = " + segment.name + ".start;`");
    }
  }
}

void find_unused_uses(const Subject& s, Findings& out) {
  // What each file declares, and which files it brings along.
  std::map<source::FileId, const syntax::File*> files;
  std::map<std::string, source::FileId> by_name;  // "linux.kexec@2013", "guest", "low"
  for (const auto& file : s.files) {
    files[file.id] = &file;
    for (const auto& d : file.declarations)
      if (d.kind != Declaration::Kind::kUse) by_name[d.full_name()] = file.id;
  }
  // A file that others use may gather files for them.
  if (!s.main_has_handoff()) return;
  for (const auto& file : s.files) {
    if (file.id != s.main) continue;
    std::set<std::string> named;
    for (const auto& d : file.declarations) {
      if (d.kind == Declaration::Kind::kUse) continue;
      for (const auto& n : names_in(d)) named.insert({n, head_of(n)});
      if (!d.on.empty()) named.insert(d.on);
      if (d.via) named.insert(d.via->text());
      if (d.extends) named.insert(d.extends->text());
      for_each_clause(d.clauses, [&](const syntax::Clause& clause) {
        for (size_t i = 1; i < clause.arguments.size(); ++i)
          if (clause.arguments[i].kind == syntax::Argument::Kind::kVersion && clause.arguments[i - 1].expr)
            named.insert(model::dotted_name(*clause.arguments[i - 1].expr) + "@" +
                         std::to_string(clause.arguments[i].version));
      });
    }
    std::set<source::FileId> needed;
    for (const auto& n : named)
      if (auto it = by_name.find(n); it != by_name.end() && it->second != file.id) needed.insert(it->second);
    auto brought_by = [&](const Declaration& use) {
      std::set<source::FileId> brought;
      std::vector<source::FileId> open = {use.used_file};
      while (!open.empty()) {
        auto id = open.back();
        open.pop_back();
        if (!files.contains(id) || !brought.insert(id).second) continue;
        for (const auto& inner : files[id]->declarations)
          if (inner.kind == Declaration::Kind::kUse) open.push_back(inner.used_file);
      }
      return brought;
    };
    std::vector<const Declaration*> uses;
    for (const auto& d : file.declarations)
      if (d.kind == Declaration::Kind::kUse) uses.push_back(&d);
    // Too much is what brings nothing by itself and without which everything is still there.
    std::map<source::FileId, size_t> brought;  // by how many
    for (const auto* use : uses)
      for (auto id : brought_by(*use)) ++brought[id];
    for (const auto* use : uses) {
      auto files_of = brought_by(*use);
      bool missed = std::any_of(files_of.begin(), files_of.end(),
                                [&](auto id) { return needed.contains(id) && brought[id] == 1; });
      if (needed.contains(use->used_file) || missed) continue;
      out.report(Code::unused_use, use->span, "nothing here needs `" + use->use_path + "`: no name comes from it");
      for (auto id : files_of) --brought[id];
    }
  }
}

void find_undocumented(const Subject& s, Findings& out) {
  auto bare = [&](const std::vector<std::string>& doc, source::Span span, const std::string& what) {
    if (doc.empty())
      out.report(Code::undocumented, span, what + " has no `///` that says what it is");
  };
  for (const auto& [name, c] : s.program.conventions) bare(c.doc, c.name_span, "convention `" + name + "`");
  for (const auto& [name, l] : s.program.loaders) bare(l.doc, l.name_span, "loader `" + name + "`");
  for (const auto& [name, h] : s.program.handoffs) bare(h.doc, h.name_span, "handoff `" + name + "`");
  for (const auto& [name, h] : s.program.patterns) bare(h.doc, h.name_span, "handoff `" + name + "`");
}

}  // namespace baton::lint
