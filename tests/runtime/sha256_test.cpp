// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Is the runtime's SHA-256 the one of FIPS 180-4, however its input is cut?
#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>

#include "baton/sha256.h"
#include "emit/bundle.h"

using namespace baton;
using namespace baton::emit;

namespace {

std::string hex_digest(const Sha256Digest& digest) {
  static const char* const kDigits = "0123456789abcdef";
  std::string text;
  for (uint8_t byte : digest) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string hex_digest(const std::string& text) { return hex_digest(sha256({view_of(text)})); }

}  // namespace

TEST_CASE("sha256: the vectors of FIPS 180-4 and its examples") {
  CHECK(hex_digest("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(hex_digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(hex_digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(hex_digest("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopq"
                   "klmnopqrlmnopqrsmnopqrstnopqrstu") ==
        "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
  CHECK(hex_digest(std::string(1000000, 'a')) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("sha256: any way of cutting the input gives the same digest") {
  std::mt19937 random(1);
  for (size_t length = 0; length < 200; ++length) {
    std::string text(length, 0);
    for (char& c : text) c = static_cast<char>(random());
    BatonSha256 hash;
    baton_sha256_begin(&hash);
    for (size_t at = 0; at < length;) {
      size_t piece = std::min<size_t>(length - at, random() % 80);
      baton_sha256_add(&hash, text.data() + at, piece);
      at += piece;
    }
    Sha256Digest digest;
    baton_sha256_end(&hash, digest.data());
    CHECK(digest == sha256({view_of(text)}));
  }
}
