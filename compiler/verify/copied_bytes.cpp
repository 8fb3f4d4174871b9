// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See copied_bytes.h.
#include "verify/copied_bytes.h"

#include <algorithm>

namespace baton::verify {

const std::vector<CopiedBytes::Piece>& CopiedBytes::pieces() const {
  static const std::vector<Piece> none;
  return pieces_ ? *pieces_ : none;
}

const CopiedBytes::Piece* CopiedBytes::next(uint64_t address) const {
  if (!pieces_) return nullptr;
  const auto found = std::partition_point(pieces_->begin(), pieces_->end(), [&](const Piece& piece) { return piece.at.end <= Address{address}; });
  return found == pieces_->end() ? nullptr : &*found;
}

const CopiedBytes::Piece* CopiedBytes::at(uint64_t address) const {
  const Piece* piece = next(address);
  return piece && piece->at.contains(Address{address}) ? piece : nullptr;
}

void CopiedBytes::put(const Piece& piece) {
  std::vector<Piece> all;
  for (const Piece& there : pieces())
    for (const Range& left : RangeSet{there.at}.except(RangeSet{piece.at})) all.push_back({left, there.by, there.byte});
  all.push_back(piece);
  std::sort(all.begin(), all.end(), [](const Piece& a, const Piece& b) { return a.at.begin < b.at.begin; });
  pieces_ = std::make_shared<const std::vector<Piece>>(std::move(all));
}

}  // namespace baton::verify
