// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which findings does this run take more, and which less, seriously than the catalogue?
//
// One `-W` option names one slug (or code): `no-SLUG` drops the finding, `error=SLUG` makes it an error. A
// later option about the same slug wins. What the catalogue calls an error cannot be dropped: the outputs
// would be wrong. The policy is applied to what has been reported, by Sink::apply, before a phase asks
// whether it may go on; phases themselves do not know of it.
//
//   SeverityPolicy policy; policy.add("error=delay-as-barrier"); sink.apply(policy);
#pragma once

#include <map>
#include <string_view>

#include "diagnostics/diagnostic.h"

namespace baton::diagnostics {

class SeverityPolicy {
 public:
  /// The argument of one `-W`. Fails for an unknown slug, and for `no-` before an error's.
  Result<Done> add(std::string_view option);

  bool drops(Code code) const;
  /// The severity a finding of this code gets; the given one where no option speaks of it.
  Severity severity(Code code, Severity reported) const;

 private:
  enum class Wish { kDrop, kError };
  std::map<Code, Wish> wishes_;
};

}  // namespace baton::diagnostics
