// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Depth first over `use`, with the path kept for the diagnostic of a circle. See load.h.
#include "check/load.h"

#include <algorithm>
#include <set>

#include "syntax/parse.h"

namespace baton::check {

using diagnostics::Code;
using source::FileId;

namespace {

class Loader {
 public:
  Loader(source::SourceSet& sources, diagnostics::Sink& sink) : sources_(sources), sink_(sink) {}

  void load(FileId id) {
    path_.push_back(id);
    syntax::File file = syntax::parse(id, sources_, sink_);
    for (auto& declaration : file.declarations) {
      if (declaration.kind != syntax::Declaration::Kind::kUse) continue;
      auto used = sources_.resolve(id, declaration.use_path);
      if (!used) {
        sink_.report(Code::use_not_found, declaration.name_span, used.failure());
        continue;
      }
      declaration.used_file = *used;
      auto circle = std::find(path_.begin(), path_.end(), *used);
      if (circle != path_.end()) {
        std::string drawn;
        for (auto it = circle; it != path_.end(); ++it) drawn += sources_.name(*it) + " -> ";
        sink_.report(Code::cyclic_use, declaration.name_span, "this `use` closes a circle")
            .note(drawn + sources_.name(*used));
        continue;
      }
      if (done_.count(*used) == 0) load(*used);
    }
    path_.pop_back();
    done_.insert(id);
    files_.push_back(std::move(file));
  }

  std::vector<syntax::File> take() { return std::move(files_); }

 private:
  source::SourceSet& sources_;
  diagnostics::Sink& sink_;
  std::vector<FileId> path_;
  std::set<FileId> done_;
  std::vector<syntax::File> files_;
};

}  // namespace

std::vector<syntax::File> load(source::SourceSet& sources, FileId main, diagnostics::Sink& sink) {
  Loader loader(sources, sink);
  loader.load(main);
  return loader.take();
}

}  // namespace baton::check
