#!/bin/sh
# The user of the service owns its data, so it has a name that stays.
set -eu
getent group nudge >/dev/null || groupadd --system nudge
getent passwd nudge >/dev/null ||
	useradd --system --gid nudge --home-dir /var/lib/nudge --no-create-home --shell /usr/sbin/nologin nudge
