// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pieces and patches. See payload.h.
#include "inputs/payload.h"

#include <algorithm>

namespace baton::inputs {

Payload Payload::of_file(MappedFile file) {
  Payload p;
  p.pieces_.push_back({0, file.bytes()});
  p.file_ = std::move(file);
  return p;
}

Payload Payload::of_bytes(ByteBuffer bytes) { return of_file(MappedFile::from_bytes(std::move(bytes), "")); }

Payload Payload::of_pieces(MappedFile file, std::vector<std::pair<uint64_t, ByteView>> pieces) {
  Payload p;
  p.file_ = std::move(file);
  for (auto& [offset, bytes] : pieces)
    if (!bytes.empty()) p.pieces_.push_back({offset, bytes});
  return p;
}

uint64_t Payload::size() const {
  return pieces_.empty() ? 0 : pieces_.back().offset + pieces_.back().bytes.size();
}

bool Payload::patch(uint64_t offset, ByteBuffer bytes) {
  if (offset > size() || size() - offset < bytes.size()) return false;
  patches_.push_back({offset, std::make_shared<const ByteBuffer>(std::move(bytes))});
  return true;
}

std::optional<ByteBuffer> Payload::bytes_at(uint64_t offset, uint64_t length) const {
  if (offset > size() || size() - offset < length) return std::nullopt;
  ByteBuffer out(length, 0);
  auto lay = [&](uint64_t at, ByteView bytes) {
    uint64_t begin = std::max(at, offset), end = std::min(at + bytes.size(), offset + length);
    for (uint64_t i = begin; i < end; ++i) out[i - offset] = bytes[i - at];
  };
  for (const Piece& piece : pieces_) lay(piece.offset, piece.bytes);
  for (const Patch& patch : patches_) lay(patch.offset, *patch.bytes);
  return out;
}

std::vector<ByteView> Payload::views() const {
  static const ByteBuffer kZeros(64 << 10, 0);
  std::vector<Piece> patches;
  for (const Patch& p : patches_) patches.push_back({p.offset, ByteView(*p.bytes)});
  // A later patch of the same bytes wins; patches are words of a head and do not straddle each other.
  std::stable_sort(patches.begin(), patches.end(),
                   [](const Piece& a, const Piece& b) { return a.offset < b.offset; });
  std::vector<ByteView> out;
  auto emit_piece = [&](const Piece& piece) {
    uint64_t at = piece.offset, end = piece.offset + piece.bytes.size();
    for (const Piece& patch : patches) {
      uint64_t begin = std::max(patch.offset, at);
      uint64_t stop = std::min(patch.offset + patch.bytes.size(), end);
      if (begin >= stop) continue;
      if (begin > at) out.push_back(piece.bytes.subspan(at - piece.offset, begin - at));
      out.push_back(patch.bytes.subspan(begin - patch.offset, stop - begin));
      at = stop;
    }
    if (at < end) out.push_back(piece.bytes.subspan(at - piece.offset));
  };
  uint64_t at = 0;
  for (const Piece& piece : pieces_) {
    while (at < piece.offset) {
      uint64_t gap = std::min<uint64_t>(piece.offset - at, kZeros.size());
      emit_piece({at, ByteView(kZeros).first(gap)});
      at += gap;
    }
    emit_piece(piece);
    at = piece.offset + piece.bytes.size();
  }
  return out;
}

}  // namespace baton::inputs
