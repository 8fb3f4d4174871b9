// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Two texts: a convention of all sections, and a handoff put together from a tree and two conventions. The handoff
// is compiled in memory before it is written: first for what its conventions say of roles, then as a whole. See init.h.
#include "driver/init.h"

#include <algorithm>
#include <set>

#include "check/check.h"
#include "driver/import.h"
#include "driver/library.h"
#include "driver/program_file.h"
#include "inputs/elf.h"
#include "inputs/live_facts.h"
#include "inputs/tree.h"
#include "inputs/tree_machine.h"
#include "report/machine_text.h"
#include "syntax/format.h"

namespace baton::driver {

using diagnostics::Code;

namespace {

// A guess at the running kernel's end, where the tree does not say it. baton-load compares it with the machine:
// a kernel that ends higher is a refusal there, not a silent boot.
constexpr Wide kKernelGuess = 64 << 20, kMiB = 1 << 20;

int usage(const std::string& message) {
  std::fprintf(stderr, "baton: %s\n", message.c_str());
  return kUsage;
}

/// demo.monitor@1: names with dots, and a version.
bool is_versioned_name(std::string_view text) {
  size_t at = text.find('@');
  if (at == std::string_view::npos) return false;
  std::string_view version = text.substr(at + 1), name = text.substr(0, at);
  if (version.empty() || version.size() > 9 || version.find_first_not_of("0123456789") != std::string_view::npos) return false;
  for (;;) {
    size_t dot = name.find('.');
    if (!is_name(name.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    name.remove_prefix(dot + 1);
  }
}

/// A text as a string of the language.
std::string literal(std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out = "\"";
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') out += '\\';
    if (byte >= ' ' && byte <= '~')
      out += c;
    else
      out += std::string("\\x") + kDigits[byte >> 4] + kDigits[byte & 15];
  }
  return out + '"';
}

/// `path`, which is relative to where the command runs, as the program that is written names it.
std::string path_in_program(const std::string& path, const std::string& program) {
  std::filesystem::path p(path);
  if (p.is_absolute() || program == "-") return path;
  // The program's folder need not exist yet, and what exists may be reached by links.
  std::error_code error;
  auto folder = std::filesystem::weakly_canonical(std::filesystem::absolute(program).parent_path(), error);
  auto here = std::filesystem::weakly_canonical(std::filesystem::current_path(error), error);
  return folder == here ? path : (here / p).lexically_normal().lexically_relative(folder).string();
}

bool is_file(const std::string& path) {
  std::error_code error;
  return !path.empty() && std::filesystem::is_regular_file(path, error);
}

// --- a convention -----------------------------------------------------------------------------------------

std::string convention_text(const std::string& name) {
  return R"(// Which boundary this is: who leaves (the giver), who is entered (the taker), on which machines.
language 1;

/// What is true when $NAME is entered, in one sentence.
convention )" + name + R"( {
  // Once others rely on it, say `stable`: from then on a change of meaning is a new version.
  status experimental;
  // Where the claims come from: a document, a file, a commit. A clause may give its own reason with `because`.
  source "$NAME: entry code and documentation";

  // What the clauses speak of. A handoff binds each to a segment.
  role image : loadable;   // what is entered; elf64 where words of it are named
  role tree : devicetree;

  // True of the one CPU that crosses, as it crosses. A register that is not mentioned is unknown to the taker and
  // the giver's stub may destroy it; a field of the MSR that is not mentioned is left as it was found.
  ensures master {
    enter image.entry;
    mode real;           // MSR[IR] = MSR[DR] = MSR[PR] = 0
    msr SF = 1, EE = 0;  // 64-bit, no interrupts
    r3 = tree.address;
    // `incidental r5 = 0;` would be true of today's code and no promise.
  }

  // True of each other CPU, when it comes: absent, firmware, arriving, held, unknown, or any of them.
  ensures slaves { arrival any; }

  // True of memory when the master crosses. What is not mentioned is preserved.
  ensures memory {
    tree.format in { 16, 17 };
    place tree within machine.rma;  // it is read with translation off
    fact icache_coherent;
  }

  // What comes before what.
  order segments_placed < master_enters;

  // What the giver relies on about the image: its bytes and its place.
  expects image { within machine.rma; }
}
)";
}

int init_convention(const Options& options) {
  if (!is_versioned_name(options.name))
    return usage("a convention's name has a version, as in demo.monitor@1; `" + options.name + "` is none");
  std::string text = convention_text(options.name), name = options.name.substr(0, options.name.find('@'));
  for (size_t at = 0; (at = text.find("$NAME", at)) != std::string::npos; at += name.size()) text.replace(at, 5, name);
  Compilation c;
  auto laid_out = syntax::format(c.sources, c.sources.add(options.file, text));
  BATON_CHECK(laid_out.ok(), laid_out.failure().message.c_str());
  write_program(c, options, *laid_out);
  show_findings(c, options);
  return exit_code(c);
}

// --- a handoff --------------------------------------------------------------------------------------------

class HandoffDraft {
 public:
  HandoffDraft(const Options& options, Compilation& c) : options_(options), c_(c) {}

  /// The laid out text; nullopt after a report.
  std::optional<std::string> make() {
    if (!read_machine() || !read_conventions() || !read_kernel()) return std::nullopt;
    std::string text = laid_out();
    bool complete = is_file(options_.kernel) && (options_.initrd.empty() || is_file(options_.initrd)) && extra_files_.empty();
    // Without its files only the program can be judged; with them, all of it.
    Compilation tried;
    compile_draft(tried, text, complete);
    auto is_interrupt_order = [](const auto& d) { return d.code == Code::interrupt_order_gap; };
    if (std::any_of(tried.sink.all().begin(), tried.sink.all().end(), is_interrupt_order)) {
      relies_on_ile_ = true;
      text = laid_out();
      Compilation again;
      compile_draft(again, text, complete);
      return judged(again, text);
    }
    return judged(tried, text);
  }

 private:
  std::optional<std::string> judged(Compilation& tried, const std::string& text) {
    if (!tried.sink.has_errors()) return text;
    show_findings(tried, options_);
    std::fprintf(stderr, "baton: nothing was written: the handoff above would not build\n");
    failed_code_ = exit_code(tried);
    return std::nullopt;
  }

  void compile_draft(Compilation& c, const std::string& text, bool whole) {
    for (const auto& folder : library_folders(options_)) c.sources.add_library(folder);
    c.main = c.sources.add(options_.file == "-" ? options_.name + ".baton" : options_.file, text);
    c.program = check::check(c.sources, c.main, c.sink);
    Options build;
    if (whole) compile(c, build, Phase::kSynthesize);
  }

  bool read_machine() {
    auto refused = [&](const Failure& failure) {
      bool absent = failure.kind == Failure::Kind::kNotFound || failure.kind == Failure::Kind::kEnvironment;
      c_.sink.report(absent ? Code::input_missing : Code::bad_tree, {}, failure);
      return false;
    };
    auto file = MappedFile::open(options_.machine);
    if (!file) return refused(file.failure());
    auto tree = inputs::read_tree(*file);
    if (!tree) return refused(tree.failure());
    auto machine = inputs::machine_from_tree(*tree, "target");
    if (!machine) return refused(machine.failure());
    machine_ = std::move(*machine);
    for (const char* needed : {"ram", "rma"})
      if (!machine_.find(needed))
        return refused(Failure{Failure::Kind::kUnsuitable, "`" + options_.machine + "` has no memory to place a handoff in: `" + needed + "` is not known"});
    auto live = inputs::read_live_facts(*tree);
    if (live && *live) giver_ = (*live)->giver;
    if (auto chosen = tree->find("/chosen"))
      if (auto arguments = tree->property(*chosen, "bootargs")) {
        bootargs_.assign(arguments->begin(), arguments->end());
        bootargs_ = bootargs_.substr(0, bootargs_.find('\0'));
      }
    return true;
  }

  /// Which files to use, and which roles the taker speaks of.
  bool read_conventions() {
    for (const std::string* name : {&options_.from, &options_.to, &options_.via}) {
      auto use = find_in_library(*name, options_);
      if (!use) {
        c_.sink.report(Code::unknown_name, {}, "the library has no " + std::string(name == &options_.via ? "loader" : "convention") + " `" + *name + "`")
            .note("it is looked for in every program below the folders of --stdlib and the shipped library");
        return false;
      }
      if (std::find(uses_.begin(), uses_.end(), *use) == uses_.end()) uses_.push_back(*use);
    }
    Compilation look;
    std::string text = "language 1;\n";
    for (const std::string& use : uses_) text += "use " + literal(use) + ";\n";
    for (const auto& folder : library_folders(options_)) look.sources.add_library(folder);
    look.program = check::check(look.sources, look.sources.add("library", text), look.sink);
    auto to = look.program.conventions.find(options_.to);
    bool known = to != look.program.conventions.end() && look.program.conventions.count(options_.from) != 0 &&
                 look.program.loaders.count(options_.via) != 0;
    if (!known) {
      c_.sink.report(Code::unknown_name, {}, "`" + options_.from + "` and `" + options_.to + "` must be conventions, `" + options_.via + "` a loader");
      return false;
    }
    for (const model::Role& role : to->second.roles) {
      if (role.optional) continue;
      bool fits = role.kind == "loadable" || role.kind == "elf64" || role.kind == "devicetree" || role.kind == "raw";
      if (!fits) {
        c_.sink.report(Code::unbound_role, {}, "role `" + role.name + "` of `" + options_.to + "` is a `" + role.kind + "`, which no segment is");
        return false;
      }
      roles_.push_back(role);
    }
    return true;
  }

  bool read_kernel() {
    if (!is_file(options_.kernel)) return true;
    auto file = MappedFile::open(options_.kernel);
    if (!file) {
      c_.sink.report(Code::input_missing, {}, file.failure());
      return false;
    }
    constexpr uint8_t kElfMark[] = {0x7f, 'E', 'L', 'F'};
    kernel_is_elf_ = file->bytes().size() >= 4 && std::equal(std::begin(kElfMark), std::end(kElfMark), file->bytes().begin());
    if (!kernel_is_elf_) return true;
    auto image = inputs::read_elf(*file);
    if (!image) {
      c_.sink.report(Code::bad_elf, {}, image.failure());
      return false;
    }
    kernel_order_ = image->order();
    return true;
  }

  std::string laid_out() {
    source::SourceSet sources;
    auto text = syntax::format(sources, sources.add("draft", compose()));
    BATON_CHECK(text.ok(), text.failure().message.c_str());
    return *text;
  }

  std::string compose() {
    parameters_.clear();
    extra_files_.clear();
    std::string segments = compose_segments();
    std::string text = "// Boots " + (options_.kernel.empty() ? std::string("another image") : "another kernel") + " on a machine that describes itself in a device tree.\nlanguage 1;\n";
    for (const std::string& use : uses_) text += "use " + literal(use) + ";\n";
    text += "\n" + compose_machine() + "\n/// From a running system to the next image, by " + options_.via + ".\nhandoff " + options_.name + " on target via " + options_.via + " {\n";
    text += "from " + options_.from + "; // what the running side promises\n";
    text += "to " + options_.to + "; // what the image needs\n";
    text += compose_giver();
    if (relies_on_ile_) text += "relies on incidental ile; // the image needs a byte order of interrupts that givers have, and do not promise\n";
    text += "\n";
    for (const std::string& parameter : parameters_) text += parameter + "\n";
    return text + "\n" + segments + "}\n";
  }

  std::string compose_machine() const {
    std::string text = "/// As its device tree has it; a clause in the block overrides.\nmachine target from dtb " +
                       literal(path_in_program(options_.machine, options_.file)) + " {\n";
    if (!machine_.find("running_kernel")) {
      // Never so much that nothing is left to place in.
      Wide rma = machine_.ranges("rma").total_size().wide();
      Wide guess = std::min(kKernelGuess, rma / 4 / kMiB * kMiB);
      text += "// This tree does not say where the running kernel ends: a facts file does, which `baton-load --facts`\n"
              "// writes on the target. Segments stay above this bound, and baton-load compares it with the machine.\n"
              "running_kernel = " + report::range_text(Range::from_to(0, std::max(guess, kMiB))) + ";\n";
    }
    if (!machine_.find("page")) text += "page = 64KiB; // no tree but a facts file says it: `getconf PAGESIZE` on the target\n";
    return text + "}\n";
  }

  std::string compose_giver() const {
    if (giver_) return std::string("giver ") + to_text(*giver_) + "; // so says the facts file\n";
    if (kernel_order_) return std::string("giver ") + to_text(*kernel_order_) + "; // taken to be the image's: byte order of the running kernel\n";
    return "giver both; // byte order of the running kernel: `big` or `little` where it is known\n";
  }

  void add_file_parameter(const std::string& name, const std::string& path) {
    parameters_.push_back("param " + name + " : path" + (path.empty() ? ";" : " = " + literal(path_in_program(path, options_.file)) + ";"));
  }

  std::string compose_segments() {
    std::string images, tree, binds;
    bool have_kernel = false;
    for (const model::Role& role : roles_) {
      if (role.kind == "devicetree") {
        tree += compose_tree(role.name);
        continue;
      }
      bool is_image = !have_kernel && role.kind != "raw";
      std::string segment = is_image && role.name == "image" ? "kernel" : role.name;
      if (segment != role.name) binds += "bind " + role.name + " = " + segment + ";\n";
      std::string kind = role.kind == "elf64" || (is_image && kernel_is_elf_) ? "elf" : "file";
      if (is_image)
        add_file_parameter(segment + "_file", options_.kernel);
      else {
        add_file_parameter(segment + "_file", "");
        extra_files_.push_back(segment);
      }
      have_kernel = have_kernel || is_image;
      images += "segment " + segment + " = " + kind + " " + segment + "_file { place bottom_up; align 64KiB; within machine.rma; }\n";
    }
    if (!options_.initrd.empty()) {
      add_file_parameter("initrd_file", options_.initrd);
      images += "segment initrd = file initrd_file { place top_down; align 64KiB; }\n";
    }
    std::string text = "// Placed in this order, each in the first hole from its end. What runs or is read with translation off\n"
                       "// stays below the end of what is reached so.\n" + images;
    if (!tree.empty()) {
      parameters_.push_back("param cmdline : string = " + literal(bootargs_) + ";");
      text += "\n// The machine's own tree, edited.\n" + tree;
    }
    text += "\n// What the promise leaves open and the need asks for: the compiler writes it.\n"
            "segment stub = trampoline { place top_down; align 64KiB; within machine.rma; }\n\n" + binds;
    return text + "slaves by auto;\nenter stub;\n";
  }

  std::string compose_tree(const std::string& name) const {
    std::string text = "segment " + name + " = devicetree machine.tree {\nplace top_down;\nalign 64KiB;\nwithin machine.rma;\nnode \"/chosen\" {\n\"bootargs\" = cmdline;\n";
    if (!options_.initrd.empty()) text += "\"linux,initrd-start\" = initrd.start;\n\"linux,initrd-end\" = initrd.end;\n";
    return text + "}\n}\n";
  }

 public:
  std::optional<int> failed_code() const { return failed_code_; }

 private:
  const Options& options_;
  Compilation& c_;
  model::Machine machine_;
  std::optional<Endian> giver_, kernel_order_;
  bool kernel_is_elf_ = false, relies_on_ile_ = false;
  std::string bootargs_;
  std::vector<std::string> uses_, parameters_, extra_files_;
  std::vector<model::Role> roles_;
  std::optional<int> failed_code_;
};

int init_handoff(const Options& options) {
  if (!is_name(options.name)) return usage("a handoff has a name of letters, digits and `_`; `" + options.name + "` is none");
  for (const std::string* name : {&options.from, &options.to, &options.via})
    if (!is_versioned_name(*name)) return usage("--from, --to and --via take a name with a version, as in linux.kexec@2013; `" + *name + "` is none");
  Compilation c;
  HandoffDraft draft(options, c);
  auto text = draft.make();
  if (text) write_program(c, options, *text);
  show_findings(c, options);
  return draft.failed_code().value_or(exit_code(c));
}

}  // namespace

int init(const Options& options) {
  return options.topic == "convention" ? init_convention(options) : init_handoff(options);
}

}  // namespace baton::driver
