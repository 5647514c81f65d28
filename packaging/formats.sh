# shellcheck shell=bash
# Sourced by build.sh: one function for each kind of package. $binary is the program, $output where packages go.

# A version before a release, 1.0.0-rc.1, is less than 1.0.0 for both package managers when it is written with a tilde.
package_version() { echo "${version/-/\~}"; }

# needs FILE: Debian's packages that have the libraries it is linked against, with the least version of the C library.
needs() {
  local library libc found=()
  libc=$(readelf -V "$1" | grep -o 'GLIBC_[0-9.]*' | sed 's/GLIBC_//' | sort -Vu | tail -n 1)
  for library in $(readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
    case $library in
      libc.so.* | libm.so.* | libdl.so.* | libpthread.so.* | librt.so.* | ld-linux*) found+=("libc6 (>= $libc)") ;;
      libgcc_s.so.1) found+=("libgcc-s1") ;;
      libstdc++.so.6) found+=("libstdc++6") ;;
      libz.so.1) found+=("zlib1g") ;;
      *) die "which package has $library?" ;;
    esac
  done
  # Not linked but opened, by .NET's cryptography, for random numbers too; and what the scripts call.
  found+=('libssl3 | libssl3t64 | libssl1.1' passwd)
  printf '%s\n' "${found[@]}" | LC_ALL=C sort -u | paste -sd, | sed 's/,/, /g'
}

# script NAME CONDITION FILE ...: a maintainer script that does each file's lines when its first argument is the condition's.
script() {
  local name=$1
  shift
  printf '#!/bin/sh\nset -e\n' >"$tree/DEBIAN/$name"
  while [ $# -gt 0 ]; do
    # shellcheck disable=SC2016 # it is the script's $1
    { printf 'case $1 in\n%s)\n' "$1"; cat "packaging/scripts/$2"; printf ';;\nesac\n'; } >>"$tree/DEBIAN/$name"
    shift 2
  done
  chmod 755 "$tree/DEBIAN/$name"
}

pack_deb() {
  need dpkg-deb dpkg
  need readelf binutils
  local architecture doc
  case $1 in
    linux-x64) architecture=amd64 ;;
    linux-arm64) architecture=arm64 ;;
    *) die "there is no .deb for $1" ;;
  esac
  system_tree "$1"
  cp -a "$tree" "$work/deb-$1"
  tree=$work/deb-$1 doc=$tree/usr/share/doc/iscsitop
  # Debian's own names for what other systems call otherwise.
  mv "$tree/usr/share/zsh/site-functions" "$tree/usr/share/zsh/vendor-completions"
  { printf 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\n'
    sed -n 's/^Copyright (c) /Copyright: /p' LICENSE
    printf 'License: Expat\nComment: THIRD-PARTY-NOTICES has the terms of what is linked into the program.\n\nLicense: Expat\n'
    sed 's/^$/./; s/^/ /' packaging/bill/MIT.txt; } >"$doc/copyright"
  printf 'iscsitop (%s-1) unstable; urgency=medium\n\n  * See changelog.gz.\n\n -- %s  %s\n' "$(package_version)" "$maintainer" \
    "$(date -uR -d "@$SOURCE_DATE_EPOCH")" | gzip -9n >"$doc/changelog.Debian.gz"
  install -D -m 644 packaging/lintian-overrides "$tree/usr/share/lintian/overrides/iscsitop"
  mkdir "$tree/DEBIAN"
  (cd "$tree" && find etc -type f | sed 's|^|/|') >"$tree/DEBIAN/conffiles"
  (cd "$tree" && find usr -type f | LC_ALL=C sort | xargs -d '\n' md5sum) >"$tree/DEBIAN/md5sums"
  script postinst configure installed.sh
  script prerm remove removing.sh
  script postrm remove removed.sh purge purged.sh
  cat >"$tree/DEBIAN/control" <<TEXT
Package: iscsitop
Version: $(package_version)-1
Architecture: $architecture
Maintainer: $maintainer
Installed-Size: $(du -k --apparent-size -s --exclude=DEBIAN "$tree" | cut -f 1)
Depends: $(needs "$binary")
Recommends: libpcap0.8
Section: admin
Priority: optional
Description: show what initiators do to iSCSI targets
$(sed 's/^/ /' packaging/description)
TEXT
  settle "$tree"
  dpkg-deb --root-owner-group -Zxz --build "$tree" "$output/iscsitop_$(package_version)-1_$architecture.deb" >&2
}

pack_rpm() {
  need rpmbuild rpm
  local architecture
  case $1 in
    linux-x64) architecture=x86_64 ;;
    linux-arm64) architecture=aarch64 ;;
    *) die "there is no .rpm for $1" ;;
  esac
  system_tree "$1"
  { printf '%%defattr(-,root,root,-)\n'
    # Directories that a system may lack without this package are its own, too.
    (cd "$tree" && find . \( -type f -o -type d -regex '.*/\(iscsitop\|fish\|zsh\|bash-completion\|sysusers\.d\|tmpfiles\.d\).*' \) | LC_ALL=C sort) | while read -r file; do
      file=${file#.}
      case $file in
        /etc/iscsitop/*) printf '%%config(noreplace) "%s"\n' "$file" ;;
        */share/doc/*) if [ -d "$tree$file" ]; then printf '%%dir "%s"\n' "$file"; else printf '%%doc "%s"\n' "$file"; fi ;;
        *) if [ -d "$tree$file" ]; then printf '%%dir "%s"\n' "$file"; else printf '"%s"\n' "$file"; fi ;;
      esac
    done; } >"$work/files-$1"
  rpmbuild -bb --quiet --target "$architecture-linux" --define "_topdir $work/rpm" --define "_rpmdir $work/rpm/out" \
    --define "package_version $(package_version)" --define "package_description $(cat packaging/description)" \
    --define "packed_tree $tree" --define "packed_files $work/files-$1" --define "packed_scripts $PWD/packaging/scripts" packaging/iscsitop.spec >&2
  mv "$work/rpm/out/$architecture"/*.rpm "$output/"
}

# An archive has one directory, which is a prefix: tar -xzf FILE -C /usr/local --strip-components=1 installs it.
pack_archive() {
  local name=iscsitop-$version-$1
  tree=$work/archive-$1/$name prefix=''
  if [[ $1 == win-* ]]; then
    need zip zip
    put "$binary" iscsitop.exe 755
    for file in cli/wrappers/*.cmd; do put "$file" "${file##*/}" 644; done
    for file in cli/d/*.d; do put "$file" "d/${file##*/}" 644; done
    for file in packaging/prometheus/*; do put "$file" "prometheus/${file##*/}" 644; done
    for file in tests/Recordings/*.rec tests/Captures/*.pcap tests/Captures/*.pcapng; do put "$file" "examples/${file##*/}" 644; done
    for file in docs/*.conf; do put "$file" "${file##*/}" 644; done
    papers "$1" doc
    settle "$work/archive-$1"
    rm -f "$output/$name.zip"
    (cd "$work/archive-$1" && find "$name" -type f | LC_ALL=C sort | TZ=UTC zip -X -q -9 "$output/$name.zip" -@)
  else
    put "$binary" bin/iscsitop 755
    contents put
    papers "$1" share/doc/iscsitop
    tar --sort=name --owner=0 --group=0 --numeric-owner --format=gnu --mtime="@$SOURCE_DATE_EPOCH" -C "$work/archive-$1" -cf - "$name" \
      | gzip -9n >"$output/$name.tar.gz"
  fi
}

pack_image() {
  local tool deb
  tool=$(command -v podman || command -v buildah || command -v docker) || die "podman, buildah or docker is needed"
  pack_deb "$1"
  deb=iscsitop_$(package_version)-1_$(dpkg --print-architecture).deb
  mkdir -p "$work/image"
  cp "$output/$deb" "$work/image/"
  "$tool" build -f packaging/Containerfile -t "iscsitop:$version" ${BASE:+--build-arg "BASE=$BASE"} "$work/image" >&2
}
