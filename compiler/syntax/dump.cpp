// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A writer for one tree. See dump.h.
#include "syntax/dump.h"

#include "syntax/literals.h"

namespace baton::syntax {
namespace {

std::string json_string(std::string_view text) {
  static const char kDigits[] = "0123456789abcdef";
  std::string out = "\"";
  for (size_t i = 0; i < text.size(); ++i) {
    auto byte = static_cast<unsigned char>(text[i]);
    if (byte == '"' || byte == '\\') {
      out += '\\';
      out += text[i];
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\u00";
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    } else {
      out += text[i];
    }
  }
  return out + "\"";
}

/// A string of the program may hold bytes that are no UTF-8 (`\xff`): such a one is shown as it is written.
std::string json_program_string(std::string_view text) {
  for (char c : text)
    if (static_cast<unsigned char>(c) >= 0x80) return json_string(string_literal(text));
  return json_string(text);
}

class Dumper {
 public:
  explicit Dumper(const source::SourceSet& sources) : sources_(sources) {}

  std::string run(const File& file) {
    open('{');
    key("file"), out_ += json_string(sources_.name(file.id));
    key("language"), out_ += file.language ? std::to_string(*file.language) : "null";
    list("declarations", file.declarations, [&](const Declaration& d) { declaration(d); });
    close('}');
    return std::move(out_) + "\n";
  }

 private:
  void line() {
    out_ += '\n';
    out_.append(2 * depth_, ' ');
  }
  void open(char bracket) {
    out_ += bracket;
    ++depth_;
    first_ = true;
  }
  void close(char bracket) {
    --depth_;
    if (!first_) line();
    out_ += bracket;
    first_ = false;
  }
  void item() {
    if (!first_) out_ += ',';
    first_ = false;
    line();
  }
  void key(std::string_view name) {
    item();
    out_ += json_string(name) + ": ";
  }
  void text(std::string_view name, std::string_view value) {
    key(name);
    out_ += json_string(value);
  }
  template <typename T, typename Write>
  void list(std::string_view name, const std::vector<T>& values, Write write) {
    key(name);
    open('[');
    for (const T& value : values) {
      item();
      write(value);
    }
    close(']');
  }
  void at(Span span, std::string_view name = "at") {
    if (!span.valid()) return;
    source::Place begin = sources_.place(span);
    source::Place end = sources_.place(Span{span.file, span.end, span.end});
    key(name);
    out_ += "[" + std::to_string(begin.line) + ", " + std::to_string(begin.column) + ", " +
            std::to_string(end.line) + ", " + std::to_string(end.column) + "]";
  }
  void doc(const std::vector<std::string>& lines) {
    if (!lines.empty()) list("doc", lines, [&](const std::string& l) { out_ += json_string(l); });
  }

  void declaration(const Declaration& d) {
    static constexpr std::string_view kKinds[] = {"use",     "let",    "convention",
                                                  "machine", "loader", "handoff"};
    open('{');
    text(kKinds[static_cast<size_t>(d.kind)],
         d.kind == Declaration::Kind::kUse ? d.use_path : d.full_name());
    at(d.span);
    at(d.name_span, "name_at");
    doc(d.doc);
    if (d.extends) text("extends", d.extends->text());
    if (d.value) key("value"), expression(*d.value);
    if (!d.machine_source.empty()) text("from", d.machine_source);
    if (d.machine_file) text("from_file", *d.machine_file);
    if (!d.on.empty()) text("on", d.on);
    if (d.via) text("via", d.via->text());
    if (d.kind != Declaration::Kind::kUse && d.kind != Declaration::Kind::kLet)
      list("clauses", d.clauses, [&](const Clause& c) { clause(c); });
    close('}');
  }

  void clause(const Clause& c) {
    open('{');
    key(c.head_is_string ? "property" : "clause");
    out_ += c.head_is_string ? json_program_string(c.head) : json_string(c.head);
    at(c.span);
    doc(c.doc);
    if (!c.relation.empty()) text("relation", c.relation);
    list("arguments", c.arguments, [&](const Argument& a) { argument(a); });
    if (c.has_block) list("block", c.block, [&](const Clause& inner) { clause(inner); });
    close('}');
  }

  void argument(const Argument& a) {
    if (a.kind == Argument::Kind::kExpr) {
      expression(*a.expr);
      return;
    }
    open('{');
    if (a.kind == Argument::Kind::kVersion) key("version"), out_ += std::to_string(a.version);
    else text("sign", a.kind == Argument::Kind::kEquals ? "=" : a.kind == Argument::Kind::kColon ? ":" : ",");
    at(a.span);
    close('}');
  }

  void expression(const Expr& e) {
    auto operands = [&](std::string_view name) {
      list(name, e.operands, [&](const ExprPtr& operand) { expression(*operand); });
    };
    open('{');
    switch (e.kind) {
      case Expr::Kind::kInteger: text("integer", hex(e.integer)); break;
      case Expr::Kind::kSize: text("size", hex(e.integer)); break;
      case Expr::Kind::kString: key("string"), out_ += json_program_string(e.text); break;
      case Expr::Kind::kName: text("name", e.text); break;
      case Expr::Kind::kMember: text("member", e.text), operands("of"); break;
      case Expr::Kind::kCall:
        text("call", e.text);
        operands("operands");
        list("names", e.argument_names, [&](const std::string& n) { out_ += json_string(n); });
        break;
      case Expr::Kind::kBinary: text("operator", e.text), operands("operands"); break;
      case Expr::Kind::kNot: text("operator", "not"), operands("operands"); break;
      case Expr::Kind::kSet: operands("set"); break;
      case Expr::Kind::kUnread: text("unread", ""); break;
    }
    at(e.span);
    close('}');
  }

  const source::SourceSet& sources_;
  std::string out_;
  size_t depth_ = 0;
  bool first_ = true;
};

}  // namespace

std::string dump_json(const File& file, const source::SourceSet& sources) {
  return Dumper(sources).run(file);
}

std::string to_text(const Expr& e) {
  auto joined = [&] {
    std::string out;
    for (size_t i = 0; i < e.operands.size(); ++i) {
      if (i > 0) out += ", ";
      if (i < e.argument_names.size() && !e.argument_names[i].empty()) out += e.argument_names[i] + ": ";
      out += to_text(*e.operands[i]);
    }
    return out;
  };
  switch (e.kind) {
    case Expr::Kind::kInteger: return hex(e.integer);
    case Expr::Kind::kSize:
      return e.integer % 1024 == 0 ? hex(e.integer / 1024) + "KiB" : hex(e.integer);
    case Expr::Kind::kString: return string_literal(e.text);
    case Expr::Kind::kName: return e.text;
    case Expr::Kind::kMember: return to_text(*e.operands[0]) + "." + e.text;
    case Expr::Kind::kCall: return e.text + "(" + joined() + ")";
    case Expr::Kind::kSet: return "{ " + joined() + " }";
    case Expr::Kind::kUnread: return "?";
    case Expr::Kind::kNot: return "(not " + to_text(*e.operands[0]) + ")";
    case Expr::Kind::kBinary:
      return "(" + to_text(*e.operands[0]) + " " + e.text + " " + to_text(*e.operands[1]) + ")";
  }
  BATON_CHECK(false, "an expression kind outside the enumeration");
}

}  // namespace baton::syntax
