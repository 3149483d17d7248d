"""GeoParquet for the peers, written and read in blocks, so that two million plots need the memory of some thousands."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from benchmarks.plots import Geometries, Plots, Records

_ROWS = 1 << 20
"""Rows of records in one row group: what pandas writes."""

_ROWS_READ = 10_000


def write_layer(path: Path, geometry: Geometries, **columns: object) -> None:
    """Write a small layer, EPSG:4490."""
    import geopandas as gpd

    gpd.GeoDataFrame(columns, geometry=geometry, crs="EPSG:4490").to_parquet(path)


@contextmanager
def plots_file(path: Path) -> Iterator[Callable[[Plots], None]]:
    """Open a GeoParquet file of plots (number, planting year, geometry); the function given writes one block."""
    schema = _plots_schema(path)
    with pq.ParquetWriter(path, schema) as file:

        def write(plots: Plots) -> None:
            number = np.arange(plots.first, plots.first + len(plots.season))
            wkb = shapely.to_wkb(plots.geometry, byte_order=1)
            file.write_table(pa.table([number, plots.year, pa.array(wkb, pa.binary())], schema=schema))

        yield write


def _plots_schema(path: Path) -> pa.Schema:
    """Return the schema that geopandas itself gives such a layer, without the bounds, which no block knows."""
    one = np.zeros(1, dtype=np.int64)
    write_layer(path, np.array([shapely.box(0, 0, 1, 1)], dtype=object), plot=one, year=one)
    schema = pq.read_schema(path)
    about = json.loads(schema.metadata[b"geo"])
    about["columns"]["geometry"].pop("bbox")
    about["columns"]["geometry"]["geometry_types"] = ["Polygon", "MultiPolygon"]
    fields = [pa.field("plot", pa.int64()), pa.field("year", pa.int64()), schema.field("geometry")]
    return pa.schema(fields, metadata={"geo": json.dumps(about)})


def read_wkb(path: Path) -> Iterator[bytes]:
    """Yield the geometry of every plot in the order of their numbers, little-endian WKB."""
    for batch in pq.ParquetFile(path).iter_batches(_ROWS_READ, columns=["geometry"]):
        yield from _bytes(batch)


def read_blocks(path: Path) -> Iterator[Geometries]:
    """Yield the geometries of a layer, some thousands at a time."""
    for batch in pq.ParquetFile(path).iter_batches(_ROWS_READ, columns=["geometry"]):
        yield np.asarray(shapely.from_wkb(np.array(_bytes(batch), dtype=object)), dtype=object)


def _bytes(batch: Any) -> list[bytes]:
    column = batch.column(0)
    return list((column.storage if isinstance(column.type, pa.ExtensionType) else column).to_pylist())


def write_records(path: Path, records: Records) -> None:
    """Write records with their number in the order of recording."""
    names = ("plot", "record", "day", "kind", "live")
    types = (pa.int64(), pa.int64(), pa.timestamp("ms"), pa.int64(), pa.int64())
    schema = pa.schema(list(zip(names, types, strict=True)))
    with pq.ParquetWriter(path, schema) as file:
        for first in range(0, len(records.plot), _ROWS):
            some = slice(first, first + _ROWS)
            number = np.arange(first, first + len(records.plot[some]))
            day = records.day[some].astype("datetime64[ms]")
            columns = (records.plot[some], number, day, records.kind[some], records.live[some])
            file.write_table(
                pa.table([pa.array(c).cast(t) for c, t in zip(columns, types, strict=True)], schema=schema)
            )
