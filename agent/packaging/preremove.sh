#!/bin/sh
# deb: remove or upgrade. rpm: how many versions remain.
set -e
case "$1" in
remove | 0) ;;
*) exit 0 ;;
esac
command -v systemctl >/dev/null || exit 0
systemctl disable pharos-agent.service >/dev/null 2>&1 || true # not in every chroot
[ -d /run/systemd/system ] || exit 0
systemctl stop pharos-agent.service
