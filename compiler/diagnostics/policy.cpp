// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Options of `-W` and what they do to reported findings. See policy.h.
#include "diagnostics/policy.h"

#include <vector>

namespace baton::diagnostics {
namespace {

Failure unknown_slug(std::string_view slug) {
  std::vector<std::string_view> slugs;
  for (const CatalogEntry& e : catalog()) slugs.push_back(e.slug);
  Failure failure{Failure::Kind::kUnsuitable,
                  "`" + std::string(slug) + "` is neither a slug nor a code of a diagnostic"};
  if (auto near = did_you_mean(slug, slugs); !near.empty())
    failure.way_out = "did you mean `" + std::string(near) + "`?";
  return failure;
}

}  // namespace

Result<Done> SeverityPolicy::add(std::string_view option) {
  constexpr std::string_view kNo = "no-", kError = "error=";
  Wish wish;
  std::string_view slug;
  if (option.starts_with(kNo)) {
    wish = Wish::kDrop;
    slug = option.substr(kNo.size());
  } else if (option.starts_with(kError)) {
    wish = Wish::kError;
    slug = option.substr(kError.size());
  } else {
    return Failure{Failure::Kind::kUnsuitable,
                   "`-W " + std::string(option) + "` has neither of the forms `-W no-SLUG` and `-W error=SLUG`"};
  }
  const CatalogEntry* found = find_entry(slug);
  if (found == nullptr) return unknown_slug(slug);
  if (wish == Wish::kDrop && found->severity == Severity::kError)
    return Failure{Failure::Kind::kUnsuitable,
                   "`" + std::string(found->slug) + "` is an error; only warnings and remarks can be dropped"};
  wishes_[found->code] = wish;
  return Done{};
}

bool SeverityPolicy::drops(Code code) const {
  auto it = wishes_.find(code);
  return it != wishes_.end() && it->second == Wish::kDrop;
}

Severity SeverityPolicy::severity(Code code, Severity reported) const {
  auto it = wishes_.find(code);
  return it != wishes_.end() && it->second == Wish::kError ? Severity::kError : reported;
}

void Sink::apply(const SeverityPolicy& policy) {
  std::erase_if(diagnostics_, [&](const Diagnostic& d) { return policy.drops(d.code); });
  for (Diagnostic& d : diagnostics_) d.severity = policy.severity(d.code, d.severity);
}

}  // namespace baton::diagnostics
