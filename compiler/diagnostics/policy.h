// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which findings does this run take more, and which less, seriously than the catalogue?
//
// `-W SLUG` (or code) asks for a check that is off, `no-SLUG` drops a finding, `error=SLUG` makes it an error;
// `all`, `no-all` speak of every check of range 7, `error=all` of every warning there is. A later option about
// the same slug wins. A waiver in the program drops findings of one code in one stretch of text. What the
// catalogue calls an error cannot be dropped: the outputs would be wrong. The policy is applied to what has
// been reported, by Sink::apply, before a phase asks whether it may go on; phases themselves do not know of it.
//
//   SeverityPolicy policy; policy.add("error=delay-as-barrier"); sink.apply(policy);
#pragma once

#include <map>
#include <string_view>
#include <tuple>
#include <vector>

#include "diagnostics/diagnostic.h"

namespace baton::diagnostics {

/// Findings of `code` whose primary place begins in `region` are not shown. Regions of one reach are the same or
/// do not overlap.
struct Waiver {
  enum class Reach { kLine, kDeclaration };
  Code code;
  Reach reach = Reach::kLine;
  source::Span region;
  source::Span place;  // the waiver itself
  bool used = false;   // it has silenced something
};

/// Whether a finding of this code may be dropped at all.
bool can_be_dropped(Code code);

class SeverityPolicy {
 public:
  /// The argument of one `-W`. Fails for an unknown slug, and for `no-` before an error's.
  Result<Done> add(std::string_view option);

  void add(Waiver waiver);
  const std::vector<Waiver>& waivers() const { return waivers_; }

  /// Whether a check is to be made at all, that is made `by_default` or not.
  bool wants(Code code, bool by_default) const;
  bool drops(Code code) const;
  /// Whether a waiver silences the finding; the waiver is then used.
  bool waives(const Diagnostic& finding);
  /// The severity a finding of this code gets; the given one where no option speaks of it.
  Severity severity(Code code, Severity reported) const;

 private:
  enum class Wish { kShow, kDrop, kError };
  std::map<Code, Wish> wishes_;
  bool warnings_are_errors_ = false;
  std::vector<Waiver> waivers_;
  std::map<std::tuple<Code, source::FileId, Waiver::Reach, uint32_t>, std::vector<size_t>> regions_;  // by beginning
};

/// Slugs of what can be dropped, for did-you-mean.
std::vector<std::string_view> droppable_slugs();

}  // namespace baton::diagnostics
