#!/bin/sh
# Sets up what the tests need on a Debian machine with Go, and runs them.
#
#	./test.sh          what every change runs: under four minutes on two idle cores
#	./test.sh long     also what repeats itself: run it before a release
#
# A test that cannot run fails; nothing is skipped in silence.
set -eu
cd "$(dirname "$0")"

case ${1-} in
'' | long) ;;
*)
	echo "usage: ./test.sh [long]" >&2
	exit 2
	;;
esac

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

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
summed="go run gotest.tools/gotestsum@v1.13.0"

# run NAME ARGUMENTS... runs go test, prints its usual lines and keeps the times.
run() {
	name=$1
	shift
	$summed --format standard-quiet --hide-summary skipped --jsonfile "$results/$name.json" -- "$@"
}

# Every room but the program, as fast as it goes.
run plain $(go list ./... | grep -v '/cmd/')

# Everything that has goroutines, under the race detector. The engine, the simulator, the
# ground of the language and the proofs have none (house_test.go). Nor have the tests that
# are left out by name, which try minute after minute or one history after the other in a
# single goroutine: they ran above.
alone='^(TestWindowsByTheMinute|TestCronOverEveryTransition|TestNothingChanged|TestFlatMemory|TestMemoryStaysFlat|TestThousandApps|TestFaultsByChance|TestChancesOfPeople|TestTenFlows|TestTornFiles)$'
race=$(go list ./... | grep -vE '^nudge$|/(engine|simtest|lang)(/|$)|/whatif/prove$')
if [ "${1-}" = long ]; then
	run race -race -timeout 1h ./...
else
	run race -race -short -skip "$alone" $race
fi

# Days that nobody simulated before: every change of the sources has its own seeds, so that
# a failure can be had again.
seeds=400
if [ "${1-}" = long ]; then
	seeds=20000
fi
sources=$(find . -name '*.go' | LC_ALL=C sort | xargs cat | cksum | cut -d ' ' -f 1)
run seeds ./simtest -run TestSeeds -seeds $seeds -seed "$sources" -quick -timeout 2h

if [ "${1-}" = long ]; then
	run canaries -tags canary ./simtest -run TestCanaries -timeout 2h
	run positions ./simtest -run TestPositions -all -timeout 1h
	run force ./whatif/prove -run BruteForce -flows 2000 -timeout 1h
	run kills ./cmd/nudge -run 'TestKill|TestFaultyProvider' -kills 20 -kill-runs 4000 -faulty-runs 10000 -faulty-speed 6000 -timeout 1h
	run million ./cmd/nudge -run TestMillion -rows 1000000 -campaign-kills 10 -timeout 2h
fi

echo 'The slowest ten tests:'
cat "$results"/*.json | $summed tool slowest --threshold 100ms --num 10
