#!/bin/sh
# Names what the machine lacks, in one line, before anything is downloaded.
# Usage: scripts/preflight.sh PYTHON run|test
# For `test`, as root on Debian, what is lacking is installed by apt, so that a bare CI machine needs no other step.
set -u

python=$1
purpose=$2
missing=""
packages=""

lacks() {
    missing="${missing:+$missing; }$1"
    packages="$packages $2"
}

have() { command -v "$1" >/dev/null 2>&1; }

if ! have "$python"; then
    lacks "Python >= 3.11 ($python)" python3
elif ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    lacks "Python >= 3.11 ($python is $("$python" -c 'import platform; print(platform.python_version())'); name another with PYTHON=...)" ""
elif ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    lacks "Python's venv module (python3-venv)" python3-venv
fi
have node || lacks "node" nodejs
have npm || lacks "npm" npm
if [ "$purpose" = test ]; then
    have chromium || lacks "chromium" chromium
    # The program that drives Chromium in the tests (playwright's own node) is linked against it.
    if have ldconfig && ! ldconfig -p | grep -q 'libatomic\.so\.1'; then
        lacks "libatomic (libatomic1)" libatomic1
    fi
    if have fc-list && [ -n "$(fc-list :lang=zh family)" ]; then :; else
        lacks "Chinese fonts (fonts-noto-cjk)" "fontconfig fonts-noto-cjk"
    fi
fi

[ -z "$missing" ] && exit 0

if [ "$purpose" = test ] && [ -z "${ECOTRACK_APT_DONE:-}" ] && [ -n "${packages# }" ] &&
    [ "$(id -u)" = 0 ] && have apt-get; then
    echo "Installing what is missing with apt: $missing"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq </dev/null &&
        # shellcheck disable=SC2086 -- a list of packages
        apt-get install -y -qq --no-install-recommends $packages </dev/null >/dev/null &&
        ECOTRACK_APT_DONE=1 exec "$0" "$python" "$purpose"
    echo "apt could not install them." >&2
fi
echo "缺少 / missing: $missing" >&2
exit 1
