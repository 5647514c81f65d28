# shellcheck shell=bash
# run.sh sets $state, $memory, $unit_size and $binary, and reads the arrays.
# shellcheck disable=SC2154,SC2034
# Sourced by run.sh: starts each target on a port of its own, memory-backed, and registers it in $targets.
# A target is NAME, its process id and the URL of its unit.

declare -A pid_of url_of
targets=()

# Whether something listens on a loopback port.
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

free_port() {
  local port
  while port=$((20000 + RANDOM % 30000)) && listens "$port"; do :; done
  echo "$port"
}

# PORT PID
await_port() {
  local i
  for ((i = 0; i < 100; i++)); do
    listens "$1" && return
    kill -0 "$2" 2>/dev/null || return 1
    sleep 0.1
  done
  return 1
}

# NAME PID PORT IQN LUN
register() {
  if ! await_port "$3" "$2"; then
    echo "left out: $1 does not start here: $(tail -n 1 "$state/$1.log")"
    return 1
  fi
  targets+=("$1")
  pid_of[$1]=$2
  url_of[$1]=iscsi://127.0.0.1:$3/$4/$5
}

memory_file() {
  truncate -s "$unit_size" "$memory/$1"
  echo "$memory/$1"
}

start_iscsitop() {
  local port
  port=$(free_port)
  ISCSITOP_RUNTIME_DIR=$state "$binary" target --portal "127.0.0.1:$port" --name iqn.2026-11.example.bench:t0 \
    --lun "0=ram:$unit_size" >"$state/iscsitop.log" 2>&1 &
  children+=($!)
  register iscsitop $! "$port" iqn.2026-11.example.bench:t0 0
}

# NAME CONTROL_PORT [PARAMETER=VALUE ...]: the threads and the environment are the caller's
start_tgtd() {
  local name=$1 control=$2 port iqn=iqn.2026-11.example.bench:$1 parameter
  shift 2
  command -v tgtd >/dev/null || { echo "left out: $name, for tgtd is not installed"; return; }
  port=$(free_port)
  tgtd -f -C "$control" ${tgtd_threads:+-t "$tgtd_threads"} --iscsi portal="127.0.0.1:$port" >"$state/$name.log" 2>&1 </dev/null &
  children+=($!)
  register "$name" $! "$port" "$iqn" 1 || return 0
  local admin=(tgtadm -C "$control" --lld iscsi)
  "${admin[@]}" --op new --mode target --tid 1 -T "$iqn"
  for parameter in "$@"; do
    "${admin[@]}" --op update --mode target --tid 1 --name "${parameter%=*}" --value "${parameter#*=}"
  done
  "${admin[@]}" --op new --mode logicalunit --tid 1 --lun 1 -b "$(memory_file "$name")"
  "${admin[@]}" --op bind --mode target --tid 1 -I ALL
}

# As the package starts it.
start_tgtd_default() { start_tgtd tgtd $((7000 + RANDOM % 1000)); }

# One worker thread (memory never waits), an allocator that keeps its buffers, and bursts as large as the requests.
start_tgtd_tuned() {
  local tgtd_threads=1
  export MALLOC_TRIM_THRESHOLD_=1073741824 MALLOC_MMAP_THRESHOLD_=134217728
  start_tgtd tgtd-tuned $((8000 + RANDOM % 1000)) MaxRecvDataSegmentLength=262144 MaxXmitDataSegmentLength=262144 \
    FirstBurstLength=262144 MaxBurstLength=1048576 InitialR2T=No ImmediateData=Yes MaxOutstandingR2T=8
  unset MALLOC_TRIM_THRESHOLD_ MALLOC_MMAP_THRESHOLD_
}

start_istgt() {
  command -v istgt >/dev/null || { echo "left out: istgt is not installed"; return; }
  local port control
  port=$(free_port)
  control=$(free_port)
  : >"$state/auth.conf"
  chmod 600 "$state/auth.conf"
  istgt_configuration "$port" "$control" >"$state/istgt.conf"
  istgt -D -c "$state/istgt.conf" >"$state/istgt.log" 2>&1 </dev/null &
  children+=($!)
  register istgt $! "$port" iqn.2026-11.example.bench:istgt 0 || true
}

istgt_configuration() {
  cat <<TEXT
[Global]
  NodeBase "iqn.2026-11.example.bench"
  PidFile $state/istgt.pid
  AuthFile $state/auth.conf
  MediaDirectory $state
  LogFacility "local7"
  Timeout 30
  NopInInterval 20
  DiscoveryAuthMethod None
  MaxSessions 16
  MaxConnections 1
  MaxR2T 32
  MaxOutstandingR2T 16
  DefaultTime2Wait 2
  DefaultTime2Retain 60
  FirstBurstLength 262144
  MaxBurstLength 1048576
  MaxRecvDataSegmentLength 262144
  InitialR2T Yes
  ImmediateData Yes
  DataPDUInOrder Yes
  DataSequenceInOrder Yes
  ErrorRecoveryLevel 0
[UnitControl]
  AuthMethod None
  Portal UC1 127.0.0.1:$2
  Netmask 127.0.0.1
[PortalGroup1]
  Portal DA1 127.0.0.1:$1
[InitiatorGroup1]
  InitiatorName "ALL"
  Netmask 127.0.0.0/8
[LogicalUnit1]
  TargetName istgt
  TargetAlias "bench"
  Mapping PortalGroup1 InitiatorGroup1
  AuthMethod None
  UseDigest Auto
  UnitType Disk
  QueueDepth 128
  LUN0 Storage $(memory_file istgt) $((unit_size >> 20))MB
TEXT
}
