// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which bytes does the loader put at a segment's start?
//
// A Payload is a list of views into mapped files, with small patches over it: a kernel of 100 MB with one
// poked word is still not copied. Gaps between pieces are zero. Offsets count from the segment's start.
//
//   payload.patch(0x5c, {0,0,0,1}); for (ByteView v : payload.views()) write(v);
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/file.h"

namespace baton::inputs {

class Payload {
 public:
  Payload() = default;
  /// One piece at offset 0, kept alive by the file.
  static Payload of_file(MappedFile file);
  static Payload of_bytes(ByteBuffer bytes);
  /// Pieces in ascending order of offset, disjoint.
  static Payload of_pieces(MappedFile file, std::vector<std::pair<uint64_t, ByteView>> pieces);

  /// The end of the last piece: what has to be loaded; the rest of the segment is zero.
  uint64_t size() const;
  /// Overwrites bytes inside the payload; false when they do not lie within `size()`.
  bool patch(uint64_t offset, ByteBuffer bytes);
  /// The bytes as loaded, patches applied; nullopt past the end.
  std::optional<ByteBuffer> bytes_at(uint64_t offset, uint64_t length) const;
  /// All bytes in order, patches and zero gaps included. Valid while the payload lives unchanged.
  std::vector<ByteView> views() const;

 private:
  struct Piece {
    uint64_t offset;
    ByteView bytes;
  };
  struct Patch {
    uint64_t offset;
    std::shared_ptr<const ByteBuffer> bytes;
  };
  MappedFile file_;
  std::vector<Piece> pieces_;
  std::vector<Patch> patches_;
};

}  // namespace baton::inputs
