// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How is the shortest order of register set-ups found? Best-first, over what the registers hold.
//
// A state is the content of each register: the value that some register had at the start, a constant, or
// nothing that matters. An action fills one target for good, or copies a content that is in danger (its
// register is a target still to be set) to a free place. Each action satisfies at most one target, so
// the number of open targets never overestimates what is left: the first goal state taken from the
// queue is a shortest one (A*). Equal costs are taken in the order they were found: the result is a
// function of the input alone.
//
// The machine is a parameter as in constant_search.h: tests take H = 2, words of 8 bits, and compare with a
// search over every sequence there is. Where that finds a shorter one is kept in a table (README.md).
//
//   { r3 <- r4, r4 <- r3 }, scratch r0: the copy of r3 to r0 is the action that fills nothing.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <queue>
#include <set>
#include <span>
#include <tuple>
#include <variant>
#include <vector>

#include "ppc64/constant_search.h"

namespace baton::ppc64 {

/// One instruction of the answer; `step.source` is replaced by the register's number. A copy is an ori of 0.
struct RegisterStep {
  ConstantStep step;
  unsigned target = 0, source = 0;
  size_t assignment = 0;  // index of what it serves; for a save, of the first assignment that reads it later
};

/// All by number: a start value is the register that held it.
struct StartValue {
  unsigned gpr = 0;
};
struct WantedRegister {
  unsigned target = 0;
  std::variant<StartValue, uint64_t> source;
};
struct HeldConstant {
  unsigned gpr = 0;
  uint64_t value = 0;
};

template <unsigned H>
class MoveSearch {
 public:
  MoveSearch(std::span<const WantedRegister> assignments, std::span<const HeldConstant> live,
             std::span<const unsigned> scratch)
      : assignments_(assignments), scratch_(scratch) {
    for (unsigned i = 0; i < 32; ++i) start_[i] = Content{Content::Kind::kStart, i};
    for (const HeldConstant& known : live) start_[known.gpr] = Content{Content::Kind::kConstant, known.value};
    for (const HeldConstant& known : live) constants_in_.insert(known.gpr);
    for (const WantedRegister& a : assignments) {
      const StartValue* from = std::get_if<StartValue>(&a.source);
      wanted_.push_back(from ? start_[from->gpr] : Content{Content::Kind::kConstant, std::get<uint64_t>(a.source)});
      constants_in_.insert(a.target);
    }
    for (unsigned s : scratch) constants_in_.insert(s);
    // Weighting the estimate gives up the proof of shortness for speed; nothing real has so many targets.
    weight_ = assignments.size() > 10 ? 8 : 1;
  }

  /// nullopt: a cycle, and no register to open it with.
  std::optional<std::vector<RegisterStep>> run() {
    add(State{start_, 0, -1, {}});
    while (!queue_.empty()) {
      int index = std::get<2>(queue_.top());
      queue_.pop();
      Contents contents = states_[static_cast<size_t>(index)].contents;
      if (!closed_.insert(contents).second) continue;
      if (open_targets(contents) == 0) return path(index);
      expand(index, contents);
    }
    return std::nullopt;
  }

 private:
  /// What a register holds: the start value of register `value`, or a constant.
  struct Content {
    enum class Kind : uint8_t { kStart, kConstant } kind = Kind::kStart;
    uint64_t value = 0;
    auto operator<=>(const Content&) const = default;
  };
  using Contents = std::array<Content, 32>;
  using Steps = std::vector<RegisterStep>;

  struct State {
    Contents contents;
    unsigned cost = 0;
    int previous = -1;  // index of the state before
    Steps steps;        // the action that led here
  };

  bool satisfied(const Contents& contents, size_t i) const { return contents[assignments_[i].target] == wanted_[i]; }
  unsigned open_targets(const Contents& contents) const {
    unsigned open = 0;
    for (size_t i = 0; i < assignments_.size(); ++i) open += satisfied(contents, i) ? 0 : 1;
    return open;
  }
  /// An open assignment still needs a start value that no register holds any more.
  bool is_dead(const Contents& contents) const {
    for (size_t i = 0; i < assignments_.size(); ++i) {
      if (satisfied(contents, i) || wanted_[i].kind == Content::Kind::kConstant) continue;
      if (std::find(contents.begin(), contents.end(), wanted_[i]) == contents.end()) return true;
    }
    return false;
  }

  void add(State state) {
    if (is_dead(state.contents) || closed_.count(state.contents) != 0) return;
    unsigned estimate = state.cost + weight_ * open_targets(state.contents);
    states_.push_back(std::move(state));
    queue_.emplace(estimate, sequence_++, static_cast<int>(states_.size()) - 1);
  }

  void act(int from, const Contents& before, unsigned gpr, Content content, Steps steps) {
    State next{before, states_[static_cast<size_t>(from)].cost + static_cast<unsigned>(steps.size()), from,
               std::move(steps)};
    next.contents[gpr] = content;
    add(std::move(next));
  }

  static Steps copy(unsigned target, unsigned source, size_t assignment) {
    return {{ConstantStep{ConstantOp::kOri, 0, 0, 0, 0}, target, source, assignment}};
  }

  void expand(int index, const Contents& contents) {
    for (size_t i = 0; i < assignments_.size(); ++i) {
      if (satisfied(contents, i)) continue;
      unsigned target = assignments_[i].target;
      if (wanted_[i].kind == Content::Kind::kConstant)
        act(index, contents, target, wanted_[i], constant(contents, target, wanted_[i].value, i));
      else if (auto holder = holder_of(contents, wanted_[i]))
        act(index, contents, target, wanted_[i], copy(target, *holder, i));
    }
    save(index, contents);
  }

  Steps constant(const Contents& contents, unsigned target, uint64_t value, size_t assignment) const {
    std::vector<ConstantInput> inputs;
    std::vector<unsigned> numbers;
    for (unsigned gpr : constants_in_) {
      if (contents[gpr].kind != Content::Kind::kConstant) continue;
      inputs.push_back({contents[gpr].value, gpr != 0, gpr == target});
      numbers.push_back(gpr);
    }
    Steps steps;
    for (const ConstantStep& step : ConstantSearch<H>(std::move(inputs), target != 0).run(value))
      steps.push_back({step, target, step.source >= 0 ? numbers[static_cast<size_t>(step.source)] : target, assignment});
    return steps;
  }

  /// Copies what an open target holds, if a later assignment can use it, to a place that nobody needs.
  void save(int index, const Contents& contents) {
    auto place = free_place(contents);
    if (!place) return;
    for (size_t i = 0; i < assignments_.size(); ++i) {
      unsigned from = assignments_[i].target;
      if (satisfied(contents, i) || from == *place) continue;
      auto user = first_user(contents, contents[from], i);
      if (!user || std::count(contents.begin(), contents.end(), contents[from]) > 1) continue;
      act(index, contents, *place, contents[from], copy(*place, from, *user));
    }
  }

  /// The first open assignment, other than the one to `except`, that reads this content: a start value
  /// it wants, or a constant it may be made from.
  std::optional<size_t> first_user(const Contents& contents, Content content, size_t except) const {
    for (size_t i = 0; i < assignments_.size(); ++i) {
      if (i == except || satisfied(contents, i)) continue;
      if (wanted_[i] == content) return i;
      if (content.kind == Content::Kind::kConstant && wanted_[i].kind == Content::Kind::kConstant) return i;
    }
    return std::nullopt;
  }

  std::optional<unsigned> free_place(const Contents& contents) const {
    auto is_free = [&](unsigned gpr) {
      Content content = contents[gpr];
      return content.kind == Content::Kind::kStart && !first_user(contents, content, assignments_.size());
    };
    for (unsigned gpr : scratch_)
      if (is_free(gpr)) return gpr;
    for (size_t i = 0; i < assignments_.size(); ++i)
      if (!satisfied(contents, i) && is_free(assignments_[i].target)) return assignments_[i].target;
    return std::nullopt;
  }

  std::optional<unsigned> holder_of(const Contents& contents, Content content) const {
    // Its own register reads best, then the lowest.
    if (contents[content.value] == content) return static_cast<unsigned>(content.value);
    auto found = std::find(contents.begin(), contents.end(), content);
    if (found == contents.end()) return std::nullopt;
    return static_cast<unsigned>(found - contents.begin());
  }

  Steps path(int index) const {
    std::vector<int> order;
    for (int i = index; i > 0; i = states_[static_cast<size_t>(i)].previous) order.push_back(i);
    Steps all;
    for (auto it = order.rbegin(); it != order.rend(); ++it) {
      const Steps& steps = states_[static_cast<size_t>(*it)].steps;
      all.insert(all.end(), steps.begin(), steps.end());
    }
    return all;
  }

  using Queued = std::tuple<unsigned, unsigned, int>;  // estimate, when it was found, index
  std::span<const WantedRegister> assignments_;
  std::span<const unsigned> scratch_;
  Contents start_;
  std::vector<Content> wanted_;
  std::set<unsigned> constants_in_;  // registers that may hold constants
  unsigned weight_ = 1;
  unsigned sequence_ = 0;
  std::vector<State> states_;
  std::set<Contents> closed_;
  std::priority_queue<Queued, std::vector<Queued>, std::greater<Queued>> queue_;
};

}  // namespace baton::ppc64
