// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Running git and reading what it prints. See git_tree.h.
#include "driver/git_tree.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

extern char** environ;

namespace baton::driver {
namespace {

using Kind = Failure::Kind;

/// What git may print in all before we stop reading: the list of a tree with a million files.
constexpr size_t kMaxListing = 256u << 20;

struct Child {
  pid_t process = -1;
  int input = -1;   // what we write to, or -1
  int output = -1;  // its standard output
  int errors = -1;  // its standard error, or -1 where it is thrown away
};

void close_all(std::initializer_list<int> files) {
  for (int file : files)
    if (file >= 0) ::close(file);
}

/// The environment git gets: ours, with no prompt, no lock taken, nothing fetched, and messages as we know them.
std::vector<std::string> git_environment() {
  const char* const ours[] = {"LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0", "GIT_NO_LAZY_FETCH=1",
                              "GIT_PAGER=cat"};
  std::vector<std::string> all;
  for (char** each = environ; *each; ++each) {
    std::string text = *each;
    bool replaced = std::any_of(std::begin(ours), std::end(ours), [&](const char* mine) {
      return text.compare(0, std::strchr(mine, '=') - mine + 1, mine, std::strchr(mine, '=') - mine + 1) == 0;
    });
    if (!replaced) all.push_back(std::move(text));
  }
  all.insert(all.end(), std::begin(ours), std::end(ours));
  return all;
}

Result<Child> spawn_git(const std::vector<std::string>& arguments, bool with_input) {
  std::vector<std::string> words = {"git", "--no-pager"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<std::string> environment = git_environment();
  std::vector<char*> argv, envp;
  for (auto& word : words) argv.push_back(word.data());
  for (auto& entry : environment) envp.push_back(entry.data());
  argv.push_back(nullptr);
  envp.push_back(nullptr);

  int in[2] = {-1, -1}, out[2] = {-1, -1}, err[2] = {-1, -1};
  if ((with_input && ::pipe2(in, O_CLOEXEC) != 0) || ::pipe2(out, O_CLOEXEC) != 0 ||
      (!with_input && ::pipe2(err, O_CLOEXEC) != 0)) {
    Failure failure{Kind::kEnvironment, std::string("no pipe to git: ") + std::strerror(errno)};
    close_all({in[0], in[1], out[0], out[1], err[0], err[1]});
    return failure;
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (with_input)
    posix_spawn_file_actions_adddup2(&actions, in[0], 0);
  else
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  if (with_input)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  else
    posix_spawn_file_actions_adddup2(&actions, err[1], 2);
  Child child;
  int error = ::posix_spawnp(&child.process, "git", &actions, nullptr, argv.data(), envp.data());
  posix_spawn_file_actions_destroy(&actions);
  close_all({in[0], out[1], err[1]});
  if (error != 0) {
    close_all({in[1], out[0], err[0]});
    if (error == ENOENT)
      return Failure{Kind::kEnvironment, "there is no program `git` on this system", "install git, or name two files or folders"};
    return Failure{Kind::kEnvironment, std::string("git cannot be started: ") + std::strerror(error)};
  }
  child.input = in[1];
  child.output = out[0];
  child.errors = err[0];
  return child;
}

struct Answer {
  int status = 0;  // its exit code
  std::string output, errors;
};

/// Runs git to its end. A failure is one of ours or of the system; what git says of itself is in the answer.
Result<Answer> run_git(const std::vector<std::string>& arguments) {
  auto child = spawn_git(arguments, false);
  if (!child) return child.failure();
  Answer answer;
  struct Stream {
    int file;
    std::string* text;
  };
  std::vector<Stream> open = {{child->output, &answer.output}, {child->errors, &answer.errors}};
  bool too_much = false;
  while (!open.empty() && !too_much) {
    std::vector<pollfd> waiting;
    for (const Stream& each : open) waiting.push_back({each.file, POLLIN, 0});
    if (::poll(waiting.data(), waiting.size(), -1) < 0) {
      if (errno == EINTR) continue;
      break;
    }
    for (size_t i = open.size(); i-- > 0;) {
      if (waiting[i].revents == 0) continue;
      char buffer[65536];
      ssize_t n = ::read(open[i].file, buffer, sizeof buffer);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) {
        open.erase(open.begin() + static_cast<ptrdiff_t>(i));
        continue;
      }
      open[i].text->append(buffer, static_cast<size_t>(n));
      too_much = open[i].text->size() > kMaxListing;
    }
  }
  close_all({child->output, child->errors});
  int status = 0;
  while (::waitpid(child->process, &status, 0) < 0 && errno == EINTR) {
  }
  if (too_much) return Failure{Kind::kUnsuitable, "git lists more files than are looked through here"};
  answer.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return answer;
}

std::string first_line(std::string text) {
  text.erase(std::min(text.find('\n'), text.size()));
  for (const char* prefix : {"fatal: ", "error: "})
    if (text.rfind(prefix, 0) == 0) text.erase(0, std::strlen(prefix));
  return text;
}

}  // namespace

Result<std::shared_ptr<GitTree>> GitTree::open(const std::filesystem::path& path, const std::string& ref) {
  std::error_code error;
  // What is asked about may be gone by now: the nearest folder that is there tells the repository.
  auto folder = std::filesystem::weakly_canonical(path, error);
  if (error) return Failure{Kind::kNotFound, "cannot find `" + path.string() + "`: " + error.message()};
  while (!std::filesystem::is_directory(folder, error) && folder.has_relative_path()) folder = folder.parent_path();
  auto top = run_git({"-C", folder.string(), "rev-parse", "--show-toplevel"});
  if (!top) return top.failure();
  if (top->status != 0 || top->output.size() < 2)
    return Failure{Kind::kNotFound, "`" + path.string() + "` is in no work tree of a git repository: " +
                                        (top->errors.empty() ? "git names none" : first_line(top->errors))};
  auto tree = std::shared_ptr<GitTree>(new GitTree);
  tree->root_ = top->output.substr(0, top->output.size() - 1);
  tree->ref_ = ref;
  Failure unknown{Kind::kNotFound, "there is no commit `" + ref + "` in the repository `" + tree->root_.string() + "`",
                  "name a branch, a tag or a commit that `git log` knows; a shallow clone has only the newest"};
  // Nothing that git could take for an option.
  if (ref.empty() || ref[0] == '-') return unknown;
  auto commit = run_git({"-C", tree->root_.string(), "rev-parse", "--verify", "--quiet", ref + "^{commit}"});
  if (!commit) return commit.failure();
  std::string object = first_line(commit->output);
  if (commit->status != 0 || object.empty() || object.find_first_not_of("0123456789abcdef") != std::string::npos) {
    if (ref != "HEAD") return unknown;
    // Before the first commit HEAD names a branch that is not there yet: the tree is empty.
    auto branch = run_git({"-C", tree->root_.string(), "symbolic-ref", "--quiet", "HEAD"});
    if (!branch) return branch.failure();
    if (branch->status != 0) return unknown;
    return tree;
  }
  auto listing = run_git({"-C", tree->root_.string(), "ls-tree", "-r", "-z", "--full-tree", object});
  if (!listing) return listing.failure();
  if (listing->status != 0)
    return Failure{Kind::kMalformed, "git cannot list `" + ref + "`: " + first_line(listing->errors)};
  // "100644 blob OBJECT\tPATH\0" each.
  std::string_view rest = listing->output;
  while (!rest.empty()) {
    size_t end = std::min(rest.find('\0'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    size_t first = line.find(' '), second = line.find(' ', first + 1), tab = line.find('\t');
    if (first == line.npos || second == line.npos || tab == line.npos || second > tab)
      return Failure{Kind::kMalformed, "git lists `" + ref + "` in a form that is not known here"};
    Entry entry;
    entry.kind = line.substr(first + 1, second - first - 1);
    entry.object = line.substr(second + 1, tab - second - 1);
    entry.link = line.substr(0, first) == "120000";
    tree->entries_[std::string(line.substr(tab + 1))] = std::move(entry);
  }
  return tree;
}

GitTree::~GitTree() { stop_reader(); }

void GitTree::stop_reader() {
  if (reader_ <= 0) return;
  close_all({to_reader_, from_reader_});
  while (::waitpid(reader_, nullptr, 0) < 0 && errno == EINTR) {
  }
  reader_ = -1;
}

bool GitTree::exists(const std::filesystem::path& path) const { return entries_.count(path.generic_string()) != 0; }

std::vector<std::filesystem::path> GitTree::list(const std::filesystem::path& below, const std::string& ending) const {
  std::string folder = below.generic_string();
  if (folder == ".") folder.clear();
  std::vector<std::filesystem::path> found;
  for (const auto& [path, entry] : entries_) {
    bool inside = folder.empty() || path == folder || path.rfind(folder + "/", 0) == 0;
    bool ends = path.size() > ending.size() && path.compare(path.size() - ending.size(), ending.size(), ending) == 0;
    if (inside && ends && entry.kind == "blob" && !entry.link) found.emplace_back(path);
  }
  return found;
}

Result<std::vector<std::filesystem::path>> GitTree::list_work_tree(const std::filesystem::path& below,
                                                                   const std::string& ending) const {
  // The path is one of ours, not a pattern.
  auto listing = run_git({"--literal-pathspecs", "-C", root_.string(), "ls-files", "-z", "--cached", "--others",
                          "--exclude-standard", "--", below.empty() ? "." : below.string()});
  if (!listing) return listing.failure();
  if (listing->status != 0)
    return Failure{Kind::kMalformed, "git cannot list the work tree: " + first_line(listing->errors)};
  std::vector<std::filesystem::path> found;
  std::string_view rest = listing->output;
  while (!rest.empty()) {
    size_t end = std::min(rest.find('\0'), rest.size());
    std::string_view path = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    bool ends = path.size() > ending.size() && path.substr(path.size() - ending.size()) == ending;
    std::error_code error;
    // What was deleted and is still in the index is not there.
    if (ends && std::filesystem::is_regular_file(root_ / path, error)) found.emplace_back(path);
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.generic_string() < b.generic_string(); });
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

Result<Done> GitTree::start_reader() {
  if (reader_ > 0) return Done{};
  auto child = spawn_git({"-C", root_.string(), "cat-file", "--batch"}, true);
  if (!child) return child.failure();
  reader_ = child->process;
  to_reader_ = child->input;
  from_reader_ = child->output;
  return Done{};
}

Result<std::string> GitTree::read(const std::filesystem::path& path) {
  std::string name = ref_ + ":" + path.generic_string();
  auto entry = entries_.find(path.generic_string());
  if (entry == entries_.end()) return Failure{Kind::kNotFound, "there is no `" + name + "`"};
  if (entry->second.link || entry->second.kind != "blob")
    return Failure{Kind::kUnsuitable, "`" + name + "` is a " + (entry->second.link ? "symbolic link" : "submodule") +
                                          "; an old tree is read without following those"};
  auto started = start_reader();
  if (!started) return started.failure();
  Failure broken{Kind::kEnvironment, "git stopped while `" + name + "` was read"};
  // A reader that has died must not take us with it: the write then answers EPIPE.
  struct sigaction ignore {}, before {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, &before);
  std::string request = entry->second.object + "\n";
  ssize_t written = ::write(to_reader_, request.data(), request.size());
  ::sigaction(SIGPIPE, &before, nullptr);
  if (written != static_cast<ssize_t>(request.size())) return broken;
  auto read_some = [&](char* into, size_t size) {
    ssize_t n;
    do n = ::read(from_reader_, into, size);
    while (n < 0 && errno == EINTR);
    return n > 0 ? static_cast<size_t>(n) : 0;
  };
  // "OBJECT blob SIZE\n", the bytes, "\n".
  std::string header;
  for (char c = 0; c != '\n';) {
    if (read_some(&c, 1) == 0 || header.size() > 256) return broken;
    header += c;
  }
  size_t blank = header.rfind(' ');
  if (blank == std::string::npos || header.find(" blob ") == std::string::npos) {
    return Failure{Kind::kMalformed, "git cannot read `" + name + "`: " + first_line(header)};
  }
  uint64_t size = 0;
  for (size_t i = blank + 1; i + 1 < header.size(); ++i) {
    if (header[i] < '0' || header[i] > '9' || size > source::kMaxSourceBytes) return broken;
    size = size * 10 + static_cast<uint64_t>(header[i] - '0');
  }
  if (size > source::kMaxSourceBytes) {
    stop_reader();  // its next words are that text
    return Failure{Kind::kUnsuitable, "`" + name + "` has " + std::to_string(size) +
                                          " bytes; a Baton file has at most " + std::to_string(source::kMaxSourceBytes)};
  }
  std::string text(size + 1, '\0');
  for (size_t have = 0; have < text.size();) {
    size_t n = read_some(text.data() + have, text.size() - have);
    if (n == 0) return broken;
    have += n;
  }
  text.pop_back();
  return text;
}

}  // namespace baton::driver
