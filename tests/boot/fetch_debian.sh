#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Where is Debian's ppc64el kernel, and programs to run on it? Downloads packages through apt with a state folder of
# its own, so that the system's package lists, architectures and packages stay as they are; nothing is installed. It
# takes the mirrors from the system's own sources. The second call finds the result in the cache and asks nobody.
#
#   tests/boot/fetch_debian.sh            prints the folder, e.g. ~/.cache/baton/debian-ppc64el, which holds
#       vmlinux           the kernel, an ELF file without its symbols
#       release           its name, as `uname -r` says it on the target
#       package           name and version of the package it came from
#   tests/boot/fetch_debian.sh makedumpfile | kexec-tools   the same for a program, whose folder holds
#       bin lib lib64     the program, the libraries that it loads and their loader
#       package           as above
#   tests/boot/fetch_debian.sh [PROGRAM] --refresh  asks the mirrors for a newer one
#
# BATON_CACHE names the cache folder (default: ${XDG_CACHE_HOME:-$HOME/.cache}/baton).
# Exit status: 0 there it is; 3 the packages cannot be had; 64 usage; 1 anything else.
set -euo pipefail

say() { printf '%s\n' "fetch_debian: $*" >&2; }
unavailable() {
  say "Debian's ppc64el packages cannot be had: $1"
  [ ! -s "${work:-}/apt.log" ] || sed 's/^/  apt: /' "$work/apt.log" | tail -n 12 >&2
  exit 3
}

what=kernel
case "${1:-}" in
  makedumpfile | kexec-tools)
    what=$1
    shift
    ;;
esac
refresh=no
case "$#:${1:-}" in
  0:) ;;
  1:--refresh) refresh=yes ;;
  1:-h | 1:--help) sed -n '4,18s/^# \{0,1\}//p' "$0"; exit 0 ;;
  *) say "usage: fetch_debian.sh [makedumpfile | kexec-tools] [--refresh]"; exit 64 ;;
esac

cache=${BATON_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/baton}
mkdir -p "$cache"
cache=$(cd "$cache" && pwd)
case "$what" in
  kernel) result=$cache/debian-ppc64el ;;
  *) result=$cache/$what-ppc64el ;;
esac

# Two test runs that share a cache do the work once.
exec 9>"$result.lock"
flock 9
if [ "$refresh" = no ] && [ -s "$result/package" ]; then
  printf '%s\n' "$result"
  exit 0
fi

for tool in apt-get apt-cache dpkg-deb tar powerpc64le-linux-gnu-strip powerpc64le-linux-gnu-readelf; do
  command -v "$tool" >/dev/null || { say "$tool is missing"; exit 1; }
done

work=$(mktemp -d "$result.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/state/lists/partial" "$work/archives/partial" "$work/packages" "$work/result"
touch "$work/state/status"
options=(
  -o "Dir::State=$work/state" -o "Dir::State::status=$work/state/status" -o "Dir::Cache=$work"
  -o APT::Architecture=ppc64el -o APT::Architectures=ppc64el -o APT::Sandbox::User=root
  -o Acquire::Languages=none -o Acquire::Retries=2 -o Dpkg::Use-Pty=false
)

say "reading the ppc64el package lists (into a folder of their own)"
# One index that cannot be had makes `update` fail although the rest is there: the packages themselves tell.
apt-get "${options[@]}" update >"$work/apt.log" 2>&1 || true

# NAME: the kernel, out of its package.
fetch_kernel() {
  # The kernel's ABI number is part of its package's name: the metapackage knows it.
  local name release package
  name=$(apt-cache "${options[@]}" depends --important linux-image-powerpc64le 2>>"$work/apt.log" |
    sed -n 's/^ *Depends: *\(linux-image-[^ ]*\)$/\1/p' | sed -n 1p) || name=
  [ -n "$name" ] || unavailable "no mirror of this system has linux-image-powerpc64le"

  say "downloading $name"
  (cd "$work/packages" && apt-get "${options[@]}" download "$name" >>"$work/apt.log" 2>&1) ||
    unavailable "the download of $name failed"
  package=$(find "$work/packages" -name '*.deb')
  [ -n "$package" ] || unavailable "the download of $name left no file"

  say "unpacking the kernel"
  release=${name#linux-image-}
  dpkg-deb --fsys-tarfile "$package" | tar -x -C "$work" --wildcards './boot/vmlinux-*'
  powerpc64le-linux-gnu-strip -o "$work/result/vmlinux" "$work/boot/vmlinux-$release"
  printf '%s\n' "$release" >"$work/result/release"
  dpkg-deb -W --showformat='${Package} ${Version}\n' "$package" >"$work/result/package"
}

# The program and whatever library it loads, and what those load: other packages it depends on are left out.
fetch_program() { # PACKAGE PATH
  say "downloading $1"
  apt-get "${options[@]}" -y --no-install-recommends --download-only install "$1" >>"$work/apt.log" 2>&1 ||
    unavailable "the download of $1 failed"
  local package file library found
  for package in "$work"/archives/{"$1",lib*,zlib1g}_*.deb; do
    [ ! -e "$package" ] || dpkg-deb -x "$package" "$work/root"
  done
  mkdir "$work/result/bin" "$work/result/lib" "$work/result/lib64"
  cp "$work/root/$2" "$work/result/bin"
  local -a open=("$work/result/bin/${2##*/}")
  while [ ${#open[@]} -gt 0 ]; do
    file=${open[0]}
    open=("${open[@]:1}")
    while IFS= read -r library; do
      # The loader is named by its path in the program.
      [ "$library" != ld64.so.2 ] || found=lib64
      [ "$library" = ld64.so.2 ] || found=lib
      [ ! -e "$work/result/$found/$library" ] || continue
      package=$(find "$work/root/lib" "$work/root/usr/lib" -name "$library" 2>/dev/null | sed -n 1p)
      [ -n "$package" ] || unavailable "no package has $library"
      cp -L "$package" "$work/result/$found/$library"
      open+=("$work/result/$found/$library")
    done < <(powerpc64le-linux-gnu-readelf -d "$file" | sed -n 's/.*(NEEDED).*\[\(.*\)\]$/\1/p'; echo ld64.so.2)
  done
  dpkg-deb -W --showformat='${Package} ${Version}\n' "$work/archives/$1"_*.deb >"$work/result/package"
}

case "$what" in
  kernel) fetch_kernel ;;
  makedumpfile) fetch_program makedumpfile usr/bin/makedumpfile ;;
  kexec-tools) fetch_program kexec-tools sbin/kexec ;;
esac
rm -rf "$result"
mv "$work/result" "$result"
say "ready: $(cat "$result/package")"
printf '%s\n' "$result"
