// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Findings as SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format"). See annotation.h.
//
// One run; the rules are those that its results name, in byte order. A file is named by a URI reference relative to
// where the program ran; shipped conventions lie under the base STDLIB. A place in an old version of a file is no
// physical location, as a reader of the document has no such file: it is named as a logical one.
#include <algorithm>
#include <map>
#include <set>

#include "diagnostics/annotation.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

namespace baton::diagnostics {
namespace {

using llvm::json::OStream;

std::string utf8(std::string_view text) { return llvm::json::fixUTF8(llvm::StringRef(text.data(), text.size())); }

const char* level(Severity severity) {
  switch (severity) {
    case Severity::kError: return "error";
    case Severity::kWarning: return "warning";
    case Severity::kInfo: return "note";
  }
  return "none";
}

/// A path as a URI reference: what is not plain there is written as %XX.
std::string uri(std::string_view path) {
  static constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out = path.rfind('/', 0) == 0 ? "file://" : "";
  for (char c : path) {
    if (kPlain.find(c) != kPlain.npos) {
      out += c;
      continue;
    }
    auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

void write_artifact(OStream& json, const std::string& file) {
  static constexpr std::string_view kShipped = "<stdlib>/";
  json.attributeObject("artifactLocation", [&] {
    bool shipped = file.rfind(kShipped, 0) == 0;
    json.attribute("uri", uri(shipped ? std::string_view(file).substr(kShipped.size()) : std::string_view(file)));
    if (shipped) json.attribute("uriBaseId", "STDLIB");
  });
}

void write_region(OStream& json, const char* key, const AnnotationPlace& place) {
  json.attributeObject(key, [&] {
    json.attribute("startLine", place.line);
    json.attribute("startColumn", place.column);
    json.attribute("endLine", place.end_line);
    json.attribute("endColumn", place.end_column);
  });
}

void write_location(OStream& json, const AnnotationPlace& place, const std::string& text) {
  json.object([&] {
    if (place.in_work_tree) {
      json.attributeObject("physicalLocation", [&] {
        write_artifact(json, place.file);
        write_region(json, "region", place);
      });
    } else {
      json.attributeArray("logicalLocations", [&] {
        json.object([&] { json.attribute("fullyQualifiedName", utf8(place.file) + ":" + std::to_string(place.line)); });
      });
    }
    if (!text.empty())
      json.attributeObject("message", [&] { json.attribute("text", utf8(text)); });
  });
}

void write_result(OStream& json, const Annotation& each, size_t rule) {
  json.object([&] {
    json.attribute("ruleId", utf8(each.rule));
    json.attribute("ruleIndex", static_cast<int64_t>(rule));
    json.attribute("level", level(each.severity));
    std::string message = each.message;
    for (const std::string& note : each.notes) message += "\nnote: " + note;
    json.attributeObject("message", [&] { json.attribute("text", utf8(message)); });
    if (each.place)
      json.attributeArray("locations", [&] { write_location(json, *each.place, {}); });
    if (!each.related.empty())
      json.attributeArray("relatedLocations", [&] {
        for (const AnnotationLabel& label : each.related) write_location(json, label.place, label.text);
      });
    // All corrections of a finding belong together; SARIF groups them by file.
    if (!each.fixes.empty())
      json.attributeArray("fixes", [&] {
        std::map<std::string, std::vector<const AnnotationLabel*>> by_file;
        for (const AnnotationLabel& fix : each.fixes) by_file[fix.place.file].push_back(&fix);
        json.object([&] {
          json.attributeArray("artifactChanges", [&] {
            for (const auto& [file, fixes] : by_file)
              json.object([&] {
                write_artifact(json, file);
                json.attributeArray("replacements", [&] {
                  for (const AnnotationLabel* fix : fixes)
                    json.object([&] {
                      write_region(json, "deletedRegion", fix->place);
                      json.attributeObject("insertedContent", [&] { json.attribute("text", utf8(fix->text)); });
                    });
                });
              });
          });
        });
      });
    if (each.waived)
      json.attributeArray("suppressions", [&] {
        json.object([&] {
          json.attribute("kind", "inSource");
          json.attribute("justification", utf8(*each.waived));
        });
      });
  });
}

}  // namespace

std::string render_sarif(const std::vector<Annotation>& annotations, const std::string& version) {
  std::map<std::string, const Annotation*> rules;
  std::vector<const Annotation*> results;
  std::set<Annotation> seen;
  for (const Annotation& each : annotations) {
    rules.emplace(each.rule, &each);
    if (seen.insert(each).second) results.push_back(&each);
  }
  std::string text;
  llvm::raw_string_ostream stream(text);
  OStream json(stream, 2);
  json.object([&] {
    json.attribute("$schema", "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json");
    json.attribute("version", "2.1.0");
    json.attributeArray("runs", [&] {
      json.object([&] {
        json.attributeObject("tool", [&] {
          json.attributeObject("driver", [&] {
            json.attribute("name", "baton");
            json.attribute("semanticVersion", version);
            json.attributeArray("rules", [&] {
              for (const auto& [id, rule] : rules)
                json.object([&] {
                  json.attribute("id", utf8(id));
                  if (!rule->rule_name.empty()) json.attribute("name", utf8(rule->rule_name));
                  json.attributeObject("shortDescription", [&] { json.attribute("text", utf8(rule->rule_title)); });
                  if (!rule->rule_help.empty())
                    json.attributeObject("help", [&] { json.attribute("text", utf8(rule->rule_help)); });
                });
            });
          });
        });
        json.attribute("columnKind", "unicodeCodePoints");
        json.attributeObject("originalUriBaseIds", [&] {
          json.attributeObject("STDLIB", [&] {
            json.attributeObject("description", [&] { json.attribute("text", "the conventions that baton ships"); });
          });
        });
        json.attributeArray("results", [&] {
          for (const Annotation* each : results)
            write_result(json, *each, static_cast<size_t>(std::distance(rules.begin(), rules.find(each->rule))));
        });
      });
    });
  });
  stream << '\n';
  return text;
}

}  // namespace baton::diagnostics
