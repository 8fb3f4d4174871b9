// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The certificate as JSON. See certificate.h.
#include "verify/certificate.h"

#include <llvm/Support/JSON.h>
#include <llvm/Support/raw_ostream.h>

#include <algorithm>

namespace baton::verify {
namespace {

size_t count(const Certificate& certificate, Outcome outcome) {
  size_t found = 0;
  for (const JudgedWay& way : certificate.ways)
    found += static_cast<size_t>(std::count_if(way.verdict.obligations.begin(), way.verdict.obligations.end(),
                                               [&](const Obligation& o) { return o.outcome == outcome; }));
  return found;
}

/// Null for what is not discharged.
const char* discharged_by(const Obligation& obligation) {
  if (obligation.outcome == Outcome::kProved) return obligation.by_solver ? "solver" : "simplification";
  return obligation.outcome == Outcome::kAssumed ? "assumption" : nullptr;
}

}  // namespace

std::string certificate_json(const Certificate& certificate) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvm::json::OStream json(stream, 2);
  auto string = [&](const char* name, const std::string& value) { json.attribute(name, llvm::json::fixUTF8(value)); };
  json.object([&] {
    json.attribute("format", 1);
    string("handoff", certificate.handoff);
    string("machine", certificate.machine);
    string("from", certificate.from);
    string("to", certificate.to);
    if (certificate.entry) json.attribute("entry", hex(*certificate.entry));
    json.attributeArray("bytes", [&] {
      for (const JudgedBytes& bytes : certificate.bytes)
        json.object([&] {
          string("name", bytes.name);
          if (bytes.start) json.attribute("start", hex(*bytes.start));
          json.attribute("size", hex(bytes.size));
          string("sha256", bytes.sha256);
        });
    });
    json.attribute("method", "execution");
    json.attributeObject("count", [&] {
      for (Outcome outcome : {Outcome::kProved, Outcome::kAssumed, Outcome::kUnknown, Outcome::kRefuted})
        json.attribute(to_text(outcome), static_cast<int64_t>(count(certificate, outcome)));
    });
    json.attributeArray("givers", [&] {
      for (const JudgedWay& way : certificate.ways)
        json.object([&] {
          string("order", to_text(way.giver));
          json.attribute("instructions", static_cast<int64_t>(way.verdict.instructions));
          json.attribute("ways", static_cast<int64_t>(way.verdict.paths));
          if (way.verdict.impossible != 0) json.attribute("impossible", static_cast<int64_t>(way.verdict.impossible));
          json.attributeArray("obligations", [&] {
            for (const Obligation& obligation : way.verdict.obligations)
              json.object([&] {
                string("clause", obligation.clause);
                json.attribute("outcome", to_text(obligation.outcome));
                if (const char* by = discharged_by(obligation)) json.attribute("by", by);
                if (!obligation.detail.empty()) string("detail", obligation.detail);
                if (!obligation.trace.empty()) string("trace", obligation.trace);
                if (obligation.example)
                  json.attributeObject("example", [&] {
                    json.attributeArray("inputs", [&] {
                      for (const auto& [name, value] : obligation.example->inputs)
                        json.object([&] {
                          string("name", name);
                          json.attribute("value", hex(Wide{value}));
                        });
                    });
                    string("seen", obligation.example->seen);
                  });
                if (obligation.replayed)
                  json.attributeObject("replay", [&] {
                    json.attribute("answer", to_text(obligation.replayed->answer));
                    string("detail", obligation.replayed->detail);
                  });
              });
          });
        });
    });
  });
  stream << '\n';
  return text;
}

}  // namespace baton::verify
