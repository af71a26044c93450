#!/bin/sh
# The Debian packages that the tests drive: real browsers, ffmpeg, a voice, a cache.
# Needs root or sudo; who has neither runs the tests without them, and the last lines of the run say
# what was skipped. `proof` as the argument adds the players that only `make proof` needs.
set -eu

missing=""
want() { command -v "$1" >/dev/null || missing="$missing $2"; }
want chromium chromium
want firefox-esr firefox-esr
want ffmpeg ffmpeg
want espeak-ng espeak-ng
want turnserver coturn
want nginx nginx-light
[ -d /usr/lib/postgresql ] || missing="$missing postgresql"
if [ "${1:-}" = proof ]; then
	want cvlc "vlc-bin vlc-plugin-base"
	want mpv mpv
fi
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
# Servers are started by the tests, on ports of their own; the packages must not start one.
export RUNLEVEL=1
$as_root apt-get update -qq
# shellcheck disable=SC2086
$as_root apt-get install -y -qq --no-install-recommends $missing fonts-dejavu-core >/dev/null
