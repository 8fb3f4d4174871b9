# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Writes the pages of explain/ into one C++ source, sorted by name: same pages, same bytes.
#   cmake -DPAGES=FOLDER -DOUTPUT=explain_pages.cpp -P explain_embed.cmake
# HTML comments hold what the tests need to run a page's examples; readers do not see them.
file(GLOB pages ${PAGES}/BT[0-9][0-9][0-9][0-9].md)
list(SORT pages)
set(cases "")
foreach(page IN LISTS pages)
  file(READ ${page} hex HEX)  # as hex: CMake's lists would eat semicolons and brackets
  # A comment goes with the newline after it.
  string(REGEX REPLACE "(..)" "\\1 " spaced "${hex}")
  while(spaced MATCHES "3c 21 2d 2d ")
    string(FIND "${spaced}" "3c 21 2d 2d " begin)
    string(FIND "${spaced}" "2d 2d 3e " end)
    if(end LESS begin)
      message(FATAL_ERROR "${page}: a comment does not end")
    endif()
    string(SUBSTRING "${spaced}" 0 ${begin} before)
    math(EXPR after_at "${end} + 9")
    string(SUBSTRING "${spaced}" ${after_at} -1 after)
    string(REGEX REPLACE "^(0a )+" "" after "${after}")
    set(spaced "${before}${after}")
  endwhile()
  string(REGEX REPLACE "(..) " "\\\\x\\1" bytes "${spaced}")
  # A literal a line, broken after each newline byte.
  string(REPLACE "\\x0a" "\\x0a\"\n         \"" bytes "${bytes}")
  get_filename_component(name ${page} NAME_WE)
  string(REGEX REPLACE "^BT0*" "" number ${name})
  string(APPEND cases "    case ${number}:\n      return \"${bytes}\"sv;\n")
endforeach()
file(WRITE ${OUTPUT}.new "// Generated from compiler/diagnostics/explain by explain_embed.cmake.
#include \"diagnostics/explain.h\"

namespace baton::diagnostics {
using namespace std::string_view_literals;

std::optional<std::string_view> explain_page(Code code) {
  switch (static_cast<unsigned>(code)) {
${cases}    default:
      return std::nullopt;
  }
}

}  // namespace baton::diagnostics
")
file(RENAME ${OUTPUT}.new ${OUTPUT})
