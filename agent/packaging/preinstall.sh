#!/bin/sh
# The user that the agent runs as, before there are files of its own. For deb and rpm.
set -e
if ! getent passwd pharos-agent >/dev/null; then
  useradd --system --user-group --no-create-home --home-dir /var/lib/pharos-agent --shell /usr/sbin/nologin pharos-agent
fi
