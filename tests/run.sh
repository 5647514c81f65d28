#!/usr/bin/env bash
# Builds iscsitop as it ships, installs the clients the tests drive where it can, and runs every test.
# Closes with "N passed, N failed, N skipped" on a line of its own; exit 1 when something failed.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: tests/run.sh [--filter EXPRESSION] [--no-install]
  --filter EXPRESSION   only these tests, as "dotnet test --filter" takes it
  --no-install          use the clients that are here; tests of others are skipped
environment:
  ISCSITOP_BIN          test this binary instead of building one
TEXT
}

filter=()
install=yes
while [ $# -gt 0 ]; do
  case $1 in
    --filter) filter=(--filter "${2:?--filter needs an expression}"); shift ;;
    --filter=*) filter=(--filter "${1#--filter=}") ;;
    --no-install) install=no ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
  shift
done

cd "$(dirname "$0")/.."
# shellcheck source=tests/packages.sh
. tests/packages.sh

for dir in "${DOTNET_ROOT:-}" "${HOME:-}/.dotnet"; do
  if ! command -v dotnet >/dev/null && [ -x "$dir/dotnet" ]; then
    export DOTNET_ROOT=$dir PATH=$dir:$PATH
  fi
done

# program:package
clients=(iscsi-ls:libiscsi-bin qemu-img:qemu-utils tmux:tmux tshark:tshark tcpdump:tcpdump tgtd:tgt istgt:istgt man:man-db mandoc:mandoc zip:zip rpmbuild:rpm mmdebstrap:mmdebstrap lintian:lintian)
[ "$install" = no ] || install_packages "${clients[@]}" qemu-block-iscsi:qemu-block-extra libpcap:libpcap0.8

# What the guest is made of is unpacked, not installed (tests/guest/build.sh).
[ "$install" = no ] || install_packages qemu-system-x86_64:qemu-system-x86 busybox:busybox-static cpio:cpio depmod:kmod sg_persist:sg3-utils mkfs.ext4:e2fsprogs
export ISCSITOP_GUEST=$PWD/artifacts/guest
tests/guest/build.sh "$ISCSITOP_GUEST" || echo "no guest: its test is skipped"

# Prometheus is unpacked as well; the OTLP receiver is a package of NuGet.
[ "$install" = no ] || tests/prometheus.sh "$PWD/artifacts/prometheus" || echo "no Prometheus: its tests are skipped"
export PATH=$PATH:$PWD/artifacts/prometheus/usr/bin
[ "$install" = no ] || dotnet restore tests/otlp/dashboard.proj -v q || echo "no OTLP receiver of others: its test is skipped"

results=$PWD/artifacts/tests
rm -rf "$results"
mkdir -p "$results"
export ISCSITOP_BIN=${ISCSITOP_BIN:-$(./install.sh --build-only)}
export ISCSITOP_REPORT=$results/conformance.txt
echo "tests run $ISCSITOP_BIN"

dotnet build iscsitop.sln -c Release --nologo -v q
rc=0
dotnet test tests/tests.csproj -c Release --no-build --nologo "${filter[@]}" --results-directory "$results" \
  --logger "trx;LogFileName=tests.trx" --logger "console;verbosity=minimal" \
  --blame-hang --blame-hang-timeout 40m --blame-hang-dump-type none || rc=$?

[ ! -f "$ISCSITOP_REPORT" ] || cat "$ISCSITOP_REPORT"
if [ ! -f "$results/tests.trx" ]; then
  echo "0 passed, 1 failed, 0 skipped"
  exit 1
fi

# One result line of a trx file names its test and its outcome; a skipped test's reason stands in its message.
awk -v rc="$rc" '
  function attribute(name,   rest) {
    rest = $0
    if (!sub(".* " name "=\"", "", rest)) return ""
    sub("\".*", "", rest)
    return rest
  }
  /<UnitTestResult / {
    test = attribute("testName"); outcome = attribute("outcome")
    if (outcome == "Passed") passed++
    else if (outcome == "NotExecuted") skipped++
    else { failed++; print "FAILED " test }
  }
  outcome == "NotExecuted" && /<Message>/ {
    sub(".*<Message>", ""); sub("</Message>.*", ""); print "skipped " test ": " $0; outcome = ""
  }
  END {
    # A run that was cut off (a hang, a crash of the test host) has no result for the test that did it.
    if (rc != 0 && failed == 0) { failed = 1; print "FAILED the run itself: exit " rc }
    printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
    exit failed > 0
  }' "$results/tests.trx"
