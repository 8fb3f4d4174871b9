/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * SHA-256 after FIPS 180-4; see baton/sha256.h. Whole blocks are taken straight from the caller's
 * bytes: a payload is read once and copied nowhere.
 *
 * The rounds are written out eight at a time with the names of the eight working variables rotated
 * instead of their values: that saves eight moves a round, which is most of the time on a machine
 * without a SHA instruction (POWER before 8, and every emulator).
 */
#include "baton/sha256.h"

static const uint32_t kRound[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static inline uint32_t rotate_right(uint32_t x, unsigned n) { return (x >> n) | (x << (32 - n)); }
static inline uint32_t big_sigma0(uint32_t x) {
  return rotate_right(x, 2) ^ rotate_right(x, 13) ^ rotate_right(x, 22);
}
static inline uint32_t big_sigma1(uint32_t x) {
  return rotate_right(x, 6) ^ rotate_right(x, 11) ^ rotate_right(x, 25);
}
static inline uint32_t small_sigma0(uint32_t x) {
  return rotate_right(x, 7) ^ rotate_right(x, 18) ^ (x >> 3);
}
static inline uint32_t small_sigma1(uint32_t x) {
  return rotate_right(x, 17) ^ rotate_right(x, 19) ^ (x >> 10);
}
static inline uint32_t choose(uint32_t x, uint32_t y, uint32_t z) { return z ^ (x & (y ^ z)); }
static inline uint32_t majority(uint32_t x, uint32_t y, uint32_t z) {
  return (x & y) | (z & (x | y));
}

/* One round: the caller names the variables in this round's order; d and h are written. */
static inline void step(uint32_t a, uint32_t b, uint32_t c, uint32_t *d, uint32_t e, uint32_t f,
                        uint32_t g, uint32_t *h, uint32_t constant_and_word) {
  uint32_t t = *h + big_sigma1(e) + choose(e, f, g) + constant_and_word;
  *d += t;
  *h = t + big_sigma0(a) + majority(a, b, c);
}

static void take_block(uint32_t state[8], const uint8_t *bytes) {
  uint32_t w[64];
  for (unsigned i = 0; i < 16; ++i, bytes += 4)
    w[i] = ((uint32_t)bytes[0] << 24) | ((uint32_t)bytes[1] << 16) | ((uint32_t)bytes[2] << 8) |
           (uint32_t)bytes[3];
  for (unsigned i = 16; i < 64; ++i)
    w[i] = small_sigma1(w[i - 2]) + w[i - 7] + small_sigma0(w[i - 15]) + w[i - 16];
  uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
  uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
  for (unsigned i = 0; i < 64; i += 8) {
    step(a, b, c, &d, e, f, g, &h, kRound[i] + w[i]);
    step(h, a, b, &c, d, e, f, &g, kRound[i + 1] + w[i + 1]);
    step(g, h, a, &b, c, d, e, &f, kRound[i + 2] + w[i + 2]);
    step(f, g, h, &a, b, c, d, &e, kRound[i + 3] + w[i + 3]);
    step(e, f, g, &h, a, b, c, &d, kRound[i + 4] + w[i + 4]);
    step(d, e, f, &g, h, a, b, &c, kRound[i + 5] + w[i + 5]);
    step(c, d, e, &f, g, h, a, &b, kRound[i + 6] + w[i + 6]);
    step(b, c, d, &e, f, g, h, &a, kRound[i + 7] + w[i + 7]);
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}

void baton_sha256_begin(BatonSha256 *hash) {
  static const uint32_t kStart[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                     0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  for (unsigned i = 0; i < 8; ++i) hash->state[i] = kStart[i];
  hash->length = 0;
}

void baton_sha256_add(BatonSha256 *hash, const void *data, size_t length) {
  const uint8_t *bytes = (const uint8_t *)data;
  unsigned waiting = (unsigned)(hash->length % 64);
  hash->length += length;
  if (waiting != 0) {
    while (length != 0 && waiting < 64) {
      hash->block[waiting++] = *bytes++;
      --length;
    }
    if (waiting < 64) return;
    take_block(hash->state, hash->block);
  }
  for (; length >= 64; bytes += 64, length -= 64) take_block(hash->state, bytes);
  for (size_t i = 0; i < length; ++i) hash->block[i] = bytes[i];
}

void baton_sha256_end(BatonSha256 *hash, uint8_t digest[32]) {
  uint64_t bits = hash->length * 8;
  unsigned waiting = (unsigned)(hash->length % 64);
  hash->block[waiting++] = 0x80;
  if (waiting > 56) {
    while (waiting < 64) hash->block[waiting++] = 0;
    take_block(hash->state, hash->block);
    waiting = 0;
  }
  while (waiting < 56) hash->block[waiting++] = 0;
  for (unsigned i = 0; i < 8; ++i) hash->block[56 + i] = (uint8_t)(bits >> (56 - 8 * i));
  take_block(hash->state, hash->block);
  for (unsigned i = 0; i < 32; ++i)
    digest[i] = (uint8_t)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
}

void baton_sha256(const void *bytes, size_t length, uint8_t digest[32]) {
  BatonSha256 hash;
  baton_sha256_begin(&hash);
  baton_sha256_add(&hash, bytes, length);
  baton_sha256_end(&hash, digest);
}
