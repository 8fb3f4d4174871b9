// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Does the taker's image offer what its convention says it does, and what is entered what the giver expects?
//
// `expects image` is read from the real bytes: a landing that decodes, a head that may run at 0, words with
// their defaults, an entry that is neutral to byte order. Of the taker it is an offer of the next image, of the
// giver a goal for the stub, or for the image where no stub is. Every answer is checked, assumed (with the
// reason, counted in the plan) or refused.
#pragma once

#include <optional>

#include "trampoline/close.h"

namespace baton::trampoline {

/// Reports refusals; `slaves_may_arrive` false makes the clauses about slaves vacuous.
std::vector<Offer> check_offers(const placement::Layout& layout, const Payloads& payloads,
                                bool slaves_may_arrive, diagnostics::Sink& sink);

/// The byte order slaves arrive in, where the giver promises one.
std::optional<Endian> order_of_slaves(const placement::Layout& layout, diagnostics::Sink& sink);

/// What the giver expects of the segment that is entered, against its final bytes: a landing for its slaves, code
/// that may run at 0, an entry for its byte order. False after a report; what is assumed joins the gap's offers.
bool check_entered(const placement::Layout& layout, const Payloads& payloads, ClosedGap& closed,
                   diagnostics::Sink& sink);

/// Finds the named word of the image bound to `segment`, for pokes: its offset, and its default if stated.
struct NamedWord {
  uint64_t offset = 0;
  std::optional<uint64_t> initial;
  source::Span span;
};
std::optional<NamedWord> find_named_word(const placement::Layout& layout, const std::string& segment,
                                         const std::string& word, diagnostics::Sink& sink);

}  // namespace baton::trampoline
