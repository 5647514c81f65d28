#!/bin/bash
# What `iscsitop metrics` takes beside 100 initiators on 200 LUNs: series, scrapes, memory while nobody takes what it has.
# bench/metrics.sh [ISCSITOP [SCRAPES [SECONDS]]]; the binary of ./install.sh --build-only unless given. Linux and curl.
set -u
cd "$(dirname "$0")/.."
top=$(realpath "${1:-artifacts/install/aot/out/iscsitop}") scrapes=${2:-50} seconds=${3:-60} port=19260
out=$(mktemp -d)
export ISCSITOP_RUNTIME_DIR=$out
trap 'kill $(jobs -p) 2>/dev/null; wait 2>/dev/null; rm -rf -- "$out"' EXIT
dotnet build bench/scale -c Release --nologo -v q >"$out/build" || { cat "$out/build"; exit 1; }
scale() { exec dotnet bench/scale/bin/Release/net10.0/iscsitop-scale.dll "$@"; }
ns() { awk '{ s += $1 } END { printf "%.0f", s }' /proc/"$1"/task/*/schedstat; }
anon() { awk '/^RssAnon/ { printf "%.1f", $2 / 1024 }' /proc/"$1"/status; }
series() { curl -s "http://127.0.0.1:$port/metrics" | grep -vc '^#'; }

# scrape PID NAME HEADER...: so many scrapes, a tenth of a second and more between them, so that most find a new interval or share one.
scrape() {
  local pid=$1 name=$2 from to busy begun
  shift 2
  from=$(ns "$pid"); sleep $((scrapes + 2)); busy=$(( $(ns "$pid") - from ))
  from=$(ns "$pid"); begun=$(date +%s%N)
  for ((i = 0; i < scrapes; i++)); do
    curl -s -o /dev/null -w '%{time_total} %{size_download}\n' "${@/#/-H}" "http://127.0.0.1:$port/metrics"; sleep 1.01
  done | sort -n >"$out/times"
  to=$(ns "$pid")
  awk -v name="$name" -v cpu=$(( to - from )) -v busy=$busy -v quiet=$(( (scrapes + 2) * 1000000000 )) -v all=$(( $(date +%s%N) - begun )) '{ t[NR] = $1; size = $2 }
    END { printf "| %s | %d | %.1f ms | %.1f ms | %.1f ms | %.1f %% |\n", name, size, t[int((NR + 1) / 2)] * 1e3, t[NR] * 1e3, (cpu - busy * all / quiet) / NR / 1e6, busy * 100 / quiet }' "$out/times"
}

scale serve 40000 100 200 >"$out/engine" & engine=$!
sleep 3
"$top" metrics --listen $port 2>"$out/metrics" & pid=$!
sleep 15
echo "series: $(series)"
echo '| page | bytes | median | most | CPU a scrape | CPU without scrapes, of a core |'
scrape $pid text 'Accept: text/plain'
scrape $pid 'text, gzip' 'Accept: text/plain' 'Accept-Encoding: gzip'
scrape $pid OpenMetrics 'Accept: application/openmetrics-text'
scrape $pid 'OpenMetrics, gzip' 'Accept: application/openmetrics-text' 'Accept-Encoding: gzip'
curl -s "http://127.0.0.1:$port/metrics" >"$out/page"
sleep 1.5
{ for ((i = 0; i < 50; i++)); do curl -s -o /dev/null -w '%{time_total}\n' "http://127.0.0.1:$port/metrics" & done; wait; }  | sort -n | tail -1 | awk '{ printf "the slowest of 50 at once: %.1f ms\n", $1 * 1e3 }'
kill $pid; wait $pid 2>/dev/null

# As many pushes as an hour has at the default interval, 60. Garbage comes and goes: what grows has more of it in the second half.
echo '| receiver | most anonymous memory in the first half | in the second |'
(scale receiver 14317) & receivers=$!
(scale receiver 14318 503) & receivers+=" $!"
export OTEL_METRIC_EXPORT_INTERVAL=$(( seconds * 1000 / 60 )) OTEL_METRIC_EXPORT_TIMEOUT=$(( seconds * 500 / 60 )) OTEL_EXPORTER_OTLP_TIMEOUT=$(( seconds * 500 / 60 ))
names=('nobody scrapes' 'refuses' 'never answers' '503') pids=()
"$top" metrics --listen 0 0.1 2>/dev/null & pids+=($!)
"$top" metrics --otlp http://127.0.0.1:14319/v1/metrics 0.1 2>/dev/null & pids+=($!)
"$top" metrics --otlp http://127.0.0.1:14317/v1/metrics 0.1 2>/dev/null & pids+=($!)
"$top" metrics --otlp http://127.0.0.1:14318/v1/metrics 0.1 2>/dev/null & pids+=($!)
sleep 30
for ((t = 0; t < seconds; t++)); do
  sleep 1
  for i in 0 1 2 3; do anon "${pids[i]}" >>"$out/anon$i"; echo >>"$out/anon$i"; done
done
for i in 0 1 2 3; do awk -v name="${names[i]}" -v n="$seconds" '{ h = NR > n / 2; if ($1 > m[h]) m[h] = $1 } END { printf "| %s | %.0f MB | %.0f MB |\n", name, m[0], m[1] }' "$out/anon$i"; done
kill "${pids[@]}" $engine $receivers; wait $engine "${pids[@]}" $receivers 2>/dev/null

# Engines that come and go, then initiators that do: a new name ten times a second.
"$top" metrics --listen $port --metrics-by initiator 2>/dev/null & pid=$!
for ((i = 0; i < 20; i++)); do
  timeout 4 dotnet bench/scale/bin/Release/net10.0/iscsitop-scale.dll serve 2000 20 20 >/dev/null
  (( i % 5 == 4 )) && echo "after $(( i + 1 )) engines: $(series) series, $(anon $pid) MB"
done
(scale serve 4000 100 20 1 1000000 10) >/dev/null & engine=$!
for ((i = 0; i <= 60; i += 20)); do
  sleep 20
  echo "after $(( i * 10 + 200 )) initiators: $(series) series, $(anon $pid) MB"
done
kill $pid $engine
