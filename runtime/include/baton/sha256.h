/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * SHA-256 (FIPS 180-4), the one home of it in the runtime and the bundle writer.
 *
 * Freestanding: needs no library. Not constant-time in anything but its input's length, and not
 * meant for secrets.
 *
 *   uint8_t digest[32]; baton_sha256(bytes, length, digest);
 */
#ifndef BATON_SHA256_H
#define BATON_SHA256_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct BatonSha256 {
  uint32_t state[8];
  uint64_t length;    /* bytes taken in so far */
  uint8_t block[64];  /* the first length % 64 bytes wait here */
} BatonSha256;

void baton_sha256_begin(BatonSha256 *hash);
/* `bytes` may be null when `length` is 0. */
void baton_sha256_add(BatonSha256 *hash, const void *bytes, size_t length);
/* `hash` must not be used again before baton_sha256_begin. */
void baton_sha256_end(BatonSha256 *hash, uint8_t digest[32]);
/* The three above in one. */
void baton_sha256(const void *bytes, size_t length, uint8_t digest[32]);

#ifdef __cplusplus
}
#endif
#endif
