// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes the sample bundle with the compiler's writer: bundle_sample FILE. loader_test.py compares the
// file with what its own implementation of the format gives.
#include <cstdio>
#include <filesystem>

#include "base/file.h"
#include "sample_contents.h"

int main(int count, char** words) {
  if (count != 2) {
    std::fprintf(stderr, "usage: bundle_sample FILE\n");
    return 64;
  }
  SampleContents sample;
  auto image = baton::emit::lay_out_bundle(sample.contents);
  if (!image) {
    std::fprintf(stderr, "bundle_sample: %s\n", image.failure().message.c_str());
    return 1;
  }
  std::filesystem::path path(words[1]);
  baton::OutputSet outputs(path.parent_path());
  auto added = outputs.add(path.filename().string(), image->pieces());
  auto done = added ? outputs.commit() : added;
  if (!done) {
    std::fprintf(stderr, "bundle_sample: %s\n", done.failure().message.c_str());
    return 70;
  }
  return 0;
}
