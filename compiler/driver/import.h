// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `baton import TREE`: which program states what a device tree says of its machine?
//
// The tree is a blob or a folder like /proc/device-tree. What comes out is a program with one `machine` block, in
// the style of `baton fmt`, with the same facts that `machine NAME from dtb` would have, but for the tree itself:
// a block has none to edit.
#pragma once

#include "driver/options.h"

namespace baton::driver {

int import_machine(const Options& options);

/// A name of the language: letters, digits and `_`, no digit first, no word that is reserved.
bool is_name(std::string_view text);

}  // namespace baton::driver
