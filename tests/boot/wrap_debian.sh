#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Where is Debian's ppc64el kernel in the kernel's boot wrapper (zImage.pseries)? No package has one: the wrapper's objects
# are built, once, from the source package linux-source-6.1, without the kernel, and its script puts Debian's vmlinux
# (fetch_debian.sh) in. The second call finds the result in the cache.
#
#   tests/boot/wrap_debian.sh             prints the folder, e.g. ~/.cache/baton/debian-zimage, which holds
#       zImage            the wrapped kernel, a little-endian 64-bit ELF file
#
# BATON_CACHE names the cache folder (default: ${XDG_CACHE_HOME:-$HOME/.cache}/baton). Needs the packages that
# small_kernels.sh names, and 1.4 GB below the cache folder while it lasts: a minute or two, most of it unpacking.
# Exit status: 0 there it is; 64 usage; 1 anything else.
set -euo pipefail

say() { printf '%s\n' "wrap_debian: $*" >&2; }
here=$(cd "$(dirname "$0")" && pwd)
case "$#:${1:-}" in
  0:) ;;
  1:-h | 1:--help) sed -n '4,14s/^# \{0,1\}//p' "$0"; exit 0 ;;
  *) say "usage: wrap_debian.sh"; exit 64 ;;
esac

debian=$("$here/fetch_debian.sh")
cache=${BATON_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/baton}
mkdir -p "$cache"
cache=$(cd "$cache" && pwd)
result=$cache/debian-zimage
recipe=$(cat "$here"/kernels/{common,le}.config "$here/wrap_debian.sh" "$debian/package" | sha256sum | cut -d' ' -f1)

exec 9>"$cache/debian-zimage.lock"
flock 9
if [ -s "$result/zImage" ] && [ "$(cat "$result/recipe" 2>/dev/null)" = "$recipe" ]; then
  printf '%s\n' "$result"
  exit 0
fi

source=/usr/src/linux-source-6.1.tar.xz
packages=$("$here/small_kernels.sh" --packages)
[ -s "$source" ] || { say "$source is missing: apt-get install $packages"; exit 1; }
for tool in make bc bison flex xz perl powerpc64le-linux-gnu-gcc; do
  command -v "$tool" >/dev/null || { say "$tool is missing: apt-get install $packages"; exit 1; }
done

work=$(mktemp -d "$cache/debian-zimage.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/source" "$work/result"
say "unpacking $source"
tar -x -J -f "$source" -C "$work/source" --strip-components=1
cd "$work/source"

say "building the wrapper"
export KBUILD_BUILD_TIMESTAMP='2000-01-01' KBUILD_BUILD_USER=baton KBUILD_BUILD_HOST=baton
boot=arch/powerpc/boot
# The kernel's own targets want a whole vmlinux first.
printf '\nbaton_wrapper: prepare\n\t$(Q)$(MAKE) $(build)=%s' "$boot" >>Makefile
for part in wrapper.a crt0.o of.o epapr.o pseries-head.o empty.o zImage.lds addnote; do printf ' %s' "$boot/$part" >>Makefile; done
printf '\n' >>Makefile
cat "$here/kernels/common.config" "$here/kernels/le.config" >"$work/wanted"
cross=powerpc64le-linux-gnu-
run=(make ARCH=powerpc "CROSS_COMPILE=$cross" -s)
"${run[@]}" KCONFIG_ALLCONFIG="$work/wanted" allnoconfig >"$work/log" 2>&1 &&
  "${run[@]}" -j"$(nproc)" baton_wrapper >>"$work/log" 2>&1 || { tail -n 20 "$work/log" >&2; exit 1; }
srctree=$PWD sh "$boot/wrapper" -p pseries -C "$cross" -D "$boot" -W "$work" -Z gz -o "$work/result/zImage" "$debian/vmlinux" \
  >>"$work/log" 2>&1 || { tail -n 20 "$work/log" >&2; exit 1; }

printf '%s\n' "$recipe" >"$work/result/recipe"
rm -rf "$result"
mv "$work/result" "$result"
say "ready: $result/zImage, $(stat -c %s "$result/zImage") bytes"
printf '%s\n' "$result"
