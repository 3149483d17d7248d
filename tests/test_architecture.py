"""The house: who imports whom, what stays light, how long things may be, and that the checkers are content."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "ecotrack"
MODULES = sorted(PACKAGE.rglob("*.py"))

LIGHT_ROOMS = (
    "units",
    "errors",
    "settings",
    "model",
    "geometry",
    "coordinates",
    "sandbox",
    "figures",
    "progress",
    "register",
    "workspace",
)
HEAVY = ("pandas", "geopandas", "folium", "pyarrow", "openpyxl", "rasterio", "fiona")

BREACHES = {
    "A room imports only rooms of its own row or of a row below it": ("units.py", "import ecotrack.register"),
    "Only maps draws with folium": ("figures/breach.py", "import folium"),
    "Only intake reads vector files": ("register/breach.py", "import fiona"),
    "Only imagery reads rasters": ("intake/breach.py", "import rasterio"),
    "Only reports and intake touch spreadsheets": ("maps/breach.py", "import openpyxl"),
    "No SQL outside the register": ("figures/breach.py", "import sqlite3"),
    "Rows 0-4 run without pandas, geopandas and folium": ("geometry/breach.py", "def late():\n    import pandas"),
}


def run(*command: str, source: Path = ROOT / "src", cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(source), "PYTHONUTF8": "1"}
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment, check=False)


def tool(name: str) -> str:
    found = shutil.which(name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert found, f"{name} is not installed: make test installs it"
    return found


def test_the_import_contract_holds() -> None:
    result = run(tool("lint-imports"), "--no-cache")
    assert result.returncode == 0, result.stdout


def test_the_import_contract_bites(tmp_path: Path) -> None:
    source = tmp_path / "src"
    shutil.copytree(PACKAGE, source / "ecotrack", ignore=shutil.ignore_patterns("__pycache__", "vendor"))
    for place, line in BREACHES.values():
        with (source / "ecotrack" / place).open("a", encoding="utf-8") as stream:
            stream.write(f"\n{line}\n")
    contract = str(ROOT / ".importlinter")
    result = run(tool("lint-imports"), "--no-cache", "--config", contract, source=source, cwd=tmp_path)
    assert result.returncode == 1
    kept = [name for name in BREACHES if f"{name} BROKEN" not in result.stdout]
    assert kept == [], result.stdout


@pytest.mark.parametrize("room", LIGHT_ROOMS)
def test_a_room_of_rows_0_to_4_loads_nothing_heavy(room: str) -> None:
    code = (
        "import importlib, pkgutil, sys\n"
        f"room = importlib.import_module('ecotrack.{room}')\n"
        "for found in pkgutil.walk_packages(getattr(room, '__path__', []), room.__name__ + '.'):\n"
        "    importlib.import_module(found.name)\n"
        f"print(*(name for name in {HEAVY!r} if name in sys.modules))\n"
    )
    result = run(sys.executable, "-c", code)
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == []


def test_ruff_is_content() -> None:
    result = run(tool("ruff"), "check", "--no-cache", ".")
    assert result.returncode == 0, result.stdout


def test_mypy_strict_is_content() -> None:
    result = run(tool("mypy"))
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_stays_under_500_lines_and_its_bodies_under_60(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") < 500
    assert {name: length for name, length in bodies(text) if length > 60} == {}


def test_no_module_is_a_drawer_for_everything() -> None:
    drawers = {"utils", "util", "helpers", "helper", "manager", "common", "misc"}
    assert [str(path) for path in MODULES if path.stem in drawers] == []


def bodies(text: str) -> Iterator[tuple[str, int]]:
    """Yield each function with the lines of its body, functions inside it counted and its docstring left out."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
            yield node.name, (node.end_lineno or first.lineno) - first.lineno + 1


EXEMPLARY = [path for room in ("geometry", "coordinates") for path in sorted((PACKAGE / room).glob("[a-z]*.py"))]


@pytest.mark.parametrize("path", EXEMPLARY, ids=lambda path: path.stem)
def test_every_function_of_geometry_and_coordinates_shows_a_worked_example(path: Path) -> None:
    named = [node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)]
    public = [node for node in named if not node.name.startswith("_")]
    assert [node.name for node in public if ">>>" not in (ast.get_docstring(node) or "")] == []
