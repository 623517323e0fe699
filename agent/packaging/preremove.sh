#!/bin/sh
# deb: remove or upgrade. rpm: how many versions remain. A deb that is removed and not purged stays
# enabled, so that installing it again brings back what was.
set -e
case "$1" in
remove | 0) ;;
*) exit 0 ;;
esac
command -v systemctl >/dev/null || exit 0
if [ "$1" = 0 ]; then
  systemctl disable pharos-agent.service >/dev/null 2>&1 || true # not in every chroot
fi
[ -d /run/systemd/system ] || exit 0
systemctl stop pharos-agent.service
