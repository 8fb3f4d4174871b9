// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Any bytes as code that others wrote: refused with a sentence, or pieces of memory that do not overlap, entered in one that
// is executable. What was read is then executed from there, for some steps, on the judge's machine.
#include <cstdlib>

#include "inputs/foreign_code.h"
#include "verify/verify.h"

using namespace baton;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

/// Looks at everything, so that a view of nothing is seen.
class Onlooker : public verify::Observer {
 public:
  void follows(const std::string&) override {}
  void before(verify::Machine&) override { ++steps_; }
  void after(const verify::Machine&, const verify::SymbolNames&) override {}
  uint64_t steps() const { return steps_; }

 private:
  uint64_t steps_ = 0;
};

constexpr uint64_t kSteps = 500;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  inputs::ForeignRequest request;
  request.at = inputs::kForeignAddress;
  request.sets = {{"kernel", {0x8000000}}, {"tree", {0xc000000}}};
  auto code = inputs::read_foreign(MappedFile::from_bytes(ByteBuffer(data, data + size), "fuzz"), request);
  if (!code) {
    require(!code.failure().message.empty());
    return 0;
  }
  Wide end = 0;
  bool entered = false;
  verify::Loaded loaded;
  for (const auto& piece : code->pieces) {
    require(piece.start.wide() >= end && piece.size.wide() >= piece.bytes.size() && piece.size.wide() != 0);
    end = piece.start.wide() + piece.size.wide();
    entered = entered || (piece.executable && Range::at(piece.start, piece.size).contains(code->entry));
    loaded.segments.push_back({piece.name, piece.start, ByteView(piece.bytes), piece.size});
  }
  require(entered);
  loaded.entry = code->entry;
  verify::EntryState from;
  from.most_instructions = kSteps;
  verify::Goals to;
  to.target = Address{0x8000000};
  Onlooker onlooker;
  verify::walk_entry(loaded, from, to, code->order.value_or(Endian::kBig), onlooker);
  require(onlooker.steps() <= (kSteps + verify::kMostForks + 1) * verify::kMostPaths);
  return 0;
}
