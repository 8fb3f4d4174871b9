// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Any bytes as a program: parsed, checked and formatted without a crash. What must hold besides: every finding and
// every fix lies in the text, no more is reported than a reader goes through, findings can be printed; a program that
// can be read reads the same clause by clause, is formatted once and for all, and means the same afterwards.
#include <cstdlib>
#include <iterator>
#include <string>
#include <vector>

#include "check/check.h"
#include "diagnostics/render.h"
#include "syntax/format.h"
#include "syntax/parse.h"

using namespace baton;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

struct Answer {
  bool readable = false;
  std::vector<diagnostics::Code> codes;
};

void require_in_text(const source::Span& span, const source::SourceSet& sources) {
  if (!span.valid()) return;
  require(span.begin <= span.end && span.end <= sources.text(span.file).size());
}

Answer judge(const std::string& text) {
  Answer answer;
  source::SourceSet sources;
  source::FileId id = sources.add("fuzz.baton", text);
  diagnostics::Sink read, pieces, sink;
  syntax::parse(id, sources, read);
  syntax::parse_piecewise(id, sources, pieces);
  answer.readable = !read.has_errors();
  require(answer.readable == !pieces.has_errors());
  check::check(sources, id, sink);
  require(sink.all().size() <= 2 * (diagnostics::kMaxFindings + 1));
  for (const auto& finding : sink.all()) {
    answer.codes.push_back(finding.code);
    require(!finding.message.empty());
    require_in_text(finding.span, sources);
    for (const auto& label : finding.labels) require_in_text(label.span, sources);
    for (const auto& fix : finding.fixes) require_in_text(fix.span, sources);
  }
  require(diagnostics::render_text(sink.all(), sources).empty() == sink.all().empty());
  return answer;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string text;
  std::copy(data, data + size, std::back_inserter(text));
  // What it uses would be looked for on this machine's disk.
  if (text.find("use") != text.npos && text.find('/') != text.npos) return -1;
  Answer before = judge(text);
  source::SourceSet sources;
  auto once = syntax::format(sources, sources.add("fuzz.baton", text));
  require(once.ok() == before.readable);
  if (!once) return 0;
  auto twice = syntax::format(sources, sources.add("once.baton", *once));
  require(twice && *twice == *once);
  require(judge(*once).codes == before.codes);
  return 0;
}
