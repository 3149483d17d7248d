#!/bin/sh
# Installs ecotrack from this folder alone (no network) and opens the map. Nothing outside this folder is changed.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
cd "$here"

python=""
for name in ${PYTHON:-} python3.13 python3.12 python3.11 python3; do
    if command -v "$name" >/dev/null 2>&1 &&
        "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'; then
        python=$name
        break
    fi
done
if [ -z "$python" ]; then
    echo "需要 Python 3.11、3.12 或 3.13 / Python 3.11, 3.12 or 3.13 is needed" >&2
    exit 1
fi

if ! cmp -s requirements.txt venv/installed.txt; then
    echo "正在安装（不联网）…… / installing, without a network ..."
    "$python" -m venv venv
    venv/bin/python -m pip install --quiet --disable-pip-version-check --no-index --find-links wheelhouse \
        --require-hashes -r requirements.txt
    cp requirements.txt venv/installed.txt
fi

export PYTHONUTF8=1
[ -e workspace/register/ecotrack.gpkg ] || venv/bin/ecotrack -w workspace demo build
venv/bin/ecotrack -w workspace stats
mkdir -p workspace/maps/out
venv/bin/ecotrack -w workspace map hengshui -o workspace/maps/out/hengshui.html
echo "地图 / map: $here/workspace/maps/out/hengshui.html"
if [ -z "${ECOTRACK_NO_OPEN:-}" ] && command -v xdg-open >/dev/null 2>&1; then
    xdg-open workspace/maps/out/hengshui.html || true
fi
