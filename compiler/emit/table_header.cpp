// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The segment table as a C header, for whoever writes a loader of their own: a define for each number, and
// two macros that make arrays. Names are the handoff's and the segments', in capitals; two segments whose
// names differ only in what a macro name cannot show get a number at the end, in table order.
//
//   struct kexec_segment segments[] = BOOT_DEBIAN_KEXEC_SEGMENTS(bundle_address);
//   addis 4, 0, BOOT_DEBIAN_ENTRY@h            (the same header, in assembly)
#include <set>

#include "emit/table.h"

namespace baton::emit {
namespace {

bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// For a comment: nothing that ends it or that an editor would not show.
std::string comment_text(const std::string& text) {
  std::string out;
  for (char c : text) {
    bool plain = c >= ' ' && c <= '~' && !(c == '/' && !out.empty() && out.back() == '*');
    out.push_back(plain ? c : '?');
  }
  return out;
}

std::string literal_text(const std::string& text) {
  std::string out = "\"";
  for (char c : text) out.push_back(c >= ' ' && c <= '~' && c != '"' && c != '\\' && c != '?' ? c : '_');
  return out + "\"";
}

std::vector<std::string> distinct_macro_names(const std::vector<TableSegment>& segments) {
  std::vector<std::string> names;
  std::set<std::string> taken;
  for (const TableSegment& segment : segments) {
    std::string name = macro_name(segment.name);
    for (unsigned number = 2; !taken.insert(name).second; ++number)
      name = macro_name(segment.name) + "_" + std::to_string(number);
    names.push_back(name);
  }
  return names;
}

class HeaderText {
 public:
  explicit HeaderText(std::string prefix) : prefix_(std::move(prefix)) {}

  void line(const std::string& text = {}) { text_ += text + "\n"; }
  void define(const std::string& name, const std::string& value) {
    std::string start = "#define " + prefix_ + name;
    if (start.size() < kColumn) start.resize(kColumn, ' ');
    line(start + " " + value);
  }
  void number(const std::string& name, Wide value) { define(name, "BATON_U64(" + hex(value) + ")"); }
  /// A macro whose value is a list, one item a line.
  void list(const std::string& name, const std::string& open, const std::vector<std::string>& items,
            const std::string& close) {
    text_ += "#define " + prefix_ + name + " \\\n";
    if (!open.empty()) text_ += "  " + open + " \\\n";
    for (size_t i = 0; i < items.size(); ++i)
      text_ += "    " + items[i] + (i + 1 < items.size() || !close.empty() ? " \\\n" : "\n");
    if (!close.empty()) text_ += "  " + close + "\n";
  }
  const std::string& prefix() const { return prefix_; }
  std::string take() { return std::move(text_); }

 private:
  static constexpr size_t kColumn = 44;
  std::string prefix_;
  std::string text_;
};

void write_preamble(HeaderText& out, const SegmentTable& table) {
  const std::string& p = out.prefix();
  out.line("/* Segment table of handoff " + comment_text(table.handoff) +
           ". Written by baton; changes are lost.");
  out.line(" *");
  out.line(" *   machine  " + comment_text(table.machine));
  out.line(" *   from     " + comment_text(table.from));
  out.line(" *   to       " + comment_text(table.to));
  out.line(" *   giver    " + comment_text(table.giver));
  out.line(" *");
  out.line(" * For C99, C++ and GNU assembly. For each segment SEG:");
  out.line(" *   " + p + "SEG_START    where it goes: a real address, a multiple of the granule");
  out.line(" *   " + p + "SEG_SIZE     bytes of content in memory");
  out.line(" *   " + p + "SEG_BUFSZ    bytes to copy; what follows up to MEMSZ must be zero");
  out.line(" *   " + p + "SEG_MEMSZ    bytes it occupies: a multiple of the granule");
  out.line(" *   " + p + "SEG_OFFSET   of the BUFSZ bytes in the bundle file");
  out.line(" *   " + p + "SEG_SHA256   of those bytes");
  out.line(" *");
  out.line(" * As kexec_load(2) takes it, with the bundle file at address `bundle` (needs <stdint.h>):");
  out.line(" *   struct kexec_segment segments[] = " + p + "KEXEC_SEGMENTS(bundle);");
  out.line(" *   syscall(SYS_kexec_load, (unsigned long)" + p + "ENTRY, " + p + "SEGMENT_COUNT, segments,");
  out.line(" *           KEXEC_ARCH_PPC64" +
           std::string(table.on_crash ? " | KEXEC_ON_CRASH" : "") + ");");
  out.line(" * For a struct of your own: " + p + "EACH_SEGMENT(X) is X(name, kind, start, size, bufsz,");
  out.line(" * memsz, offset, sha256) for each segment in turn, name and kind as strings.");
  out.line(" */");
}

}  // namespace

std::string macro_name(const std::string& name) {
  std::string macro;
  for (char c : name) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    macro.push_back(is_letter(c) || is_digit(c) ? c : '_');
  }
  if (macro.empty() || is_digit(macro[0])) macro.insert(0, "N");
  return macro;
}

std::string table_header(const SegmentTable& table) {
  HeaderText out(macro_name(table.handoff) + "_");
  const std::vector<std::string> names = distinct_macro_names(table.segments);
  const std::string guard = "BATON_HANDOFF_" + out.prefix() + "H";
  write_preamble(out, table);
  out.line("#ifndef " + guard);
  out.line("#define " + guard);
  out.line();
  out.line("#ifndef BATON_U64");
  out.line("#ifdef __ASSEMBLER__");
  out.line("#define BATON_U64(n) n");
  out.line("#else");
  out.line("#define BATON_U64(n) n##ULL");
  out.line("#endif");
  out.line("#endif");
  out.line();
  out.number("ENTRY", table.entry.wide());
  out.number("GRANULE", table.granule.wide());
  out.define("ON_CRASH", table.on_crash ? "1" : "0");
  out.define("SEGMENT_COUNT", std::to_string(table.segments.size()));
  std::vector<std::string> kexec, each;
  for (size_t i = 0; i < table.segments.size(); ++i) {
    const TableSegment& segment = table.segments[i];
    const std::string& name = names[i];
    out.line();
    out.line("/* " + comment_text(segment.name) + ": " + comment_text(segment.kind) + " */");
    out.number(name + "_START", segment.start.wide());
    out.number(name + "_SIZE", segment.size.wide());
    out.number(name + "_BUFSZ", segment.bufsz.wide());
    out.number(name + "_MEMSZ", segment.memsz.wide());
    out.number(name + "_OFFSET", segment.payload_offset);
    out.define(name + "_SHA256", literal_text(segment.sha256));
    const std::string p = out.prefix() + name;
    kexec.push_back("{ (const void *)((uintptr_t)(bundle) + (uintptr_t)" + p + "_OFFSET), (size_t)" + p +
                    "_BUFSZ, (void *)(uintptr_t)" + p + "_START, (size_t)" + p + "_MEMSZ }" +
                    (i + 1 < table.segments.size() ? "," : ""));
    each.push_back("X(" + literal_text(segment.name) + ", " + literal_text(segment.kind) + ", " + p +
                   "_START, " + p + "_SIZE, " + p + "_BUFSZ, " + p + "_MEMSZ, " + p + "_OFFSET, " + p +
                   "_SHA256)");
  }
  if (!table.segments.empty()) {
    out.line();
    // Pointers of 32 bits would lose the upper half of an address without a word.
    const bool wide = !compat32_table(table, Endian::kBig).ok();
    if (wide) out.line("#if !defined(__SIZEOF_POINTER__) || __SIZEOF_POINTER__ >= 8");
    out.list("KEXEC_SEGMENTS(bundle)", "{", kexec, "}");
    if (wide) out.line("#endif");
    out.line();
    out.list("EACH_SEGMENT(X)", "", each, "");
  }
  out.line();
  out.line("#endif");
  return out.take();
}

}  // namespace baton::emit
