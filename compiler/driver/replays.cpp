// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See replays.h.
#include "driver/replays.h"

namespace baton::driver {

using diagnostics::Code;

void set_up_replays(Compilation& c, const Options& options) {
  if (options.replay == "off") return;
  c.replayer = std::make_shared<replay::Replayer>(replay::Options{options.qemu});
  c.replays_required = options.replay == "require";
}

void repeat(const Compilation& c, verify::Verdict& verdict, const verify::Question& question) {
  if (c.replayer) c.replayer->replay(verdict, question);
}

void repeat_as(const Compilation& c, verify::Obligation& o, const verify::Question& question, const std::string& clause) {
  if (!c.replayer || o.outcome != verify::Outcome::kRefuted) return;
  verify::Verdict verdict = verify::verify_entry(question.loaded, question.from, question.to, question.giver);
  const verify::Obligation* same = verify::find_obligation(verdict.obligations, clause, 0);
  if (!same || same->outcome != verify::Outcome::kRefuted) return;
  verdict.obligations = {*same};
  c.replayer->replay(verdict, question);
  o.replayed = verdict.obligations.front().replayed;
  if (o.replayed->answer != verify::Replayed::Answer::kDisagrees) return;
  o.outcome = verify::Outcome::kUnknown;
  o.detail = verdict.obligations.front().detail;
}

void say_not_repeated(const Compilation& c, verify::Verdict& verdict, const char* why) {
  if (c.replayer) replay::say_what_is_not_shown(verdict, why);
}

void report_replay(Compilation& c, source::Span span, const std::string& what, const verify::Obligation& o) {
  if (!o.replayed) return;
  if (o.replayed->answer == verify::Replayed::Answer::kDisagrees)
    c.sink.report(Code::disagrees, span, what + " is not as the judge says: " + o.detail);
  if (o.replayed->answer == verify::Replayed::Answer::kNotRun && c.replays_required)
    c.sink.report(Code::not_replayed, span, what + " is refuted, and that was not repeated: " + o.replayed->detail)
        .note("--replay auto shows what is refuted nevertheless; --qemu PROGRAM names another QEMU");
}

}  // namespace baton::driver
