// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The commands. See commands.h.
#include "driver/commands.h"

#include <cstdio>

#include "base/file.h"
#include "diagnostics/explain.h"
#include "driver/diff.h"
#include "driver/doc.h"
#include "driver/dump.h"
#include "driver/import.h"
#include "driver/init.h"
#include "driver/judge_foreign.h"
#include "driver/outputs.h"
#include "driver/pipeline.h"
#include "driver/plan.h"
#include "driver/program_file.h"
#include "driver/replays.h"
#include "driver/show.h"
#include "driver/text_diff.h"
#include "driver/verification.h"
#include "lint/lints.h"
#include "syntax/clause_table.h"
#include "syntax/format.h"

namespace baton::driver {
namespace {

/// Applies -W and prints what was found.
void show(Compilation& c, Findings& findings) {
  c.sink.apply(c.policy);
  findings.show(c.sink, c.sources);
}

void show(Compilation& c, const Options& options) { show_findings(c, options); }

/// False after a usage message.
bool read_policy(Compilation& c, const Options& options) {
  for (const auto& warning : options.warnings) {
    auto added = c.policy.add(warning);
    if (added) continue;
    std::fprintf(stderr, "baton: -W %s: %s\n", warning.c_str(), added.failure().message.c_str());
    return false;
  }
  return true;
}

int build(const Options& options) {
  Compilation c;
  c.solver = solver_use(options);
  set_up_replays(c, options);
  if (!read_policy(c, options)) return kUsage;
  Phase last = options.stop_after.value_or(options.verify ? Phase::kVerify : Phase::kEmit);
  bool good = open_program(c, options, options.files[0]);
  if (good) lint_program(c, options);
  good = good && compile(c, options, last);
  c.sink.apply(c.policy);
  good = good && !c.sink.has_errors();
  // Outputs are made, read back and proved, and only then put in place.
  if (good && last >= Phase::kEmit) {
    auto outputs = make_outputs(c);
    good = outputs && (last < Phase::kVerify || verify_outputs(c, *outputs));
    c.sink.apply(c.policy);
    good = good && !c.sink.has_errors();
    if (good) add_certificate(c, *outputs);
    good = good && write_outputs(c, *outputs, options);
  }
  for (Phase phase : options.dump)
    if (c.main != source::kNoFile) print(dump_phase(c, phase));
  show(c, options);
  return exit_code(c);
}

int check(const Options& options) {
  int worst = kOk;
  Findings findings(options);
  for (const auto& file : options.files) {
    Compilation c;
    if (!read_policy(c, options)) return kUsage;
    if (open_program(c, options, file)) lint_program(c, options);
    for (Phase phase : options.dump)
      if (c.main != source::kNoFile) print(dump_phase(c, phase));
    show(c, findings);
    worst = std::max(worst, exit_code(c));
  }
  findings.finish();
  return worst;
}

int plan(const Options& options) {
  Compilation c;
  c.solver = solver_use(options);
  set_up_replays(c, options);
  if (!read_policy(c, options)) return kUsage;
  bool good = open_program(c, options, options.files[0]) && compile(c, options, Phase::kSynthesize);
  c.sink.apply(c.policy);
  if (good && !c.sink.has_errors()) {
    auto outputs = make_outputs(c);
    if (outputs && verify_outputs(c, *outputs)) {
      add_certificate(c, *outputs);
      report::PlanReport report = make_plan(c, *outputs);
      print(options.json ? report::plan_json(report) : report::plan_text(report));
    }
  }
  show(c, options);
  return exit_code(c);
}

int explain(const Options& options) {
  if (options.lints) {
    print(options.json ? lint::lint_table_json() : lint::lint_table_text());
    return kOk;
  }
  if (options.topic.empty()) {
    for (const auto& entry : diagnostics::catalog())
      print(to_text(entry.code) + "  " + std::string(entry.slug) + ": " + std::string(entry.title) + "\n");
    return kOk;
  }
  const auto* entry = diagnostics::find_entry(options.topic);
  if (!entry) {
    std::fprintf(stderr, "baton: there is no code or slug `%s`; `baton explain` lists all\n", options.topic.c_str());
    return kUsage;
  }
  auto page = diagnostics::explain_page(entry->code);
  BATON_CHECK(page.has_value(), "a code without a page");
  print(std::string(*page));
  return kOk;
}

int dump(const Options& options) {
  if (options.topic == "clauses") {
    print(syntax::clause_reference_markdown());
    return kOk;
  }
  if (options.topic == "lints") {
    print(lint::lint_reference_markdown());
    return kOk;
  }
  Compilation c;
  if (!read_policy(c, options)) return kUsage;
  if (options.topic == "machine") {
    if (open_program(c, options, options.files[0]) && read_machine(c, options)) print(dump_machine(*c.machine));
    show(c, options);
    return exit_code(c);
  }
  Phase phase = options.topic == "parse"   ? Phase::kParse
                : options.topic == "check" ? Phase::kCheck
                : options.topic == "place" ? Phase::kPlace
                                           : Phase::kSynthesize;
  bool good = open_program(c, options, options.files[0]) && compile(c, options, phase);
  if ((good || phase == Phase::kParse) && c.main != source::kNoFile) print(dump_phase(c, phase));
  show(c, options);
  return exit_code(c);
}

int format(const Options& options) {
  int code = kOk;
  for (const auto& name : options.files) {
    Compilation c;
    auto id = c.sources.read(name);
    if (!id) {
      c.sink.report(diagnostics::Code::program_missing, {}, id.failure());
      show(c, options);
      return kNoInput;
    }
    auto text = syntax::format(c.sources, *id);
    if (!text) {
      std::fprintf(stderr, "baton: %s\n", text.failure().message.c_str());
      code = std::max<int>(code, kFindings);
      continue;
    }
    std::string before(c.sources.text(*id));
    if (*text == before) continue;
    if (options.fmt_check || options.fmt_diff) {
      if (options.fmt_diff)
        print(unified_diff(name, before, *text));
      else
        print(name + "\n");
      code = kChanges;
      continue;
    }
    std::filesystem::path path(name);
    OutputSet output(path.has_parent_path() ? path.parent_path() : ".");
    auto written = output.add(path.filename().string(), *text);
    if (written) written = output.commit();
    if (!written) {
      c.sink.report(diagnostics::Code::cannot_write, {}, written.failure());
      show(c, options);
      return kFindings;
    }
  }
  return code;
}

}  // namespace

int run(const Options& options) {
  if (options.command == "build") return build(options);
  if (options.command == "check") return check(options);
  if (options.command == "plan") return plan(options);
  if (options.command == "verify" || options.command == "trace") return judge_foreign(options);
  if (options.command == "explain") return explain(options);
  if (options.command == "dump") return dump(options);
  if (options.command == "diff") return diff(options);
  if (options.command == "fmt") return format(options);
  if (options.command == "doc") return doc(options);
  if (options.command == "import") return import_machine(options);
  if (options.command == "init") return init(options);
  return kInternal;
}

}  // namespace baton::driver
