#!/usr/bin/env bash
# Compares the target with tgtd and istgt, memory-backed, with the same client in one interleaved run, and measures what
# observing costs. Machines drift by tens of percent between minutes: only ratios of one run mean something.
set -euo pipefail
export LC_ALL=C

usage() {
  cat <<'TEXT'
usage: bench/run.sh [--rounds N] [--seconds S] [--cases REGEX] [--targets REGEX] [--quick] [--list] [--no-install]
  --rounds N       runs of each case against each target; the median is shown (default 3)
  --seconds S      length of one run (default 4)
  --cases REGEX    only the cases whose name matches; --list shows the names
  --targets REGEX  only these of iscsitop, tgtd, tgtd-tuned, istgt
  --quick          one round of one second
  --no-install     use what is here; peers that are not are left out
environment:
  ISCSITOP_BIN     measure this binary instead of building one
TEXT
}

# name, size in bytes, queue depth; "observe" runs against iscsitop alone
cases=(
  'randread-4k-qd1 4096 1' 'randread-4k-qd32 4096 32' 'randread-4k-qd128 4096 128'
  'randwrite-4k-qd1 4096 1' 'randwrite-4k-qd32 4096 32' 'randwrite-4k-qd128 4096 128'
  'read-256k-qd8 262144 8' 'write-256k-qd8 262144 8'
  'read-1m-qd8 1048576 8' 'write-1m-qd8 1048576 8'
  'load-randread-4k-qd32 4096 32' 'load-randread-4k-qd128 4096 128' 'load-randwrite-4k-qd32 4096 32'
  'observe-randread-4k-qd32 4096 32'
)
observers=(nobody iscsitop-batch iscsitop-screen iscsisnoop)

rounds=3 seconds=4 only_cases=. only_targets=. install=yes
while [ $# -gt 0 ]; do
  case $1 in
    --rounds) rounds=${2:?--rounds needs a number}; shift ;;
    --seconds) seconds=${2:?--seconds needs a number}; shift ;;
    --cases) only_cases=${2:?--cases needs a regular expression}; shift ;;
    --targets) only_targets=${2:?--targets needs a regular expression}; shift ;;
    --quick) rounds=1 seconds=1 ;;
    --list) printf '%s\n' "${cases[@]%% *}"; exit 0 ;;
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

[ "$(uname -s)" = Linux ] || { echo "bench/run.sh reads /proc and needs Linux" >&2; exit 1; }
[ "$install" = no ] || install_packages iscsi-perf:libiscsi-bin qemu-img:qemu-utils qemu-block-iscsi:qemu-block-extra tmux:tmux tgtd:tgt istgt:istgt
for client in iscsi-perf qemu-img; do
  command -v "$client" >/dev/null || { echo "$client is needed" >&2; exit 1; }
done

binary=${ISCSITOP_BIN:-$(./install.sh --build-only)}
dotnet build bench/client/client.csproj -c Release --nologo -v q >/dev/null
load=$PWD/bench/client/bin/Release/net10.0/iscsi-load
unit_size=$((512 << 20))
state=$(mktemp -d)
memory=$(mktemp -d /dev/shm/iscsitop-bench.XXXXXX)
ticks_per_second=$(getconf CLK_TCK)
children=()

clean_up() {
  tmux -L "bench$$" kill-server 2>/dev/null || true
  [ ${#children[@]} -eq 0 ] || kill -KILL "${children[@]}" 2>/dev/null || true
  wait 2>/dev/null || true
  rm -rf "$state" "$memory"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# ---- measuring ---------------------------------------------------------------------------------------------------

# Clock ticks of user and system time a process has used; its name may hold spaces and parentheses.
cpu_ticks() { sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'; }

# SIZE DEPTH URL [random]: prints "commands seconds"
read_for_a_while() {
  local rate
  rate=$(timeout $((seconds + 15)) iscsi-perf -m "$2" -b $(($1 / 512)) -t "$seconds" ${4:+-r} "$3" 2>&1 | tr '\r' '\n' |
    sed -n 's/^iops average \([0-9]*\).*/\1/p' | tail -n 1) || true
  echo "$((${rate:-0} * seconds)) $seconds"
}

# SIZE DEPTH URL COUNT STEP: prints "commands seconds"
write_count() {
  local took
  took=$(timeout 120 qemu-img bench -f raw -t none -w -s "$1" -d "$2" -c "$4" -S "$5" "$3" 2>&1 | sed -n 's/^Run completed in \([0-9.]*\) seconds.*/\1/p') || true
  echo "$4 ${took:-0}"
}

# read|write SIZE DEPTH URL: the same with a client that is not the wall (bench/client); prints "commands seconds"
load_for_a_while() {
  local portal rest
  portal=${4#iscsi://} rest=${4#iscsi://*/} portal=${portal%%/*}
  timeout $((seconds + 15)) "$load" "$portal" "${rest%/*}" "${rest##*/}" "$1" "$2" "$3" "$seconds" 2>>"$state/load.error" || echo 0 0
}

declare -A count_for
# CASE SIZE DEPTH TARGET STEP: as many writes as take the time asked for, by a short trial
calibrate() {
  [ -z "${count_for[$1 $4]:-}" ] || return 0
  count_for[$1 $4]=$(write_count "$2" "$3" "${url_of[$4]}" $((1 + (8 << 20) / $2)) "$5" |
    awk -v s="$seconds" '{ n = $2 > 0 ? int($1 / $2 * s) : $1; print n < 10 ? 10 : n }')
}

# CASE SIZE DEPTH TARGET LABEL: appends "case label iops MB/s target-us-per-command" to the results
measure() {
  local name=$1 size=$2 depth=$3 target=$4 label=$5 random='' step=$2 before after
  # A stride of a prime number of blocks visits the unit's blocks in no order that helps anybody.
  [[ $name != *rand* ]] || random=yes step=$((size * 4099))
  [[ $name == load-* || $name != *write* ]] || calibrate "$name" "$size" "$depth" "$target" "$step"
  before=$(cpu_ticks "${pid_of[$target]}")
  if [[ $name == load-* ]]; then
    load_for_a_while "$([[ $name == *write* ]] && echo write || echo read)" "$size" "$depth" "${url_of[$target]}" >"$state/run"
  elif [[ $name == *write* ]]; then
    write_count "$size" "$depth" "${url_of[$target]}" "${count_for[$name $target]}" "$step" >"$state/run"
  else
    read_for_a_while "$size" "$depth" "${url_of[$target]}" $random >"$state/run"
  fi
  after=$(cpu_ticks "${pid_of[$target]}")
  awk -v name="$name" -v label="$label" -v size="$size" -v ticks=$((after - before)) -v hz="$ticks_per_second" '
    $1 > 0 && $2 > 0 { iops = $1 / $2; print name, label, iops, iops * size / 1e6, ticks / hz * 1e6 / $1 }
    !($1 > 0 && $2 > 0) { print name, label, "failed" }' "$state/run" >>"$state/results"
}

# CASE SIZE DEPTH: what TCP alone allows, the answers of the same sizes
measure_echo() {
  local before after port=39517
  "$load" echo-server "$port" "$2" 2>/dev/null &
  local server=$!
  children+=("$server")
  sleep 0.5
  before=$(cpu_ticks "$server")
  timeout $((seconds + 15)) "$load" echo "127.0.0.1:$port" "$2" "$3" "$seconds" >"$state/run" || echo 0 0 >"$state/run"
  after=$(cpu_ticks "$server")
  kill "$server" 2>/dev/null || true
  wait "$server" 2>/dev/null || true
  awk -v name="$1" -v size="$2" -v ticks=$((after - before)) -v hz="$ticks_per_second" '
    $1 > 0 && $2 > 0 { iops = $1 / $2; print name, "tcp-echo", iops, iops * size / 1e6, ticks / hz * 1e6 / $1 }
    !($1 > 0 && $2 > 0) { print name, "tcp-echo", "failed" }' "$state/run" >>"$state/results"
}

# ---- observing ---------------------------------------------------------------------------------------------------

observer_pid=
# NAME: attaches it to our target, and waits until it is
attach() {
  local target_pid=${pid_of[iscsitop]}
  export ISCSITOP_RUNTIME_DIR=$state
  case $1 in
    nobody) observer_pid= ; return ;;
    iscsitop-batch) "$binary" -b -p "$target_pid" 1 >"$state/observer" 2>"$state/observer.error" & observer_pid=$! ;;
    iscsisnoop) "$binary" snoop -p "$target_pid" >/dev/null 2>"$state/observer.error" & observer_pid=$! ;;
    iscsitop-screen)
      tmux -L "bench$$" -f /dev/null new-session -d -x 120 -y 40 "exec '$binary' -p $target_pid 1"
      observer_pid=$(tmux -L "bench$$" display -p '#{pane_pid}')
      ;;
  esac
  [ "$1" = iscsitop-screen ] || children+=("$observer_pid")
  sleep 1.5
}

# CASE SIZE DEPTH OBSERVER
measure_observed() {
  attach "$4"
  local before after
  [ -z "$observer_pid" ] || before=$(cpu_ticks "$observer_pid")
  local from=$EPOCHREALTIME
  measure "$1" "$2" "$3" iscsitop "$4"
  [ -n "$observer_pid" ] || return 0
  after=$(cpu_ticks "$observer_pid")
  awk -v name="$4" -v ticks=$((after - before)) -v hz="$ticks_per_second" -v from="$from" -v to="$EPOCHREALTIME" \
    -v kib="$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$observer_pid/status")" \
    'BEGIN { print name, ticks / hz / (to - from) * 100, kib / 1024 }' >>"$state/observers"
  # Not INT: a shell without job control starts its background programs deaf to it.
  kill -TERM "$observer_pid"
  if [ "$4" = iscsitop-screen ]; then
    tmux -L "bench$$" kill-server 2>/dev/null || true
  else
    wait "$observer_pid" || true
    # What was lost is said at the end.
    { grep -hi drop "$state/observer.error" || true; } | sed "s/^/$4: /" >>"$state/drops"
  fi
}

# ---- the run -------------------------------------------------------------------------------------------------------

wanted() { [[ $1 =~ $only_targets ]]; }
! wanted iscsitop || start_iscsitop
! wanted tgtd || start_tgtd_default
! wanted tgtd-tuned || start_tgtd_tuned
! wanted istgt || start_istgt
for target in "${targets[@]}"; do
  # Memory that was never written costs a page fault or answers from nowhere.
  qemu-img bench -f raw -t none -w --pattern=0x5a -s 1048576 -d 8 -c $((unit_size >> 20)) "${url_of[$target]}" >/dev/null
done

: >"$state/results"
: >"$state/observers"
: >"$state/drops"
for ((round = 1; round <= rounds; round++)); do
  for line in "${cases[@]}"; do
    read -r name size depth <<<"$line"
    [[ $name =~ $only_cases ]] || continue
    [ ! -t 2 ] || printf '\rround %d of %d: %-28s' "$round" "$rounds" "$name" >&2
    if [[ $name == observe-* ]]; then
      wanted iscsitop || continue
      for observer in "${observers[@]}"; do
        [ "$observer" != iscsitop-screen ] || command -v tmux >/dev/null || continue
        measure_observed "$name" "$size" "$depth" "$observer"
      done
    else
      for target in "${targets[@]}"; do measure "$name" "$size" "$depth" "$target" "$target"; done
      [[ $name != load-*read* ]] || measure_echo "$name" "$size" "$depth"
    fi
  done
done
[ ! -t 2 ] || printf '\r%60s\r' '' >&2

echo "$(nproc) CPUs, $(uname -srm); $rounds rounds of $seconds s, medians; CPU is the target's, user and system, per command"
[ ! -s "$state/load.error" ] || sort -u "$state/load.error"
awk -v labels="${targets[*]} tcp-echo" -v skip='^observe-' -f bench/table.awk "$state/results"
if grep -q '^observe-' "$state/results"; then
  echo
  awk -v labels="${observers[*]}" -v keep='^observe-' -f bench/table.awk "$state/results"
  awk '{ if ($2 > cpu[$1]) cpu[$1] = $2; if ($3 > rss[$1]) rss[$1] = $3 }
    END { for (name in cpu) printf "%-16s itself used at most %.1f %% of a core and %.0f MiB\n", name, cpu[name], rss[name] }' "$state/observers" | sort
  if [ -s "$state/drops" ]; then sort -u "$state/drops"; else echo "no observer lost an event"; fi
fi
