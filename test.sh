#!/bin/sh
# Sets up what the tests need on a Debian machine with Go, and runs all of them.
# A test that cannot run fails; nothing is skipped.
set -eu
cd "$(dirname "$0")"

# The race detector needs a C compiler.
if ! command -v cc >/dev/null; then
	apt-get update -q
	apt-get install -qy --no-install-recommends gcc libc6-dev
fi
export CGO_ENABLED=1

# The provider's own SDK runs against the sandbox; see cmd/nudge/sdk_test.go.
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
	apt-get update -q
	apt-get install -qy --no-install-recommends nodejs npm
fi
npm ci --prefix cmd/nudge/testdata/sdk --prefer-offline --no-audit --no-fund

unformatted=$(gofmt -l .)
if [ -n "$unformatted" ]; then
	printf 'gofmt would change:\n%s\n' "$unformatted" >&2
	exit 1
fi
go vet ./...
go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...
go test -race ./...

# Two minutes or so of days that nobody lived before: every change of the sources has its
# own seeds, so that a failure can be had again.
sources=$(find . -name '*.go' | LC_ALL=C sort | xargs cat | cksum | cut -d ' ' -f 1)
go test ./simtest -run TestSeeds -seeds 1300 -seed "$sources" -quick -timeout 30m
