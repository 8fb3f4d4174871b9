// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The form for people. See render.h.
//
// A diagnostic is printed as its title, then one excerpt per file: the primary place's file first (`-->`),
// the others (`:::`) as its labels name them. An excerpt shows each labelled line once, in the order of the
// file, with one row of underlining per label below it; `...` stands for lines between that are not shown.
// A blank line ends each diagnostic.
#include <algorithm>
#include <map>

#include "diagnostics/render.h"
#include "diagnostics/snippet.h"

namespace baton::diagnostics {
namespace {

enum class Paint { kNone, kError, kWarning, kInfo, kFrame, kBold };

struct Mark {
  source::Span span;
  std::string_view text;
  bool primary;
};

Paint paint_of(Severity severity) {
  switch (severity) {
    case Severity::kError: return Paint::kError;
    case Severity::kWarning: return Paint::kWarning;
    case Severity::kInfo: return Paint::kInfo;
  }
  return Paint::kNone;
}

class TextWriter {
 public:
  TextWriter(const source::SourceSet& sources, const TextStyle& style)
      : sources_(sources), style_(style) {}

  void write(const Diagnostic& diagnostic);
  std::string take() { return std::move(out_); }

 private:
  void put(Paint paint, std::string_view text);
  void line(Paint paint, std::string_view text) { put(paint, text); out_ += '\n'; }
  void gutter(std::string_view number, std::string_view bar);
  void attached(const char* kind, const std::string& text);
  void excerpt(const Diagnostic& diagnostic, const std::vector<Mark>& marks, bool first);
  void quoted(const Diagnostic& diagnostic, uint32_t number, std::vector<Mark> marks);
  std::string fix_text(const Diagnostic& diagnostic, const FixIt& fix) const;

  const source::SourceSet& sources_;
  const TextStyle& style_;
  size_t gutter_ = 1;  // columns of the widest line number
  std::string out_;
};

void TextWriter::put(Paint paint, std::string_view text) {
  static constexpr std::string_view kCodes[] = {"", "\x1b[1;31m", "\x1b[1;33m", "\x1b[1;36m",
                                                "\x1b[1;34m", "\x1b[1m"};
  if (!style_.colour || paint == Paint::kNone || text.empty()) {
    out_ += text;
    return;
  }
  out_ += kCodes[static_cast<size_t>(paint)];
  out_ += text;
  out_ += "\x1b[0m";
}

void TextWriter::gutter(std::string_view number, std::string_view bar) {
  std::string text(gutter_ - number.size(), ' ');
  text += number;
  text += bar;
  put(Paint::kFrame, text);
}

/// A note or a help under the excerpts; further lines of it are indented below its first.
void TextWriter::attached(const char* kind, const std::string& text) {
  std::string lead = std::string(" = ") + kind + ": ";
  std::string clean = printable(text);
  size_t begin = 0;
  for (bool first = true; begin <= clean.size(); first = false) {
    size_t end = std::min(clean.find('\n', begin), clean.size());
    if (first) {
      gutter("", lead);
    } else if (end > begin) {
      out_ += std::string(gutter_ + lead.size(), ' ');
    }
    line(Paint::kNone, std::string_view(clean).substr(begin, end - begin));
    begin = end + 1;
  }
}

std::string TextWriter::fix_text(const Diagnostic& diagnostic, const FixIt& fix) const {
  std::string text;
  // A whole line that is inserted ends in a newline that nobody needs to see.
  std::string shown = fix.replacement.substr(0, fix.replacement.find_last_not_of('\n') + 1);
  std::string_view old = fix.span.valid() ? sources_.text(fix.span) : std::string_view();
  if (fix.replacement.empty()) {
    text = "remove `" + std::string(old) + "`";
  } else if (old.empty()) {
    text = "insert `" + shown + "`";
  } else {
    text = "write `" + shown + "`";
    bool short_enough = old.size() <= 40 && old.find('\n') == old.npos;
    if (fix.span != diagnostic.span && short_enough) text += " instead of `" + std::string(old) + "`";
  }
  // The primary place needs no address: it is quoted above.
  if (fix.span.valid() && fix.span != diagnostic.span) {
    source::Place place = sources_.place(fix.span);
    text += " at " + std::string(place.file) + ":" + std::to_string(place.line) + ":" +
            std::to_string(place.column);
  }
  return text;
}

/// One source line and a row of underlining for each mark that begins in it.
void TextWriter::quoted(const Diagnostic& diagnostic, uint32_t number, std::vector<Mark> marks) {
  std::string_view whole = sources_.line(marks.front().span.file, number);
  while (!marks.empty()) {
    auto byte = [&](const Mark& m) { return sources_.place(m.span).column - size_t{1}; };
    QuotedLine quote(whole, byte(marks.front()), style_.width);
    gutter(std::to_string(number), quote.text().empty() ? " |" : " | ");
    line(Paint::kNone, quote.text());
    std::vector<Mark> elsewhere;  // a long line is quoted again around what the window leaves out
    for (const Mark& mark : marks) {
      size_t begin = byte(mark);
      if (&mark != &marks.front() && !quote.shows(begin)) {
        elsewhere.push_back(mark);
        continue;
      }
      size_t length = mark.span.end - mark.span.begin;
      std::string text = printable(mark.text);
      std::replace(text.begin(), text.end(), '\n', ' ');
      source::Span last{mark.span.file, mark.span.end - (length > 0), mark.span.end};
      uint32_t last_line = sources_.place(last).line;
      if (last_line != number)
        text += (text.empty() ? "to line " : " (to line ") + std::to_string(last_line) +
                (text.empty() ? "" : ")");
      size_t from = quote.column(begin);
      size_t to = quote.column(std::min(begin + length, whole.size()));
      std::string row(std::max(to, from + 1) - from, mark.primary ? '^' : '-');
      if (!text.empty()) row += " " + text;
      gutter("", " | ");
      out_ += std::string(from, ' ');
      line(mark.primary ? paint_of(diagnostic.severity) : Paint::kFrame, row);
    }
    marks = std::move(elsewhere);
  }
}

void TextWriter::excerpt(const Diagnostic& diagnostic, const std::vector<Mark>& marks, bool first) {
  source::Place at = sources_.place(marks.front().span);
  put(Paint::kFrame, std::string(gutter_, ' ') + (first ? "--> " : "::: "));
  line(Paint::kNone, printable(at.file) + ":" + std::to_string(at.line) + ":" +
                         std::to_string(at.column));
  gutter("", " |");
  out_ += '\n';
  std::map<uint32_t, std::vector<Mark>> by_line;
  for (const Mark& mark : marks) by_line[sources_.place(mark.span).line].push_back(mark);
  uint32_t shown = 0;
  for (const auto& [number, on_line] : by_line) {
    if (shown != 0 && number == shown + 2) {
      QuotedLine between(sources_.line(marks.front().span.file, shown + 1), 0, style_.width);
      gutter(std::to_string(shown + 1), between.text().empty() ? " |" : " | ");
      line(Paint::kNone, between.text());
    } else if (shown != 0 && number > shown + 2) {
      line(Paint::kFrame, "...");
    }
    quoted(diagnostic, number, on_line);
    shown = number;
  }
}

void TextWriter::write(const Diagnostic& diagnostic) {
  const CatalogEntry& about = entry(diagnostic.code);
  put(paint_of(diagnostic.severity), std::string(to_text(diagnostic.severity)) + "[" +
                                         to_text(diagnostic.code) + " " + std::string(about.slug) + "]");
  std::string message = printable(diagnostic.message);
  for (size_t at = message.find('\n'); at != message.npos; at = message.find('\n', at + 5))
    message.replace(at, 1, "\n    ");
  line(Paint::kBold, ": " + message);

  std::vector<Mark> marks;
  if (diagnostic.span.valid()) marks.push_back({diagnostic.span, diagnostic.span_text, true});
  for (const Label& label : diagnostic.labels)
    if (label.span.valid()) marks.push_back({label.span, label.text, false});
  uint32_t highest = 1;
  std::vector<std::vector<Mark>> files;  // one list per file, in order of appearance
  for (const Mark& mark : marks) {
    highest = std::max(highest, sources_.place(mark.span).line);
    auto same = std::find_if(files.begin(), files.end(), [&](const std::vector<Mark>& other) {
      return other.front().span.file == mark.span.file;
    });
    if (same == files.end())
      files.push_back({mark});
    else
      same->push_back(mark);
  }
  gutter_ = std::to_string(highest).size();
  for (size_t i = 0; i < files.size(); ++i)
    excerpt(diagnostic, files[i], i == 0 && diagnostic.span.valid());
  for (const std::string& note : diagnostic.notes) attached("note", note);
  for (const FixIt& fix : diagnostic.fixes) attached("help", fix_text(diagnostic, fix));
  out_ += '\n';
}

std::string counted(size_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

}  // namespace

const char* to_text(Severity severity) {
  switch (severity) {
    case Severity::kError: return "error";
    case Severity::kWarning: return "warning";
    case Severity::kInfo: return "info";
  }
  return "";
}

std::string summary(const std::vector<Diagnostic>& diagnostics) {
  size_t counts[3] = {};
  for (const Diagnostic& d : diagnostics) ++counts[static_cast<size_t>(d.severity)];
  static constexpr const char* kWords[] = {"error", "warning", "remark"};
  std::string text;
  for (size_t i = 0; i < 3; ++i) {
    if (counts[i] == 0) continue;
    if (!text.empty()) text += ", ";
    text += counted(counts[i], kWords[i]);
  }
  return text;
}

std::string render_text(const std::vector<Diagnostic>& diagnostics, const source::SourceSet& sources,
                        const TextStyle& style) {
  if (diagnostics.empty()) return {};
  TextWriter writer(sources, style);
  for (const Diagnostic& diagnostic : diagnostics) writer.write(diagnostic);
  return writer.take() + summary(diagnostics) + "\n";
}

}  // namespace baton::diagnostics
