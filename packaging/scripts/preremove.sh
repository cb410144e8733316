#!/bin/sh
# Debian says remove, and RPM says how many versions are left.
set -eu
case ${1-} in
remove | 0) [ ! -d /run/systemd/system ] || systemctl disable --now nudge.service ;;
esac
