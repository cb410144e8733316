#!/bin/sh
# Tries what release.sh makes of the last commit: two builds are the same bytes, the package of Debian is installed,
# run, upgraded and removed in a Debian of its own, the package of RPM is installed, and the image runs in its own root.
# It needs root, debootstrap, systemd-nspawn and rpm, and downloads a Debian. `./test.sh long` runs it.
#
#	packaging/try.sh             all platforms
#	PLATFORMS=linux/amd64 packaging/try.sh
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
server=
finish() {
	[ -z "$server" ] || kill "$server" 2>/dev/null || true
	rm -rf "$work"
}
trap finish EXIT

say() { echo "try.sh: $*"; }
fail() {
	echo "try.sh: $*" >&2
	exit 1
}
# await COMMAND... until it succeeds, for a minute at most.
await() {
	for _ in $(seq 300); do
		if "$@" >"$work/awaited" 2>&1; then
			return
		fi
		sleep 0.2
	done
	cat "$work/awaited" >&2
	fail "this never succeeded: $*"
}

say 'two builds, in two places and with two caches'
git clone -q . "$work/one"
git clone -q . "$work/another/place"
"$work/one/release.sh" "$work/dist"
(umask 077 && TZ=Asia/Tokyo GOCACHE="$work/cache" "$work/another/place/release.sh" "$work/again")
chmod -R u+w "$work/cache"
rm -rf "$work/cache"
diff -r "$work/dist" "$work/again" || fail 'the two builds differ'
(cd "$work/dist" && sha256sum --quiet -c SHA256SUMS)
for program in "$work"/dist/*.tar.gz; do
	[ "$(tar -tzf "$program" | grep -c '/nudge\(\.exe\)\?$')" = 1 ] || fail "$program has no program"
done
cd "$work/dist"
grep -q '"purl": "pkg:golang/go.etcd.io/bbolt@' ./*_linux_amd64.cdx.json || fail 'the SBOM does not know the library of the store'

say 'the archive: the program of Linux is static and says what it is'
mkdir "$work/archive"
tar -C "$work/archive" --strip-components=1 -xzf ./*_linux_amd64.tar.gz
if readelf -l "$work/archive/nudge" | grep -q INTERP; then
	fail 'the program is not static'
fi
version=$(basename ./*_linux_amd64.deb _linux_amd64.deb | cut -d _ -f 2)
"$work/archive/nudge" version | grep -q "^nudge $version, commit [0-9a-f]\{12\} of 20" || fail 'nudge version does not say what it is'
mandoc -T lint -W warning "$work"/archive/man/*.1
for shell in bash zsh fish; do
	case $shell in zsh) file=_nudge ;; *) file=nudge.$shell ;; esac
	"$shell" -n "$work/archive/completions/$file" || fail "the completion of $shell is none"
done

say 'the package of Debian, in a Debian of its own'
root=$work/debian
debootstrap --variant=minbase --include=ca-certificates,systemd,systemd-sysv bookworm "$root" >"$work/log" 2>&1 || { tail -20 "$work/log"; fail 'debootstrap failed'; }
cp -a "$root" "$work/rpm"
cp ./*_linux_amd64.deb "$root/nudge.deb"
chroot "$root" dpkg -i /nudge.deb
chroot "$root" nudge version
[ "$(chroot "$root" stat -c '%U:%G %a' /etc/nudge/environment)" = 'root:nudge 640' ] || fail 'everybody may read the secrets'
[ -e "$root/usr/share/man/man1/nudge-serve.1.gz" ] && [ -e "$root/usr/share/bash-completion/completions/nudge" ] || fail 'pages or completions are not there'

# The line of the service, with its variables, as its user, in the folder that systemd would have made for it.
cat >"$root/etc/nudge/environment" <<END
COMAPI_SPACE=0f8a
COMAPI_TOKEN=t0ken-t0ken
COMAPI_WEBHOOK_SECRET=s3cret-s3cret
NUDGE_TOKEN=t0ken-t0ken
END
sed -i 's/^listen: .*/listen: 127.0.0.1:18480/' "$root/etc/nudge/nudge.yaml"
chroot "$root" install -d -o nudge -g nudge -m 700 /var/lib/nudge
line=$(sed -n 's/^ExecStart=//p' "$root/usr/lib/systemd/system/nudge.service")
# shellcheck disable=SC2046,SC2086
env -i PATH="$PATH" $(cat "$root/etc/nudge/environment") chroot --userspec=nudge:nudge "$root" $line &
server=$!
export NUDGE_SERVER=http://127.0.0.1:18480
await chroot "$root" nudge health --ready
kill "$server"
wait "$server" || fail 'the service did not end well'
server=
chroot "$root" nudge store check /var/lib/nudge
chroot "$root" dpkg -i /nudge.deb # an upgrade keeps what was changed
grep -q 'listen: 127.0.0.1:18480' "$root/etc/nudge/nudge.yaml" || fail 'an upgrade wrote over the project'

say 'the service, under a systemd of its own'
mkdir -p "$root/etc/systemd/system/nudge.service.d" "$root/etc/systemd/system/multi-user.target.wants"
printf '[Service]\nWatchdogSec=4\nTimeoutStopSec=3\n' >"$root/etc/systemd/system/nudge.service.d/try.conf"
cat >"$root/etc/systemd/system/try.service" <<'END'
[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'sh -eux /root/try.sh >/root/said 2>&1'
ExecStopPost=/bin/systemctl poweroff --force
END
ln -s ../try.service "$root/etc/systemd/system/multi-user.target.wants/try.service"
cat >"$root/root/try.sh" <<'END'
export NUDGE_SERVER=http://127.0.0.1:18480
property() { systemctl show -p "$1" --value nudge; }
systemctl start nudge
nudge health --ready
[ "$(property StatusText)" = ready ]
systemctl reload nudge
[ "$(property ActiveState)" = active ]
sleep 6 # longer than its watchdog would wait for a process that is silent
[ "$(property NRestarts)" = 0 ]
kill -STOP "$(property MainPID)" # it stands still
until [ "$(property NRestarts)" = 1 ] && [ "$(property ActiveState)" = active ]; do sleep 1; done
nudge health --ready
systemctl stop nudge
[ "$(property Result)" = success ]
echo 'the service is well'
END
timeout 120 systemd-nspawn --quiet --register=no --keep-unit --private-network --boot --directory "$root" >"$work/log" 2>&1 || tail "$work/log"
tail -n 1 "$root/root/said" | grep -qx 'the service is well' || {
	cat "$root/root/said"
	fail 'the service is not well'
}
chroot "$root" dpkg --purge nudge
[ ! -e "$root/usr/bin/nudge" ] && [ -e "$root/var/lib/nudge/nudge.db" ] || fail 'the purge left the program, or took the store'

say 'the package of RPM'
rpm --root "$work/rpm" --dbpath /var/lib/rpm --nodeps -i ./*_linux_amd64.rpm
chroot "$work/rpm" nudge version
[ "$(chroot "$work/rpm" stat -c '%U:%G %a' /etc/nudge/environment)" = 'root:nudge 640' ] || fail 'everybody may read the secrets'
rpm --root "$work/rpm" --dbpath /var/lib/rpm --nodeps -e nudge
[ ! -e "$work/rpm/usr/bin/nudge" ] || fail 'the package left the program'

say 'the image, in its own root'
mkdir "$work/layers" "$work/image"
tar -C "$work/layers" -xf ./*_linux_amd64.image.tar
tar -C "$work/image" -xzf "$work"/layers/*.tar.gz
mkdir "$work/image/etc/nudge/flows"
sed 's/^listen: .*/listen: 127.0.0.1:18480/' "$work/one/packaging/project/nudge.yaml" >"$work/image/etc/nudge/nudge.yaml"
command=$(tr -d '",[]' <"$work/one/packaging/image/Dockerfile" | sed -n 's/^ENTRYPOINT //p; s/^CMD //p' | tr '\n' ' ')
user=$(sed -n 's/^USER //p' "$work/one/packaging/image/Dockerfile")
unshare -r --root "$work/image" /usr/bin/nudge version
# shellcheck disable=SC2086
env -i PATH="$PATH" COMAPI_SPACE=0f8a COMAPI_TOKEN=t0ken-t0ken COMAPI_WEBHOOK_SECRET=s3cret-s3cret NUDGE_TOKEN=t0ken-t0ken \
	chroot --userspec="$user" "$work/image" $command &
server=$!
await chroot --userspec="$user" "$work/image" /usr/bin/nudge health --ready
kill "$server"
wait "$server" || fail 'the image did not end well'
server=
say 'all is well'
