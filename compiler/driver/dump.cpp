// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Dumps. Numbers beyond 2^53 are strings, since JSON readers lose them.
#include "driver/dump.h"

#include <llvm/Support/JSON.h>
#include <llvm/Support/raw_ostream.h>

#include "driver/outputs.h"
#include "driver/verification.h"
#include "syntax/dump.h"
#include "syntax/parse.h"

namespace baton::driver {
namespace {

std::string with_json(llvm::function_ref<void(llvm::json::OStream&)> body) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  {
    llvm::json::OStream json(stream, 2);
    json.object([&] { body(json); });
  }
  stream << '\n';
  stream.flush();
  return text;
}

void clause(llvm::json::OStream& json, const model::Clause& c) {
  json.object([&] {
    json.attribute("section", to_text(c.section));
    if (!c.role.empty()) json.attribute("role", c.role);
    json.attribute("key", c.key);
    json.attribute("text", c.text);
    json.attribute("origin", c.origin);
    if (c.incidental) json.attribute("incidental", true);
    if (!c.because.empty()) json.attribute("because", c.because);
  });
}

std::string dump_program(const model::Program& program) {
  return with_json([&](llvm::json::OStream& json) {
    json.attributeArray("conventions", [&] {
      for (const auto& [name, c] : program.conventions)
        json.object([&] {
          json.attribute("name", name);
          json.attribute("status", c.status);
          json.attribute("source", c.source);
          if (!c.parent.empty()) json.attribute("extends", c.parent);
          if (!c.supersedes.empty()) json.attribute("supersedes", c.supersedes);
          json.attributeArray("roles", [&] {
            for (const auto& role : c.roles) json.value(role.name + " : " + role.kind);
          });
          json.attributeArray("clauses", [&] {
            for (const auto& one : c.clauses) clause(json, one);
          });
          json.attributeArray("order", [&] {
            for (const auto& edge : c.order) json.value(edge.before + " < " + edge.after);
          });
        });
    });
    json.attributeArray("handoffs", [&] {
      for (const auto& name : program.main_handoffs) {
        const auto& h = program.handoffs.at(name);
        json.object([&] {
          json.attribute("name", name);
          json.attribute("machine", h.machine);
          json.attribute("loader", h.loader);
          json.attribute("from", h.from);
          json.attribute("to", h.to);
          json.attribute("giver", to_text(h.giver));
          json.attribute("enter", h.enter);
          json.attributeArray("segments", [&] {
            for (const auto& s : h.segments) json.value(s.name + " = " + to_text(s.kind));
          });
        });
      }
    });
  });
}

std::string dump_layout(const placement::Layout& layout) {
  return with_json([&](llvm::json::OStream& json) {
    json.attribute("handoff", layout.handoff->name);
    json.attribute("granule", hex(layout.granule));
    json.attributeArray("segments", [&] {
      for (const auto& s : layout.segments)
        json.object([&] {
          json.attribute("name", s.name());
          json.attribute("kind", to_text(s.declaration->kind));
          json.attribute("size", hex(s.content.size));
          if (s.start) {
            json.attribute("start", hex(*s.start));
            json.attribute("extent", to_text(s.extent));
          }
          json.attributeArray("within", [&] {
            for (const auto& text : s.within) json.value(text);
          });
          json.attributeArray("avoid", [&] {
            for (const auto& text : s.avoid) json.value(text);
          });
          json.attributeArray("rejected", [&] {
            for (const auto& r : s.search.rejected) json.value(placement::describe(r));
            if (s.search.more > 0) json.value("and " + std::to_string(s.search.more) + " more");
          });
        });
    });
  });
}

}  // namespace

std::string dump_machine(const model::Machine& machine) {
  return with_json([&](llvm::json::OStream& json) {
    json.attribute("machine", machine.name);
    json.attributeArray("facts", [&] {
      // In the order of the reference.
      for (const auto& attribute : model::machine_attributes()) {
        const auto* fact = machine.find(attribute.name);
        if (!fact) continue;
        json.object([&] {
          json.attribute("name", std::string(attribute.name));
          json.attribute("value", to_text(fact->value));
          json.attribute("origin", fact->origin);
        });
      }
    });
    json.attributeArray("named", [&] {
      for (const auto& named : machine.named)
        json.object([&] {
          json.attribute("name", named.name);
          json.attribute("ranges", to_text(named.ranges));
          json.attribute("reserve", named.reserve);
        });
    });
    json.attributeArray("remarks", [&] {
      for (const auto& remark : machine.remarks) json.value(remark);
    });
  });
}

std::string dump_phase(Compilation& c, Phase phase) {
  switch (phase) {
    case Phase::kParse: {
      diagnostics::Sink ignored;  // reported already
      return syntax::dump_json(syntax::parse(c.main, c.sources, ignored), c.sources);
    }
    case Phase::kCheck: return dump_program(c.program);
    case Phase::kPlace: return c.layout.handoff ? dump_layout(c.layout) : "";
    case Phase::kSynthesize: return c.stub ? c.stub->assembly : "";
    case Phase::kEmit: {
      auto outputs = c.gap ? make_outputs(c) : std::nullopt;
      return outputs ? table_json(outputs->table) : "";
    }
    case Phase::kVerify: return c.verdicts.empty() ? "" : verdicts_text(c);
  }
  return "";
}

}  // namespace baton::driver
