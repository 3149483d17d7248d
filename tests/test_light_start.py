"""Verbs of figures load no frame library and no map library, and neither does the import of the package."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ecotrack.cli.main import VERBS
from publication_cases import AS_OF, make_workspace

ROOT = Path(__file__).resolve().parent.parent
HEAVY = {"pandas", "geopandas", "folium", "branca", "openpyxl", "fiona", "pyarrow", "rasterio"}
DRIVING = {"numpy", "shapely", "pyproj", "rich", "sqlite3"}
"""What figures need and a line of help does not."""

RUN = "from ecotrack.cli.main import main; main()"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_workspace(tmp_path_factory.mktemp("light")).folder


def loaded(code: str, *arguments: str) -> set[str]:
    """Every module that a fresh Python says it imported (``-X importtime``), packages and modules by full name."""
    env = os.environ | {"PYTHONPATH": str(ROOT / "src"), "PYTHONUTF8": "1"}
    command = [sys.executable, "-X", "importtime", "-c", code, *arguments]
    result = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    lines = [line for line in result.stderr.splitlines() if line.startswith("import time:")]
    assert result.returncode in (0, 1), result.stderr[-2000:]
    assert len(lines) > 20
    return {line.rpartition("|")[2].strip() for line in lines}


@pytest.mark.parametrize(
    "arguments",
    [
        ("stats", "--as-of", str(AS_OF)),
        ("stats", "--json", "--as-of", str(AS_OF)),
        ("stats", "--csv", "--as-of", str(AS_OF)),
        ("rank", "--as-of", str(AS_OF)),
        ("explain", "year", "--as-of", str(AS_OF)),
        ("publish", "--as-of", str(AS_OF)),
        ("audit",),
    ],
    ids=" ".join,
)
def test_a_verb_of_figures_loads_nothing_heavy(folder: Path, arguments: tuple[str, ...]) -> None:
    found = loaded(RUN, "-w", str(folder), *arguments)
    assert "ecotrack.workspace" in found
    assert found & HEAVY == set()


@pytest.mark.parametrize("arguments", [("--help",), ("stats", "--help"), ("explain", "--help"), ("audit", "--help")])
def test_help_loads_nothing_that_figures_need(arguments: tuple[str, ...]) -> None:
    found = loaded(RUN, *arguments)
    assert found & HEAVY == set()
    if arguments == ("--help",):
        assert found & DRIVING == set()
        rooms = {name.split(".")[1] for name in found if name.startswith("ecotrack.")}
        assert rooms == {"cli", "errors"}
        assert {name for name in found if name.startswith("ecotrack.cli.")} == {
            "ecotrack.cli.language",
            "ecotrack.cli.main",
        }


@pytest.mark.skipif("check" not in VERBS, reason="this version has no verb check")
def test_a_file_is_checked_without_frames_and_readers_in_this_process(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "plots.geojson"
    corners = [[115.60, 37.60], [115.61, 37.60], [115.61, 37.61], [115.60, 37.60]]
    plot = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [corners]}}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [plot]}), encoding="utf-8")
    assert loaded(RUN, "-w", str(folder), "check", str(path)) & HEAVY == set()


def test_the_import_of_the_package_is_light() -> None:
    found = loaded("import ecotrack")
    assert {name for name in found if name.startswith("ecotrack")} == {"ecotrack"}
    assert found & (HEAVY | DRIVING | {"click", "msgspec"}) == set()
