// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A listing gets offsets, and is written as text or as bytes.
//
// The text: `.machine power8` makes GNU as know every row that synthesis uses (an assembler directive, no claim
// about the CPU that runs it); comments on lines of their own are C comments, because a `#` in the first
// column belongs to the preprocessor that gcc runs over a .S file.
#include "ppc64/stub.h"

#include <algorithm>
#include <cstdio>

namespace baton::ppc64 {
namespace {

template <typename... T>
struct Overloaded : T... {
  using T::operator()...;
};
template <typename... T>
Overloaded(T...) -> Overloaded<T...>;

Failure unsuitable(std::string message) {
  return Failure{Failure::Kind::kUnsuitable, std::move(message)};
}

bool is_identifier(const std::string& name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
  });
}

/// One line that ends no comment early: control characters become blanks, `*/` and `/*` are parted.
std::string comment_text(const std::string& text) {
  std::string safe;
  for (char c : text) {
    bool parts = !safe.empty() && ((safe.back() == '*' && c == '/') || (safe.back() == '/' && c == '*'));
    if (parts) safe += ' ';
    safe += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  }
  // A backslash at the end of a line would join it with the next one.
  while (!safe.empty() && safe.back() == '\\') safe.back() = ' ';
  return safe;
}

uint32_t swap32(uint32_t v) { return __builtin_bswap32(v); }

std::string number32(uint32_t value) {
  char buffer[16];
  std::snprintf(buffer, sizeof buffer, "0x%08x", value);
  return buffer;
}
std::string number64(uint64_t value) {
  char buffer[24];
  std::snprintf(buffer, sizeof buffer, "0x%016llx", static_cast<unsigned long long>(value));
  return buffer;
}

/// A statement with its remark behind it, in columns.
std::string line(const std::string& statement, const std::string& remark) {
  std::string text = "\t" + statement;
  if (!remark.empty()) {
    size_t column = 8;
    for (char c : statement) column = c == '\t' ? (column / 8 + 1) * 8 : column + 1;
    text += std::string(column < 48 ? 48 - column : 1, ' ') + "# " + comment_text(remark);
  }
  return text + "\n";
}

}  // namespace

Stub& Stub::label(std::string name) {
  items.emplace_back(LabelItem{std::move(name)});
  return *this;
}
Stub& Stub::code(Instruction instruction, std::string clause) {
  return code(std::move(instruction), std::move(clause), unit_order);
}
Stub& Stub::code(Instruction instruction, std::string clause, Endian order) {
  items.emplace_back(CodeItem{std::move(instruction), order, std::move(clause)});
  return *this;
}
Stub& Stub::word(uint32_t value, Endian order, std::string remark) {
  items.emplace_back(WordItem{value, order, std::move(remark)});
  return *this;
}
Stub& Stub::doubleword(uint64_t value, Endian order, std::string remark) {
  items.emplace_back(DoublewordItem{value, order, std::move(remark)});
  return *this;
}
Stub& Stub::bytes(ByteBuffer bytes, std::string remark) {
  items.emplace_back(BytesItem{std::move(bytes), std::move(remark)});
  return *this;
}
Stub& Stub::org(uint64_t offset) {
  items.emplace_back(OrgItem{offset});
  return *this;
}
Stub& Stub::align(uint64_t alignment) {
  items.emplace_back(AlignItem{alignment});
  return *this;
}
Stub& Stub::comment(std::string text) {
  items.emplace_back(CommentItem{std::move(text)});
  return *this;
}

Result<Layout> lay_out(const Stub& stub) {
  // A stub is one segment of at most a few pages; this bound keeps a wrong .org from filling memory.
  constexpr uint64_t kMostBytes = uint64_t{32} << 20;
  Layout layout;
  layout.labels[kStartLabel] = 0;
  uint64_t at = 0;
  for (const Item& item : stub.items) {
    layout.offsets.push_back(at);
    std::string problem;
    std::visit(Overloaded{
                   [&](const LabelItem& i) {
                     if (!is_identifier(i.name))
                       problem = "`" + i.name + "` is no name for a label";
                     else if (!layout.labels.emplace(i.name, at).second || i.name == stub.symbol)
                       problem = "label `" + i.name + "` is defined twice";
                   },
                   [&](const CodeItem& i) {
                     if (at % 4 != 0) problem = "`" + to_text(i.instruction) + "` lies at " + hex(Wide{at});
                     at += 4;
                   },
                   [&](const WordItem&) { at += 4; },
                   [&](const DoublewordItem&) { at += 8; },
                   [&](const BytesItem& i) { at += i.bytes.size(); },
                   [&](const OrgItem& i) {
                     if (i.offset < at || i.offset > kMostBytes)
                       problem = ".org " + hex(Wide{i.offset}) + " cannot follow offset " + hex(Wide{at});
                     else
                       at = i.offset;
                   },
                   [&](const AlignItem& i) {
                     if (!is_power_of_two(i.alignment) || i.alignment > kMostBytes)
                       problem = std::to_string(i.alignment) + " is no alignment";
                     else
                       at = (at + i.alignment - 1) & ~(i.alignment - 1);
                   },
                   [&](const CommentItem&) {},
               },
               item);
    if (!problem.empty()) return unsuitable(problem);
    if (at > kMostBytes) return unsuitable("the stub is larger than " + human(Size{kMostBytes}));
  }
  layout.size = at;
  return layout;
}

Result<Instruction> resolve(const Instruction& instruction, uint64_t offset, const Layout& layout) {
  if (instruction.label.empty()) return instruction;
  auto label = layout.labels.find(instruction.label);
  if (label == layout.labels.end()) return unsuitable("label `" + instruction.label + "` is not defined");
  Instruction resolved = instruction;
  resolved.label.clear();
  resolved.base.clear();
  const Encoding& encoding = encoding_of(instruction.mnemonic);
  for (size_t i = 0; i < encoding.operand_count(); ++i) {
    Field field = encoding.fields[i];
    int64_t place = static_cast<int64_t>(label->second);
    if (field == Field::kLi || field == Field::kBd) {
      resolved.operands[i] += place - static_cast<int64_t>(offset);
      return resolved;
    }
    if (field == Field::kSi || field == Field::kD || field == Field::kDs) {
      auto base = layout.labels.find(instruction.base.empty() ? kStartLabel : instruction.base);
      if (base == layout.labels.end()) return unsuitable("label `" + instruction.base + "` is not defined");
      resolved.operands[i] += place - static_cast<int64_t>(base->second);
      return resolved;
    }
  }
  return unsuitable("`" + std::string(encoding.name) + "` has no place for a label");
}

Result<std::string> print(const Stub& stub) {
  auto layout = lay_out(stub);
  if (!layout) return layout.failure();
  if (!is_identifier(stub.symbol) || stub.symbol == kStartLabel)
    return unsuitable("`" + stub.symbol + "` is no name for the symbol of a stub");
  std::string text;
  for (const std::string& title : stub.title)
    text += title.empty() ? "\n" : "/* " + comment_text(title) + " */\n";
  text += "\t.machine power8\n\t.text\n\t.globl\t" + stub.symbol + "\n" + stub.symbol + ":\n" +
          kStartLabel + ":\n";
  for (size_t k = 0; k < stub.items.size(); ++k) {
    uint64_t at = layout->offsets[k];
    Failure problem;
    std::visit(
        Overloaded{
            [&](const LabelItem& i) { text += i.name + ":\n"; },
            [&](const CodeItem& i) {
              // Ours, whatever the order: an operand that does not fit is our Failure, not the assembler's.
              auto resolved = resolve(i.instruction, at, *layout);
              auto word = resolved ? encode(*resolved) : Result<uint32_t>(resolved.failure());
              if (!word) {
                problem = word.failure();
              } else if (i.order == stub.unit_order) {
                text += line(to_text(i.instruction), i.clause);
              } else {
                std::string readable = to_text(i.instruction);
                std::replace(readable.begin(), readable.end(), '\t', ' ');
                text += line(".long\t" + number32(swap32(*word)),
                             "[" + std::string(to_text(i.order)) + "] " + readable +
                                 (i.clause.empty() ? "" : "; " + i.clause));
              }
            },
            [&](const WordItem& i) {
              uint32_t value = i.order == stub.unit_order ? i.value : swap32(i.value);
              text += line(".long\t" + number32(value), i.remark);
            },
            [&](const DoublewordItem& i) {
              uint64_t value = i.order == stub.unit_order ? i.value : __builtin_bswap64(i.value);
              text += line(".8byte\t" + number64(value), i.remark);
            },
            [&](const BytesItem& i) {
              for (size_t from = 0; from < i.bytes.size(); from += 16) {
                std::string list = ".byte\t";
                for (size_t n = from; n < std::min(from + 16, i.bytes.size()); ++n) {
                  char buffer[8];
                  std::snprintf(buffer, sizeof buffer, "%s0x%02x", n == from ? "" : ",", i.bytes[n]);
                  list += buffer;
                }
                text += line(list, from == 0 ? i.remark : std::string());
              }
            },
            [&](const OrgItem& i) { text += line(".org\t" + hex(Wide{i.offset}) + ", 0", ""); },
            [&](const AlignItem&) {
              // Not .balign: with a fill of 0 assemblers differ on whether a text section gets no-ops.
              uint64_t end = k + 1 < stub.items.size() ? layout->offsets[k + 1] : layout->size;
              if (end != at) text += line(".org\t" + hex(Wide{end}) + ", 0", "");
            },
            [&](const CommentItem& i) { text += "/* " + comment_text(i.text) + " */\n"; },
        },
        stub.items[k]);
    if (!problem.message.empty()) return problem;
  }
  return text;
}

Result<ByteBuffer> encode(const Stub& stub) {
  auto layout = lay_out(stub);
  if (!layout) return layout.failure();
  ByteBuffer bytes(layout->size);
  for (size_t k = 0; k < stub.items.size(); ++k) {
    uint64_t at = layout->offsets[k];
    if (const auto* code = std::get_if<CodeItem>(&stub.items[k])) {
      auto resolved = resolve(code->instruction, at, *layout);
      if (!resolved) return resolved.failure();
      auto word = encode(*resolved);
      if (!word) return word.failure();
      store<uint32_t>(bytes, at, *word, code->order);
    } else if (const auto* word = std::get_if<WordItem>(&stub.items[k])) {
      store<uint32_t>(bytes, at, word->value, word->order);
    } else if (const auto* doubleword = std::get_if<DoublewordItem>(&stub.items[k])) {
      store<uint64_t>(bytes, at, doubleword->value, doubleword->order);
    } else if (const auto* raw = std::get_if<BytesItem>(&stub.items[k])) {
      std::copy(raw->bytes.begin(), raw->bytes.end(), bytes.begin() + static_cast<ptrdiff_t>(at));
    }
  }
  return bytes;
}

}  // namespace baton::ppc64
