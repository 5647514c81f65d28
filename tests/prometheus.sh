#!/usr/bin/env bash
# Unpacks Debian's Prometheus and promtool into the directory given: installed, its service would run.
set -euo pipefail

[ $# = 1 ] || { echo "usage: tests/prometheus.sh DIRECTORY" >&2; exit 2; }
if command -v prometheus >/dev/null && command -v promtool >/dev/null; then exit 0; fi
[ ! -x "$1/usr/bin/promtool" ] || exit 0
if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then echo "there is no apt-get for Prometheus" >&2; exit 1; fi
mkdir -p "$1"
cd "$1"
# apt's own user cannot write here, which it tells and gets over.
apt-get download -qq prometheus 2>/dev/null
dpkg-deb -x prometheus_*.deb .
rm -f prometheus_*.deb
