// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is the machine of a handoff, all sources together?
//
// The device tree it is declared from gives facts, clauses of the declaration override them, rules of the
// language fill in what neither says (64 KiB pages, where kexec leaves slaves). Every fact keeps its origin. A
// machine `from live` is the tree of the machine the compiler runs on, or of a copy of its /proc and /sys.
#pragma once

#include <filesystem>

#include "diagnostics/diagnostic.h"
#include "model/program.h"

namespace baton::inputs {

/// nullopt after a report when the tree cannot be read. `live` is a facts file or a copy that stands for the
/// machine the compiler runs on.
std::optional<model::Machine> build_machine(const model::MachineDeclaration& declaration,
                                            const model::Program& program, diagnostics::Sink& sink,
                                            const std::optional<std::filesystem::path>& live = {});

/// Whether all of the crash reservation is memory: where it is not, the tree lies, or the running kernel was told of less
/// memory than it reserves from. One that the program states is placement's to find no hole in. Reports.
bool is_crash_memory_there(const model::Machine& machine, const model::MachineDeclaration& declaration, diagnostics::Sink& sink);

}  // namespace baton::inputs
