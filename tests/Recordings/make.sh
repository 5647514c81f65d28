#!/usr/bin/env bash
# Makes busy.rec of this directory anew: two iscsitop targets under the load of load.py, recorded once a second. Runs in a network of its own.
# Needs root, python3 and iscsitop (ISCSITOP_BIN or the one on the path). What is in it differs each time: look at the screens made of it.
set -euo pipefail
cd "$(dirname "$0")"
iscsitop=${ISCSITOP_BIN:-$(command -v iscsitop)}
if [ -z "${INSIDE:-}" ]; then
  INSIDE=1 exec unshare -n ./make.sh "$@"
fi

scratch=$(mktemp -d)
declare -a servers=()
recorder=''
finish() {
  [ -z "$recorder" ] || kill "$recorder" || true
  [ ${#servers[@]} = 0 ] || kill "${servers[@]}" || true
  wait
  rm -rf "$scratch"
}
trap finish EXIT

ip link set lo up
mkdir "$scratch/run"
export ISCSITOP_RUNTIME_DIR=$scratch/run

# serve NAME PORTAL LUNS: a target
serve() {
  cat >"$scratch/$1.conf" <<TEXT
[limits]
connections_per_session = 2
[timeouts]
ping_interval = 2
ping = 4
drain = 0
[[portal_group]]
tag = 1
portals = ["$2"]
[[target]]
name = "iqn.2026-01.com.example:storage.$1"
luns = [$3]
TEXT
  "$iscsitop" target --config "$scratch/$1.conf" 2>"$scratch/$1.log" &
  servers+=($!)
  until grep -q 'listening on' "$scratch/$1.log"; do
    kill -0 "${servers[-1]}" || { cat "$scratch/$1.log"; exit 1; }
    read -rt 0.1 <> <(:) || :
  done
}

serve fast 127.0.0.10:3260 '"0=ram:64MiB", "1=ram:64MiB", "2=ram:16MiB,delay=400ms", "3=ram:64MiB,thin"'
serve archive 127.0.0.11:3260 '"0=ram:128MiB,delay=8ms", "7=ram:16MiB"'
"$iscsitop" record "$scratch/busy.rec" 2>"$scratch/record.log" &
recorder=$!
until grep -q recording "$scratch/record.log"; do read -rt 0.1 <> <(:) || :; done
python3 load.py
kill "$recorder"
wait "$recorder"
recorder=''
cat "$scratch/record.log"
cp "$scratch/busy.rec" busy.rec
