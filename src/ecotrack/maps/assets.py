"""Browser files: our own (``web/``) and the libraries that npm brings (``vendor/``).

The libraries are not in the repository. ``python -m ecotrack.maps.assets`` fetches them with
``npm ci --ignore-scripts`` as ``package-lock.json`` pins them; wheels and sdists carry them, so that
an installation needs neither npm nor a network. This module needs nothing but the standard library,
because the build hook runs it.
"""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from ecotrack.errors import AssetsNotFetched, EcotrackError, MissingAsset

WEB = Path(__file__).with_name("web")
"""Our own scripts and style sheet."""

VENDOR = Path(__file__).with_name("vendor")
"""Libraries copied from npm's packages."""

LIBRARIES = {
    "leaflet.js": "leaflet/dist/leaflet.js",
    "leaflet.css": "leaflet/dist/leaflet.css",
    "leaflet-LICENSE": "leaflet/LICENSE",
    "images/layers.png": "leaflet/dist/images/layers.png",
    "images/layers-2x.png": "leaflet/dist/images/layers-2x.png",
    "images/marker-icon.png": "leaflet/dist/images/marker-icon.png",
    "images/marker-icon-2x.png": "leaflet/dist/images/marker-icon-2x.png",
    "images/marker-shadow.png": "leaflet/dist/images/marker-shadow.png",
    "jquery.js": "jquery/dist/jquery.min.js",
    "jquery-LICENSE": "jquery/LICENSE.txt",
    "geoman.js": "@geoman-io/leaflet-geoman-free/dist/leaflet-geoman.min.js",
    "geoman.css": "@geoman-io/leaflet-geoman-free/dist/leaflet-geoman.css",
    "geoman-LICENSE": "@geoman-io/leaflet-geoman-free/LICENSE",
    "idb.js": "idb/build/index.js",
    "idb-LICENSE": "idb/LICENSE",
    # What Geoman's own build holds of others.
    "bignumber-LICENSE": "bignumber.js/LICENCE.md",
    "lodash-LICENSE": "lodash/LICENSE",
    "point-in-polygon-hao-LICENSE": "point-in-polygon-hao/LICENSE",
    "polyclip-ts-LICENSE": "polyclip-ts/LICENSE",
    "quickselect-LICENSE": "quickselect/LICENSE",
    "rbush-LICENSE": "rbush/LICENSE",
    "robust-predicates-LICENSE": "robust-predicates/LICENSE",
    "splaytree-ts-LICENSE": "splaytree-ts/LICENSE",
    "tinyqueue-LICENSE": "tinyqueue/LICENSE",
    "turf-LICENSE": "@turf/helpers/LICENSE",
}
"""File in ``vendor/`` to its place in ``node_modules/``."""

_LOCK = "package-lock.json"
_NPM_FILES = ("package.json", _LOCK, ".npmrc")
_CSS_URL = re.compile(r"url\(\s*['\"]?(images/[\w.-]+)['\"]?\s*\)")


def web_text(name: str) -> str:
    """Return one of our own browser files.

    Raises
    ------
    MissingAsset
        The installation lacks it.
    """
    return _text(WEB, name)


def vendor_text(name: str) -> str:
    """Return a library's file; pictures that a style sheet names come inside it as data URIs.

    Raises
    ------
    MissingAsset
        The libraries have not been fetched.
    """
    text = _text(VENDOR, name)
    if name.endswith(".css"):
        return _CSS_URL.sub(lambda found: f"url({picture_uri(found[1])})", text)
    return text


def picture_uri(name: str) -> str:
    """Return a library's PNG picture as a ``data:`` URI.

    Raises
    ------
    MissingAsset
        The libraries have not been fetched.
    """
    path = VENDOR / name
    if not path.is_file():
        raise MissingAsset(name=name)
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode("ascii")


def missing() -> list[str]:
    """Return the names of the library files that ``vendor/`` lacks."""
    return [name for name in LIBRARIES if not (VENDOR / name).is_file()]


def outdated(project: Path) -> bool:
    """Tell whether ``vendor/`` came from other pins than those of ``project/package-lock.json``."""
    pins, taken = project / _LOCK, VENDOR / _LOCK
    return pins.is_file() and taken.is_file() and pins.read_bytes() != taken.read_bytes()


def fetch(project: Path) -> None:
    """Fetch the libraries with npm and put them into ``vendor/``, all or none.

    Parameters
    ----------
    project
        Folder that holds ``package.json`` and ``package-lock.json``.

    Raises
    ------
    AssetsNotFetched
        npm is not installed, or it fails.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise AssetsNotFetched(detail="npm: not found")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name in _NPM_FILES:
            if (project / name).is_file():
                shutil.copy(project / name, folder / name)
        _npm_ci(npm, folder)
        _take(folder / "node_modules", folder / _LOCK)


def _npm_ci(npm: str, folder: Path) -> None:
    done = subprocess.run([npm, "ci", "--ignore-scripts"], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        last = [line for line in done.stderr.splitlines() if "error" in line.lower()][:1] or ["npm ci"]
        raise AssetsNotFetched(detail=last[0].strip())


def _take(modules: Path, lock: Path) -> None:
    fresh = Path(tempfile.mkdtemp(prefix=".vendor-", dir=VENDOR.parent))
    try:
        for name, source in LIBRARIES.items():
            if not (modules / source).is_file():
                raise AssetsNotFetched(detail=source)
            (fresh / name).parent.mkdir(exist_ok=True)
            shutil.copyfile(modules / source, fresh / name)
        shutil.copyfile(lock, fresh / _LOCK)
        fresh.chmod(0o755)
        shutil.rmtree(VENDOR, ignore_errors=True)
        fresh.replace(VENDOR)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _text(folder: Path, name: str) -> str:
    try:
        return (folder / name).read_text(encoding="utf-8")
    except OSError:
        raise MissingAsset(name=name) from None


def main() -> None:
    """Fetch the libraries if any is missing or the pins in the current folder have changed."""
    project = Path.cwd()
    if not missing() and not outdated(project):
        return
    try:
        fetch(project)
    except EcotrackError as error:
        sys.exit(error.message("zh") + "\n" + error.message("en"))


if __name__ == "__main__":
    main()
