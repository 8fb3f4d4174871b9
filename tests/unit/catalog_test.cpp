// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The catalogue in itself: codes ascend and lie in a named range, slugs are unique and typeable. That each
// code has an emit site, a golden test and a page is tests/golden/coverage.py's question.
#include <ostream>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "diagnostics/diagnostic.h"

using namespace baton::diagnostics;

TEST_CASE("codes ascend and slugs are unique words joined by hyphens") {
  unsigned last = 0;
  std::set<std::string_view> slugs, titles;
  REQUIRE(catalog().size() > 0);
  for (const CatalogEntry& e : catalog()) {
    CAPTURE(std::string(e.slug));
    auto number = static_cast<unsigned>(e.code);
    CHECK(number > last);
    CHECK(number % 1000 != 0);
    CHECK(number <= 9999);
    last = number;
    CHECK(slugs.insert(e.slug).second);
    CHECK(titles.insert(e.title).second);
    CHECK(e.slug.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == e.slug.npos);
    CHECK(e.slug.size() <= 40);
    CHECK_FALSE(e.title.ends_with('.'));
    CHECK(&entry(e.code) == &e);
    CHECK(find_entry(to_text(e.code)) == &e);
    CHECK(find_entry(e.slug) == &e);
  }
}

TEST_CASE("`-W no-SLUG` has one reading") {
  for (const CatalogEntry& e : catalog())
    CHECK(find_entry("no-" + std::string(e.slug)) == nullptr);
}

TEST_CASE("a name in the source is its slug") {
#define BATON_DIAGNOSTIC(number, name, slug, severity, title)                        \
  {                                                                                  \
    std::string spelled = #name;                                                     \
    for (char& c : spelled)                                                          \
      if (c == '_') c = '-';                                                         \
    CHECK(spelled == slug);                                                          \
  }
#include "diagnostics/catalog.def"
#undef BATON_DIAGNOSTIC
}
