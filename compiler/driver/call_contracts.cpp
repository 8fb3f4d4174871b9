// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// JSON, field by field; a field that is not known is refused, since it would promise what nobody looks at.
#include "driver/call_contracts.h"

#include <llvm/Support/JSON.h>

#include <algorithm>
#include <charconv>

#include "base/file.h"
#include "inputs/digest.h"
#include "ppc64/registers.h"

namespace baton::driver {
namespace {

using verify::CallContract;

std::optional<uint64_t> number(const llvm::json::Value& value) {
  if (auto integer = value.getAsInteger(); integer && *integer >= 0) return static_cast<uint64_t>(*integer);
  auto text = value.getAsString();
  if (!text || !text->starts_with("0x")) return std::nullopt;
  uint64_t read = 0;
  auto [end, error] = std::from_chars(text->data() + 2, text->data() + text->size(), read, 16);
  if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return read;
}

/// One file. The first thing that is wrong ends it.
class Reader {
 public:
  explicit Reader(std::string file) : file_(std::move(file)) {}

  std::optional<Failure> read(CallContracts& into) {
    auto bytes = MappedFile::open(file_);
    if (!bytes) return bytes.failure();
    auto parsed = llvm::json::parse(llvm::StringRef(reinterpret_cast<const char*>(bytes->bytes().data()), bytes->bytes().size()));
    if (!parsed) return wrong("is no JSON: " + llvm::toString(parsed.takeError()));
    const auto* whole = parsed->getAsObject();
    if (!whole || whole->getInteger("format") != 1) return wrong("is no file of contracts: it begins with \"format\": 1");
    const auto* calls = whole->getArray("calls");
    if (!calls) return wrong("has no list of \"calls\"");
    if (auto trouble = only(*whole, {"format", "calls"}, "the file")) return trouble;
    for (size_t i = 0; i < calls->size(); ++i)
      if (auto trouble = call((*calls)[i], "calls[" + std::to_string(i) + "]", into)) return trouble;
    return std::nullopt;
  }

 private:
  using Object = llvm::json::Object;

  Failure wrong(const std::string& what) const { return {Failure::Kind::kMalformed, "`" + file_ + "` " + what}; }
  Failure wrong(const std::string& where, const std::string& what) const { return wrong("has " + where + ", " + what); }

  std::optional<Failure> only(const Object& object, std::initializer_list<const char*> known, const std::string& where) const {
    for (const auto& [key, value] : object)
      if (std::none_of(known.begin(), known.end(), [&](const char* name) { return key.str() == name; }))
        return wrong(where, "whose field `" + key.str() + "` is not known");
    return std::nullopt;
  }

  std::optional<Failure> operand(const Object& object, const char* field, const std::string& where, CallContract::Operand& into) const {
    const auto* value = object.get(field);
    if (value && value->getAsString())
      if (auto gpr = ppc64::find_gpr(*value->getAsString())) {
        into.gpr = gpr->number();
        return std::nullopt;
      }
    auto constant = value ? number(*value) : std::nullopt;
    if (!constant) return wrong(where, std::string("whose `") + field + "` is neither a register (\"r3\") nor a number (108, \"0x6c\")");
    into.number = *constant;
    return std::nullopt;
  }

  std::optional<Failure> regions(const Object& call, const char* field, const std::string& where, std::vector<CallContract::Region>& into) const {
    const auto* value = call.get(field);
    if (!value) return std::nullopt;
    const auto* list = value->getAsArray();
    if (!list) return wrong(where, std::string("whose `") + field + "` is no list");
    for (const auto& each : *list) {
      const auto* object = each.getAsObject();
      if (!object) return wrong(where, std::string("whose `") + field + "` are no objects with `at` and `size`");
      CallContract::Region region;
      if (auto trouble = only(*object, {"at", "size"}, where)) return trouble;
      if (auto trouble = operand(*object, "at", where, region.at)) return trouble;
      if (auto trouble = operand(*object, "size", where, region.size)) return trouble;
      into.push_back(region);
    }
    return std::nullopt;
  }

  std::optional<Failure> call(const llvm::json::Value& value, const std::string& where, CallContracts& into) const {
    const auto* object = value.getAsObject();
    if (!object) return wrong(where, "which is no object");
    if (auto trouble = only(*object, {"symbol", "hcall", "sha256", "reads", "writes", "stack", "clobbers", "result"}, where)) return trouble;
    FunctionContract contract;
    const auto symbol = object->getString("symbol");
    const auto* hcall = object->get("hcall");
    const auto function = hcall ? number(*hcall) : std::nullopt;
    if ((symbol && !symbol->empty()) == function.has_value() || (hcall && !function))
      return wrong(where, "which names one of a `symbol` and an `hcall` by its number, and this does not");
    contract.call.name = symbol ? "`" + symbol->str() + "`" : "hcall " + hex(Wide{*function});
    if (auto trouble = regions(*object, "reads", where, contract.call.reads)) return trouble;
    if (auto trouble = regions(*object, "writes", where, contract.call.writes)) return trouble;
    auto plain = [&](const char* field) { return object->get(field) ? number(*object->get(field)) : std::nullopt; };
    for (const char* field : {"stack", "result"})
      if (object->get(field) && !plain(field)) return wrong(where, std::string("whose `") + field + "` is no number");
    contract.call.stack = plain("stack").value_or(0);
    contract.call.result = plain("result");
    if (const auto* clobbers = object->get("clobbers")) {
      const auto* list = clobbers->getAsArray();
      if (!list) return wrong(where, "whose `clobbers` is no list");
      contract.call.clobbers.emplace();
      for (const auto& each : *list) {
        auto name = each.getAsString();
        if (!name || !verify::can_clobber(name->str())) return wrong(where, "whose `clobbers` are registers: r0 to r31, lr, ctr, xer, cr, cr0 to cr7, v0 to v31");
        contract.call.clobbers->push_back(name->str());
      }
    }
    if (object->get("sha256")) {
      contract.sha256 = object->getString("sha256").value_or("").str();
      auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
      if (!symbol || contract.sha256.size() != 64 || !std::all_of(contract.sha256.begin(), contract.sha256.end(), is_digit))
        return wrong(where, "whose `sha256` is not that of a function: 64 lower-case hexadecimal digits");
    }
    const bool is_new = symbol ? into.functions.emplace(symbol->str(), contract).second : into.hypervisor.emplace(*function, contract.call).second;
    if (!is_new) return wrong(where, "and " + contract.call.name + " has a contract already");
    return std::nullopt;
  }

  std::string file_;
};

/// Whether the function's bytes are those that its contract speaks of.
std::optional<Failure> compare(const std::string& symbol, const FunctionContract& contract, const inputs::ForeignSymbol& function,
                               const inputs::ForeignCode& code) {
  const Wide end = function.code.wide() + function.size.bytes();
  for (const auto& piece : code.pieces) {
    if (function.size == Size{0} || function.code < piece.start || end > piece.start.wide() + piece.bytes.size()) continue;
    const std::string digest =
        inputs::to_text(inputs::sha256({ByteView(piece.bytes).subspan((function.code - piece.start).bytes(), function.size.bytes())}));
    if (digest == contract.sha256) return std::nullopt;
    return Failure{Failure::Kind::kUnsuitable, "the contract of `" + symbol + "` speaks of other bytes: their digest is " + contract.sha256 +
                                                   ", and that of the function here is " + digest};
  }
  return Failure{Failure::Kind::kUnsuitable, "the contract of `" + symbol + "` speaks of certain bytes, and here it has none whose size the file says"};
}

}  // namespace

std::map<std::string, Address> addresses_elsewhere(const CallContracts& contracts, Address start) {
  std::map<std::string, Address> addresses;
  for (const auto& [symbol, contract] : contracts.functions) {
    addresses.emplace(symbol, start);
    addresses.emplace("." + symbol, start);  // its code, where the first ABI names it
    start = start + Size{kCallDistance};
  }
  return addresses;
}

Result<verify::ForeignCalls> place_contracts(const CallContracts& contracts, const inputs::ForeignCode& code) {
  verify::ForeignCalls calls;
  calls.hypervisor = contracts.hypervisor;
  for (const auto& [symbol, contract] : contracts.functions) {
    auto found = code.symbols.find(symbol);
    if (found == code.symbols.end()) found = code.symbols.find("." + symbol);
    if (found == code.symbols.end()) continue;
    const inputs::ForeignSymbol& function = found->second;
    if (!contract.sha256.empty())
      if (auto trouble = compare(symbol, contract, function, code)) return *trouble;
    calls.functions.emplace(function.code.value(), contract.call);
    calls.functions.emplace(function.code.value() + function.local_entry, contract.call);
  }
  return calls;
}

Result<CallContracts> read_call_contracts(const std::vector<std::string>& files) {
  CallContracts contracts;
  for (const std::string& file : files)
    if (auto trouble = Reader(file).read(contracts)) return *trouble;
  return contracts;
}

}  // namespace baton::driver
