# shellcheck shell=sh
# Files of units in /var/lib/iscsitop are somebody's disks, and may belong to the user: both stay.
if [ -d /run/systemd/system ]; then systemctl daemon-reload || true; fi
rmdir /run/iscsitop /var/lib/iscsitop 2>/dev/null || true
