#!/bin/sh
# The Debian packages that the tests drive: a real browser, ffmpeg, a voice. Needs root or sudo; who
# has neither runs the tests without them, and the last lines of the run say what was skipped.
set -eu

missing=""
command -v chromium >/dev/null || missing="$missing chromium"
command -v ffmpeg >/dev/null || missing="$missing ffmpeg"
command -v espeak-ng >/dev/null || missing="$missing espeak-ng"
[ -z "$missing" ] && exit 0

if ! command -v apt-get >/dev/null; then
	echo "not a Debian system: please install$missing yourself"
	exit 0
fi
if [ "$(id -u)" -eq 0 ]; then
	as_root=""
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
	as_root="sudo"
else
	echo "not root: tests that need$missing are skipped"
	exit 0
fi
echo "installing$missing ..."
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
# shellcheck disable=SC2086
$as_root apt-get install -y -qq --no-install-recommends $missing fonts-dejavu-core >/dev/null
