/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A broken rule of the bundle format in words; see bundle_check.h. Needs snprintf: what is
 * freestanding stays in bundle_check.c.
 *
 * Each sentence says what is wrong, names both values and ends with what to do. A file that was cut
 * or edited is to be copied again; a file whose writer lies (its digest is right) is to be built again.
 */
#include <inttypes.h>
#include <stdio.h>

#include "baton/bundle_check.h"

#define COPY_AGAIN "; copy the bundle again"
#define BUILD_AGAIN "; build the bundle again"

enum Shape {
  kPlain,   /* no value */
  kBoth,    /* found, wanted */
  kFound,   /* found only */
  kSegmentBoth,
  kSegmentFound,
  kSegmentPair, /* segment, other, found, wanted */
  kRangeBoth    /* other, found, wanted */
};

static const struct {
  const char *name;
  enum Shape shape;
  const char *format;
} kRules[kBatonRuleCount] = {
    [kBatonRuleNone] = {"none", kPlain, "no rule is broken"},
    [kBatonRuleTooShort] = {"too-short", kBoth,
                            "not a bundle: %" PRIu64 " bytes, a header alone has %" PRIu64 COPY_AGAIN},
    [kBatonRuleMagic] = {"magic", kBoth,
                         "not a bundle: it starts with 0x%016" PRIx64 ", a bundle with 0x%016" PRIx64
                         "; give the file that `baton build` wrote as NAME.bundle"},
    [kBatonRuleVersion] = {"version", kBoth,
                           "bundle format version %" PRIu64 ", this loader reads version %" PRIu64
                           "; use the baton-load of the compiler that built it"},
    [kBatonRuleHeaderSize] = {"header-size", kBoth,
                              "header size %" PRIu64 ", version 1 has %" PRIu64 BUILD_AGAIN},
    [kBatonRuleTruncated] = {"truncated", kBoth,
                             "truncated: the file has %" PRIu64 " bytes, its header says %" PRIu64
                             COPY_AGAIN},
    [kBatonRuleTrailing] = {"trailing", kBoth,
                            "bytes after the end: the file has %" PRIu64 " bytes, its header says %" PRIu64
                            COPY_AGAIN},
    [kBatonRuleSegmentCount] = {"segment-count", kBoth,
                                "%" PRIu64 " segments, kexec_load takes 1 to %" PRIu64 BUILD_AGAIN},
    [kBatonRuleRamCount] = {"ram-count", kBoth,
                            "%" PRIu64 " ranges of RAM, the format allows %" PRIu64 BUILD_AGAIN},
    [kBatonRuleNoteCount] = {"note-count", kBoth,
                             "%" PRIu64 " crash notes, the format allows %" PRIu64 BUILD_AGAIN},
    [kBatonRuleMetaSize] = {"meta-size", kBoth,
                            "header and tables of %" PRIu64 " bytes where %" PRIu64
                            " are possible" COPY_AGAIN},
    [kBatonRuleMetaDigest] = {"meta-digest", kBoth,
                              "edited or damaged: the digest of header and tables is %016" PRIx64
                              "..., the bytes give %016" PRIx64 "..." COPY_AGAIN},
    [kBatonRuleReserved] = {"reserved", kBoth,
                            "a reserved header field holds %" PRIu64 " instead of %" PRIu64 BUILD_AGAIN},
    [kBatonRuleFlags] = {"flags", kBoth,
                         "flags 0x%" PRIx64 ", known are 0x%" PRIx64
                         "; use the baton-load of the compiler that built it"},
    [kBatonRuleGiver] = {"giver", kBoth,
                         "giver byte order %" PRIu64 ", the format has 1 (big), 2 (little) and %" PRIu64
                         " (both)" BUILD_AGAIN},
    [kBatonRuleGranule] = {"granule", kBoth,
                           "granule 0x%" PRIx64 " is no power of two of at least %" PRIu64 BUILD_AGAIN},
    [kBatonRulePageSize] = {"page-size", kBoth,
                            "page size 0x%" PRIx64
                            " is no power of two between 4096 and the granule 0x%" PRIx64 BUILD_AGAIN},
    [kBatonRuleFacts] = {"facts", kBoth,
                         "a machine fact that is not marked as known holds 0x%" PRIx64
                         ", or an unknown fact is marked (allowed: 0x%" PRIx64 ")" BUILD_AGAIN},
    [kBatonRuleHypervisor] = {"hypervisor", kBoth,
                              "hypervisor fact %" PRIu64 " where only 0 and %" PRIu64
                              " mean something" BUILD_AGAIN},
    [kBatonRuleCrashRegion] = {"crash-region", kBoth,
                               "crashkernel from 0x%" PRIx64 " to 0x%" PRIx64 " is empty or backwards" BUILD_AGAIN},
    [kBatonRuleHandoffName] = {"handoff-name", kFound,
                               "the handoff's name is empty, unprintable (first byte 0x%02" PRIx64
                               ") or not ended by NULs" BUILD_AGAIN},
    [kBatonRuleMachineName] = {"machine-name", kFound,
                               "the machine's name is unprintable (first byte 0x%02" PRIx64
                               ") or not ended by NULs" BUILD_AGAIN},
    [kBatonRuleRamOrder] = {"ram-order", kRangeBoth,
                            "RAM range %d starts at 0x%" PRIx64 ", and 0x%" PRIx64
                            " is its end or the end of the one before: empty, backwards or out of order" BUILD_AGAIN},
    [kBatonRuleNoteRange] = {"note-range", kRangeBoth,
                             "crash note %d starts at 0x%" PRIx64 " and ends at 0x%" PRIx64
                             ": empty or backwards" BUILD_AGAIN},
    [kBatonRuleSegmentName] = {"segment-name", kSegmentFound,
                               "segment %d: the name is empty, unprintable (first byte 0x%02" PRIx64
                               ") or not ended by NULs" BUILD_AGAIN},
    [kBatonRuleSegmentNameTwice] = {"segment-name-twice", kSegmentPair,
                                    "segments %d and %d have one name (places %" PRIu64 " and %" PRIu64
                                    " in the table)" BUILD_AGAIN},
    [kBatonRuleSegmentReserved] = {"segment-reserved", kSegmentBoth,
                                   "segment %d: a reserved field holds %" PRIu64
                                   " instead of %" PRIu64 BUILD_AGAIN},
    [kBatonRuleSegmentKind] = {"segment-kind", kSegmentBoth,
                               "segment %d: kind %" PRIu64 ", known are 1 to %" PRIu64
                               "; use the baton-load of the compiler that built it"},
    [kBatonRuleSegmentStart] = {"segment-start", kSegmentBoth,
                                "segment %d: start 0x%" PRIx64
                                " is no multiple of the granule 0x%" PRIx64 BUILD_AGAIN},
    [kBatonRuleSegmentMemsz] = {"segment-memsz", kSegmentBoth,
                                "segment %d: memory size 0x%" PRIx64
                                " is zero or no multiple of the granule 0x%" PRIx64 BUILD_AGAIN},
    [kBatonRuleSegmentEnd] = {"segment-end", kSegmentBoth,
                              "segment %d: start 0x%" PRIx64 " plus memory size 0x%" PRIx64
                              " leaves the address space" BUILD_AGAIN},
    [kBatonRuleSegmentLength] = {"segment-length", kSegmentBoth,
                                 "segment %d: %" PRIu64 " bytes for a place of %" PRIu64 BUILD_AGAIN},
    [kBatonRuleSegmentOffset] = {"segment-offset", kSegmentBoth,
                                 "segment %d: bytes at offset 0x%" PRIx64
                                 ", the ones before make it 0x%" PRIx64 BUILD_AGAIN},
    [kBatonRuleSegmentTruncated] = {"segment-truncated", kSegmentBoth,
                                    "segment %d: %" PRIu64 " bytes, the file has room for %" PRIu64 BUILD_AGAIN},
    [kBatonRulePadding] = {"padding", kSegmentFound,
                           "the byte at offset 0x%2$" PRIx64
                           ", before the bytes of segment %1$d, is not zero" COPY_AGAIN},
    [kBatonRuleSegmentOverlap] = {"segment-overlap", kSegmentPair,
                                  "segments %d and %d overlap: one starts at 0x%" PRIx64
                                  ", the other ends at 0x%" PRIx64 BUILD_AGAIN},
    [kBatonRulePayloadEnd] = {"payload-end", kBoth,
                              "the file has %" PRIu64 " bytes, its segments end at %" PRIu64 BUILD_AGAIN},
    [kBatonRuleEntryAlignment] = {"entry-alignment", kBoth,
                                  "entry 0x%" PRIx64 " is no multiple of %" PRIu64 BUILD_AGAIN},
    [kBatonRuleEntryOutside] = {"entry-outside", kFound,
                                "entry 0x%" PRIx64 " lies in no segment" BUILD_AGAIN},
    [kBatonRuleSegmentDigest] = {"segment-digest", kSegmentBoth,
                                 "segment %d is edited or damaged: its digest is %016" PRIx64
                                 "..., its bytes give %016" PRIx64 "..." COPY_AGAIN},
};

const char *baton_rule_name(BatonRule rule) {
  return (unsigned)rule < kBatonRuleCount ? kRules[rule].name : "unknown";
}

const char *baton_fault_text(const BatonFault *fault, char text[kBatonFaultTextSize]) {
  const size_t size = kBatonFaultTextSize;
  unsigned rule = (unsigned)fault->rule < kBatonRuleCount ? (unsigned)fault->rule : kBatonRuleNone;
  const char *format = kRules[rule].format;
  /* The table above is the only source of formats: the shape beside each says its arguments. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  switch (kRules[rule].shape) {
    case kPlain:
      snprintf(text, size, "%s", format);
      break;
    case kBoth:
      snprintf(text, size, format, fault->found, fault->wanted);
      break;
    case kFound:
      snprintf(text, size, format, fault->found);
      break;
    case kSegmentBoth:
      snprintf(text, size, format, (int)fault->segment, fault->found, fault->wanted);
      break;
    case kSegmentFound:
      snprintf(text, size, format, (int)fault->segment, fault->found);
      break;
    case kSegmentPair:
      snprintf(text, size, format, (int)fault->segment, (int)fault->other, fault->found,
               fault->wanted);
      break;
    case kRangeBoth:
      snprintf(text, size, format, (int)fault->other, fault->found, fault->wanted);
      break;
  }
#pragma GCC diagnostic pop
  return text;
}
