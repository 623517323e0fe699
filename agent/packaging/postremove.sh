#!/bin/sh
# deb: remove, upgrade or purge; a purge takes configuration, queue and user along. rpm has no purge.
set -e
if [ "$1" = purge ]; then
  rm -rf /etc/pharos-agent /var/lib/pharos-agent
  rm -f /etc/systemd/system/multi-user.target.wants/pharos-agent.service
  ! getent passwd pharos-agent >/dev/null || userdel pharos-agent
fi
if command -v systemctl >/dev/null && [ -d /run/systemd/system ]; then
  systemctl daemon-reload
fi
