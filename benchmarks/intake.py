"""The benchmark of intake: ``python -m benchmarks.intake --plots 1000 11000 --json result.json``, from a checkout.

Zipped shapefiles of seeded plots go through ``ecotrack check --json`` against a register of accepted plots, as a user
runs it, or through ``ecotrack import --json`` into a copy of it (``--verbs``). *Sound* files lie in the gaps between
accepted plots and fill their attributes in; *wrong* ones lie on accepted plots, name the wrong county, claim twice
their area and repeat a corner, plot after plot.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import fiona
import numpy as np
import shapely
from shapely.geometry import mapping

from benchmarks.parquet import read_blocks
from benchmarks.plots import Geometries
from benchmarks.process import run
from benchmarks.store import DataSet, data_set
from ecotrack.geometry.area import area_m2
from ecotrack.geometry.boxes import Boxes
from ecotrack.geometry.features import geometries_of
from ecotrack.units import mu_from_m2
from ecotrack.workspace import Workspace

SCHEMA = "ecotrack.benchmark.intake/1"
KINDS = ("sound", "wrong")
VERBS = ("check", "import")
_CHECK = "from ecotrack.cli.main import main; main()"
_MIDDLE = np.array([115.72, 37.6])
_ASIDE_DEG = np.array([0.0004, 0.0003])
_STEPS = (-0.5, 0.0, 0.5)
_SCHEMA = {
    "geometry": "Polygon",
    "properties": {"XIAN": "str:20", "ZLJJ": "str:20", "ZLLB": "str:20", "MIAN_JI": "float:12.2", "MC": "str:60"},
}


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.intake", description=__doc__)
    parser.add_argument("--plots", type=int, nargs="+", default=[1000, 11_000], help="plots in the files to check")
    parser.add_argument("--accepted", type=int, default=200_000, help="plots in the register")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--verbs", nargs="+", choices=VERBS, default=VERBS[:1])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=600.0, help="seconds for one process")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "ecotrack-bench")
    parser.add_argument("--json", type=Path, help="write the results here")
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> int:
    """Check a file of each size and kind; 0 where every plot of the sound ones can come in, else 1."""
    asked = _arguments(given)
    data = data_set(asked.cache, plots=asked.accepted, seed=asked.seed)
    result = measure(data, asked.plots, asked.kinds, verbs=asked.verbs, timeout_s=asked.timeout)
    if asked.json:
        asked.json.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(markdown(result))
    return 0 if all(one["comes_in"] for one in result["files"] if one["kind"] == "sound") else 1


def measure(
    data: DataSet, sizes: Sequence[int], kinds: Sequence[str], *, verbs: Sequence[str] = VERBS[:1], timeout_s: float
) -> dict[str, Any]:
    """Run ``ecotrack check`` or ``import`` on a file of each size and kind, and check one plot: the cost of a start."""
    files = []
    with tempfile.TemporaryDirectory(dir=data.folder) as scratch:
        start = _checked(data, 1, "sound", Path(scratch), timeout_s)
        for verb, size, kind in product(verbs, sizes, kinds):
            one = _checked(data, size, kind, Path(scratch), timeout_s, verb=verb)
            files.append(one | {"cpu_after_start_s": round(one["cpu_s"] - start["cpu_s"], 2)})
            print(files[-1], file=sys.stderr, flush=True)
    return {"schema": SCHEMA, "accepted": data.made["plots"], "start": start, "files": files}


def _checked(
    data: DataSet, size: int, kind: str, scratch: Path, timeout_s: float, *, verb: str = "check"
) -> dict[str, Any]:
    path, log = scratch / f"{kind}{size}.zip", scratch / "check.json"
    if not path.exists():
        _elsewhere(write_file, path, data, size=size, wrong=kind == "wrong")
    folder, register = data.workspace, verb == "import"
    if register:
        folder = scratch / "workspace"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(data.workspace, folder)
    arguments = ["-c", _CHECK, "-w", str(folder), verb, str(path), "--json", "--seconds", str(timeout_s)]
    arguments += ["--by", "示例"] if register else []
    # Findings end the command with 1, which is an answer here.
    cost = run(arguments, log=log, timeout_s=timeout_s, good=(0, 1))
    found = _elsewhere(_answer, log)
    cost = {name: round(value, 2) for name, value in cost.items()}
    came_in = found["added"] if register else found["can_come_in"]
    comes_in = came_in == size and not found["held"]
    return {"verb": verb, "kind": kind, "plots": size, "findings": found["findings"], "comes_in": comes_in, **cost}


def _elsewhere(work: Callable[..., Any], *given: Any, **named: Any) -> Any:
    """Do something in a process of its own: one that is measured is charged with the memory of whoever starts it."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(work, *given, **named).result()


def _answer(log: Path) -> dict[str, Any]:
    """Return what was found about the one file, of the findings only how many they are."""
    text = log.read_text(encoding="utf-8")
    # What a person is told while a large file is checked stands before it.
    found: dict[str, Any] = json.loads(text[text.index("{") :])["files"][0]
    return {**found, "findings": len(found["findings"]), "plots": []}


def write_file(path: Path, data: DataSet, *, size: int, wrong: bool) -> None:
    """Write a zipped shapefile of ``size`` plots near the middle of the city: sound ones, or wrong ones."""
    shapes = _on_accepted(data, size) if wrong else _in_gaps(data, size)
    units = _units(data, shapes)
    if wrong:
        units = np.where(units == "枣强县", "故城县", "枣强县")
        shapes = np.array([_with_repeated_corner(shape) for shape in shapes], dtype=object)
    claimed = np.round(mu_from_m2(area_m2(shapes)) * (2 if wrong else 1), 2)
    folder = path.with_suffix("")
    folder.mkdir()
    rows = zip(shapes, units.tolist(), claimed.tolist(), strict=True)
    with fiona.open(
        folder / "plots.shp", "w", driver="ESRI Shapefile", crs="EPSG:4490", encoding="UTF-8", schema=_SCHEMA
    ) as file:
        file.writerecords(_row(number, *row) for number, row in enumerate(rows, 1))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as container:
        for member in sorted(folder.iterdir()):
            container.write(member, member.name)


def _row(number: int, shape: shapely.Geometry, unit: str, claimed: float) -> dict[str, Any]:
    words = {"XIAN": unit, "ZLJJ": "2019-spring", "ZLLB": "造林", "MIAN_JI": claimed, "MC": f"示例{number}号"}
    return {"type": "Feature", "geometry": mapping(shape), "properties": words}


def _accepted(data: DataSet) -> Geometries:
    return np.concatenate(list(read_blocks(data.folder / "plots.parquet")))


def _nearest(shapes: Geometries, size: int) -> Geometries:
    """Return the ``size`` shapes of one part that lie nearest to the middle, in the order that they came in."""
    single = shapes[shapely.get_type_id(shapes) == shapely.GeometryType.POLYGON]
    apart = np.hypot(*(shapely.bounds(single)[:, :2] - _MIDDLE).T)
    return single[np.sort(np.argsort(apart, kind="stable")[:size])]


def _on_accepted(data: DataSet, size: int) -> Geometries:
    some = _nearest(_accepted(data), size)
    return np.asarray(shapely.transform(some, lambda lonlat: np.round(lonlat + _ASIDE_DEG, 9)))


def _in_gaps(data: DataSet, size: int) -> Geometries:
    """Return accepted plots moved by half a step of their grid, those that then lie on nothing."""
    shapes = _accepted(data)
    bounds = shapely.bounds(shapes)
    step = np.sqrt((np.ptp(bounds[:, 0]) * np.ptp(bounds[:, 1])) / len(shapes)) / 2
    boxes, free = Boxes(bounds), np.zeros(0, dtype=object)
    near = _nearest(shapes, 8 * size + 100)
    for east in _STEPS:
        for north in _STEPS:
            offset = np.array([east, north]) * 2 * step
            moved = shapely.transform(near, lambda lonlat, offset=offset: np.round(lonlat + offset, 9))
            alone = np.setdiff1d(np.arange(len(moved)), boxes.met_by(shapely.bounds(moved))[1])
            free = _apart(np.concatenate([free, moved[alone]]))
    return _nearest(free, size)


def _apart(shapes: Geometries) -> Geometries:
    """Return the shapes without the later one of each two whose bounds meet; without the tiny ones."""
    _, later = Boxes(shapely.bounds(shapes)).meetings()
    keep = area_m2(shapes) > 1000
    keep[later] = False
    return shapes[keep]


def _units(data: DataSet, shapes: Geometries) -> np.ndarray:
    workspace = Workspace.open(data.workspace)
    cells = workspace.features("counties")
    names = {unit.code: unit.name_zh for unit in workspace.units.reporting}
    counties = geometries_of(cells)
    nearest = shapely.STRtree(counties).nearest(shapely.centroid(shapes))
    return np.array([names.get(cells[k].feature_id, cells[k].feature_id) for k in nearest.tolist()])


def _with_repeated_corner(shape: shapely.Geometry) -> shapely.Geometry:
    ring = shapely.get_coordinates(shape.exterior)
    return shapely.Polygon(np.insert(ring, 3, ring[2], axis=0))


def markdown(result: dict[str, Any]) -> str:
    """Return the result as a table."""
    lines = [
        f"{result['accepted']} accepted plots; starting costs {result['start']['cpu_s']:.2f} CPU s",
        "",
        "| verb | file | plots | findings | CPU s after start-up | wall s | peak MB |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for one in result["files"]:
        cells = (
            one["verb"],
            one["kind"],
            one["plots"],
            one["findings"],
            one["cpu_after_start_s"],
            one["wall_s"],
            one["peak_mb"],
        )
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
