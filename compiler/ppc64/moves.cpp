// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Best-first search over what the registers hold.
//
// A state is the content of each register: the value that some register had at the start, a constant, or
// nothing that matters. An action fills one target for good, or copies a content that is in danger (its
// register is a target still to be set) to a free place. Each action satisfies at most one target, so
// the number of open targets never overestimates what is left: the first goal state taken from the
// queue is a shortest one (A*). Equal costs are taken in the order they were found: the result is a
// function of the input alone.
#include "ppc64/moves.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <queue>
#include <set>
#include <tuple>

namespace baton::ppc64 {
namespace {

/// What a register holds: the start value of register `number`, or a constant.
struct Content {
  enum class Kind : uint8_t { kStart, kConstant } kind = Kind::kStart;
  uint64_t value = 0;  // the register's number, or the constant
  auto operator<=>(const Content&) const = default;
};
using Contents = std::array<Content, 32>;

struct State {
  Contents contents;
  unsigned cost = 0;
  int previous = -1;  // index of the state before
  size_t assignment = 0;
  std::vector<Instruction> instructions;  // the action that led here
};

class Search {
 public:
  Search(std::span<const Assignment> assignments, std::span<const KnownRegister> live,
         std::span<const Gpr> scratch)
      : assignments_(assignments), scratch_(scratch) {
    for (unsigned i = 0; i < 32; ++i) start_[i] = Content{Content::Kind::kStart, i};
    for (const KnownRegister& known : live) start_[known.gpr.number()] = Content{Content::Kind::kConstant, known.value};
    for (const KnownRegister& known : live) constants_in_.insert(known.gpr.number());
    for (const Assignment& a : assignments) {
      const Gpr* from = std::get_if<Gpr>(&a.source);
      wanted_.push_back(from ? start_[from->number()]
                             : Content{Content::Kind::kConstant, std::get<uint64_t>(a.source)});
      constants_in_.insert(a.target.number());
    }
    for (Gpr s : scratch) constants_in_.insert(s.number());
    // Weighting the estimate gives up the proof of shortness for speed; nothing real has so many targets.
    weight_ = assignments.size() > 10 ? 8 : 1;
  }

  std::optional<std::vector<Move>> run() {
    add(State{start_, 0, -1, 0, {}});
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
  bool satisfied(const Contents& contents, size_t i) const {
    return contents[assignments_[i].target.number()] == wanted_[i];
  }
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

  void step(int from, const Contents& before, unsigned gpr, Content content, size_t assignment,
            std::vector<Instruction> instructions) {
    State next{before, states_[static_cast<size_t>(from)].cost + static_cast<unsigned>(instructions.size()),
               from, assignment, std::move(instructions)};
    next.contents[gpr] = content;
    add(std::move(next));
  }

  void expand(int index, const Contents& contents) {
    for (size_t i = 0; i < assignments_.size(); ++i) {
      if (satisfied(contents, i)) continue;
      Gpr target = assignments_[i].target;
      if (wanted_[i].kind == Content::Kind::kConstant) {
        step(index, contents, target.number(), wanted_[i], i,
             materialize(target, wanted_[i].value, known_now(contents)));
      } else if (auto holder = holder_of(contents, wanted_[i])) {
        step(index, contents, target.number(), wanted_[i], i, {ins::mr(target, *holder)});
      }
    }
    save(index, contents);
  }

  /// Copies what an open target holds, if a later assignment can use it, to a place that nobody needs.
  void save(int index, const Contents& contents) {
    auto place = free_place(contents);
    if (!place) return;
    for (size_t i = 0; i < assignments_.size(); ++i) {
      unsigned from = assignments_[i].target.number();
      if (satisfied(contents, i) || from == place->number()) continue;
      auto user = first_user(contents, contents[from], i);
      if (!user || std::count(contents.begin(), contents.end(), contents[from]) > 1) continue;
      step(index, contents, place->number(), contents[from], *user, {ins::mr(*place, Gpr{from})});
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

  std::optional<Gpr> free_place(const Contents& contents) const {
    auto is_free = [&](Gpr gpr) {
      Content content = contents[gpr.number()];
      return content.kind == Content::Kind::kStart &&
             !first_user(contents, content, assignments_.size());
    };
    for (Gpr gpr : scratch_)
      if (is_free(gpr)) return gpr;
    for (size_t i = 0; i < assignments_.size(); ++i)
      if (!satisfied(contents, i) && is_free(assignments_[i].target)) return assignments_[i].target;
    return std::nullopt;
  }

  std::optional<Gpr> holder_of(const Contents& contents, Content content) const {
    // Its own register reads best, then the lowest.
    if (contents[content.value] == content) return Gpr{static_cast<unsigned>(content.value)};
    auto found = std::find(contents.begin(), contents.end(), content);
    if (found == contents.end()) return std::nullopt;
    return Gpr{static_cast<unsigned>(found - contents.begin())};
  }

  std::vector<KnownRegister> known_now(const Contents& contents) const {
    std::vector<KnownRegister> known;
    for (unsigned gpr : constants_in_)
      if (contents[gpr].kind == Content::Kind::kConstant)
        known.push_back(KnownRegister{Gpr{gpr}, contents[gpr].value});
    return known;
  }

  std::vector<Move> path(int index) const {
    std::vector<int> order;
    for (int i = index; i > 0; i = states_[static_cast<size_t>(i)].previous) order.push_back(i);
    std::vector<Move> moves;
    for (auto it = order.rbegin(); it != order.rend(); ++it) {
      const State& state = states_[static_cast<size_t>(*it)];
      for (const Instruction& instruction : state.instructions)
        moves.push_back(Move{instruction, state.assignment});
    }
    return moves;
  }

  using Queued = std::tuple<unsigned, unsigned, int>;  // estimate, when it was found, index
  std::span<const Assignment> assignments_;
  std::span<const Gpr> scratch_;
  Contents start_;
  std::vector<Content> wanted_;
  std::set<unsigned> constants_in_;  // registers that may hold constants
  unsigned weight_ = 1;
  unsigned sequence_ = 0;
  std::vector<State> states_;
  std::set<Contents> closed_;
  std::priority_queue<Queued, std::vector<Queued>, std::greater<Queued>> queue_;
};

Failure unsuitable(std::string message) { return Failure{Failure::Kind::kUnsuitable, std::move(message)}; }

}  // namespace

Result<std::vector<Move>> parallel_moves(std::span<const Assignment> assignments,
                                         std::span<const KnownRegister> live,
                                         std::span<const Gpr> scratch) {
  std::set<unsigned> targets, sources;
  for (const Assignment& a : assignments) {
    if (!targets.insert(a.target.number()).second)
      return unsuitable("register `" + to_text(a.target) + "` is set twice");
    if (const Gpr* from = std::get_if<Gpr>(&a.source)) sources.insert(from->number());
  }
  for (Gpr gpr : scratch)
    if (targets.count(gpr.number()) != 0 || sources.count(gpr.number()) != 0)
      return unsuitable("scratch register `" + to_text(gpr) + "` is part of the assignment");
  auto moves = Search(assignments, live, scratch).run();
  if (!moves) return unsuitable("the registers are set in a cycle, and no register is free to open it");
  return *moves;
}

}  // namespace baton::ppc64
