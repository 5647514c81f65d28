# shellcheck shell=sh
# The user of the services, whose group may watch root's engines, and the directory of those.
if command -v systemd-sysusers >/dev/null; then
  systemd-sysusers iscsitop.conf
elif ! getent passwd iscsitop >/dev/null; then
  useradd --system --user-group --no-create-home --home-dir /var/lib/iscsitop --shell /usr/sbin/nologin --comment 'iSCSI target' iscsitop
fi
if command -v systemd-tmpfiles >/dev/null; then systemd-tmpfiles --create iscsitop.conf || true; fi
# Services are not started: what they serve is to be written first. Nor restarted: initiators have their disks on them.
if [ -d /run/systemd/system ]; then systemctl daemon-reload || true; fi
