// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The command line, by CLI11. The examples in the help texts are run by tests/golden.
#include "driver/options.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "driver/version.h"

namespace baton::driver {
namespace {

const std::map<std::string, Phase> kPhases = {
    {"parse", Phase::kParse},           {"check", Phase::kCheck}, {"place", Phase::kPlace},
    {"synthesize", Phase::kSynthesize}, {"emit", Phase::kEmit},   {"verify", Phase::kVerify}};

struct Raw {
  std::vector<std::string> defines;
  std::string stop_after, format = "text";
  std::vector<std::string> dump;
};

void common(CLI::App& app, Options& options, Raw& raw) {
  app.add_option("-W", options.warnings, "no-SLUG drops a finding, error=SLUG makes it an error")
      ->type_name("OPTION")->allow_extra_args(false);
  app.add_option("--stdlib", options.stdlib, "search this folder for `use` before the shipped one")
      ->type_name("DIR")->allow_extra_args(false);
  app.add_option("--format", raw.format, "diagnostics (and the plan) as `text` or `json`")
      ->check(CLI::IsMember({"text", "json"}))->capture_default_str();
}

void one_file(CLI::App& app, Options& options) {
  app.add_option("file", options.files, "the program")->type_name("FILE.baton")->required()->expected(1);
}

void handoff_options(CLI::App& app, Options& options, Raw& raw) {
  app.add_option("--handoff", options.handoff, "which handoff of the file; needed when it has several")->type_name("NAME");
  app.add_option("-D", raw.defines, "set a parameter")->type_name("NAME=VALUE")->allow_extra_args(false);
}

}  // namespace

std::optional<int> parse_options(int argc, const char* const* argv, Options& options) {
  CLI::App app{"Baton compiles boot handoffs for 64-bit PowerPC: from the conventions on both sides to the\n"
               "loader's segment table and the entry stub.",
               "baton"};
  app.set_version_flag("--version", std::string("baton ") + kVersion);
  app.require_subcommand(1);
  app.footer("Examples:\n"
             "  baton check boot.baton\n"
             "  baton build boot.baton -o out -D kernel_file=vmlinux\n"
             "  baton plan boot.baton -D kernel_file=vmlinux\n"
             "  baton explain BT3001");
  Raw raw;

  CLI::App& build = *app.add_subcommand("build", "place, synthesize and write all outputs of a handoff");
  one_file(build, options);
  handoff_options(build, options, raw);
  common(build, options, raw);
  build.add_option("-o,--output", options.output, "write the outputs into this folder")->type_name("DIR")->capture_default_str();
  build.add_option("--stop-after", raw.stop_after, "end after a phase: parse check place synthesize emit verify")->type_name("PHASE");
  build.add_option("--dump", raw.dump, "print what a phase made: parse check place synthesize verify")->type_name("PHASE")->allow_extra_args(false);
  build.add_flag("!--no-verify", options.verify, "do not read back and prove what was written");
  build.footer("Example:\n  baton build boot.baton -o out -D kernel_file=vmlinux --handoff boot");

  CLI::App& check = *app.add_subcommand("check", "find what is wrong in programs, without their input files");
  check.add_option("files", options.files, "the programs")->type_name("FILE.baton")->required();
  common(check, options, raw);
  check.add_option("--dump", raw.dump, "print what a phase made: parse check")->type_name("PHASE")->allow_extra_args(false);
  check.footer("Example:\n  baton check boot.baton --format json");

  CLI::App& plan = *app.add_subcommand("plan", "show what a build would do: table, memory map, stub, refused holes");
  one_file(plan, options);
  handoff_options(plan, options, raw);
  common(plan, options, raw);
  plan.footer("Example:\n  baton plan boot.baton -D kernel_file=vmlinux");

  CLI::App& explain = *app.add_subcommand("explain", "what a code means: explain BT3001, or by slug");
  explain.add_option("code", options.topic, "the code or slug; without one, all are listed")->type_name("CODE");
  explain.footer("Example:\n  baton explain no-hole");

  CLI::App& dump = *app.add_subcommand("dump", "print what a phase made of a program, as JSON or text");
  dump.add_option("what", options.topic, "parse check machine place synthesize, or `clauses` (needs no file)")
      ->type_name("WHAT")->required()
      ->check(CLI::IsMember({"parse", "check", "machine", "place", "synthesize", "clauses"}));
  dump.add_option("file", options.files, "the program")->type_name("FILE.baton")->expected(1);
  handoff_options(dump, options, raw);
  common(dump, options, raw);
  dump.footer("Example:\n  baton dump parse boot.baton");

  CLI::App& fmt = *app.add_subcommand("fmt", "rewrite programs in the one style");
  fmt.add_option("files", options.files, "the programs")->type_name("FILE.baton")->required();
  fmt.add_flag("--check", options.fmt_check, "write nothing; exit 2 when a file would change");
  fmt.add_flag("--diff", options.fmt_diff, "write nothing; print what would change, exit 2 if anything");
  fmt.footer("Example:\n  baton fmt --check boot.baton");

  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& e) {
    app.exit(e);
    return kOk;
  } catch (const CLI::ParseError& e) {
    app.exit(e, std::cout, std::cerr);
    return kUsage;
  }
  options.command = app.get_subcommands()[0]->get_name();
  options.json = raw.format == "json";
  for (const std::string& define : raw.defines) {
    size_t equals = define.find('=');
    if (equals == std::string::npos || equals == 0) {
      std::fprintf(stderr, "baton: -D takes NAME=VALUE, not `%s`\n", define.c_str());
      return kUsage;
    }
    options.defines[define.substr(0, equals)] = define.substr(equals + 1);
  }
  auto phase = [&](const std::string& name) -> std::optional<Phase> {
    auto it = kPhases.find(name);
    if (it != kPhases.end()) return it->second;
    std::fprintf(stderr, "baton: there is no phase `%s`; the phases are parse check place synthesize emit verify\n",
                 name.c_str());
    return std::nullopt;
  };
  if (!raw.stop_after.empty()) {
    options.stop_after = phase(raw.stop_after);
    if (!options.stop_after) return kUsage;
  }
  for (const std::string& name : raw.dump) {
    auto p = phase(name);
    if (!p) return kUsage;
    options.dump.push_back(*p);
  }
  if (options.command == "dump" && options.topic != "clauses" && options.files.empty()) {
    std::fprintf(stderr, "baton: `dump %s` needs a program\n", options.topic.c_str());
    return kUsage;
  }
  return std::nullopt;
}

}  // namespace baton::driver
