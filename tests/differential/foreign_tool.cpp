// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What do inputs/foreign_code and ppc64/assemble make of others' stubs? For scripts that ask a linker the same.
//
//   foreign_tool load FILE PREFIX AT|- ENTRY|- [NAME=VALUE ...]
//       writes the bytes of piece N to PREFIX.N, and prints, with tabs between the words:
//       piece NAME START SIZE rwx-flags / symbol NAME ADDRESS CODE SIZE LOCAL / abi N / order O / entry E NAME / remark ..
//   foreign_tool assemble big|little IN.s OUT.o
#include <cstdlib>
#include <fstream>
#include <iostream>

#include "inputs/foreign_code.h"
#include "ppc64/assemble.h"
#include "tool.h"

using namespace baton;

namespace {

void write(const std::string& path, ByteView bytes) {
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!out) stop("cannot write " + path);
}

int load(const std::vector<std::string>& words) {
  if (words.size() < 4) stop("load FILE PREFIX AT ENTRY [NAME=VALUE ...]");
  inputs::ForeignRequest request;
  if (words[2] != "-") request.at = Address{std::stoull(words[2], nullptr, 0)};
  if (words[3] != "-") request.entry = words[3];
  for (size_t i = 4; i < words.size(); ++i) {
    size_t sign = words[i].find('=');
    auto value = sign == std::string::npos ? std::nullopt : inputs::read_foreign_value(words[i].substr(sign + 1));
    if (!value) stop("no value: " + words[i]);
    request.sets[words[i].substr(0, sign)] = *value;
  }
  inputs::ForeignCode code = must(inputs::read_foreign(must(MappedFile::open(words[0])), request));
  for (size_t i = 0; i < code.pieces.size(); ++i) {
    const auto& piece = code.pieces[i];
    std::cout << "piece\t" << piece.name << '\t' << hex(piece.start) << '\t' << hex(piece.size) << '\t'
              << (piece.writable ? 'w' : '-') << (piece.executable ? 'x' : '-') << '\n';
    write(words[1] + "." + std::to_string(i), piece.bytes);
  }
  for (const auto& [name, symbol] : code.symbols)
    std::cout << "symbol\t" << name << '\t' << hex(symbol.address) << '\t' << hex(symbol.code) << '\t' << hex(symbol.size)
              << '\t' << unsigned{symbol.local_entry} << '\n';
  std::cout << "abi\t" << code.abi << "\norder\t" << (code.order ? to_text(*code.order) : "none") << "\nentry\t"
            << hex(code.entry) << '\t' << code.entry_name << '\n';
  for (const std::string& remark : code.remarks) std::cout << "remark\t" << remark << '\n';
  return 0;
}

int assemble(const std::vector<std::string>& words) {
  if (words.size() != 3) stop("assemble big|little IN.s OUT.o");
  MappedFile text = must(MappedFile::open(words[1]));
  std::string listing(text.bytes().begin(), text.bytes().end());
  write(words[2], must(ppc64::assemble_object(listing, words[0] == "big" ? Endian::kBig : Endian::kLittle, words[1])));
  return 0;
}

}  // namespace

int main(int count, char** values) {
  std::vector<std::string> words(values + 1, values + count);
  std::string command = words.empty() ? "" : words[0];
  if (!words.empty()) words.erase(words.begin());
  if (command == "load") return load(words);
  if (command == "assemble") return assemble(words);
  stop("unknown command " + command);
}
