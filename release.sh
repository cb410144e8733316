#!/bin/sh
# Builds what users install from the commit that is checked out: static programs with their archives, packages of
# Debian and of the RPM family, images, what each program is made of (SBOM), and checksums.
#
#	./release.sh           into dist/; the version is the tag of the commit, v1.2.3
#	./release.sh DIR       into another folder, which must not exist
#
# Two runs with the same Go over one commit make the same bytes; packaging/try.sh proves it. PLATFORMS has fewer
# platforms, for a trial: PLATFORMS=linux/amd64 ./release.sh /tmp/nudge
set -eu
out=$(realpath -m "${1-dist}")
cd "$(dirname "$0")"
umask 022
export CGO_ENABLED=0 GOFLAGS=-trimpath LC_ALL=C TZ=UTC0

nfpm='go run github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.47.0'
sbom='go run github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0'
platforms=${PLATFORMS-linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64}

mkdir -p "$(dirname "$out")"
mkdir "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

commit=$(git rev-parse HEAD)
export SOURCE_DATE_EPOCH
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
date=$(date -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)
# Without a tag it is a version before the first one, as Go has it.
version=$(git describe --tags --exact-match --match 'v[0-9]*' 2>/dev/null) ||
	version=v0.0.0-$(date -d "@$SOURCE_DATE_EPOCH" +%Y%m%d%H%M%S)-$(git rev-parse --short=12 HEAD)
if [ -n "$(git status --porcelain)" ]; then
	version=$version+changes
	echo 'release.sh: the tree has changes that no commit has, so nobody can build this again' >&2
fi

# build OS ARCH FILE
build() {
	GOOS=$1 GOARCH=$2 go build -buildvcs=false -o "$3" \
		-ldflags "-s -w -X nudge/app.version=$version -X nudge/app.commit=$commit -X nudge/app.date=$date" ./cmd/nudge
}

# What is the same for all platforms comes from a program of this machine.
echo "release.sh: $version into $out"
build "$(go env GOOS)" "$(go env GOARCH)" "$work/nudge"
common=$work/common
mkdir -p "$common/completions"
"$work/nudge" man "$common/man"
"$work/nudge" completion bash >"$common/completions/nudge.bash"
"$work/nudge" completion zsh >"$common/completions/_nudge"
"$work/nudge" completion fish >"$common/completions/nudge.fish"
"$work/nudge" completion powershell >"$common/completions/nudge.ps1"
cp LICENSE README.md CHANGELOG.md "$common"
(cd packaging/image && GOFLAGS=-trimpath go build -buildvcs=false -o "$work/image" .)

# package ARCH makes the packages and the image of a program for Linux.
package() {
	files=$work/package_$1
	mkdir "$files"
	cp -r "$common/man" "$common/completions" LICENSE packaging/nudge.service packaging/project packaging/scripts "$files"
	gzip -9n "$files"/man/*.1
	cp "$work/nudge_$1/nudge" "$files/nudge"
	cp "$out/nudge_${version}_linux_$1.cdx.json" "$files/sbom.json"
	find "$files" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
	config=$PWD/packaging/nfpm.yaml
	for kind in deb rpm; do
		(cd "$files" && ARCH=$1 VERSION=$version $nfpm package -f "$config" -p $kind -t "$out/nudge_${version}_linux_$1.$kind")
	done
	"$work/image" -program "$files/nudge" -arch "$1" -version "$(echo "$version" | tr + -)" -epoch "$SOURCE_DATE_EPOCH" \
		-out "$out/nudge_${version}_linux_$1.image.tar"
}

for platform in $platforms; do
	os=${platform%/*} arch=${platform#*/}
	name=nudge_${version}_${os}_$arch
	echo "release.sh: $os/$arch"
	files=$work/$name
	cp -r "$common" "$files"
	program=nudge
	if [ "$os" = windows ]; then
		program=nudge.exe
	fi
	build "$os" "$arch" "$files/$program"
	$sbom bin -json -noserial -notimestamp -version "$version" -output "$out/$name.cdx.json" "$files/$program" 2>"$work/sbom.log" ||
		{ cat "$work/sbom.log" >&2; exit 1; }
	tar -C "$work" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --format=ustar -c "$name" |
		gzip -9n >"$out/$name.tar.gz"
	if [ "$os" = linux ]; then
		mkdir "$work/nudge_$arch"
		cp "$files/nudge" "$work/nudge_$arch"
		package "$arch"
	fi
done
(cd "$out" && sha256sum nudge_* >SHA256SUMS)
