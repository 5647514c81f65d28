# shellcheck shell=bash
# Sourced by build.sh: the program for a platform, and the tree of files around it.

# program PLATFORM: sets $binary and $build to the program and its kind, and writes the papers that go with it.
program() {
  local assets papers=$work/papers-$1
  if [ "$1" = "$here" ]; then
    binary=${given:-$(./install.sh --build-only)}
    assets=$(dirname "$binary")/../obj/cli/project.assets.json
    build=$("$binary" --version | sed 's/.*, \(.*\), .*/\1/')
  else
    local made=artifacts/publish/$1
    binary=$PWD/$made/out/iscsitop
    [[ $1 != win-* ]] || binary=$binary.exe
    build=single-file
    assets=$made/obj/cli/project.assets.json
    if [ ! -d "$papers" ]; then
      say "building for $1"
      rm -rf "${made:?}/out"
      dotnet publish cli/cli.csproj -c Release --nologo -v q -r "$1" --self-contained -p:PublishSingleFile=true \
        -p:IncludeNativeLibrariesForSelfExtract=true -p:GenerateDocumentationFile=false \
        -p:DebugType=none -p:SourceCommit="$commit" --artifacts-path "$made" -o "$made/out" >&2
    fi
  fi
  [ -f "$assets" ] || die "there is no $assets: the program is to be built by install.sh"
  [ ! -d "$papers" ] || return 0
  mkdir -p "$papers"
  dotnet run --project packaging/bill -c Release -v q -- "$assets" "$1" "$build" "$version" "$commit" "$papers"
}

# put SOURCE DESTINATION MODE: lays a file into $tree, below $prefix.
put() { install -D -m "$3" "$1" "$tree$prefix/$2"; }

# papers PLATFORM DIRECTORY
papers() {
  put LICENSE "$2/LICENSE" 644
  put README.md "$2/README.md" 644
  put CHANGELOG.md "$2/CHANGELOG.md" 644
  put "$work/papers-$1/THIRD-PARTY-NOTICES" "$2/THIRD-PARTY-NOTICES" 644
  put "$work/papers-$1/iscsitop.cdx.json" "$2/iscsitop.cdx.json" 644
}

# system_tree PLATFORM: what a package of a system has, in $tree.
system_tree() {
  tree=$work/system-$1 prefix=/usr
  [ ! -d "$tree" ] || return 0
  put "$binary" bin/iscsitop 755
  contents put
  services put /usr/bin "$work/service"
  papers "$1" share/doc/iscsitop
  mv "$tree/usr/share/doc/iscsitop/CHANGELOG.md" "$tree/usr/share/doc/iscsitop/changelog"
  mv "$tree/usr/share/doc/iscsitop/LICENSE" "$tree/usr/share/doc/iscsitop/copyright"
  find "$tree/usr/share/man" "$tree/usr/share/doc/iscsitop/changelog" -type f -exec gzip -9n {} +
  prefix='' put packaging/target.conf etc/iscsitop/target.conf 644
  settle "$tree"
}

# settle DIRECTORY: the same times everywhere, so that a package is the same bytes again.
settle() { find "$1" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +; }
