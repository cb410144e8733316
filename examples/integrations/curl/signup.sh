#!/bin/sh
# Tells a running server of people who have signed up: one by one, and many in a stream. It needs
# curl, and prints what the server answers.
#
#	nudge dev examples/hello
#	sh examples/integrations/curl/signup.sh ann bob
set -eu

server=${NUDGE_SERVER:-http://127.0.0.1:8080}

# post TYPE sends what comes on the standard input, again while the server is busy or away: every
# event has an id, so it is taken once.
post() {
	curl --silent --show-error --retry 5 --retry-connrefused \
		${NUDGE_TOKEN:+-H "Authorization: Bearer $NUDGE_TOKEN"} \
		-H "Content-Type: $1" --data-binary @- "$server/v1/events"
}

signed_up() {
	printf '{"id": "signup-%s", "type": "user.signed_up", "profile": "%s", "data": {"name": "%s"}}\n' "$1" "$1" "$1"
}

[ $# -gt 0 ] || {
	echo "signup: name those who have signed up, for example: sh signup.sh ann bob" >&2
	exit 1
}

signed_up "$1" | post application/json
for name in "$@"; do
	signed_up "$name"
done | post application/x-ndjson
printf '{"type": "user.signed_up", "profile": "%s", "data": {"name": 7}}' "$1" | post application/json
