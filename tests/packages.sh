# shellcheck shell=bash
# Sourced: installs Debian packages for programs that are missing, and says why where it cannot.

is_here() {
  case $1 in
    # QEMU's block drivers are modules, not programs.
    qemu-block-*) compgen -G "/usr/lib/*/qemu/block-${1#qemu-block-}.so" >/dev/null ;;
    # A library, not a program.
    libpcap) compgen -G "/usr/lib/*/libpcap.so.*" >/dev/null || compgen -G "/usr/lib*/libpcap.so.*" >/dev/null ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# PROGRAM:PACKAGE ...
install_packages() {
  local pair missing=()
  for pair in "$@"; do
    is_here "${pair%%:*}" || missing+=("${pair#*:}")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if ! command -v apt-get >/dev/null; then
    echo "not installed, for there is no apt-get: ${missing[*]}"
  elif ! as_root true 2>/dev/null; then
    echo "not installed, for this needs root or sudo without a password: ${missing[*]}"
  else
    echo "installing ${missing[*]}"
    as_root apt-get update -qq </dev/null >/dev/null || echo "apt-get update failed"
    # One by one: a package that cannot be had must not keep the others away.
    for pair in "${missing[@]}"; do
      as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$pair" </dev/null >/dev/null \
        || echo "could not install $pair"
    done
  fi
}
