// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A comparison of conventions for programs; contract-diff.schema.json describes it. Keys stand in one order, nothing
// is left out: quiet changes are here as well.
#include <llvm/Support/JSON.h>
#include <llvm/Support/raw_ostream.h>

#include "report/contract_diff.h"

namespace baton::report {
namespace {

using llvm::json::OStream;

std::string utf8(const std::string& text) { return llvm::json::fixUTF8(text); }

void write_place(OStream& json, const std::optional<diagnostics::AnnotationPlace>& place) {
  if (!place) return json.attribute("place", nullptr);
  json.attributeObject("place", [&] {
    json.attribute("file", utf8(place->file));
    json.attribute("line", place->line);
    json.attribute("column", place->column);
  });
}

void write_wording(OStream& json, const char* key, const DiffWording& wording) {
  if (wording.text.empty() && !wording.place) return json.attribute(key, nullptr);
  json.attributeObject(key, [&] {
    json.attribute("text", utf8(wording.text));
    json.attribute("origin", utf8(wording.origin));
    write_place(json, wording.place);
  });
}

void write_strings(OStream& json, const char* key, const std::vector<std::string>& list) {
  json.attributeArray(key, [&] {
    for (const std::string& each : list) json.value(utf8(each));
  });
}

void write_optional(OStream& json, const char* key, const std::string& text) {
  if (text.empty())
    json.attribute(key, nullptr);
  else
    json.attribute(key, utf8(text));
}

void write_change(OStream& json, const DiffChange& change) {
  json.object([&] {
    json.attribute("rule", utf8(change.rule));
    json.attribute("purpose", utf8(change.purpose));
    json.attribute("section", utf8(change.section));
    json.attribute("subject", utf8(change.subject));
    write_wording(json, "before", change.before);
    write_wording(json, "after", change.after);
    json.attribute("taker", to_text(change.taker));
    json.attribute("giver", to_text(change.giver));
    json.attribute("why", utf8(change.why));
    write_strings(json, "relied_on_by", change.relied_on_by);
    if (change.waived)
      json.attribute("waived", utf8(*change.waived));
    else
      json.attribute("waived", nullptr);
    json.attribute("quiet", change.quiet);
    json.attribute("finding", change.finding);
  });
}

void write_unmet(OStream& json, const char* key, const std::vector<DiffUnmet>& list) {
  json.attributeArray(key, [&] {
    for (const DiffUnmet& unmet : list)
      json.object([&] {
        json.attribute("decided", unmet.decided);
        json.attribute("need_of", unmet.need_is_old ? "before" : "after");
        write_wording(json, "need", unmet.need);
        write_wording(json, "promise", unmet.promise);
        json.attribute("why", utf8(unmet.why));
      });
  });
}

const char* state_text(DiffHandoffSide::State state) {
  switch (state) {
    case DiffHandoffSide::State::kCompiled: return "compiled";
    case DiffHandoffSide::State::kRefused: return "refused";
    case DiffHandoffSide::State::kContractsOnly: return "contracts_only";
    case DiffHandoffSide::State::kAbsent: return "absent";
  }
  return "";
}

void write_side(OStream& json, const char* key, const DiffHandoffSide& side) {
  json.attributeObject(key, [&] {
    json.attribute("state", state_text(side.state));
    json.attributeArray("bodies", [&] {
      for (const DiffBody& body : side.bodies)
        json.object([&] {
          json.attribute("giver", utf8(body.giver));
          json.attribute("instructions", static_cast<int64_t>(body.instructions));
        });
    });
    write_optional(json, "diagnostic", side.diagnostic);
    write_strings(json, "open", side.open);
  });
}

void write_instructions(OStream& json, const char* key, const std::vector<DiffInstruction>& list) {
  json.attributeArray(key, [&] {
    for (const DiffInstruction& each : list)
      json.object([&] {
        json.attribute("giver", utf8(each.giver));
        json.attribute("text", utf8(each.text));
        json.attribute("clause", utf8(each.clause));
      });
  });
}

}  // namespace

std::string contract_diff_json(const ContractDiff& diff) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  OStream json(stream, 2);
  json.object([&] {
    json.attribute("format", 1);
    json.attribute("kind", "contract");
    json.attribute("before", utf8(diff.before));
    json.attribute("after", utf8(diff.after));
    json.attribute("changes", static_cast<int64_t>(diff.changes()));
    json.attribute("findings", static_cast<int64_t>(diff.findings()));
    json.attribute("waived", static_cast<int64_t>(diff.waived()));
    json.attributeArray("conventions", [&] {
      for (const DiffConvention& convention : diff.conventions)
        json.object([&] {
          write_optional(json, "before", convention.before);
          write_optional(json, "after", convention.after);
          json.attribute("status", convention.stable ? "stable" : "experimental");
          json.attribute("strict", convention.strict);
          json.attribute("beside", convention.beside);
          write_place(json, convention.place);
          json.attributeArray("changes", [&] {
            for (const DiffChange& change : convention.changes) write_change(json, change);
          });
          write_unmet(json, "taker_unmet", convention.taker_unmet);
          write_unmet(json, "giver_unmet", convention.giver_unmet);
        });
    });
    json.attributeArray("handoffs", [&] {
      for (const DiffHandoff& handoff : diff.handoffs)
        json.object([&] {
          json.attribute("name", utf8(handoff.name));
          json.attribute("file", utf8(handoff.file));
          write_place(json, handoff.place);
          json.attribute("shipped", handoff.shipped);
          write_strings(json, "uses", handoff.uses);
          write_side(json, "before", handoff.before);
          write_side(json, "after", handoff.after);
          write_instructions(json, "gained", handoff.gained);
          write_instructions(json, "lost", handoff.lost);
          json.attribute("summary", utf8(handoff_sentence(handoff)));
        });
    });
  });
  stream << '\n';
  return text;
}

}  // namespace baton::report
