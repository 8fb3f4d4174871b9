// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The command line, by CLI11. The examples in the help texts are run by tests/golden.
#include "driver/options.h"

#include <CLI/CLI.hpp>
#include <charconv>
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
  std::vector<std::string> dump, places, sets, scratch;
  std::string cache_block;
  std::string at;
};

void common(CLI::App& app, Options& options, Raw& raw) {
  app.add_option("-W", options.warnings, "SLUG asks for a check, no-SLUG drops a finding, error=SLUG makes it an error; `all` is every one")
      ->type_name("OPTION")->allow_extra_args(false);
  app.add_option("--stdlib", options.stdlib, "search this folder for `use` before the shipped one")
      ->type_name("DIR")->allow_extra_args(false);
  app.add_option("--format", raw.format, "diagnostics (and the plan) as text or json; diagnostics as sarif or github")
      ->check(CLI::IsMember({"text", "json", "sarif", "github"}))->capture_default_str();
}

void one_file(CLI::App& app, Options& options) {
  app.add_option("file", options.files, "the program")->type_name("FILE.baton")->required()->expected(1);
}

void handoff_options(CLI::App& app, Options& options, Raw& raw) {
  app.add_option("--handoff", options.handoff, "which handoff of the file; needed when it has several")->type_name("NAME");
  app.add_option("-D", raw.defines, "set a parameter")->type_name("NAME=VALUE")->allow_extra_args(false);
  app.add_option("--live", options.live, "the machine of `from live`, elsewhere: its facts file, or a copy of its /proc and /sys")
      ->type_name("PATH");
}

/// Of the commands that judge.
void solver_option(CLI::App& app, Options& options) {
  app.add_option("--solver", options.solver,
                 "whether Z3 is asked what simplification leaves open: auto, off, or the file of its library")
      ->type_name("auto|off|FILE")->capture_default_str();
}

void replay_options(CLI::App& app, Options& options) {
  app.add_option("--replay", options.replay, "repeat what is refuted in QEMU: auto, where it is installed; require, else it is an error; off")
      ->type_name("WHEN")->check(CLI::IsMember({"auto", "off", "require"}))->envname("BATON_REPLAY")->capture_default_str();
  app.add_option("--qemu", options.qemu, "the program that it is repeated in, by name or path")->type_name("PROGRAM")->capture_default_str();
}

/// Of the commands that write a program.
void program_options(CLI::App& app, Options& options, const char* where) {
  app.add_option("-o,--output", options.file, where)->type_name("FILE");
  app.add_flag("--force", options.force, "replace a file that is there already");
}

void add_import(CLI::App& app, Options& options, Raw& raw) {
  CLI::App& import = *app.add_subcommand("import", "write the machine of a device tree out as a `machine` block");
  import.add_option("tree", options.files, "a blob, or a folder like /proc/device-tree")->type_name("TREE")->required()->expected(1);
  import.add_option("--name", options.name, "name of the machine; without it, the file's")->type_name("NAME");
  program_options(import, options, "write the program here; without it, to standard output");
  common(import, options, raw);
  import.footer("Examples:\n"
                "  baton import guest.dtb\n"
                "  baton import guest.dtb --name lpar -o lpar.baton");
}

void add_init(CLI::App& app, Options& options, Raw& raw) {
  CLI::App& init = *app.add_subcommand("init", "write the beginning of a program: a convention, or a handoff");
  init.require_subcommand(1);
  init.footer("Examples:\n"
              "  baton init convention demo.monitor@1 -o -\n"
              "  baton init handoff boot --machine guest.dtb -o -");

  CLI::App& convention = *init.add_subcommand("convention", "a convention with every section, each explained; it compiles as it is");
  convention.add_option("name", options.name, "its name and version")->type_name("NAME@N")->required();
  program_options(convention, options, "write it here, `-` is standard output; without it, to the last part of NAME, .baton");
  common(convention, options, raw);
  convention.footer("Example:\n  baton init convention demo.monitor@1");

  CLI::App& handoff = *init.add_subcommand("handoff", "a handoff for the machine of a device tree");
  handoff.add_option("name", options.name, "its name")->type_name("NAME")->required();
  handoff.add_option("--machine", options.machine, "the machine's tree, best a facts file of `baton-load --facts`")->type_name("DTB")->required();
  handoff.add_option("--kernel", options.kernel, "the image to boot; where it exists, what is written builds")->type_name("FILE");
  handoff.add_option("--initrd", options.initrd, "its initial RAM disk")->type_name("FILE");
  handoff.add_option("--from", options.from, "what the running side promises")->type_name("NAME@N")->default_str("linux.kexec@2013");
  handoff.add_option("--to", options.to, "what the image needs")->type_name("NAME@N")->default_str("linux.bootblock@17");
  handoff.add_option("--via", options.via, "the loader")->type_name("NAME@N")->default_str("linux.kexec_load@2005");
  program_options(handoff, options, "write it here, `-` is standard output; without it, to NAME.baton");
  common(handoff, options, raw);
  handoff.footer("Example:\n  baton init handoff next --machine guest.dtb --kernel vmlinux");
}

/// Of the commands that look at a stub that others wrote.
void foreign_options(CLI::App& app, Options& options, Raw& raw) {
  app.add_option("stub", options.files, "an object file, a linked program, assembly (.S, .s), raw bytes, or a bundle that `baton build` wrote")->type_name("FILE")->required()->expected(1);
  app.add_option("--from", options.from, "what the giver promises")->type_name("NAME@N");
  app.add_option("--to", options.to, "what the taker needs")->type_name("NAME@N");
  app.add_option("--in", options.program, "a program whose handoff the stub stands in, instead of --from and --to")->type_name("FILE.baton");
  app.add_option("--convention", options.convention_files, "a program that declares a convention of --from or --to")
      ->type_name("FILE.baton")->allow_extra_args(false);
  app.add_option("--contract", options.contract_files, "what functions that it calls do, which are not here or not to be run")
      ->type_name("FILE.json")->allow_extra_args(false);
  handoff_options(app, options, raw);
  app.add_option("--at", raw.at, "where the stub is loaded; raw bytes need it")->type_name("ADDRESS");
  app.add_option("--entry", options.entry, "where it is entered; without it, as the file says")->type_name("SYMBOL|ADDRESS");
  app.add_option("--set", raw.sets, "what the loader patches into a symbol: a number, a segment or a symbol (with an offset), or bytes:HEX")
      ->type_name("SYMBOL=VALUE")->allow_extra_args(false);
  app.add_option("--place", raw.places, "with --from and --to: where an image or a tree lies")->type_name("ROLE=ADDRESS")->allow_extra_args(false);
  app.add_option("--machine", options.machine, "with --from and --to: guest, single or host")->type_name("NAME");
  app.add_option("--giver", options.giver, "with --from and --to: big, little or both")->type_name("ORDER")
      ->check(CLI::IsMember({"big", "little", "both"}));
  app.add_option("--order", options.order, "in which byte order assembly is assembled; without it, the first that the giver may have")
      ->type_name("ORDER")->check(CLI::IsMember({"big", "little"}));
  app.add_option("--image-order", options.image_order, "with --from and --to: the image's byte order; without it, little")->type_name("ORDER")
      ->check(CLI::IsMember({"big", "little"}));
  app.add_option("--relies-on", options.relies, "with --from and --to: what is incidental and counts")->type_name("KEY")->allow_extra_args(false);
  app.add_option("--cache-block", raw.cache_block, "with --from and --to: the smallest cache block of the CPUs that run it; 64 where nothing is said")
      ->type_name("SIZE");
  app.add_option("--scratch", raw.scratch, "memory that the loader has set aside for the stub, besides its own: a stack, or code that it copies")
      ->type_name("ADDRESS+SIZE")->allow_extra_args(false);
  app.add_option("--head-from", options.head_from, "a kernel whose bytes 0x4 to 0x100 the loader puts over the stub's own, for slaves that come to 0x60")
      ->type_name("FILE");
  solver_option(app, options);
  common(app, options, raw);
}

void add_verify(CLI::App& app, Options& options, Raw& raw) {
  CLI::App& verify = *app.add_subcommand("verify", "judge a stub that others wrote by the conventions on both its sides");
  foreign_options(verify, options, raw);
  verify.add_option("-o,--output", options.output, "write the stub's bytes here, as they would be loaded")->type_name("FILE");
  verify.add_flag("--listing", options.listing, "each instruction: how often, what it changed, which clause it meets, whether it is needed");
  replay_options(verify, options);
  verify.footer("Exit code: 0 proved, or assumed where the table says so; 1 something is refuted, or not known.\n"
                "Examples:\n"
                "  baton verify stub.bin --at 0x400_0000 --from linux.kexec@2005 --to linux.bootblock@16 --machine single\n"
                "  baton verify stub.S --from linux.kexec@2005 --to linux.bootblock@16 --machine single --set kernel=image --set tree=tree");

  CLI::App& trace = *app.add_subcommand("trace", "show step by step what a stub that others wrote does, and which clauses that meets");
  foreign_options(trace, options, raw);
  trace.footer("Of a loop the first turns are shown. Where the way depends on what is not known, each way is shown.\n"
               "Example:\n"
               "  baton trace stub.S --from linux.kexec@2005 --to linux.bootblock@16 --set kernel=image --set tree=tree");
}

/// "NAME=VALUE" into a map; false after a message.
bool split(const char* option, const std::vector<std::string>& texts, std::map<std::string, std::string>& into) {
  for (const std::string& text : texts) {
    size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      std::fprintf(stderr, "baton: %s takes NAME=VALUE, not `%s`\n", option, text.c_str());
      return false;
    }
    into[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return true;
}

/// As the language writes numbers: digits may be grouped by `_`.
std::optional<uint64_t> address(const char* option, std::string text) {
  const std::string given = text;
  std::erase(text, '_');
  uint64_t number = 0;
  const bool hexadecimal = text.rfind("0x", 0) == 0;
  const char *first = text.c_str() + (hexadecimal ? 2 : 0), *last = text.c_str() + text.size();
  auto [end, error] = std::from_chars(first, last, number, hexadecimal ? 16 : 10);
  if (error == std::errc() && end == last && first != last) return number;
  std::fprintf(stderr, "baton: %s takes an address of at most 64 bits, as in 0x400_0000, not `%s`\n", option, given.c_str());
  return std::nullopt;
}

/// False after a message.
bool finish_verify(const Raw& raw, Options& options) {
  if (options.program.empty() ? options.from.empty() || options.to.empty() : !options.from.empty() || !options.to.empty()) {
    std::fprintf(stderr, "baton: %s takes --from and --to, or --in\n", options.command.c_str());
    return false;
  }
  if (!options.program.empty() && (!raw.places.empty() || !options.machine.empty() || !options.giver.empty() ||
                                   !options.image_order.empty() || !options.relies.empty() || !raw.cache_block.empty() || !options.convention_files.empty())) {
    std::fprintf(stderr, "baton: with --in the handoff says where segments lie, on which machine, and what it relies on\n");
    return false;
  }
  std::map<std::string, std::string> places;
  if (!split("--place", raw.places, places) || !split("--set", raw.sets, options.sets)) return false;
  for (const auto& [role, text] : places) {
    auto place = address("--place", text);
    if (!place) return false;
    options.places[role] = *place;
  }
  for (const std::string& text : raw.scratch) {
    size_t plus = text.find('+');
    auto start = address("--scratch", text.substr(0, plus));
    auto size = start ? address("--scratch", plus == std::string::npos ? "" : text.substr(plus + 1)) : std::nullopt;
    if (!start || !size) return false;
    if (Wide{*start} + Wide{*size} > kTwoTo64) {
      std::fprintf(stderr, "baton: --scratch %s ends past the last address\n", text.c_str());
      return false;
    }
    options.scratch.push_back(Range::at(Address{*start}, Size{*size}));
  }
  if (!raw.cache_block.empty()) {
    options.cache_block = address("--cache-block", raw.cache_block);
    if (!options.cache_block) return false;
  }
  if (!raw.at.empty()) {
    options.at = address("--at", raw.at);
    if (!options.at) return false;
  }
  return true;
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
             "  baton verify stub.S --from linux.kexec@2005 --to linux.bootblock@16 --machine single --set kernel=image --set tree=tree\n"
             "  baton diff boot.old.baton boot.baton\n"
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
  solver_option(build, options);
  replay_options(build, options);
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
  solver_option(plan, options);
  replay_options(plan, options);
  plan.footer("Example:\n  baton plan boot.baton -D kernel_file=vmlinux");

  CLI::App& explain = *app.add_subcommand("explain", "what a code means: explain BT3001, or by slug");
  explain.add_option("code", options.topic, "the code or slug; without one, all are listed")->type_name("CODE");
  explain.add_flag("--lints", options.lints, "list the checks that -W and waivers are about");
  explain.add_option("--format", raw.format, "the list of --lints as `text` or `json`")
      ->check(CLI::IsMember({"text", "json"}))->capture_default_str();
  explain.footer("Example:\n  baton explain no-hole");

  CLI::App& dump = *app.add_subcommand("dump", "print what a phase made of a program, as JSON or text");
  dump.add_option("what", options.topic, "parse check machine place synthesize; `clauses` and `lints` need no file")
      ->type_name("WHAT")->required()
      ->check(CLI::IsMember({"parse", "check", "machine", "place", "synthesize", "clauses", "lints"}));
  dump.add_option("file", options.files, "the program")->type_name("FILE.baton")->expected(1);
  handoff_options(dump, options, raw);
  dump.add_option("--machine", options.machine, "of `dump machine`: which machine, where no handoff says it")->type_name("NAME");
  common(dump, options, raw);
  dump.footer("Example:\n  baton dump parse boot.baton");

  CLI::App& diff = *app.add_subcommand("diff", "what a change to a convention breaks, or what another build came to");
  diff.add_option("sides", options.files,
                  "OLD and NEW: files, folders of programs, conventions such as linux.kexec@2013 (then, if they are\n"
                  "not shipped, the files that declare them), or outputs of two builds")->type_name("OLD NEW");
  diff.add_option("--against", options.against, "OLD is what the one PATH (or `.`) was at a commit")->type_name("git:REF");
  diff.add_option("--strict", options.strict,
                  "what is a finding: any change of meaning, what breaks either side, takers or givers only, or\n"
                  "nothing. Else it is `both` for stable conventions and `none` for experimental ones")
      ->type_name("LEVEL")->check(CLI::IsMember({"exact", "both", "taker", "giver", "none"}));
  diff.add_flag("--allow-changes", options.allow_changes, "exit 0 instead of 2: for hooks, which stop at findings only");
  diff.add_flag("--all", options.all, "show changes of words and sources too");
  diff.add_option("--handoffs", options.handoff_files, "look at the handoffs of this file or folder as well")
      ->type_name("PATH")->allow_extra_args(false);
  handoff_options(diff, options, raw);
  diff.add_option("--stdlib", options.stdlib, "search this folder for `use` before the shipped one")
      ->type_name("DIR")->allow_extra_args(false);
  diff.add_option("--format", raw.format, "text, markdown, json, sarif or github; text or json for builds")
      ->check(CLI::IsMember({"text", "markdown", "json", "sarif", "github"}))->capture_default_str();
  diff.add_flag("--builds", options.builds, "the sides are outputs of builds, whatever else the folders hold");
  diff.add_flag("--rules", options.rules, "list the rules that name changes, with who breaks");
  diff.footer("Exit code: 0 nothing changed in meaning, 2 something did and is no finding, 1 there are findings.\n"
              "Builds that differ are no finding.\n"
              "Examples:\n"
              "  baton diff linux.kexec@2005 linux.kexec@2008 --strict none\n"
              "  baton verify stub.S --from linux.kexec@2005 --to linux.bootblock@16 --machine single --set kernel=image --set tree=tree\n"
             "  baton diff boot.old.baton boot.baton --format markdown\n"
              "  baton diff --against git:HEAD boot.baton\n"
              "  baton diff out.old out");

  CLI::App& fmt = *app.add_subcommand("fmt", "rewrite programs in the one style");
  fmt.add_option("files", options.files, "the programs")->type_name("FILE.baton")->required();
  fmt.add_flag("--check", options.fmt_check, "write nothing; exit 2 when a file would change");
  fmt.add_flag("--diff", options.fmt_diff, "write nothing; print what would change, exit 2 if anything");
  fmt.footer("Example:\n  baton fmt --check boot.baton");

  CLI::App& doc = *app.add_subcommand("doc", "conventions, loaders and handoffs to be extended, as pages of Markdown");
  doc.add_option("what", options.files, "programs, or names of the library with their version")->type_name("FILE.baton|NAME@N")->required();
  doc.add_option("-o,--output", options.output, "write each page to NAME@N.md in this folder; without it, to standard output")->type_name("DIR");
  common(doc, options, raw);
  doc.footer("Examples:\n  baton doc linux.kexec@2013\n  baton doc boot.old.baton linux.kexec_load@2005 -o pages");

  add_verify(app, options, raw);
  add_import(app, options, raw);
  add_init(app, options, raw);

  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& e) {
    app.exit(e);
    return kOk;
  } catch (const CLI::ParseError& e) {
    app.exit(e, std::cout, std::cerr);
    return kUsage;
  }
  const CLI::App& chosen = *app.get_subcommands()[0];
  options.command = chosen.get_name();
  if (options.command == "init") {
    const CLI::App& kind = *chosen.get_subcommands()[0];
    options.topic = kind.get_name();
    // Without -o the file has the name of what is declared in it.
    std::string last = options.name.substr(0, options.name.find('@'));
    if (kind.count("--output") == 0) options.file = last.substr(last.rfind('.') + 1) + ".baton";
    for (auto [option, standard] : {std::pair(&options.from, "linux.kexec@2013"), std::pair(&options.to, "linux.bootblock@17"),
                                    std::pair(&options.via, "linux.kexec_load@2005")})
      if (option->empty()) *option = standard;
  }
  options.format = raw.format;
  if (options.command == "doc" && chosen.count("--output") == 0) options.output = "-";
  if (options.command == "verify" && chosen.count("--output") == 0) options.output.clear();
  options.json = raw.format == "json";
  if (!split("-D", raw.defines, options.defines)) return kUsage;
  if ((options.command == "verify" || options.command == "trace") && !finish_verify(raw, options)) return kUsage;
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
  if (options.command == "dump" && options.topic != "clauses" && options.topic != "lints" && options.files.empty()) {
    std::fprintf(stderr, "baton: `dump %s` needs a program\n", options.topic.c_str());
    return kUsage;
  }
  return std::nullopt;
}

}  // namespace baton::driver
