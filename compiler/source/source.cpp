// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Line tables and file identity. See source.h.
#include "source/source.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/file.h"

namespace baton::source {

bool holds(Span outer, Span inner) {
  return outer.file == inner.file && outer.begin <= inner.begin && inner.begin <= outer.end;
}

Span cover(Span first, Span last) {
  if (!first.valid()) return last;
  if (!last.valid()) return first;
  return Span{first.file, std::min(first.begin, last.begin), std::max(first.end, last.end)};
}

FileId SourceSet::add(std::string name, std::string text) {
  File file;
  file.folder = std::filesystem::path(name).parent_path();
  file.name = std::move(name);
  file.text = std::move(text);
  file.line_starts.push_back(0);
  for (size_t i = 0; i < file.text.size(); ++i)
    if (file.text[i] == '\n') file.line_starts.push_back(static_cast<uint32_t>(i + 1));
  files_.push_back(std::move(file));
  return static_cast<FileId>(files_.size() - 1);
}

void SourceSet::mount(const std::filesystem::path& root, std::shared_ptr<FileTree> tree, std::string label) {
  std::error_code error;
  auto canonical = std::filesystem::weakly_canonical(root, error);
  mount_ = Mount{error ? root : canonical, std::move(tree), std::move(label)};
}

std::optional<std::filesystem::path> SourceSet::mounted(const std::filesystem::path& path) const {
  if (!mount_) return std::nullopt;
  std::error_code error;
  auto whole = std::filesystem::absolute(path, error).lexically_normal();
  auto inside = whole.lexically_relative(mount_->root);
  // A way to the root may lead over symbolic links; those of the tree itself are the tree's own matter.
  if (inside.empty() || *inside.begin() == "..")
    inside = std::filesystem::weakly_canonical(path, error).lexically_relative(mount_->root);
  if (error || inside.empty() || *inside.begin() == "..") return std::nullopt;
  return inside;
}

bool SourceSet::exists(const std::filesystem::path& path) const {
  if (auto inside = mounted(path)) return mount_->tree->exists(*inside);
  std::error_code error;
  return std::filesystem::exists(path, error);
}

Result<FileId> SourceSet::read_as(const std::filesystem::path& path, std::string name,
                                  bool library) {
  auto inside = mounted(path);
  std::error_code error;
  auto identity = inside ? mount_->root / *inside : std::filesystem::weakly_canonical(path, error);
  for (FileId id = 0; id < files_.size(); ++id)
    if (!identity.empty() && files_[id].identity == identity) return id;
  std::string old_text;
  std::optional<MappedFile> file;
  if (inside) {
    name = mount_->label + inside->generic_string();
    auto text = mount_->tree->read(*inside);
    if (!text) return text.failure();
    old_text = std::move(*text);
  } else {
    auto opened = MappedFile::open(path);
    if (!opened) return opened.failure();
    file = std::move(*opened);
  }
  ByteView bytes = inside ? view_of(old_text) : file->bytes();
  if (bytes.size() > kMaxSourceBytes)
    return Failure{Failure::Kind::kUnsuitable,
                   "`" + name + "` has " + std::to_string(bytes.size()) +
                       " bytes; a Baton file has at most " + std::to_string(kMaxSourceBytes)};
  FileId id = add(std::move(name), std::string(bytes.begin(), bytes.end()));
  files_[id].identity = identity;
  files_[id].folder = path.parent_path();
  files_[id].library = library;
  return id;
}

Result<FileId> SourceSet::read(const std::filesystem::path& path) {
  return read_as(path, path.string(), false);
}

Result<FileId> SourceSet::read_library(const std::string& text) {
  if (auto path = in_library(text)) return read_as(*path, "<stdlib>/" + text, true);
  return Failure{Failure::Kind::kNotFound, "there is no `" + text + "` in the standard library"};
}

std::optional<std::filesystem::path> SourceSet::in_library(const std::string& text) const {
  for (const auto& library : libraries_)
    if (exists(library / text)) return library / text;
  return std::nullopt;
}

Result<FileId> SourceSet::resolve(FileId from, const std::string& text) {
  std::filesystem::path wanted(text);
  auto beside = wanted.is_absolute() ? wanted : files_[from].folder / wanted;
  if (exists(beside)) {
    return read_as(beside, beside.lexically_normal().string(), files_[from].library);
  }
  if (in_library(text)) return read_library(text);
  return Failure{Failure::Kind::kNotFound, "there is no `" + text + "` beside `" +
                                               files_[from].name +
                                               "` nor in the standard library"};
}

std::string_view SourceSet::text(Span span) const {
  std::string_view whole = files_[span.file].text;
  return whole.substr(span.begin, span.end - span.begin);
}

Place SourceSet::place(Span span) const {
  if (!span.valid()) return {};
  const File& file = files_[span.file];
  auto after = std::upper_bound(file.line_starts.begin(), file.line_starts.end(), span.begin);
  auto line = static_cast<uint32_t>(after - file.line_starts.begin());
  return Place{file.name, line, span.begin - file.line_starts[line - 1] + 1};
}

std::string_view SourceSet::line(FileId id, uint32_t line_number) const {
  const File& file = files_[id];
  uint32_t begin = file.line_starts[line_number - 1];
  size_t end = line_number < file.line_starts.size() ? file.line_starts[line_number] - 1
                                                     : file.text.size();
  if (end > begin && file.text[end - 1] == '\r') --end;
  return std::string_view(file.text).substr(begin, end - begin);
}

uint32_t SourceSet::line_count(FileId id) const {
  return static_cast<uint32_t>(files_[id].line_starts.size());
}

}  // namespace baton::source
