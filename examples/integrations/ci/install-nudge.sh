# ci/install-nudge.sh
# Installs a release of Nudge for a job, and prints its folder. NUDGE_ARCHIVE is the address of your
# nudge_v1.2.3_linux_amd64.tar.gz, and NUDGE_SHA256 its sum, as SHA256SUMS has it.
set -eu
dir=$(mktemp -d)
curl -fsSLo "$dir/nudge.tar.gz" "$NUDGE_ARCHIVE"
echo "$NUDGE_SHA256  $dir/nudge.tar.gz" | sha256sum -c >&2
tar -xzf "$dir/nudge.tar.gz" --strip-components 1 -C "$dir"
echo "$dir"
