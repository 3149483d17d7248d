"""The same data in two shapes: an ecotrack workspace with its register, and GeoParquet for the peers."""

from __future__ import annotations

import dataclasses
import itertools
import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely

from benchmarks.borders import densified
from benchmarks.entries import register_entries
from benchmarks.plots import Geometries, Plots, Records, make_plots, make_records
from ecotrack.geometry.features import geometries_of, write_geojson
from ecotrack.template import template_folder
from ecotrack.workspace import Workspace

FORMAT = 1
"""Rises when the data of a seed change, so that an old cache is not taken for a new one."""

_BATCH = 50_000
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
    plots = make_plots(count, seed=seed, counties=counties)
    records = make_records(plots, seed=seed)
    _write_parquet(folder, plots, records, counties, geometries_of(workspace.features("ring_zone")))
    began = time.perf_counter()
    _fill_register(workspace, plots, records, [cell.feature_id for cell in cells], seed=seed)
    return {
        "plots": count,
        "records": len(records.plot),
        "seed": seed,
        "vertices": int(shapely.get_num_coordinates(plots.geometry).sum()),
        "county_vertices": int(shapely.get_num_coordinates(counties).sum()),
        "repaired_bow_ties": plots.repaired,
        "register_s": round(time.perf_counter() - began, 1),
    }


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


def _fill_register(workspace: Workspace, plots: Plots, records: Records, codes: list[str], *, seed: int) -> None:
    """Write through the register's own writer, in batches: every entry is hashed into the chain."""
    waiting = register_entries(plots, records, codes, seed=seed)
    with workspace.register(create=True) as register:
        while batch := list(itertools.islice(waiting, _BATCH)):
            with register.writer(author=_AUTHOR) as writer:
                for entry in batch:
                    writer.add(entry)


def _write_parquet(folder: Path, plots: Plots, records: Records, counties: Geometries, ring: Geometries) -> None:
    import geopandas as gpd
    import pandas as pd

    def layer(name: str, geometry: Geometries, **columns: object) -> None:
        frame = gpd.GeoDataFrame(columns, geometry=geometry, crs="EPSG:4490")
        frame.to_parquet(folder / f"{name}.parquet")

    layer("plots", plots.geometry, plot=np.arange(len(plots.season)), year=plots.year)
    layer("counties", counties, county=np.arange(len(counties)))
    layer("ring", ring, ring=np.arange(len(ring)))
    number = np.arange(len(records.plot))
    columns = {"plot": records.plot, "record": number, "day": records.day, "kind": records.kind, "live": records.live}
    pd.DataFrame(columns).to_parquet(folder / "records.parquet")
