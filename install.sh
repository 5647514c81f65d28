#!/bin/sh
# Builds iscsitop, and installs it or opens its demo. Needs no root for a prefix of your own.
set -eu

usage() {
  cat <<'TEXT'
usage: ./install.sh [--prefix DIR]   build and install (default: ~/.local, /usr/local for root)
       ./install.sh --demo           build, then watch a target with a built-in load
       ./install.sh --build-only     build; prints the path of the binary
       ./install.sh --uninstall [--prefix DIR]
       ./install.sh --help

options:
  --build aot|single|framework       the kind of binary, instead of the best this machine can build
TEXT
}

say() { printf 'install.sh: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# ---- the SDK ---------------------------------------------------------------------------------------------------------

has_sdk() {
  "$1" --list-sdks 2>/dev/null | awk -F. '$1 >= 10 { found = 1 } END { exit !found }'
}

find_sdk() {
  for candidate in "$(command -v dotnet || true)" "${DOTNET_ROOT:-/nonexistent}/dotnet" "${HOME:-}/.dotnet/dotnet"; do
    if [ -x "$candidate" ] && has_sdk "$candidate"; then
      dotnet=$candidate
      return
    fi
  done
  missing_sdk
}

missing_sdk() {
  say "the .NET 10 SDK is needed to build iscsitop, and none was found on PATH, in \$DOTNET_ROOT or in ~/.dotnet"
  cat >&2 <<'TEXT'

On any Linux or macOS, in your home directory, without root:
    curl -fsSL https://dot.net/v1/dotnet-install.sh | bash -s -- --channel 10.0
It goes to ~/.dotnet, where this script finds it.

TEXT
  case $(system_name) in
    ubuntu) echo 'On Ubuntu, for everyone:    sudo apt-get install dotnet-sdk-10.0' ;;
    debian) echo 'On Debian, for everyone:    add the feed as https://learn.microsoft.com/dotnet/core/install/linux-debian says, then
                            sudo apt-get install dotnet-sdk-10.0' ;;
    fedora | rhel | centos) echo 'On Fedora and RHEL, for everyone:    sudo dnf install dotnet-sdk-10.0' ;;
    darwin) echo 'On macOS with Homebrew:     brew install --cask dotnet-sdk' ;;
    *) echo 'For packages of other systems see https://learn.microsoft.com/dotnet/core/install/' ;;
  esac >&2
  exit 1
}

system_name() {
  if [ "$(uname -s)" = Darwin ]; then
    echo darwin
  elif [ -r /etc/os-release ]; then
    sed -n 's/^ID=//p' /etc/os-release | tr -d '"'
  fi
}

# ---- what this machine can build ---------------------------------------------------------------------------------

runtime_id() {
  case $(uname -m) in
    x86_64 | amd64) arch=x64 ;;
    aarch64 | arm64) arch=arm64 ;;
    armv7* | armv6*) arch=arm ;;
    *) return 0 ;;
  esac
  case $(uname -s) in
    Linux) if ldd --version 2>&1 | grep -qi musl; then echo "linux-musl-$arch"; else echo "linux-$arch"; fi ;;
    Darwin) echo "osx-$arch" ;;
  esac
}

# NativeAOT links with the system's compiler and against zlib.
links_zlib() {
  [ -d "$artifacts" ] || mkdir -p "$artifacts"
  printf '#include <zlib.h>\nint main(void) { return zlibVersion() == 0; }\n' >"$artifacts/probe.c"
  "$1" -o "$artifacts/probe" "$artifacts/probe.c" -lz >/dev/null 2>&1
}

choose_build() {
  linker=
  rid=$(runtime_id)
  if [ -n "$wanted" ]; then
    build=$wanted
    why='as asked'
    have clang || linker=gcc
  elif [ -z "$rid" ]; then
    build=framework
    why="NativeAOT knows no $(uname -s) on $(uname -m)"
  elif have clang && links_zlib clang; then
    build=aot
    why='clang and zlib are here'
  elif have gcc && links_zlib gcc; then
    build=aot
    linker=gcc
    why='gcc and zlib are here'
  else
    build=single
    why='no C compiler with zlib headers for NativeAOT, which starts faster'
    if have apt-get; then why="$why: apt-get install clang zlib1g-dev"; fi
    if have dnf; then why="$why: dnf install clang zlib-devel"; fi
    if have xcode-select; then why="$why: xcode-select --install"; fi
  fi
}

kind() {
  case $1 in
    aot) echo 'a NativeAOT binary' ;;
    single) echo 'a self-contained single file' ;;
    framework) echo 'a file that needs the .NET 10 runtime' ;;
  esac
}

# ---- build ---------------------------------------------------------------------------------------------------------

source_state() {
  {
    "$dotnet" --version
    # The binary tells the commit it was built from.
    git describe --always --exclude='*' --abbrev=12 --dirty=+dirty 2>/dev/null || true
    find target engine cli Directory.*.props -type f ! -path '*/bin/*' ! -path '*/obj/*' -exec cksum {} + | LC_ALL=C sort
  } | cksum | tr ' ' -
}

publish() {
  kind_of_build=$1
  shift
  rm -rf "${artifacts:?}/$kind_of_build/out"
  # A folder of intermediate files for each kind: what one leaves behind can break another's binary silently.
  "$dotnet" publish cli/cli.csproj -c Release --nologo -v q --artifacts-path "$artifacts/$kind_of_build" \
    -o "$artifacts/$kind_of_build/out" -p:GenerateDocumentationFile=false -p:DebugType=none "$@" >"$artifacts/build.log" 2>&1
}

publish_kind() {
  case $1 in
    aot) publish aot -r "$rid" -p:PublishAot=true ${linker:+-p:CppCompilerAndLinker=$linker} ;;
    single) publish single -r "$rid" --self-contained -p:PublishSingleFile=true -p:IncludeNativeLibrariesForSelfExtract=true ;;
    framework) publish framework ${rid:+-r "$rid"} --self-contained false ${rid:+-p:PublishSingleFile=true} ;;
  esac
}

# Sets $build to the first kind, from the chosen one on, that can be built, and $binary to its file.
build_binary() {
  choose_build
  state=$(source_state)
  for try in aot single framework; do
    case "$build $try" in
      'single aot' | 'framework aot' | 'framework single') continue ;;
    esac
    binary=$artifacts/$try/out/iscsitop
    stamp=$artifacts/$try/stamp
    if [ -x "$binary" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$state" ]; then
      say "up to date: $(kind $try)"
      build=$try
      return
    fi
    say "building $(kind $try) ($why)"
    rm -f "$stamp"
    if publish_kind $try && [ -x "$binary" ]; then
      echo "$state" >"$stamp"
      build=$try
      return
    fi
    tail -n 15 "$artifacts/build.log" >&2
    [ -z "$wanted" ] || die "could not build $(kind $try); the whole log is $artifacts/build.log"
    why="$(kind $try) could not be built"
  done
  die "could not build; the whole log is $artifacts/build.log"
}

# A file that needs the runtime has to be told where it is, unless it is where every program looks.
needs_root() { [ "$build" = framework ] && [ -n "$(dotnet_root)" ]; }

dotnet_root() {
  real=$(cd "$(dirname "$dotnet")" && pwd -P)
  link=$(readlink "$dotnet" 2>/dev/null || true)
  case $link in /*) real=$(dirname "$link") ;; esac
  case $real in
    /usr/share/dotnet | /usr/lib/dotnet | /usr/local/share/dotnet | /usr/bin) ;;
    *) echo "$real" ;;
  esac
}

# ---- install and uninstall -------------------------------------------------------------------------------------

# FROM TO MODE: a running program keeps its file, for the new one takes the name in one step.
place() {
  mkdir -p "$prefix/$(dirname "$2")" || die "cannot write to $prefix: choose another with --prefix DIR"
  if ! { cp "$1" "$prefix/$2.new" && chmod "$3" "$prefix/$2.new" && mv -f "$prefix/$2.new" "$prefix/$2"; }; then
    die "cannot write $prefix/$2"
  fi
  echo "$2" >>"$list"
}

place_all() {
  if needs_root; then
    place "$binary" lib/iscsitop/iscsitop 755
    printf '#!/bin/sh\nDOTNET_ROOT=%s exec "%s" "$@"\n' "'$(dotnet_root)'" "$prefix/lib/iscsitop/iscsitop" >"$artifacts/wrapper"
    place "$artifacts/wrapper" bin/iscsitop 755
  else
    place "$binary" bin/iscsitop 755
  fi
  contents place
  if [ "$(id -u)" = 0 ] && have systemctl; then services place "$prefix/bin" "$artifacts/service"; fi
}

# Makes the user and the directory of the services: a service is the system's, and systemd reads these two places only.
tell_systemd() {
  case $prefix in /usr | /usr/local) ;; *) return 0 ;; esac
  if [ "$(id -u)" = 0 ] && [ -d /run/systemd/system ]; then
    "$@" || say "$* failed"
  fi
}

manifest=share/iscsitop/manifest

install_all() {
  list=$artifacts/manifest
  : >"$list"
  place_all
  # What an older version installed and this one does not is removed.
  if [ -f "$prefix/$manifest" ]; then
    while IFS= read -r file; do
      grep -qxF "$file" "$list" || rm -f "$prefix/$file"
    done <"$prefix/$manifest"
  fi
  cp "$list" "$artifacts/manifest.copy"
  place "$artifacts/manifest.copy" "$manifest" 644
  tell_systemd systemd-sysusers iscsitop.conf
  tell_systemd systemd-tmpfiles --create iscsitop.conf
  tell_systemd systemctl daemon-reload
  say "installed $(kind "$build") as $prefix/bin/iscsitop"
  case ":$PATH:" in
    *":$prefix/bin:"*) ;;
    *) say "$prefix/bin is not on your PATH: add it with  export PATH=\"$prefix/bin:\$PATH\"" ;;
  esac
  case $prefix in
    /usr | /usr/local) ;;
    *) if have zsh; then say "zsh finds its completions with  fpath=($prefix/share/zsh/site-functions \$fpath)  before compinit in ~/.zshrc"; fi ;;
  esac
}

uninstall_all() {
  if [ ! -f "$prefix/$manifest" ]; then
    say "nothing to remove: $prefix/$manifest is not there"
    return
  fi
  while IFS= read -r file; do
    rm -f "$prefix/$file" || die "cannot remove $prefix/$file"
  done <"$prefix/$manifest"
  rm -f "$prefix/$manifest"
  rmdir "$prefix/share/iscsitop/d" "$prefix/share/iscsitop/prometheus" "$prefix/share/iscsitop/examples" "$prefix/share/iscsitop" "$prefix/lib/iscsitop" 2>/dev/null || true
  tell_systemd systemctl daemon-reload
  say "removed iscsitop from $prefix"
}

# ---- the command line ------------------------------------------------------------------------------------------

action=install
prefix=
wanted=
while [ $# -gt 0 ]; do
  case $1 in
    --demo) action=demo ;;
    --build-only) action=build ;;
    --uninstall) action=uninstall ;;
    --prefix)
      [ $# -ge 2 ] || die '--prefix needs a directory'
      prefix=$2
      shift
      ;;
    --prefix=*) prefix=${1#--prefix=} ;;
    --build)
      [ $# -ge 2 ] || die '--build needs aot, single or framework'
      wanted=$2
      shift
      ;;
    --build=*) wanted=${1#--build=} ;;
    -h | --help)
      usage
      exit 0
      ;;
    *)
      usage >&2
      exit 2
      ;;
  esac
  shift
done
case $wanted in
  '' | aot | single | framework) ;;
  *) die "--build $wanted: aot, single or framework is wanted" ;;
esac

if [ -z "$prefix" ]; then
  if [ "$(id -u)" = 0 ]; then
    prefix=/usr/local
  else
    prefix=${HOME:?HOME is not set: give --prefix DIR}/.local
  fi
fi
case $prefix in /*) ;; *) prefix=$PWD/$prefix ;; esac

cd "$(dirname "$0")"
# shellcheck source=packaging/contents.sh
. packaging/contents.sh
artifacts=$PWD/artifacts/install
if [ "$action" = uninstall ]; then
  uninstall_all
  exit 0
fi

find_sdk
mkdir -p "$artifacts" || die "cannot write to $PWD"
build_binary
case $action in
  build) echo "$binary" ;;
  demo)
    if needs_root; then
      DOTNET_ROOT=$(dotnet_root)
      export DOTNET_ROOT
    fi
    exec "$binary" demo
    ;;
  install) install_all ;;
esac
