// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Options of `-W` and what they do to reported findings. See policy.h.
#include "diagnostics/policy.h"

#include <iterator>
#include <vector>

#include "diagnostics/suggest.h"

namespace baton::diagnostics {
namespace {

Failure unknown_slug(std::string_view slug) {
  std::vector<std::string_view> slugs;
  for (const CatalogEntry& e : catalog()) slugs.push_back(e.slug);
  Failure failure{Failure::Kind::kUnsuitable,
                  "`" + std::string(slug) + "` is neither a slug nor a code of a diagnostic"};
  suggest(failure, slug, slugs);
  return failure;
}

bool is_lint(Code code) {
  auto number = static_cast<unsigned>(code);
  return number >= 7000 && number < 8000;
}

}  // namespace

bool can_be_dropped(Code code) { return entry(code).severity != Severity::kError; }

std::vector<std::string_view> droppable_slugs() {
  std::vector<std::string_view> slugs;
  for (const CatalogEntry& e : catalog())
    if (can_be_dropped(e.code)) slugs.push_back(e.slug);
  return slugs;
}

Result<Done> SeverityPolicy::add(std::string_view option) {
  constexpr std::string_view kNo = "no-", kError = "error=";
  Wish wish = Wish::kShow;
  std::string_view slug = option;
  if (option.starts_with(kError)) {
    wish = Wish::kError;
    slug = option.substr(kError.size());
  } else if (option.starts_with(kNo) && find_entry(option) == nullptr) {
    // Some slugs begin so themselves (no-hole).
    wish = Wish::kDrop;
    slug = option.substr(kNo.size());
  }
  if (slug == "all") {
    if (wish == Wish::kError) {
      warnings_are_errors_ = true;
      return Done{};
    }
    // What was raised by name stays raised, and is asked for.
    for (const CatalogEntry& e : catalog())
      if (is_lint(e.code) && (wish == Wish::kDrop || !wishes_.contains(e.code) || wishes_[e.code] != Wish::kError))
        wishes_[e.code] = wish;
    return Done{};
  }
  const CatalogEntry* found = find_entry(slug);
  if (found == nullptr) return unknown_slug(slug);
  if (wish == Wish::kDrop && !can_be_dropped(found->code))
    return Failure{Failure::Kind::kUnsuitable,
                   "`" + std::string(found->slug) + "` is an error; only warnings and remarks can be dropped"};
  if (wish == Wish::kShow && !can_be_dropped(found->code))
    return Failure{Failure::Kind::kUnsuitable, "`" + std::string(found->slug) + "` is an error, and always shown"};
  wishes_[found->code] = wish;
  return Done{};
}

bool SeverityPolicy::wants(Code code, bool by_default) const {
  auto it = wishes_.find(code);
  return it == wishes_.end() ? by_default : it->second != Wish::kDrop;
}

bool SeverityPolicy::drops(Code code) const { return !wants(code, true); }

void SeverityPolicy::add(Waiver waiver) {
  regions_[{waiver.code, waiver.region.file, waiver.reach, waiver.region.begin}].push_back(waivers_.size());
  waivers_.push_back(waiver);
}

bool SeverityPolicy::waives(const Diagnostic& finding) {
  if (waivers_.empty() || !finding.span.valid() || !can_be_dropped(finding.code)) return false;
  bool waived = false;
  for (Waiver::Reach reach : {Waiver::Reach::kLine, Waiver::Reach::kDeclaration}) {
    // Regions of one reach do not overlap: the last that begins before the finding holds it, or none does.
    auto it = regions_.upper_bound({finding.code, finding.span.file, reach, finding.span.begin});
    if (it == regions_.begin()) continue;
    for (size_t i : std::prev(it)->second) {
      Waiver& w = waivers_[i];
      if (w.code != finding.code || w.region.file != finding.span.file || w.reach != reach) break;
      if (finding.span.begin < w.region.end) w.used = waived = true;
    }
  }
  return waived;
}

Severity SeverityPolicy::severity(Code code, Severity reported) const {
  if (warnings_are_errors_ && reported == Severity::kWarning) return Severity::kError;
  auto it = wishes_.find(code);
  return it != wishes_.end() && it->second == Wish::kError ? Severity::kError : reported;
}

void Sink::apply(SeverityPolicy& policy) {
  std::erase_if(diagnostics_, [&](const Diagnostic& d) { return policy.waives(d) || policy.drops(d.code); });
  for (Diagnostic& d : diagnostics_) d.severity = policy.severity(d.code, d.severity);
}

}  // namespace baton::diagnostics
