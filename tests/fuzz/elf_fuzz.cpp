// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Any bytes as an ELF image: refused with a sentence, or read so that every view lies in the file and every
// number within the image.
#include <cstdlib>

#include "inputs/elf.h"

using namespace baton;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

/// Reads each byte, so that a view past the file's end is seen.
uint8_t sum(ByteView bytes) {
  uint8_t total = 0;
  for (uint8_t byte : bytes) total = static_cast<uint8_t>(total + byte);
  return total;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto image = inputs::read_elf(MappedFile::from_bytes(ByteBuffer(data, data + size), "fuzz"));
  if (!image) {
    require(image.failure().message.rfind("`fuzz` ", 0) == 0);
    return 0;
  }
  require(image->entry_offset() < image->size());
  require(image->file_backed_size() <= image->size());
  Wide end = 0;
  volatile uint8_t sink = 0;
  for (const auto& piece : image->pieces()) {
    require(piece.offset.wide() >= end);
    end = piece.offset.wide() + piece.bytes.size();
    sink = static_cast<uint8_t>(sink + sum(piece.bytes));
    require(image->is_file_backed(piece.offset, Size{piece.bytes.size()}));
    require(image->bytes_at(piece.offset, Size{piece.bytes.size()}).has_value());
  }
  require(end == image->file_backed_size().wide());
  (void)image->moves_itself_to_zero();
  (void)image->word_at(image->entry_offset());
  if (end < (Wide{1} << 20)) {  // gaps of a large image are many views
    Wide total = 0;
    for (ByteView view : image->views()) total += view.size();
    require(total == end);
  }
  return 0;
}
