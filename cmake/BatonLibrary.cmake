# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# One folder of compiler/ = one static library that links only to folders below it.
#
#   baton_library(placement SOURCES holes.cpp place.cpp DEPENDS model)

add_library(baton_options INTERFACE)
target_include_directories(baton_options INTERFACE ${CMAKE_SOURCE_DIR}/compiler)
target_compile_options(baton_options INTERFACE
  -Wall -Wextra -Werror -Wno-missing-field-initializers
  -Wno-restrict  # GCC 12 sees overlaps in std::string that are not there (PR 105651)
  -ffunction-sections -fdata-sections)
if(BATON_SANITIZE)
  # GCC 12 with ASan sees uninitialized members in LLVM's JSON.h that are not.
  target_compile_options(baton_options INTERFACE -Wno-maybe-uninitialized)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()

function(baton_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(baton_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(baton_${name} PUBLIC baton_options)
  foreach(dependency ${ARG_DEPENDS})
    target_link_libraries(baton_${name} PUBLIC baton_${dependency})
  endforeach()
endfunction()
