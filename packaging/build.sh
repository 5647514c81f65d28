#!/usr/bin/env bash
# Builds the packages of a release from one list of contents (packaging/contents.sh).
set -euo pipefail
umask 022

usage() {
  cat <<'TEXT'
usage: packaging/build.sh [options] [deb] [rpm] [archive] [image]     all but image unless named
options:
  --platform RID[,RID]   what to build for: linux-x64, linux-arm64, osx-arm64, win-x64
                         (deb, rpm and image: this machine's; archive: these four)
  --binary FILE          pack this program, built by install.sh for this machine, instead of building one
  --output DIR           where packages go (default: artifacts/packages)
environment:
  SOURCE_DATE_EPOCH      the time that packages tell (default: that of the commit)
  MAINTAINER             who answers for the .deb (NAME <ADDRESS>)
TEXT
}

say() { printf 'build.sh: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
need() { command -v "$1" >/dev/null || die "$1 is needed: apt-get install $2"; }

maintainer=${MAINTAINER:-The iscsitop authors <iscsitop@localhost>}
kinds=()
platforms=''
given=''
output=''
while [ $# -gt 0 ]; do
  case $1 in
    deb | rpm | archive | image) kinds+=("$1") ;;
    --platform) platforms=${2:?--platform needs an identifier}; shift ;;
    --binary) given=$(realpath "${2:?--binary needs a file}"); shift ;;
    --output) mkdir -p "${2:?--output needs a directory}"; output=$(realpath "$2"); shift ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
  shift
done
[ ${#kinds[@]} -gt 0 ] || kinds=(deb rpm archive)

cd "$(dirname "$0")/.."
# shellcheck source=packaging/contents.sh
. packaging/contents.sh
# shellcheck source=packaging/tree.sh
. packaging/tree.sh
# shellcheck source=packaging/formats.sh
. packaging/formats.sh

output=${output:-$PWD/artifacts/packages}
work=$output/work
rm -rf "$work"
mkdir -p "$work"
trap 'rm -rf "$work"' EXIT

version=$(sed -n 's|.*<Version>\(.*\)</Version>.*|\1|p' Directory.Build.props)
[ -n "$version" ] || die "Directory.Build.props has no version"
commit=
[ ! -e .git ] || commit=$(git describe --always --exclude='*' --abbrev=12 --dirty=+dirty 2>/dev/null || true)
if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
  SOURCE_DATE_EPOCH=$(stat -c %Y Directory.Build.props)
  [ -z "$commit" ] || SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
fi
export SOURCE_DATE_EPOCH

here=$(uname -m | sed 's/x86_64/linux-x64/; s/aarch64/linux-arm64/')
for kind in "${kinds[@]}"; do
  case $kind in
    archive) wanted=${platforms:-linux-x64,linux-arm64,osx-arm64,win-x64} ;;
    *) wanted=${platforms:-$here} ;;
  esac
  for platform in ${wanted//,/ }; do
    program "$platform"
    "pack_$kind" "$platform"
  done
done
shopt -s nullglob
cd "$output"
sha256sum -- *.deb *.rpm *.tar.gz *.zip </dev/null >SHA256SUMS
