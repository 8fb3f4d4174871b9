// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From names to numbers, with a sentence for each model that means nothing. See program.h.
#include "handshake/program.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <string>
#include <tuple>

namespace baton::handshake {
namespace {

Failure unsuitable(const std::string& sentence) { return {Failure::Kind::kUnsuitable, sentence, {}}; }

bool same(const Event& a, const Event& b) {
  auto all = [](const Event& e) {
    return std::tie(e.act, e.place, e.reg, e.value, e.after, e.must_be, e.unless, e.target);
  };
  return all(a) == all(b);
}

bool alike(const Cpu& a, const Cpu& b) {
  return a.arrival == b.arrival && a.must_finish == b.must_finish &&
         std::equal(a.program.begin(), a.program.end(), b.program.begin(), b.program.end(), same);
}

class Resolver {
 public:
  explicit Resolver(const Model& model) { out_.model = model; }

  Result<Program> run() {
    if (!words() || !cpus() || !never()) return unsuitable(wrong_);
    renamings();
    return std::move(out_);
  }

 private:
  const Model& model() const { return out_.model; }
  bool fail(const std::string& sentence) {
    wrong_ = sentence;
    return false;
  }

  bool words() {
    if (model().words.size() > kMostWords) return fail("a handshake may have " + std::to_string(kMostWords) + " words");
    for (const Word& word : model().words) {
      if (word.name.empty() || !words_.emplace(word.name, static_cast<uint8_t>(words_.size())).second)
        return fail("word `" + word.name + "` has no name of its own");
      if (word.line.empty()) continue;
      const auto [line, fresh] = lines_.emplace(word.line, static_cast<uint8_t>(lines_.size()));
      if (fresh) out_.lines.emplace_back();
      out_.lines[line->second].push_back(words_[word.name]);
      if (out_.lines[line->second].size() > kMostLineWords)
        return fail("line `" + word.line + "` may have " + std::to_string(kMostLineWords) + " words");
    }
    return true;
  }

  bool cpus() {
    if (model().cpus.empty() || model().cpus.size() > kMostCpus)
      return fail("a handshake has 1 to " + std::to_string(kMostCpus) + " CPUs, not " + std::to_string(model().cpus.size()));
    std::vector<size_t> stores(kMostWords), adds(kMostWords), storing(kMostWords);
    for (const Cpu& cpu : model().cpus) {
      if (cpu.name.empty() || !cpus_.emplace(cpu.name, static_cast<int8_t>(cpus_.size())).second)
        return fail("cpu `" + cpu.name + "` has no name of its own");
      const size_t number = out_.ops.size(), before = out_.first[number];
      if (before + cpu.program.size() > kMostEvents)
        return fail("a handshake may have " + std::to_string(kMostEvents) + " events; with those of `" + cpu.name + "` it has " +
                    std::to_string(before + cpu.program.size()));
      out_.first[number + 1] = static_cast<uint8_t>(before + cpu.program.size());
      std::fill(out_.owner.begin() + before, out_.owner.begin() + out_.first[number + 1], static_cast<uint8_t>(number));
      auto& written = registers_.emplace_back();
      auto& ops = out_.ops.emplace_back();
      const std::vector<size_t> others = stores;
      for (size_t i = 0; i < cpu.program.size(); ++i) {
        if (!event(cpu, i, written)) return false;
        if (ops[i].writes()) ++(ops[i].act == Act::kAdd ? adds : stores)[ops[i].word];
      }
      for (size_t w = 0; w < kMostWords; ++w)
        if (stores[w] > others[w] && ++storing[w] > 1) out_.meets = true;
      for (size_t i = 0; i < ops.size(); ++i)
        if (ops[i].act == Act::kBranch && ops[i].target <= i && !loop(cpu, ops, i)) return false;
    }
    for (size_t w = 0; w < model().words.size(); ++w) {
      if (stores[w] + adds[w] > kMostStores)
        return fail("word `" + model().words[w].name + "` may be written by " + std::to_string(kMostStores) + " events");
      if (stores[w] && adds[w]) return fail("word `" + model().words[w].name + "` is both stored to and added to");
    }
    return true;
  }

  bool event(const Cpu& cpu, size_t i, std::map<std::string, int8_t>& written) {
    const Event& e = cpu.program[i];
    const std::string where = "`" + cpu.name + "`, `" + text(e) + "`: ";
    Op op;
    op.act = e.act;
    op.value = e.value;
    op.unless = e.unless;
    op.must_be = e.must_be;
    auto earlier = [&](const std::string& name, int8_t& at) {
      const auto found = written.find(name);
      if (found == written.end()) return fail(where + "nothing before it writes register `" + name + "`");
      at = found->second;
      return true;
    };
    if (!e.after.empty() && !earlier(e.after, op.address)) return false;
    switch (e.act) {
      case Act::kSync:
      case Act::kLwsync:
      case Act::kIsync: break;
      case Act::kDcbst:
      case Act::kIcbi: {
        const auto line = lines_.find(e.place);
        if (line == lines_.end()) return fail(where + "no word lies in line `" + e.place + "`");
        op.line = line->second;
        break;
      }
      case Act::kBranch:
        if (e.target > cpu.program.size()) return fail(where + "the program has " + std::to_string(cpu.program.size()) + " events");
        op.target = static_cast<uint8_t>(e.target);
        if (!earlier(e.reg, op.source)) return false;
        out_.ops.back()[static_cast<size_t>(op.source)].kept = true;
        break;
      default: {
        const auto word = words_.find(e.place);
        if (word == words_.end()) return fail(where + "no word is called `" + e.place + "`");
        op.word = word->second;
        if (e.act == Act::kFetch && model().words[op.word].line.empty())
          return fail(where + "a word that is fetched lies in a line");
        if (e.act == Act::kStore && !e.reg.empty()) {
          if (!earlier(e.reg, op.source)) return false;
          out_.ops.back()[static_cast<size_t>(op.source)].kept = true;
        }
        if (e.act == Act::kLoad && e.reg.empty()) return fail(where + "a load names its register");
        if ((e.act == Act::kLoad || e.act == Act::kFetch) && !e.reg.empty() &&
            !written.emplace(e.reg, static_cast<int8_t>(i)).second)
          return fail(where + "register `" + e.reg + "` is written twice");
      }
    }
    out_.ops.back().push_back(std::move(op));
    return true;
  }

  /// A turn leaves nothing behind but its registers, so that each other event happens once at most.
  bool loop(const Cpu& cpu, const std::vector<Op>& ops, size_t end) {
    const std::string where = "`" + cpu.name + "`, `" + text(cpu.program[end]) + "`: ";
    if (static_cast<size_t>(ops[end].source) < ops[end].target || ops[end].target == end)
      return fail(where + "the loop does not write the register it ends by");
    for (size_t i = ops[end].target; i < end; ++i)
      if (ops[i].act != Act::kLoad && ops[i].act != Act::kFetch)
        return fail(where + "a loop may load and fetch, not `" + text(cpu.program[i]) + "`");
    for (size_t i = 0; i < end; ++i)
      if (ops[i].act == Act::kBranch && ops[i].target > ops[end].target && ops[i].target <= end)
        return fail(where + "`" + text(cpu.program[i]) + "` enters the loop in its middle");
    return true;
  }

  bool never() {
    for (const Condition& c : model().never) {
      End end;
      end.value = c.value;
      if (c.cpu.empty()) {
        const auto word = words_.find(c.name);
        if (word == words_.end()) return fail("no word is called `" + c.name + "`");
        end.number = word->second;
      } else {
        const auto cpu = cpus_.find(c.cpu);
        if (cpu == cpus_.end()) return fail("no cpu is called `" + c.cpu + "`");
        const auto& written = registers_[static_cast<size_t>(cpu->second)];
        const auto reg = written.find(c.name);
        if (reg == written.end()) return fail("`" + c.cpu + "` has no register `" + c.name + "`");
        end.cpu = cpu->second;
        end.number = static_cast<uint8_t>(reg->second);
        out_.ops[static_cast<size_t>(end.cpu)][end.number].kept = true;
        named_.push_back(static_cast<size_t>(end.cpu));
      }
      out_.never.push_back(end);
    }
    return true;
  }

  /// CPUs with the same program, none of which a condition names, may change places.
  void renamings() {
    std::vector<uint8_t> order(model().cpus.size());
    std::iota(order.begin(), order.end(), uint8_t{0});
    auto named = [&](size_t cpu) { return std::find(named_.begin(), named_.end(), cpu) != named_.end(); };
    for (size_t i = 0; i < order.size(); ++i) {
      size_t first = 0;
      while (first < i && (named(i) || named(first) || !alike(model().cpus[i], model().cpus[first]))) ++first;
      out_.kind.push_back(static_cast<uint8_t>(first));
    }
    do {
      bool nothing_changes = true;
      for (size_t i = 0; i < order.size(); ++i)
        if (out_.kind[i] != out_.kind[order[i]]) nothing_changes = false;
      if (nothing_changes) out_.orders.push_back(order);
    } while (std::next_permutation(order.begin(), order.end()));
  }

  Program out_;
  std::string wrong_;
  std::map<std::string, uint8_t> words_, lines_;
  std::map<std::string, int8_t> cpus_;
  std::vector<std::map<std::string, int8_t>> registers_;
  std::vector<size_t> named_;
};

}  // namespace

Result<Program> resolve(const Model& model) { return Resolver(model).run(); }

}  // namespace baton::handshake
