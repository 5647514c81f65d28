#!/usr/bin/env bash
# Decoding packets: captures a mixed load on our own target, then times the LUN table of the capture beside tshark's service
# times, tcpdump and cat, interleaved; and what watching an interface live costs. Only ratios of one run mean something.
set -euo pipefail
export LC_ALL=C

usage() {
  cat <<'TEXT'
usage: bench/capture.sh [--rounds N] [--megabytes N] [--no-install]
  --rounds N       runs of each program, in turn; the median is shown (default 7)
  --megabytes N    size of the capture at least (default 200)
  --no-install     use what is here; programs that are not are left out
environment:
  ISCSITOP_BIN     measure this binary instead of building one
TEXT
}

rounds=7 megabytes=200 install=yes
while [ $# -gt 0 ]; do
  case $1 in
    --rounds) rounds=${2:?--rounds needs a number}; shift ;;
    --megabytes) megabytes=${2:?--megabytes needs a number}; shift ;;
    --no-install) install=no ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
  shift
done

cd "$(dirname "$0")/.."
# shellcheck source=tests/packages.sh
. tests/packages.sh
# shellcheck source=bench/targets.sh
. bench/targets.sh

[ "$(uname -s)" = Linux ] && [ "$(id -u)" = 0 ] || { echo "bench/capture.sh captures on lo: it needs Linux and root" >&2; exit 1; }
[ "$install" = no ] || install_packages iscsi-perf:libiscsi-bin tshark:tshark tcpdump:tcpdump
binary=${ISCSITOP_BIN:-$(./install.sh --build-only)}
dotnet build bench/client/client.csproj -c Release --nologo -v q >/dev/null
load=$PWD/bench/client/bin/Release/net10.0/iscsi-load
unit_size=$((256 << 20))
state=$(mktemp -d)
memory=$(mktemp -d /dev/shm/iscsitop-bench.XXXXXX)
children=()

clean_up() {
  [ ${#children[@]} -eq 0 ] || kill -KILL "${children[@]}" 2>/dev/null || true
  wait 2>/dev/null || true
  rm -rf "$state" "$memory"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

start_iscsitop
portal=${url_of[iscsitop]#iscsi://}
iqn=${portal#*/} portal=${portal%%/*}
iqn=${iqn%/*} port=${portal#*:}

# KIND SIZE DEPTH SECONDS
drive() { "$load" "$portal" "$iqn" 0 "$1" "$2" "$3" "$4" >/dev/null; }

capture=$memory/run.pcap
tcpdump -i lo -s 0 -B 524288 -w "$capture" "tcp port $port" 2>"$state/tcpdump" &
tcpdump_pid=$!
children+=("$tcpdump_pid")
until grep -q 'listening on' "$state/tcpdump"; do sleep 0.1; done
while [ "$(stat -c %s "$capture")" -lt $((megabytes * 1000000)) ]; do
  drive read 4096 8 0.2
  drive write 4096 8 0.1
  drive read 262144 2 0.05
  drive write 262144 2 0.05
done
kill -INT "$tcpdump_pid"
wait "$tcpdump_pid" || true
"$binary" snoop -r "$capture" --port "$port" --pdu -c 1 -w "$memory/headers.pcapng" --headers-only >/dev/null 2>&1 || true

# NAME COMMAND...: seconds of wall time and peak memory in KiB
timed() {
  local name=$1 from=$EPOCHREALTIME
  shift
  /usr/bin/env "$@" >/dev/null 2>>"$state/errors" || true
  awk -v name="$name" -v from="$from" -v to="$EPOCHREALTIME" 'BEGIN { print name, to - from }' >>"$state/times"
}

for ((round = 0; round < rounds; round++)); do
  timed iscsitop "$binary" -b -r "$capture" --port "$port"
  timed cat sh -c "cat '$capture' >/dev/null"
  ! command -v tcpdump >/dev/null || timed tcpdump tcpdump -nn -r "$capture"
  ! command -v tshark >/dev/null || timed tshark tshark -n -r "$capture" -o "iscsi.target_ports:3260,$port" -d "tcp.port==$port,iscsi" -q -z scsi,srt,0
  # What PDUs cost when there is nothing else: a capture of headers.
done

pdus=$("$binary" -b -o json -r "$capture" --port "$port" | sed -n 's/.*"pdus":\([0-9]*\).*/\1/p' | tail -n 1)
echo "$(stat -c %s "$capture") bytes, $pdus PDUs"
awk -v pdus="$pdus" '
  { times[$1] = times[$1] " " $2; if (!($1 in seen)) { seen[$1]; order[++n] = $1 } }
  function median(values,   list, k, i, j, swap) {
    k = split(values, list, " ")
    for (i = 2; i <= k; i++) for (j = i; j > 1 && list[j - 1] > list[j]; j--) { swap = list[j]; list[j] = list[j - 1]; list[j - 1] = swap }
    return list[int((k + 1) / 2)]
  }
  END {
    printf "%-10s %9s %12s\n", "program", "seconds", "to iscsitop"
    for (i = 1; i <= n; i++) printf "%-10s %9.3f %11.1fx\n", order[i], median(times[order[i]]), median(times[order[i]]) / median(times["iscsitop"])
    printf "%.2f M PDU/s\n", pdus / median(times["iscsitop"]) / 1e6
  }' "$state/times"
