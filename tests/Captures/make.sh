#!/usr/bin/env bash
# Makes the captures of this directory anew, with what tshark counts in each beside it. Runs in a network of its own.
# Needs root, iscsitop (ISCSITOP_BIN or the one on the path), tcpdump, tshark, python3, libiscsi's tools, qemu-io.
set -euo pipefail
cd "$(dirname "$0")"
iscsitop=${ISCSITOP_BIN:-$(command -v iscsitop)}
if [ -z "${INSIDE:-}" ]; then
  INSIDE=1 exec unshare -n ./make.sh "$@"
fi
only=${1:-}

iqn=iqn.2026-11.example.captures:disk
scratch=$(mktemp -d)
target='' dump=''
finish() {
  [ -z "$dump" ] || kill "$dump" || true
  [ -z "$target" ] || kill "$target" || true
  wait
  rm -rf "$scratch"
}
trap finish EXIT

ip link set lo up
mkdir "$scratch/run"
export ISCSITOP_RUNTIME_DIR=$scratch/run

# serve PORTALS [TOML]: a target for what follows
serve() {
  [ -z "$target" ] || { kill "$target"; wait "$target" || true; }
  printf 'secret-of-the-test' >"$scratch/in.secret"
  printf 'secret-of-the-disk' >"$scratch/out.secret"
  chmod 600 "$scratch"/*.secret
  cat >"$scratch/target.conf" <<TEXT
[limits]
connections_per_session = 4
[timeouts]
ping_interval = 0
drain = 0
[[portal_group]]
tag = 1
portals = [$1]
[[target]]
name = "$iqn"
luns = ["0=ram:1MiB", "1=ram:1MiB"]
${2:-}
TEXT
  "$iscsitop" target --config "$scratch/target.conf" 2>"$scratch/target.log" &
  target=$!
  until grep -q 'listening on' "$scratch/target.log"; do
    kill -0 "$target" || { cat "$scratch/target.log"; exit 1; }
    read -rt 0.1 <> <(:) || :
  done
}

# take NAME INTERFACE COMMAND...: what the command does, as NAME; SNAP bytes of each packet
take() {
  local name=$1 interface=$2
  shift 2
  [[ $name == "$only"* ]] || return 0
  # Loopback has each packet twice: only those coming in.
  tcpdump -Z root -i "$interface" -Q in -s "${SNAP:-0}" -B 8192 -U --immediate-mode -w "$scratch/$name" tcp port 3260 2>"$scratch/dump.log" &
  dump=$!
  until grep -q 'listening on' "$scratch/dump.log"; do read -rt 0.05 <> <(:) || :; done
  "$@" || true
  read -rt 1 <> <(:) || :
  kill -INT "$dump"
  wait "$dump" || true
  dump=''
  grep -q '^0 packets dropped' "$scratch/dump.log"
  case $name in
    *.pcapng) editcap -F pcapng "$scratch/$name" "$name" ;;
    *) cp "$scratch/$name" "$name" ;;
  esac
  count "$name"
}

# count NAME [OF]: per-opcode PDUs and bytes of data, as tshark counts them, in OF's where NAME's cannot be counted
count() {
  tshark -n -r "${2:-$1}" -o iscsi.target_ports:3260 -d tcp.port==3260,iscsi -Y iscsi -T fields -E occurrence=a \
    -e iscsi.opcode -e iscsi.datasegmentlength 2>/dev/null |
    awk -F'\t' '{ n = split($1, op, ","); split($2, len, ","); for (i = 1; i <= n; i++) { pdus[op[i]]++; bytes[op[i]] += len[i] } }
      END { for (o in pdus) print o, pdus[o], bytes[o] }' | LC_ALL=C sort >"$1.txt"
  units "$@"
}

# units NAME [OF]: commands by LUN, as tshark tells them
units() {
  tshark -n -r "${2:-$1}" -o iscsi.target_ports:3260 -d tcp.port==3260,iscsi -Y iscsi.opcode==1 -V 2>/dev/null |
    awk '/^iSCSI \(/ { command = /SCSI Command/ } command && / = LUN: 0x/ { luns[$NF]++; command = 0 } END { for (l in luns) print l, luns[l] }' |
    LC_ALL=C sort >"$1.luns.txt"
}

talk() { python3 talk.py "$1" "${2:-127.0.0.1}" 3260 "$iqn"; }

discovery() {
  iscsi-ls -s iscsi://127.0.0.1
  iscsi-inq "iscsi://127.0.0.1/$iqn/0"
  iscsi-inq "iscsi://127.0.0.1/iqn.2026-11.example.captures:missing/0"
}

chap() {
  iscsi-inq "iscsi://tester%secret-of-the-test@127.0.0.1/$iqn/0"
  iscsi-inq "iscsi://tester%secret-of-nobody@127.0.0.1/$iqn/0"
  iscsi-inq "iscsi://127.0.0.1/$iqn/0"
  LIBISCSI_CHAP_TARGET_USERNAME=disk LIBISCSI_CHAP_TARGET_PASSWORD=secret-of-the-disk iscsi-inq "iscsi://tester%secret-of-the-test@127.0.0.1/$iqn/0"
}

qemu() {
  local url=iscsi://127.0.0.1/$iqn/0
  qemu-io -f raw -t none -c 'write -P 0xa5 0 4k' -c 'read 0 4k' -c 'write -P 0x5a 8k 1536' -c 'read 6k 3k' -c flush "$url"
}

serve '"127.0.0.1:3260", "[::1]:3260"'
take discovery.pcap lo discovery
take qemu.pcapng lo qemu
take reads.pcap lo talk reads
take units.pcap lo talk units
take writes.pcapng lo talk writes
take errors.pcap lo talk errors
take tasks.pcap lo talk tasks
take nops.pcap lo talk nops
take header-digest.pcap lo talk header_digest
take both-digests.pcap lo talk both_digests
take connections.pcap lo talk connections
take reinstated.pcap lo talk reinstated
take ipv6.pcap lo talk reads ::1
take cooked.pcap any talk units
SNAP=128 take snap128.pcap lo talk reads
if [[ reads.pcap.gz == "$only"* ]]; then
  gzip -9nc reads.pcap >reads.pcap.gz
  count reads.pcap.gz reads.pcap
fi

serve '"127.0.0.1:3260"' '[[target.account]]
user = "tester"
secret_file = "in.secret"
[target.mutual]
user = "disk"
secret_file = "out.secret"'
take chap.pcap lo chap

# The same as units.pcap in two VLANs, one within the other.
if [[ vlan.pcap == "$only"* ]]; then
  python3 - units.pcap vlan.pcap <<'TEXT'
import struct, sys
with open(sys.argv[1], "rb") as source, open(sys.argv[2], "wb") as to:
    to.write(source.read(24))
    while head := source.read(16):
        captured, length = struct.unpack("<II", head[8:])
        packet = source.read(captured)
        to.write(head[:8] + struct.pack("<II", captured + 8, length + 8) + packet[:12] + bytes.fromhex("88a8000781000005") + packet[12:])
TEXT
  count vlan.pcap
fi
