// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which functions are taken by contract, and which contracts?
//
// Files of --contract, as call-contracts.schema.json describes them: what functions that a stub calls, or calls of the
// hypervisor, read, write and leave. Nothing is believed of a file but that its user stands by it; one that says what
// cannot be is refused with its place in the file. Which address a function has is seen when the stub is read.
//
//   auto contracts = read_call_contracts({"calls.json"});  contracts->functions.at("memcpy").call.writes.size() == 1
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "inputs/foreign_code.h"
#include "verify/foreign_call.h"

namespace baton::driver {

struct FunctionContract {
  verify::CallContract call;
  std::string sha256;  // of the function's bytes, where it speaks of no others; in hex
};

struct CallContracts {
  std::map<std::string, FunctionContract> functions;  // by symbol
  std::map<uint64_t, verify::CallContract> hypervisor;
};

Result<CallContracts> read_call_contracts(const std::vector<std::string>& files);

/// Functions that are nowhere get addresses of their own, this far apart, and no more than so many.
inline constexpr uint64_t kCallDistance = 16, kMostCallsElsewhere = 4096;
std::map<std::string, Address> addresses_elsewhere(const CallContracts& contracts, Address start);

/// By address, as the code has its symbols; a function that it does not have is left out. Fails where a contract speaks of
/// other bytes than the code's.
Result<verify::ForeignCalls> place_contracts(const CallContracts& contracts, const inputs::ForeignCode& code);

}  // namespace baton::driver
