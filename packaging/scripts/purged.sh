# shellcheck shell=sh
# Recordings are logs.
rm -rf /var/log/iscsitop
rmdir /etc/iscsitop 2>/dev/null || true
