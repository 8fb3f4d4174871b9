#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Where are the small kernels of the boot tests, one big-endian and one little-endian? They boot in a second,
# and a big-endian kernel is nowhere to be had as a package: so they are built, once, from the source package
# linux-source-6.1 with the configurations in kernels/. Rebuilt when a configuration changes, or this file.
#
#   tests/boot/small_kernels.sh           prints the folder, e.g. ~/.cache/baton/small-kernels, which holds
#       vmlinux-be, vmlinux-le            ELF files without their symbols
#   tests/boot/small_kernels.sh --check   does not build: exit status 4 when that would be needed
#   tests/boot/small_kernels.sh --packages  prints the packages that building needs
#
# BATON_KERNELS names a folder that has them already; it is used as it is.
# BATON_CACHE names the cache folder (default: ${XDG_CACHE_HOME:-$HOME/.cache}/baton).
# Building takes 7 to 8 minutes for each on two cores, and 1.6 GB below the cache folder while it lasts.
# Exit status: 0 there they are; 4 not built yet; 64 usage; 1 anything else.
set -euo pipefail

say() { printf '%s\n' "small_kernels: $*" >&2; }
here=$(cd "$(dirname "$0")" && pwd)

check=no
case "$#:${1:-}" in
  0:) ;;
  1:--check) check=yes ;;
  1:--packages) echo linux-source-6.1 bc bison flex xz-utils perl make; exit 0 ;;
  1:-h | 1:--help) sed -n '4,17s/^# \{0,1\}//p' "$0"; exit 0 ;;
  *) say "usage: small_kernels.sh [--check | --packages]"; exit 64 ;;
esac

if [ -n "${BATON_KERNELS:-}" ]; then
  for order in be le; do
    [ -s "$BATON_KERNELS/vmlinux-$order" ] || {
      say "BATON_KERNELS is $BATON_KERNELS, and there is no vmlinux-$order in it"
      exit 1
    }
  done
  (cd "$BATON_KERNELS" && pwd)
  exit 0
fi

cache=${BATON_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/baton}
mkdir -p "$cache"
cache=$(cd "$cache" && pwd)
result=$cache/small-kernels
# What the kernels come from, so that an older cache is not taken for today's.
recipe=$(cat "$here"/kernels/{common,be,le}.config "$here/small_kernels.sh" | sha256sum | cut -d' ' -f1)

is_there() {
  [ -s "$result/vmlinux-be" ] && [ -s "$result/vmlinux-le" ] && [ "$(cat "$result/recipe" 2>/dev/null)" = "$recipe" ]
}
if ! is_there && [ "$check" = yes ]; then exit 4; fi
exec 9>"$cache/small-kernels.lock"
flock 9
if is_there; then
  printf '%s\n' "$result"
  exit 0
fi

source=/usr/src/linux-source-6.1.tar.xz
[ -s "$source" ] || { say "$source is missing: apt-get install $("$0" --packages)"; exit 1; }
for tool in make bc bison flex xz perl powerpc64-linux-gnu-gcc powerpc64le-linux-gnu-gcc; do
  command -v "$tool" >/dev/null || { say "$tool is missing: apt-get install $("$0" --packages)"; exit 1; }
done

work=$(mktemp -d "$cache/small-kernels.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/source" "$work/result"
say "unpacking $source"
tar -x -J -f "$source" -C "$work/source" --strip-components=1

# Nothing of this machine, user or hour goes into the kernels.
export KBUILD_BUILD_TIMESTAMP='2000-01-01' KBUILD_BUILD_USER=baton KBUILD_BUILD_HOST=baton KBUILD_BUILD_VERSION=1

build() { # ORDER CROSS_COMPILE
  local order=$1 cross=$2 out=$work/$1 log=$work/$1.log line
  local -a run=(make -C "$work/source" "O=$out" ARCH=powerpc "CROSS_COMPILE=$cross" -s)
  mkdir "$out"
  cat "$here/kernels/common.config" "$here/kernels/$order.config" >"$work/$order.wanted"
  "${run[@]}" KCONFIG_ALLCONFIG="$work/$order.wanted" allnoconfig >"$log" 2>&1 || { tail -n 20 "$log" >&2; return 1; }
  # An option that the source does not know, or whose conditions are not met, is dropped silently.
  while IFS= read -r line; do
    grep -qxF "$line" "$out/.config" || { say "kernels/: the source does not take $line for $order"; return 1; }
  done < <(grep '^CONFIG_' "$work/$order.wanted")
  say "building the $order kernel (7 to 8 minutes on two cores; log: $log)"
  "${run[@]}" -j"$(nproc)" vmlinux >>"$log" 2>&1 || { tail -n 30 "$log" >&2; return 1; }
  "${cross}strip" -o "$work/result/vmlinux-$order" "$out/vmlinux"
  rm -rf "$out"
}
build be powerpc64-linux-gnu-
build le powerpc64le-linux-gnu-

printf '%s\n' "$recipe" >"$work/result/recipe"
rm -rf "$result"
mv "$work/result" "$result"
say "ready: $result"
printf '%s\n' "$result"
