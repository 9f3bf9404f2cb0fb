#!/bin/sh
# Installs what the tests need beside Python packages: Chromium and fonts for the browser tests, flite as a test voice,
# ffmpeg as an RTMP server, the colour emoji font and an SVG renderer for the drawn world.
set -u
packages=""
command -v chromium >/dev/null 2>&1 || [ "${BROWSER:-1}" = 0 ] || packages="$packages chromium fonts-dejavu-core fonts-liberation"
command -v flite >/dev/null 2>&1 || packages="$packages flite"
command -v ffmpeg >/dev/null 2>&1 || packages="$packages ffmpeg"
[ -f /usr/share/fonts/truetype/noto/NotoColorEmoji.ttf ] || packages="$packages fonts-noto-color-emoji"
command -v rsvg-convert >/dev/null 2>&1 || packages="$packages librsvg2-bin"
[ -z "$packages" ] && exit 0
if ! command -v apt-get >/dev/null 2>&1; then
    echo "The tests need:$packages. This system has no apt-get; install them by hand (BROWSER=0 does without Chromium)." >&2
    exit 1
fi
sudo=""
if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
        echo "The tests need:$packages, and installing them needs root. Install them, or set BROWSER=0 (the others are still needed)." >&2
        exit 1
    fi
    sudo="sudo"
fi
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq && $sudo apt-get install -y -qq --no-install-recommends $packages >/dev/null || {
    echo "These packages could not be installed:$packages. The browser tests need Chromium (BROWSER=0 leaves them out)." >&2
    exit 1
}
