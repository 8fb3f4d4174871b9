// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The plan for programs; see plan.h. Keys stand in one order, so that two plans can be compared as text.
#include <llvm/Support/JSON.h>
#include <llvm/Support/raw_ostream.h>

#include "report/plan.h"

namespace baton::report {
namespace {

using llvm::json::OStream;

std::string utf8(const std::string& text) { return llvm::json::fixUTF8(text); }

void write_range(OStream& json, const Range& range) {
  json.attribute("begin", hex(range.begin));
  json.attribute("end", hex(range.end));
}

void write_strings(OStream& json, const char* key, const std::vector<std::string>& list) {
  json.attributeArray(key, [&] {
    for (const std::string& each : list) json.value(utf8(each));
  });
}

void write_ranges(OStream& json, const char* key, const RangeSet& ranges) {
  json.attributeArray(key, [&] {
    for (const Range& range : ranges) json.object([&] { write_range(json, range); });
  });
}

void write_convention(OStream& json, const char* key, const PlanConvention& convention) {
  json.attributeObject(key, [&] {
    json.attribute("name", utf8(convention.name));
    json.attribute("status", utf8(convention.status));
    json.attribute("source", utf8(convention.source));
  });
}

const char* area_kind(PlanArea::Kind kind) {
  switch (kind) {
    case PlanArea::Kind::kRunningKernel: return "running_kernel";
    case PlanArea::Kind::kReserve: return "reserve";
    case PlanArea::Kind::kRegion: return "region";
  }
  return "";
}

void write_machine(OStream& json, const PlanReport& plan) {
  json.attributeObject("machine", [&] {
    json.attribute("name", utf8(plan.machine));
    json.attributeArray("facts", [&] {
      for (const PlanFact& fact : plan.facts)
        json.object([&] {
          json.attribute("name", utf8(fact.name));
          json.attribute("value", utf8(fact.value));
          json.attribute("origin", utf8(fact.origin));
        });
    });
    write_strings(json, "remarks", plan.remarks);
    write_ranges(json, "ram", plan.ram);
    json.attributeArray("areas", [&] {
      for (const PlanArea& area : plan.areas)
        json.object([&] {
          json.attribute("name", utf8(area.name));
          json.attribute("kind", area_kind(area.kind));
          write_ranges(json, "ranges", area.ranges);
        });
    });
  });
}

void write_segment(OStream& json, const PlanSegment& segment) {
  json.object([&] {
    json.attribute("name", utf8(segment.name));
    json.attribute("kind", utf8(segment.kind));
    json.attribute("content", utf8(segment.content));
    if (segment.start) {
      json.attribute("start", hex(*segment.start));
      json.attributeObject("extent", [&] { write_range(json, segment.extent); });
    }
    json.attribute("size", hex(segment.size));
    json.attribute("bufsz", hex(segment.bufsz));
    json.attribute("align", hex(segment.align));
    json.attribute("placing", utf8(segment.placing));
    write_strings(json, "holds", segment.holds);
    write_strings(json, "within", segment.within);
    write_strings(json, "avoid", segment.avoid);
    json.attribute("more_rejected", static_cast<int64_t>(segment.more_rejected));
    json.attributeArray("rejected", [&] {
      for (const placement::Rejection& rejection : segment.rejected)
        json.object([&] {
          write_range(json, rejection.hole);
          json.attribute("cause", placement::to_text(rejection.cause));
          json.attribute("constraint", utf8(rejection.constraint));
          json.attribute("room", hex(rejection.room));
          json.attribute("missing", hex(rejection.missing));
          json.attribute("below", utf8(rejection.below));
          json.attribute("above", utf8(rejection.above));
        });
    });
  });
}

void write_clause(OStream& json, const PlanClause& clause) {
  json.object([&] {
    json.attribute("section", utf8(clause.section));
    json.attribute("convention", utf8(clause.convention));
    json.attribute("clause", utf8(clause.clause));
    json.attribute("answer", to_text(clause.answer));
    json.attribute("by", utf8(clause.by));
    json.attributeArray("instructions", [&] {
      for (const PlanInstruction& instruction : clause.instructions)
        json.object([&] {
          json.attribute("giver", utf8(instruction.giver.empty() ? "any" : instruction.giver));
          json.attribute("text", utf8(instruction.text));
        });
    });
  });
}

void write_stub(OStream& json, const PlanReport& plan) {
  if (!plan.stub) return json.attribute("stub", nullptr);
  json.attributeObject("stub", [&] {
    json.attribute("size", hex(plan.stub_size));
    json.attributeArray("bodies", [&] {
      for (const PlanBody& body : plan.bodies)
        json.object([&] {
          json.attribute("giver", utf8(body.giver));
          json.attribute("instructions", static_cast<int64_t>(body.instructions));
          if (body.lower_bound != 0)
            json.attribute("lower_bound", static_cast<int64_t>(body.lower_bound));
          else
            json.attribute("lower_bound", nullptr);
          json.attributeObject("set_up", [&] {
            json.attribute("instructions", static_cast<int64_t>(body.set_up));
            json.attribute("lower_bound", static_cast<int64_t>(body.set_up_bound));
            json.attribute("known_shortest", body.set_up <= body.set_up_bound);
          });
        });
    });
    json.attributeArray("copies", [&] {
      for (const PlanCopy& copy : plan.copies)
        json.object([&] {
          json.attribute("from", hex(copy.from.begin));
          json.attribute("to", hex(copy.to));
          json.attribute("size", hex(copy.from.size()));
          json.attribute("executed", copy.executed);
        });
    });
    json.attributeArray("digests", [&] {
      for (const PlanDigest& digest : plan.digests)
        json.object([&] {
          json.attribute("segment", utf8(digest.segment));
          json.attribute("size", hex(digest.size));
          json.attribute("sha256", digest.sha256);
          json.attribute("by", utf8(plan.digest_by));
        });
    });
  });
}

void write_findings(OStream& json, const PlanReport& plan) {
  json.attributeArray("checks", [&] {
    for (const PlanCheck& check : plan.checks)
      json.object([&] {
        json.attribute("text", utf8(check.text));
        json.attribute("error", utf8(check.error));
        json.attribute("holds", check.holds);
        json.attribute("detail", utf8(check.detail));
      });
  });
  json.attributeArray("assumptions", [&] {
    for (const PlanAssumption& assumption : plan.assumptions)
      json.object([&] {
        json.attribute("text", utf8(assumption.text));
        json.attribute("why", utf8(assumption.why));
      });
  });
  json.attributeArray("outputs", [&] {
    for (const PlanOutput& output : plan.outputs)
      json.object([&] {
        json.attribute("name", utf8(output.name));
        json.attribute("size", hex(output.size));
        json.attribute("what", utf8(output.what));
      });
  });
}

}  // namespace

std::string plan_json(const PlanReport& plan) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  OStream json(stream, 2);
  json.object([&] {
    json.attribute("format", 1);
    json.attribute("handoff", utf8(plan.handoff));
    write_strings(json, "doc", plan.doc);
    write_convention(json, "from", plan.from);
    write_convention(json, "to", plan.to);
    json.attribute("giver", utf8(plan.giver));
    json.attribute("on_crash", plan.on_crash);
    json.attribute("loader", utf8(plan.loader));
    json.attribute("granule", hex(plan.granule));
    if (plan.entry) {
      json.attribute("entry", hex(*plan.entry));
      json.attribute("entered", utf8(plan.entered));
    }
    write_machine(json, plan);
    if (plan.cpus)
      json.attributeObject("cpus", [&] {
        json.attributeArray("possible", [&] {
          for (uint32_t id : plan.cpus->possible) json.value(static_cast<int64_t>(id));
        });
        write_strings(json, "arrival", plan.cpus->arrival);
        json.attribute("others", utf8(plan.cpus->others));
      });
    json.attributeArray("segments", [&] {
      for (const PlanSegment& segment : plan.segments) write_segment(json, segment);
    });
    json.attributeArray("clauses", [&] {
      for (const PlanClause& clause : plan.clauses) write_clause(json, clause);
    });
    write_stub(json, plan);
    write_findings(json, plan);
  });
  stream << '\n';
  return text;
}

}  // namespace baton::report
