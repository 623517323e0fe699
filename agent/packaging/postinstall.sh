#!/bin/sh
# deb: configure [the version before]. rpm: how many versions are there now.
# The unit waits for /etc/pharos-agent/agent.env, which `pharos-agent install` writes.
set -e
command -v systemctl >/dev/null || exit 0
first=no
case "$1" in
configure) [ -n "$2" ] || first=yes ;;
1) first=yes ;;
esac
if [ "$first" = yes ]; then
  systemctl enable pharos-agent.service >/dev/null 2>&1 || true # not in every chroot
fi
[ -d /run/systemd/system ] || exit 0
systemctl daemon-reload
if ! systemctl --quiet is-active pharos-agent.service; then
  if systemctl --quiet is-enabled pharos-agent.service; then
    systemctl start pharos-agent.service || echo "It does not start: systemctl status pharos-agent says why."
  fi
  [ -e /etc/pharos-agent/agent.env ] || echo "Next: sudo pharos-agent install --url https://SERVER:8080 --ca-sha256 FINGERPRINT"
elif pharos-agent validate >/dev/null; then
  systemctl restart pharos-agent.service
else
  echo "The agent of the version before runs on, until its configuration is mended and it is restarted."
fi
