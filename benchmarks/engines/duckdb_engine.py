"""DuckDB with its spatial extension, on two threads, unions only where plots overlap."""
# ruff: noqa: D102 - what each question asks stands in benchmarks.questions.Engine

from __future__ import annotations

import time
from importlib.metadata import files
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.questions import COUNTIES, Answer, net_cells, sorted_pairs

_AREA = "ST_Area(ST_Transform({0}, 'EPSG:4326', 'EPSG:6933', always_xy := true))"
"""Equal-area plane: as near as the spheroidal area on edges this short, and cheaper."""

_LATEST = """
SELECT sum(record)::BIGINT, sum(record * (plot % 97))::BIGINT FROM (
  SELECT plot, arg_max(record, (day, record)) AS record FROM records GROUP BY plot)
"""

# ST_Intersects is asked of the join alone: any further condition in it costs the spatial join its index.
_TOUCHED = """
CREATE TABLE touched AS
  SELECT p.plot, p.year, p.geometry, c.county
  FROM plots p JOIN counties c ON ST_Intersects(p.geometry, c.geometry)
"""
_PIECES = f"""
CREATE TABLE pieces AS
  WITH held AS (
    SELECT p.plot FROM plots p JOIN counties c ON ST_Within(p.geometry, c.geometry)),
  cut AS (
    SELECT t.plot, t.year, t.county, ST_Intersection(t.geometry, c.geometry) AS geometry
    FROM touched t JOIN counties c USING (county) WHERE t.plot NOT IN (SELECT plot FROM held))
  SELECT t.plot, t.year, t.county, t.geometry, a.area_m2
    FROM touched t JOIN held USING (plot) JOIN areas a USING (plot)
  UNION ALL BY NAME
  SELECT *, {_AREA.format("geometry")} AS area_m2 FROM cut
"""
# In a statement of its own: with "one < other" anywhere in the same one, the optimiser moves it into the join.
_MET = """
CREATE TABLE met AS
  SELECT a.plot AS one, b.plot AS other FROM plots a JOIN plots b ON ST_Intersects(a.geometry, b.geometry)
"""
_PAIRS = "CREATE TABLE pairs AS SELECT one, other FROM met WHERE one < other"
_NET = f"""
WITH busy AS (SELECT one AS plot FROM pairs UNION SELECT other FROM pairs),
unions AS (
  SELECT county, year, {_AREA.format("ST_Union_Agg(geometry)")} AS area_m2
  FROM pieces WHERE plot IN (SELECT plot FROM busy) GROUP BY county, year),
alone AS (
  SELECT county, year, sum(area_m2) AS area_m2
  FROM pieces WHERE plot NOT IN (SELECT plot FROM busy) GROUP BY county, year)
SELECT county, year, sum(area_m2) FROM (SELECT * FROM unions UNION ALL SELECT * FROM alone)
GROUP BY county, year
"""
_RING = f"""
SELECT count(*) FILTER (area_m2 > 0), sum(area_m2) FROM (
  SELECT {_AREA.format("ST_Intersection(p.geometry, r.geometry)")} AS area_m2
  FROM plots p JOIN ring r ON ST_Intersects(p.geometry, r.geometry))
"""


class DuckdbEngine:
    """Tables made from GeoParquet; the spatial join brings its own index."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def prepare(self) -> None:
        """Connect, and load the extension from its package: no network."""
        import duckdb

        packed = files("duckdb-extension-spatial") or []
        path = next(file.locate() for file in packed if file.name == "spatial.duckdb_extension")
        self._connection = duckdb.connect(config={"threads": 2})
        self._connection.execute(f"LOAD '{path}'")

    def version(self) -> str:
        import duckdb

        return str(duckdb.__version__)

    def cpu_s(self) -> float:
        return time.process_time()

    def _columns(self, sql: str) -> list[Any]:
        return list(self._connection.execute(sql).fetchnumpy().values())

    def _row(self, sql: str) -> tuple[Any, ...]:
        row = self._connection.execute(sql).fetchone()
        return row if row is not None else ()

    def read(self) -> Answer:
        for name in ("plots", "counties", "ring", "records"):
            path = self._folder / f"{name}.parquet"
            self._connection.execute(f"CREATE TABLE {name} AS SELECT * FROM read_parquet('{path}')")
        sql = "SELECT count(*), sum(ST_NPoints(geometry))::BIGINT, (SELECT count(*) FROM records) FROM plots"
        return np.array(self._row(sql), dtype=np.int64)

    def area(self) -> Answer:
        sql = f"SELECT plot, ST_IsValid(geometry) AS valid, {_AREA.format('geometry')} AS area_m2 FROM plots"
        self._connection.execute(f"CREATE TABLE areas AS {sql}")
        return np.array(self._row("SELECT count(*) FILTER (NOT valid), sum(area_m2) FROM areas"), dtype=float)

    def latest(self) -> Answer:
        return np.array(self._row(_LATEST), dtype=np.int64)

    def split(self) -> Answer:
        self._connection.execute(_TOUCHED)
        self._connection.execute(_PIECES)
        county, area_m2 = self._columns("SELECT county, sum(area_m2) FROM pieces GROUP BY county")
        inside = np.zeros(COUNTIES)
        inside[county] = area_m2
        return np.append(inside, self._row("SELECT sum(area_m2) FROM areas")[0] - inside.sum())

    def pairs(self) -> Answer:
        self._connection.execute(_MET)
        self._connection.execute(_PAIRS)
        left, right = self._columns("SELECT one, other FROM pairs")
        return sorted_pairs(left, right)

    def net(self) -> Answer:
        county, year, area_m2 = self._columns(_NET)
        return net_cells(county, year, area_m2)

    def ring(self) -> Answer:
        return np.array(self._row(_RING), dtype=float)

    def close(self) -> None:
        """Nothing to let go of: the process ends."""


def make(folder: Path) -> DuckdbEngine:
    """Return the engine over the data in ``folder``."""
    return DuckdbEngine(folder)
