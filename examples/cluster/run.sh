#!/bin/sh
# Runs the cluster on this machine without containers: PostgreSQL, three nodes, the sandbox in place of the provider, and
# Caddy before the nodes if it is there. All files are in a folder of its own, and gone at the end.
#
#	./run.sh                 until Ctrl-C
#	NUDGE=./nudge ./run.sh   with another program than the nudge in PATH
#
# It needs the programs of PostgreSQL (on Debian: apt install postgresql). As root it runs PostgreSQL as the user postgres.
# PORTS has the ports of the load balancer, of the three nodes and of the sandbox, NUDGE_TOKEN the token of the API.
set -eu
project=$(cd "$(dirname "$0")" && pwd)
nudge=$(command -v "${NUDGE:-nudge}") || { echo "run.sh: there is no program ${NUDGE:-nudge}; build it with: go build -o nudge ./cmd/nudge" >&2; exit 1; }
nudge=$(realpath "$nudge")
set -- ${PORTS:-8080 8081 8082 8083 8084}
[ $# = 5 ] || { echo 'run.sh: PORTS must have five ports' >&2; exit 1; }
front=$1 provider=$5
nodes="$2 $3 $4"

# The newest PostgreSQL. Debian does not have its programs in PATH.
postgres=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
if command -v initdb >/dev/null; then
	postgres=$(dirname "$(realpath "$(command -v initdb)")")
elif [ -z "$postgres" ]; then
	echo 'run.sh: PostgreSQL is not here; on Debian: apt install postgresql' >&2
	exit 1
fi

apart=$(command -v setsid || true)
dir=$(mktemp -d "${TMPDIR:-/tmp}/nudge-cluster.XXXXXX")
cd "$dir"
# database PROGRAM ARGUMENTS... runs a program of PostgreSQL, which refuses to run as root.
database() {
	program=$postgres/$1
	shift
	if [ "$(id -u)" = 0 ]; then
		runuser -u postgres -- "$program" "$@"
	else
		"$program" "$@"
	fi
}

# background NAME PROGRAM ARGUMENTS... starts a program that does not get the Ctrl-C of the terminal, so that stop can end one after the other.
pids=
background() {
	log=$dir/$1.log
	shift
	$apart "$@" >"$log" 2>&1 &
	pids="$pids $!"
}

# The end: first what takes requests, then the nodes, then the database.
stop() {
	trap '' INT TERM HUP
	for pid in $pids; do
		kill "$pid" 2>/dev/null || true
	done
	wait
	database pg_ctl -D "$dir/postgres/data" -m fast stop >/dev/null 2>&1 || true
	cd /
	rm -rf "$dir"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

echo 'run.sh: making a database'
mkdir "$dir/postgres"
[ "$(id -u)" != 0 ] || chown postgres "$dir" "$dir/postgres"
# Only who may enter the folder reaches the database, so it needs no password. It listens on no network.
database initdb -D "$dir/postgres/data" -U nudge -A trust -E UTF8 --locale=C --no-instructions >"$dir/initdb.log"
database pg_ctl -D "$dir/postgres/data" -l "$dir/postgres/log" -w -o "-c listen_addresses='' -c unix_socket_directories='$dir/postgres'" start >"$dir/pg_ctl.log"
database createdb -h "$dir/postgres" -U nudge nudge

export NUDGE_TOKEN="${NUDGE_TOKEN:-local-token}"
export COMAPI_SPACE=local COMAPI_TOKEN=local-token COMAPI_WEBHOOK_SECRET=local-secret COMAPI_URL="http://127.0.0.1:$provider"
export TMPDIR="$dir" # what a node leaves that is killed is gone, too
export NUDGE_STORE="postgres:///nudge?host=$dir/postgres&user=nudge"

echo 'run.sh: starting three nodes'
set --
number=0
for port in $nodes; do
	number=$((number + 1))
	background nudge-$number env NUDGE_NODE=nudge-$number NUDGE_LISTEN=127.0.0.1:$port "$nudge" serve -c "$project/nudge.yaml"
	set -- "$@" "node nudge-$number: http://127.0.0.1:$port process $!"
done
entrance=${nodes%% *}
caddy=
if command -v caddy >/dev/null; then
	entrance=$front
	caddy=yes
	background caddy env SITE=http://127.0.0.1:$front "NODES=$(printf '127.0.0.1:%s ' $nodes)" "HOME=$dir" "XDG_DATA_HOME=$dir" "XDG_CONFIG_HOME=$dir" \
		caddy run --adapter caddyfile --config "$project/Caddyfile"
fi
background sandbox "$nudge" sandbox --listen "127.0.0.1:$provider" --webhook "http://127.0.0.1:$entrance/webhooks/comapi" --secret "$COMAPI_WEBHOOK_SECRET"

# A node is ready when all partitions are served, by whichever node.
for port in $nodes; do
	until "$nudge" health --ready --server "http://127.0.0.1:$port" >/dev/null 2>&1; do
		for pid in $pids; do
			kill -0 "$pid" 2>/dev/null || { cat "$dir"/*.log >&2; echo 'run.sh: a program has ended; what all have said is above' >&2; exit 1; }
		done
		sleep 0.1
	done
done
printf '%s\n' "$@" "sandbox: http://127.0.0.1:$provider" "logs: $dir"
if [ "$caddy" ]; then
	echo "load balancer: http://127.0.0.1:$front"
else
	echo 'There is no load balancer, since caddy is not here: every node answers all requests.'
fi
cat <<END
Try, in another terminal:
  export NUDGE_SERVER=http://127.0.0.1:$entrance NUDGE_TOKEN=$NUDGE_TOKEN
  nudge cluster
  nudge events send parcel.arrived --data '{"parcel": "P1", "recipient": "ann", "shop": "Corner Shop"}'
  nudge runs list
The cluster is ready. Ctrl-C ends it.
END
wait
