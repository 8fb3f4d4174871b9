// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// By dlopen. See libz3.h.
#include "verify/libz3.h"

#include <dlfcn.h>

#include <map>

namespace baton::verify {
namespace {

Result<Libz3> load(const std::string& file) {
  // What it needs of the C++ library is its own: this program may have another one linked into it.
  void* library = dlopen(file.c_str(), RTLD_LAZY | RTLD_LOCAL);
  if (!library) return Failure{Failure::Kind::kNotFound, dlerror()};
  Libz3 z3;
  const char* missing = nullptr;
  auto find = [&](auto& function, const char* name) {
    void* found = dlsym(library, name);
    if (!found && !missing) missing = name;
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(found);
  };
#define BATON_Z3_FIND(name) find(z3.name, "Z3_" #name);
  BATON_Z3_FUNCTIONS(BATON_Z3_FIND)
#undef BATON_Z3_FIND
  if (missing) return Failure{Failure::Kind::kUnsuitable, file + " has no " + missing};
  // In megabytes: beyond, a question is given up.
  z3.global_param_set("memory_max_size", "1024");
  return z3;
}

}  // namespace

Result<const Libz3*> Libz3::open(const std::string& file) {
  static std::map<std::string, Result<Libz3>> opened;
  auto known = opened.find(file);
  if (known == opened.end()) known = opened.emplace(file, load(file)).first;
  if (!known->second) return known->second.failure();
  return &*known->second;
}

}  // namespace baton::verify
