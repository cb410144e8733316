#!/bin/sh
# Sets up what the tests need on a Debian machine with Go, and runs them.
#
#	./test.sh          what every change runs: five to seven minutes on two cores
#	./test.sh long     also what repeats itself: run it before a release
#	./test.sh fuzz 15m gives each fuzz target this long, one after the other
#
# A test that cannot run fails; nothing is skipped in silence.
set -eu
cd "$(dirname "$0")"

case ${1-} in
'' | long) ;;
fuzz)
	# What is found is written to testdata/fuzz of its package, and every run of the tests tries
	# it again. Without the limit, Go minimizes each new input for up to a minute, which is
	# nearly all it did: 0 to 40 executions a second in place of 700.
	grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n 1 dirname | sort -u | while read -r package; do
		go test "$package" -list '^Fuzz' | grep '^Fuzz' | while read -r target; do
			echo "$package $target"
			go test "$package" -run '^$' -fuzz "^$target\$" -fuzztime "${2:-15m}" -fuzzminimizetime 1x
		done
	done
	exit
	;;
*)
	echo "usage: ./test.sh [long | fuzz DURATION]" >&2
	exit 2
	;;
esac

# need PROGRAM PACKAGE... installs packages if a program is not there, and says so before it does.
updated=
need() {
	program=$1
	shift
	if command -v "$program" >/dev/null; then
		return
	fi
	echo "test.sh: $program is not here; installing from Debian: $*"
	if [ -z "$updated" ]; then
		apt-get update -q
		updated=yes
	fi
	apt-get install -qy --no-install-recommends "$@"
}

# The race detector needs a C compiler.
need cc gcc libc6-dev
export CGO_ENABLED=1
# It records what the program asks of the disk; see cmd/nudge/power_test.go.
need strace strace
# It says how hardened the service is; see cmd/nudge/unit_test.go.
need systemd-analyze systemd
# The provider's own SDK runs against the sandbox, and programs of users run against a server; see
# cmd/nudge/sdk_test.go and app/outside_test.go.
need node nodejs
need npm npm
need curl curl ca-certificates
# The pipelines of examples/integrations/ci use it; see cmd/nudge/ci_test.go.
need jq jq
# It checks the rules and the dashboard of docs/monitoring; see app/alerts_test.go. Only the program is
# taken out of its package, which would start a server.
if ! command -v promtool >/dev/null; then
	echo 'test.sh: promtool is not here; downloading it from Debian, from the package prometheus'
	apt-get update -q
	package=$(mktemp -d)
	(cd "$package" && apt-get download -q prometheus)
	dpkg-deb --fsys-tarfile "$package"/prometheus_*.deb | tar -x -C /usr/local/bin --strip-components=3 ./usr/bin/promtool
	rm -r "$package"
fi
# Tests start servers of their own; see store/postgres/pgtest. The packages would make one and start both, which nobody needs here.
if ! { ls /usr/lib/postgresql/*/bin/initdb && command -v pgbouncer; } >/dev/null 2>&1; then
	mkdir -p /etc/postgresql-common
	[ -e /etc/postgresql-common/createcluster.conf ] || echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || need initdb postgresql
	need pgbouncer pgbouncer
	if [ -d /run/systemd/system ]; then
		systemctl disable --now postgresql pgbouncer
	else
		service pgbouncer stop || true
		update-rc.d pgbouncer disable || true
	fi
fi
# The pages of the console are opened in Chromium; see console/browser.
if ! { command -v chromium-browser || command -v google-chrome; } >/dev/null; then
	need chromium chromium
fi
if [ "${1-}" = long ]; then
	# The proxies of docs/operations.md run before Nudge; see app/proxy_test.go. Their packages start
	# services, which nobody needs here.
	if ! { command -v nginx && command -v caddy; } >/dev/null; then
		need nginx nginx-light
		need caddy caddy
		if [ -d /run/systemd/system ]; then
			systemctl disable --now nginx caddy
		fi
	fi
	# What packaging/try.sh tries packages, pages and completions with.
	need debootstrap debootstrap
	need systemd-nspawn systemd-container
	need rpm rpm
	need mandoc mandoc
	need zsh zsh
	need fish fish
	need readelf binutils
fi
echo 'test.sh: installing what the tests need from npm, into the folders of the tests'
npm ci --prefix cmd/nudge/testdata/sdk --prefer-offline --no-audit --no-fund
npm ci --prefix console/browser/testdata --prefer-offline --no-audit --no-fund
# The extension for VS Code is tested in plain Node, and its types are checked.
npm ci --prefix editors/vscode --prefer-offline --no-audit --no-fund
npm run --prefix editors/vscode check
npm test --prefix editors/vscode

unformatted=$(gofmt -l .)
if [ -n "$unformatted" ]; then
	printf 'gofmt would change:\n%s\n' "$unformatted" >&2
	exit 1
fi
go vet ./...
(cd console/browser && go vet ./...)
(cd packaging/image && go vet ./...)
if [ "${1-}" = long ]; then
	# On a fresh machine this takes as long as all tests: it reads every package below ours too.
	go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...
	go run github.com/rhysd/actionlint/cmd/actionlint@v1.7.12 examples/integrations/ci/github/nudge.yml
	(cd console/browser && go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...)
	(cd packaging/image && go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...)
	(cd examples/cluster/check && go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...)
	(cd packaging/helm && go vet ./... && go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...)
fi

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
GOBIN="$results" go install gotest.tools/gotestsum@v1.13.0
summed="$results/gotestsum"

# run NAME ARGUMENTS... runs go test, prints its usual lines and keeps the times. All packages are
# vetted above; without -vet=off each run would vet them and what they import again. Four packages at a
# time, because those of the program and the stores wait for the disk most of the time.
run() {
	name=$1
	shift
	$summed --format standard-quiet --hide-summary skipped --jsonfile "$results/$name.json" -- -vet=off -p 4 "$@"
}

# What has goroutines runs under the race detector, and only there: once is enough.
# TestRaceList (house_race_test.go) fails when a package with goroutines is missing here.
concurrent='app app/systemd app/tracing audience bench bench/bare channels/appmessaging client cluster console lsp lsp/lsptest runner runner/bulk runner/fetch runner/jobs runner/live runner/notify
sandbox sandbox/session sandbox/socket server store/bolt store/nodes/nodestest store/postgres store/postgres/pgtest whatif/backtest whatif/story'
# Of flows and templates a test each: the others have no goroutine.
shared='TestConcurrentLoads|TestConcurrentRenders'
# The program is assembled of the packages above. Its own tests take four times as long under
# the race detector, so only the long form runs them so.
program='cmd/nudge'
# These try history after history in a single goroutine, which takes too long under the
# race detector, or start whole nodes, whose rooms have tests under it. They run without it.
alone='TestCorrections|TestEdits|TestOffersFit|TestRenames|TestSameAsCheck|TestDecodersAreLinear|TestDocument|TestNothingChanged|TestFlatMemory|TestLeaks|TestMemoryStaysFlat|TestThousandApps|TestFaultsByChance|TestTenFlows|TestTooLarge|TestTornFiles|TestRetryKilled|TestDamages|TestForgotten|TestRepairs|TestNodes|TestNodesWithoutDatabase|TestNodesDeploy|TestNodesOfAnotherProject|TestMoveToPostgres'
# These play what they are told to below, so they need not play something else before.
played='TestSeeds|TestPartitions|TestDivided|TestNodes'
# The short form has the others of their kind: TestKillNodes, TestMillion.
if [ "${1-}" != long ]; then
	played="$played|TestRollingNodes|TestMillionNodes|TestMillionDivided"
fi

race=$(go list $(printf './%s ' $concurrent))
plain=$(go list ./... | grep -vxF "$race" | grep -v "/$program\$")
# They leave much garbage and live in little memory, so a quarter of their time went to its collection. Those
# that run alone measure memory, so they keep the usual pace of it.
(export GOGC=400 && run plain -skip "^($played)\$" "./$program" $plain)
run alone -run "^($alone)\$" ./app ./audience ./lsp ./runner/bulk ./sandbox ./server ./whatif/backtest ./whatif/story
if [ "${1-}" = long ]; then
	run race -race -timeout 1h ./...
else
	run race -race -short -skip "^($alone)\$" $race
	run shared -race -run "^($shared)\$" ./flows ./templates
fi

# The browser is a module of its own. In the short form each page is looked at where it is likely to break.
looked=
if [ "${1-}" = long ]; then
	looked=-every
fi
(cd console/browser && run browser -timeout 1h . -args $looked)

# So is what writes the image.
(cd packaging/image && run image .)

# Days that nobody simulated before: every change of the sources has its own seeds, so that
# a failure can be had again.
seeds=60
nodes=5
if [ "${1-}" = long ]; then
	seeds=20000
	nodes=20000
fi
sources=$(find . -name '*.go' | LC_ALL=C sort | xargs cat | cksum | cut -d ' ' -f 1)
run seeds ./simtest -run '^TestSeeds$' -seeds $seeds -seed "$sources" -quick -timeout 2h
run partitions ./simtest -run '^(TestPartitions|TestDivided)$' -seeds $((seeds / 2)) -seed "$sources" -timeout 3h
run nodes ./simtest -run '^TestNodes$' -seeds $nodes -seed "$sources" -timeout 12h

if [ "${1-}" = long ]; then
	# Packages and the image, as users install and run them.
	./packaging/try.sh
	# The chart brings Helm and Kubernetes, which take minutes to build.
	(cd packaging/helm && run chart .)
	# What reads compose.yaml as Docker does brings much of Docker.
	(cd examples/cluster/check && go vet ./... && run compose .)
	run canaries -tags canary ./simtest -run TestCanaries -timeout 2h
	run mutants -tags mutants . -run TestMutants -timeout 6h
	run positions ./simtest -run TestPositions -all -timeout 1h
	run breakages ./cmd/nudge -run TestBreakages -breakages 600 -seed "$sources"
	run force ./whatif/prove -run BruteForce -flows 2000 -timeout 1h
	run kills ./cmd/nudge -run '^(TestKill|TestKillDivided|TestKillRetry|TestFaultyProvider)$' -kills 2000 -faulty-runs 10000 -faulty-speed 6000 -timeout 1h
	run bars ./cmd/nudge -run TestBarsAddUp -kills 20
	run edits ./lsp -run TestEdits -edits 100000 -timeout 2h
	run names ./lsp -run 'TestRenames|TestOffersFit' -renames 230 -spots 150
	# What users see of a divided store is the same. The tests that are left out look into a file.
	run divided ./app -partitions 4 -skip 'TestDamaged|TestMetricsPage|TestRepair|TestFormats' -timeout 1h
	run document ./server -run TestDocument -requests 30000
	run disk ./cmd/nudge -run TestDiskFaults -every-fault -timeout 1h
	run losses ./cmd/nudge -run TestPowerLoss -losses 200000 -timeout 1h
	run damages ./app -run TestDamages -damages 20000 -timeout 1h
	run decoders ./app -run TestDecodersAreLinear -whole-sizes -timeout 1h
	run leaks ./app -run TestLeaks -reloads 1440 -timeout 1h
	run proxies ./app -run TestBehind -proxies
	run balancer ./cmd/nudge -run TestClusterScript -balancer
	run restores ./cmd/nudge -run TestKillRestore -restore-bytes 209715200 -restore-kills 20 -timeout 1h
	run nodekills ./cmd/nudge -run TestKillNodes -node-faults 200 -node-fault kill -timeout 2h
	run nodefaults ./cmd/nudge -run TestKillNodes -node-faults 100 -timeout 2h
	run nodelease ./cmd/nudge -run 'TestKillNodes|TestRollingNodes' -node-faults 20 -node-lease 10s -timeout 2h
	run nodecampaign ./cmd/nudge -run TestMillionNodes -rows 100000 -campaign-kills 10 -timeout 2h
	run million ./cmd/nudge -run '^(TestMillion|TestMillionDivided)$' -rows 1000000 -campaign-kills 10 -timeout 2h
fi

echo 'The slowest ten tests:'
cat "$results"/*.json | $summed tool slowest --threshold 100ms --num 10
