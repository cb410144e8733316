# ci/install-nudge.sh
# Installs Nudge for a job, and prints its folder. NUDGE_ARCHIVE is the address of the archive of a
# release for Linux, and NUDGE_SHA256 its sum in SHA256SUMS.
set -eu
dir=$(mktemp -d)
curl -fsSLo "$dir/nudge.tar.gz" "$NUDGE_ARCHIVE"
echo "$NUDGE_SHA256  $dir/nudge.tar.gz" | sha256sum -c >&2
tar -xzf "$dir/nudge.tar.gz" --strip-components 1 -C "$dir"
echo "$dir"
