# shellcheck shell=sh
if [ -d /run/systemd/system ]; then
  for unit in /usr/lib/systemd/system/iscsitop-*.service; do
    systemctl disable --now "${unit##*/}" || true
  done
fi
