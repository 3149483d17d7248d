"""The same data in two shapes: an ecotrack workspace with its register, and GeoParquet for the peers."""

from __future__ import annotations

import dataclasses
import itertools
import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
import shapely

from benchmarks.borders import densified
from benchmarks.entries import Planting, entry_count, register_entries
from benchmarks.parquet import plots_file, read_wkb, write_layer, write_records
from benchmarks.plots import Geometries, draw_plots, make_records
from ecotrack.geometry.features import geometries_of, write_geojson
from ecotrack.register import Entry
from ecotrack.template import template_folder
from ecotrack.workspace import Workspace

FORMAT = 3
"""Rises when the data of a seed change, so that an old cache is not taken for a new one."""

_STEP = 10_000
_AUTHOR = "性能测试"


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    """A folder with one set of benchmark data.

    Attributes
    ----------
    made
        What ``made.json`` says: plots, seed, vertices, repaired bow-ties, seconds of writing.
    """

    folder: Path
    made: dict[str, float]

    @property
    def workspace(self) -> Path:
        """The ecotrack workspace with its register."""
        return self.folder / "workspace"


def data_set(cache: Path, *, plots: int, seed: int) -> DataSet:
    """Return the data of a size and seed from the cache, writing them the first time."""
    folder = cache / f"plots-{plots}-seed-{seed}-format-{FORMAT}"
    mark = folder / "made.json"
    if not mark.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        mark.write_text(json.dumps(_write(folder, count=plots, seed=seed), indent=1), encoding="utf-8")
    return DataSet(folder=folder, made=json.loads(mark.read_text(encoding="utf-8")))


def _write(folder: Path, *, count: int, seed: int) -> dict[str, float]:
    workspace = _workspace(folder / "workspace")
    cells = workspace.features("counties")
    counties = geometries_of(cells)
    write_layer(folder / "counties.parquet", counties, county=np.arange(len(counties)))
    write_layer(folder / "ring.parquet", geometries_of(workspace.features("ring_zone")), ring=np.arange(1))
    planting, drawn = _draw(folder, [cell.feature_id for cell in cells], counties, count=count, seed=seed)
    records = make_records(planting.season, seed=seed)
    write_records(folder / "records.parquet", records)
    began = time.perf_counter()
    entries = register_entries(planting, read_wkb(folder / "plots.parquet"), records, seed=seed)
    _fill_register(workspace, entries, entry_count(count, codes=planting.codes, seed=seed))
    made = {
        "plots": count,
        "records": len(records.plot),
        "seed": seed,
        "county_vertices": int(shapely.get_num_coordinates(counties).sum()),
        "register_s": round(time.perf_counter() - began, 1),
    }
    return made | drawn


def _draw(
    folder: Path, codes: list[str], counties: Geometries, *, count: int, seed: int
) -> tuple[Planting, dict[str, float]]:
    """Draw the plots, block by block, into GeoParquet; what is small of each stays in memory."""
    known, vertices, repaired = [], 0, 0
    with plots_file(folder / "plots.parquet") as write, _bar(count, "plots") as done:
        for plots in draw_plots(count, seed=seed, counties=counties):
            write(plots)
            known.append((plots.county, plots.season))
            vertices += int(shapely.get_num_coordinates(plots.geometry).sum())
            repaired += plots.repaired
            done(len(plots.season))
    county, season = (np.concatenate(column) for column in zip(*known, strict=True))
    planting = Planting(codes=codes, county=county, season=season)
    return planting, {"vertices": vertices, "repaired_bow_ties": repaired}


def _workspace(folder: Path) -> Workspace:
    """Copy the example workspace, with county borders as fine as official ones."""
    source = template_folder()
    folder.mkdir()
    shutil.copy(source / "ecotrack.toml", folder)
    for name in ("layers", "geo", "maps"):
        shutil.copytree(source / name, folder / name, ignore=shutil.ignore_patterns("out"))
    sketch = Workspace.open(folder)
    counties = sketch.features("counties")
    fine = [
        dataclasses.replace(county, geometry=shape)
        for county, shape in zip(counties, densified(geometries_of(counties)), strict=True)
    ]
    write_geojson(folder / sketch.layer("counties").source, fine)
    return Workspace.open(folder)


def _fill_register(workspace: Workspace, entries: Iterator[Entry], count: int) -> None:
    """Write through the register's own writer, in one go: every entry is hashed into the chain."""
    with (
        workspace.register(create=True) as register,
        register.writer(author=_AUTHOR, bulk=True) as writer,
        _bar(count, "register") as done,
    ):
        while some := list(itertools.islice(entries, _STEP)):
            writer.add_many(some)
            done(len(some))


@contextmanager
def _bar(total: int, label: str) -> Iterator[Callable[[int], None]]:
    """Show on stderr how far the writing has come."""
    with click.progressbar(length=total, label=label, file=sys.stderr) as bar:
        yield bar.update
