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

if [ "$(uname -s)" != Linux ] || [ "$(id -u)" != 0 ]; then
  echo "bench/capture.sh captures on lo: it needs Linux and root" >&2
  exit 1
fi
[ "$install" = no ] || install_packages qemu-img:qemu-utils qemu-block-iscsi:qemu-block-extra tshark:tshark tcpdump:tcpdump
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

# COUNT SIZE DEPTH [-w]
drive() { qemu-img bench -f raw -t none -c "$1" -s "$2" -d "$3" ${4:+"$4"} "${url_of[iscsitop]}" >/dev/null; }

# FILE SNAPLEN: captures until it is told to stop
start_tcpdump() {
  : >"$state/tcpdump"
  tcpdump -i lo -s "$2" -B 524288 -w "$1" "tcp port $port" 2>"$state/tcpdump" &
  tcpdump_pid=$!
  children+=("$tcpdump_pid")
  until grep -q 'listening on' "$state/tcpdump"; do sleep 0.1; done
}

stop_tcpdump() {
  sleep 1
  kill -INT "$tcpdump_pid"
  wait "$tcpdump_pid" || true
  grep 'dropped by kernel' "$state/tcpdump"
}

capture=$memory/run.pcap headers=$memory/headers.pcap
start_tcpdump "$capture" 0
for ((i = 0; i < megabytes; i += 50)); do
  drive 3000 4096 8
  drive 3000 4096 8 -w
  drive 50 262144 2
  drive 50 262144 2 -w
done
stop_tcpdump
start_tcpdump "$headers" 128
drive 150000 512 1
stop_tcpdump

# NAME COMMAND...: seconds of wall time
timed() {
  local name=$1 from=$EPOCHREALTIME
  shift
  "$@" >/dev/null 2>>"$state/errors" || true
  awk -v name="$name" -v from="$from" -v to="$EPOCHREALTIME" 'BEGIN { print name, to - from }' >>"$state/times"
}

# FILE: kilobytes of memory at the most
memory_of() {
  "$binary" -b -r "$1" --port "$port" >/dev/null 2>&1 &
  local pid=$! peak=0 now
  while now=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status" 2>/dev/null) && [ -n "$now" ]; do peak=$now; done
  wait "$pid" || true
  echo "$peak"
}

for ((round = 0; round < rounds; round++)); do
  timed iscsitop "$binary" -b -r "$capture" --port "$port"
  timed cat cat "$capture"
  ! command -v tcpdump >/dev/null || timed tcpdump tcpdump -nn -r "$capture"
  ! command -v tshark >/dev/null || timed tshark tshark -n -r "$capture" -o "iscsi.target_ports:3260,$port" -d "tcp.port==$port,iscsi" -q -z scsi,srt,0
  timed headers "$binary" -b -r "$headers" --port "$port"
done

# FILE: how many PDUs there are
pdus_of() { "$binary" -b -o json -r "$1" --port "$port" | sed -n 's/.*"pdus":\([0-9]*\).*/\1/p' | tail -n 1; }
pdus=$(pdus_of "$headers")
echo "$(stat -c %s "$capture") bytes, $(pdus_of "$capture") PDUs, memory $(memory_of "$capture") KiB; headers only: $(stat -c %s "$headers") bytes, $pdus PDUs, memory $(memory_of "$headers") KiB"
awk -v pdus="$pdus" '
  { times[$1] = times[$1] " " $2; if (!($1 in seen)) { seen[$1]; order[++n] = $1 } }
  function median(values,   list, k, i, j, swap) {
    k = split(values, list, " ")
    for (i = 2; i <= k; i++) for (j = i; j > 1 && list[j - 1] > list[j]; j--) { swap = list[j]; list[j] = list[j - 1]; list[j - 1] = swap }
    return list[int((k + 1) / 2)]
  }
  END {
    printf "%-10s %9s %12s\n", "program", "seconds", "to iscsitop"
    for (i = 1; i <= n; i++) if (order[i] != "headers") printf "%-10s %9.3f %11.1fx\n", order[i], median(times[order[i]]), median(times[order[i]]) / median(times["iscsitop"])
    printf "headers only: %.3f seconds, %.2f M PDU/s\n", median(times["headers"]), pdus / median(times["headers"]) / 1e6
  }' "$state/times"

# Live, beside the target at its full 4 KiB load: what the watcher uses, and what it lost.
echo
for watched in no yes; do
  if [ $watched = yes ]; then
    "$binary" -b -i lo --port "$port" 1 >"$state/live" 2>"$state/live.error" &
    watcher=$!
    children+=("$watcher")
    sleep 1
    before=$(sed 's/.*) //' "/proc/$watcher/stat" | awk '{ print $12 + $13 }')
  fi
  "$load" "$portal" "$iqn" 0 read 4096 32 5 >"$state/run"
  awk -v watched=$watched '{ printf "4 KiB reads at depth 32, watched on lo: %-3s %9.0f IOPS\n", watched, $1 / $2 }' "$state/run"
done
after=$(sed 's/.*) //' "/proc/$watcher/stat" | awk '{ print $12 + $13 }')
awk -v ticks=$((after - before)) -v hz="$(getconf CLK_TCK)" '{ printf "the watcher used %.2f us a command\n", ticks / hz * 1e6 / $1 }' "$state/run"
kill -TERM "$watcher"
wait "$watcher" || true
tail -n 1 "$state/live"
grep -i drop "$state/live.error" || echo "0 dropped"
