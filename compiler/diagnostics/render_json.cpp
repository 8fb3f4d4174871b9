// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The form for programs: editors, CI annotations, tests. See render.h and diagnostics.schema.json.
//
// Keys stand in one order and the text is indented, so that it is also fit for a golden test. Lines and
// columns are 1-based, columns count bytes, `end` is one past the last byte. A finding without a place in
// a program (a missing input named on the command line) has `"primary": null`.
#include "diagnostics/render.h"

#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

namespace baton::diagnostics {
namespace {

using llvm::json::OStream;

/// JSON is UTF-8; a message may quote bytes that are not.
std::string utf8(std::string_view text) {
  return llvm::json::fixUTF8(llvm::StringRef(text.data(), text.size()));
}

void write_position(OStream& json, const char* key, const source::SourceSet& sources,
                    source::FileId file, uint32_t offset) {
  source::Place place = sources.place(source::Span{file, offset, offset});
  json.attributeObject(key, [&] {
    json.attribute("line", place.line);
    json.attribute("column", place.column);
  });
}

void write_place(OStream& json, const source::SourceSet& sources, source::Span span) {
  json.attribute("file", utf8(sources.name(span.file)));
  write_position(json, "begin", sources, span.file, span.begin);
  write_position(json, "end", sources, span.file, span.end);
}

void write_diagnostic(OStream& json, const source::SourceSet& sources, const Diagnostic& diagnostic) {
  json.attribute("code", to_text(diagnostic.code));
  json.attribute("slug", utf8(entry(diagnostic.code).slug));
  json.attribute("severity", to_text(diagnostic.severity));
  json.attribute("message", utf8(diagnostic.message));
  if (diagnostic.span.valid()) {
    json.attributeObject("primary", [&] {
      write_place(json, sources, diagnostic.span);
      json.attribute("text", utf8(diagnostic.span_text));
    });
  } else {
    json.attribute("primary", nullptr);
  }
  json.attributeArray("labels", [&] {
    for (const Label& label : diagnostic.labels) {
      if (!label.span.valid()) continue;
      json.object([&] {
        write_place(json, sources, label.span);
        json.attribute("text", utf8(label.text));
      });
    }
  });
  json.attributeArray("notes", [&] {
    for (const std::string& note : diagnostic.notes) json.value(utf8(note));
  });
  json.attributeArray("fixes", [&] {
    for (const FixIt& fix : diagnostic.fixes) {
      if (!fix.span.valid()) continue;
      json.object([&] {
        write_place(json, sources, fix.span);
        json.attribute("replacement", utf8(fix.replacement));
      });
    }
  });
}

}  // namespace

std::string render_json(const std::vector<Diagnostic>& diagnostics, const source::SourceSet& sources) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  OStream json(stream, 2);
  json.object([&] {
    json.attribute("format", 1);
    json.attributeArray("diagnostics", [&] {
      for (const Diagnostic& diagnostic : diagnostics)
        json.object([&] { write_diagnostic(json, sources, diagnostic); });
    });
  });
  stream.flush();
  text += '\n';
  return text;
}

}  // namespace baton::diagnostics
