# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# A little-endian caller of departing code: departing_common.inc, assembled little-endian, as an image whose first
# instruction is every CPU's. giver_pseries.S, which is big-endian as firmware is, contains it and goes there.

	.include "layout.inc"
	.include "departing_map.inc"
	.set LITTLE, 1
	.abiversion 2
	.text
	.globl	_start
_start:
	.include "departing_common.inc"
