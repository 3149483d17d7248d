"""SedonaDB, on two threads, unions only where plots overlap."""
# ruff: noqa: D102 - what each question asks stands in benchmarks.questions.Engine

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.questions import COUNTIES, Answer, net_cells, sorted_pairs

_AREA = "ST_Area(ST_Transform({0}, 'EPSG:6933'))"
"""Equal-area plane: SedonaDB's own area of geographies is not exact enough to compare."""

_LATEST = """
SELECT sum(record) AS a, sum(record * (plot % 97)) AS b FROM (
  SELECT first_value(record ORDER BY day DESC, record DESC) AS record, plot FROM records GROUP BY plot)
"""
_TOUCHED = """
SELECT p.plot, p.year, p.geometry, c.county, c.geometry AS cell
FROM plots p JOIN counties c ON ST_Intersects(p.geometry, c.geometry)
"""
# Not ST_Within: it fails on the multipolygons that repaired bow-ties are.
_BORDERS = "SELECT ST_Boundary(geometry) AS geometry FROM counties"
_CROSSING = "SELECT DISTINCT p.plot FROM plots p JOIN borders b ON ST_Intersects(p.geometry, b.geometry)"
_HELD = "SELECT DISTINCT t.plot FROM touched t LEFT ANTI JOIN crossing c ON t.plot = c.plot"
_WHOLE = """
SELECT t.plot, t.year, t.county, t.geometry, a.area_m2
FROM touched t JOIN held h ON t.plot = h.plot JOIN areas a ON t.plot = a.plot
"""
_CUT = f"""
SELECT plot, year, county, geometry, {_AREA.format("geometry")} AS area_m2 FROM (
  SELECT t.plot, t.year, t.county, ST_Intersection(t.geometry, t.cell) AS geometry
  FROM touched t LEFT ANTI JOIN held h ON t.plot = h.plot)
"""
_MET = "SELECT a.plot AS one, b.plot AS other FROM plots a JOIN plots b ON ST_Intersects(a.geometry, b.geometry)"
_BUSY = "SELECT one AS plot FROM pairs UNION SELECT other AS plot FROM pairs"
_NET = f"""
SELECT county, year, sum(area_m2) AS area_m2 FROM (
  SELECT county, year, {_AREA.format("ST_UnaryUnion(ST_Collect_Agg(geometry))")} AS area_m2
    FROM pieces LEFT SEMI JOIN busy ON pieces.plot = busy.plot GROUP BY county, year
  UNION ALL
  SELECT county, year, sum(area_m2) AS area_m2
    FROM pieces LEFT ANTI JOIN busy ON pieces.plot = busy.plot GROUP BY county, year)
GROUP BY county, year
"""
_RING = f"""
SELECT count(*) AS plots, sum(area_m2) AS area_m2 FROM (
  SELECT {_AREA.format("ST_Intersection(p.geometry, r.geometry)")} AS area_m2
  FROM plots p JOIN ring r ON ST_Intersects(p.geometry, r.geometry)) WHERE area_m2 > 0
"""


class SedonadbEngine:
    """In-memory tables made from GeoParquet; the spatial join brings its own index."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def prepare(self) -> None:
        """Import and connect."""
        os.environ.setdefault("RAYON_NUM_THREADS", "2")
        import geoarrow.pyarrow  # noqa: F401  (Arrow reads geometry columns through it)
        import geopandas  # noqa: F401
        import sedonadb

        self._sedona = sedonadb.connect()

    def version(self) -> str:
        import sedonadb

        return str(sedonadb.__version__)

    def cpu_s(self) -> float:
        return time.process_time()

    def _keep(self, name: str, sql: str) -> None:
        """Compute a table once and keep it in memory under a name."""
        self._sedona.sql(sql).to_memtable().to_view(name)

    def _columns(self, sql: str) -> list[Any]:
        table = self._sedona.sql(sql).to_arrow_table()
        return [column.to_numpy() for column in table.columns]

    def read(self) -> Answer:
        for name in ("plots", "counties", "ring", "records"):
            self._sedona.read_parquet(str(self._folder / f"{name}.parquet")).to_memtable().to_view(name)
        shapes = self._columns("SELECT count(*) AS a, sum(ST_NPoints(geometry)) AS b FROM plots")
        records = self._columns("SELECT count(*) AS a FROM records")
        return np.concatenate([*shapes, *records]).astype(np.int64)

    def area(self) -> Answer:
        self._keep(
            "areas", f"SELECT plot, ST_IsValid(geometry) AS valid, {_AREA.format('geometry')} AS area_m2 FROM plots"
        )
        sql = "SELECT sum(CASE WHEN valid THEN 0 ELSE 1 END) AS a, sum(area_m2) AS b FROM areas"
        return np.concatenate(self._columns(sql)).astype(np.float64)

    def latest(self) -> Answer:
        return np.concatenate(self._columns(_LATEST)).astype(np.int64)

    def split(self) -> Answer:
        import pyarrow as pa

        for name, sql in (("touched", _TOUCHED), ("borders", _BORDERS), ("crossing", _CROSSING), ("held", _HELD)):
            self._keep(name, sql)
        # Joined outside: after UNION ALL the geometry has no CRS, and the next query fails.
        whole, cut = (self._sedona.sql(sql).to_arrow_table() for sql in (_WHOLE, _CUT))
        batches = [*whole.to_batches(), *(_like(whole.schema, batch) for batch in cut.to_batches())]
        self._sedona.create_data_frame(pa.Table.from_batches(batches, whole.schema)).to_memtable().to_view("pieces")
        county, area_m2 = self._columns("SELECT county, sum(area_m2) AS a FROM pieces GROUP BY county")
        inside = np.zeros(COUNTIES)
        inside[county] = area_m2
        total = self._columns("SELECT sum(area_m2) AS a FROM areas")[0][0]
        return np.append(inside, total - inside.sum())

    def pairs(self) -> Answer:
        self._keep("met", _MET)
        self._keep("pairs", "SELECT one, other FROM met WHERE one < other")
        left, right = self._columns("SELECT one, other FROM pairs")
        return sorted_pairs(left, right)

    def net(self) -> Answer:
        self._keep("busy", _BUSY)
        county, year, area_m2 = self._columns(_NET)
        return net_cells(county, year, area_m2)

    def ring(self) -> Answer:
        return np.concatenate(self._columns(_RING)).astype(np.float64)

    def close(self) -> None:
        """Nothing to let go of: the process ends."""


def _like(schema: Any, batch: Any) -> Any:
    """Return a batch under the schema of another: geometry comes back as binary or as views of it."""
    import pyarrow as pa

    def column(field: Any) -> Any:
        found = batch.column(field.name)
        if not isinstance(field.type, pa.ExtensionType):
            return found
        return pa.ExtensionArray.from_storage(field.type, found.storage.cast(field.type.storage_type))

    return pa.RecordBatch.from_arrays([column(field) for field in schema], schema=schema)


def make(folder: Path) -> SedonadbEngine:
    """Return the engine over the data in ``folder``."""
    return SedonadbEngine(folder)
