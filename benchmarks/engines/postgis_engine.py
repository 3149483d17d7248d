"""PostGIS in a private cluster on a Unix socket: GiST indexes, clustered unions, two workers."""
# ruff: noqa: D102 - what each question asks stands in benchmarks.questions.Engine

from __future__ import annotations

import io
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks.questions import COUNTIES, Answer, net_cells, sorted_pairs

_USER = "postgres"
_SETTINGS = {
    "listen_addresses": "''", "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off",
    "shared_buffers": "1GB", "work_mem": "256MB", "maintenance_work_mem": "512MB", "jit": "off",
    "max_parallel_workers_per_gather": "2", "autovacuum": "off", "max_wal_size": "8GB",
}  # fmt: skip
_PORT = "54329"
_ROWS = 50_000
"""Rows that are piped into a table together."""

_AREA = "ST_Area(ST_Transform({0}, 6933))"

_TABLES = """
CREATE EXTENSION postgis;
CREATE TABLE plots (plot int PRIMARY KEY, year int, geom geometry(Geometry, 4326));
CREATE TABLE counties (county int, geom geometry(Geometry, 4326));
CREATE TABLE ring (ring int, geom geometry(Geometry, 4326));
CREATE TABLE records (plot int, record int PRIMARY KEY, day date, kind int, live int);
"""
_INDEXES = """
CREATE INDEX ON plots USING gist (geom);
CREATE INDEX ON records (plot, day DESC, record DESC);
VACUUM ANALYZE;
"""
_SPLIT = f"""
CREATE TABLE pieces AS
  WITH touched AS (
    SELECT p.plot, p.year, p.geom, c.county, c.geom AS cell, ST_Covers(c.geom, p.geom) AS whole
    FROM counties c JOIN plots p ON ST_Intersects(c.geom, p.geom))
  SELECT t.plot, t.year, t.county, t.geom, a.area_m2 FROM touched t JOIN areas a USING (plot) WHERE t.whole
  UNION ALL
  SELECT plot, year, county, geom, {_AREA.format("geom")} FROM (
    SELECT plot, year, county, ST_Intersection(geom, cell) AS geom FROM touched WHERE NOT whole) AS cut;
"""
_PAIRS = """
CREATE TABLE pairs AS
  SELECT a.plot AS one, b.plot AS other FROM plots a JOIN plots b ON a.plot < b.plot AND ST_Intersects(a.geom, b.geom);
"""
# Each cluster of plots that touch is unioned by itself, as ST_ClusterIntersecting gives them.
_NET = f"""
SELECT county, year, sum({_AREA.format("ST_UnaryUnion(cluster)")}) FROM (
  SELECT county, year, unnest(ST_ClusterIntersecting(geom)) AS cluster FROM pieces GROUP BY county, year) AS clusters
GROUP BY county, year
"""
_RING = f"""
SELECT count(*) FILTER (WHERE area_m2 > 0), sum(area_m2) FROM (
  SELECT {_AREA.format("ST_Intersection(p.geom, r.geom)")} AS area_m2
  FROM ring r JOIN plots p ON ST_Intersects(p.geom, r.geom)) AS inside
"""
_LATEST = """
SELECT sum(record), sum(record::bigint * (plot % 97)) FROM (
  SELECT DISTINCT ON (plot) plot, record FROM records ORDER BY plot, day DESC, record DESC) AS last
"""


class PostgisEngine:
    """A cluster in a temporary folder, started as an unprivileged user and removed at the end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._home = Path(tempfile.mkdtemp(prefix="ecotrack-postgis-"))
        self._postmaster: psutil.Process | None = None

    def prepare(self) -> None:
        """Make the cluster, load the tables from GeoParquet and index them."""
        if os.geteuid() == 0:
            shutil.chown(self._home, _USER)
        self._server("initdb", "-D", str(self._data), "-U", _USER, "-A", "trust", "-E", "UTF8", "--no-sync")
        settings = " ".join(f"-c {name}={value}" for name, value in _SETTINGS.items())
        options = f"-k {self._home} -p {_PORT} {settings}"
        self._server("pg_ctl", "-D", str(self._data), "-w", "-l", str(self._home / "log"), "-o", options, "start")
        self._postmaster = psutil.Process(int((self._data / "postmaster.pid").read_text().split()[0]))
        self._sql(_TABLES)
        self._load()
        self._sql(_INDEXES)

    @property
    def _data(self) -> Path:
        return self._home / "data"

    def _server(self, program: str, *arguments: str) -> None:
        """Run a server program as an unprivileged user: it refuses to run as root."""
        found = shutil.which(program) or next(map(str, Path("/usr/lib/postgresql").glob(f"*/bin/{program}")))
        user = pwd.getpwnam(_USER) if os.geteuid() == 0 else None
        subprocess.run(
            [found, *arguments], check=True, stdout=subprocess.DEVNULL, cwd=self._home,
            user=user.pw_uid if user else None, group=user.pw_gid if user else None,
        )  # fmt: skip

    def _psql(self) -> list[str]:
        return ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", str(self._home), "-p", _PORT, "-U", _USER]

    def _sql(self, sql: str) -> str:
        done = subprocess.run([*self._psql(), "-f", "-"], input=sql.encode(), check=True, capture_output=True)
        return done.stdout.decode()

    def _copy(self, sql: str, blocks: Iterable[str]) -> None:
        """Pipe rows into a COPY, block by block: all of them at once would take gigabytes here."""
        with subprocess.Popen([*self._psql(), "-c", sql], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as psql:
            if psql.stdin is not None:
                for block in blocks:
                    psql.stdin.write(block.encode())
                psql.stdin.close()
        if psql.returncode:
            raise subprocess.CalledProcessError(psql.returncode, sql)

    def _load(self) -> None:
        import pyarrow.parquet as pq

        for name in ("plots", "counties", "ring"):
            file = pq.ParquetFile(self._folder / f"{name}.parquet")
            columns = [column for column in file.schema_arrow.names if column != "geometry"]
            blocks = (_layer_rows(batch, columns) for batch in file.iter_batches(_ROWS))
            self._copy(f"COPY {name} ({', '.join(columns)}, geom) FROM STDIN", blocks)
        file = pq.ParquetFile(self._folder / "records.parquet")
        self._copy("COPY records FROM STDIN", (_record_rows(batch) for batch in file.iter_batches(_ROWS)))

    def version(self) -> str:
        return self._sql("SELECT postgis_lib_version() || ', ' || postgis_geos_version()").strip()

    def cpu_s(self) -> float:
        """Return the CPU seconds of this process, its psql children and every server process, ended ones included."""
        own = os.times()
        total = own.user + own.system + own.children_user + own.children_system
        if self._postmaster is None:
            return total
        time.sleep(0.05)  # let the server reap the backend that has just ended
        times = self._postmaster.cpu_times()
        total += times.user + times.system + times.children_user + times.children_system
        for child in self._postmaster.children(recursive=True):
            spent = child.cpu_times()
            total += spent.user + spent.system
        return float(total)

    def _row(self, sql: str) -> Answer:
        return np.asarray(self._numbers(sql)[0])

    def _numbers(self, sql: str) -> Answer:
        return np.loadtxt(io.StringIO(self._sql(sql)), delimiter="|", ndmin=2)

    def read(self) -> Answer:
        """Scan every geometry and record that stands in the tables."""
        sql = "SELECT count(*), sum(ST_NPoints(geom)), (SELECT count(*) FROM records) FROM plots"
        return self._row(sql).astype(np.int64)

    def area(self) -> Answer:
        area = _AREA.format("geom")
        self._sql(f"CREATE TABLE areas AS SELECT plot, ST_IsValid(geom) AS valid, {area} AS area_m2 FROM plots")
        return self._row("SELECT count(*) FILTER (WHERE NOT valid), sum(area_m2) FROM areas")

    def latest(self) -> Answer:
        return self._row(_LATEST).astype(np.int64)

    def split(self) -> Answer:
        self._sql(_SPLIT)
        county, area_m2 = self._numbers("SELECT county, sum(area_m2) FROM pieces GROUP BY county").T
        inside = np.zeros(COUNTIES)
        inside[county.astype(int)] = area_m2
        return np.append(inside, self._numbers("SELECT sum(area_m2) FROM areas")[0, 0] - inside.sum())

    def pairs(self) -> Answer:
        self._sql(_PAIRS)
        left, right = self._numbers("SELECT one, other FROM pairs").astype(np.int64).T
        return sorted_pairs(left, right)

    def net(self) -> Answer:
        county, year, area_m2 = self._numbers(_NET).T
        return net_cells(county.astype(int), year.astype(int), area_m2)

    def ring(self) -> Answer:
        return self._row(_RING)

    def close(self) -> None:
        """Stop the server and remove its folder."""
        try:
            self._server("pg_ctl", "-D", str(self._data), "-m", "immediate", "stop")
        finally:
            shutil.rmtree(self._home, ignore_errors=True)


def _layer_rows(batch: Any, columns: Sequence[str]) -> str:
    """Return rows of a layer as COPY reads them, the geometry last."""
    import shapely

    geometry = batch.column("geometry")
    wkb = np.array(getattr(geometry, "storage", geometry).to_pylist(), dtype=object)
    hexes = shapely.to_wkb(shapely.set_srid(shapely.from_wkb(wkb), 4326), hex=True, include_srid=True)
    values = [batch.column(column).to_pylist() for column in columns]
    return "".join("\t".join(map(str, row)) + "\n" for row in zip(*values, hexes, strict=True))


def _record_rows(batch: Any) -> str:
    frame = batch.to_pandas()
    frame["day"] = frame["day"].dt.date
    return str(frame.to_csv(sep="\t", header=False, index=False))


def make(folder: Path) -> PostgisEngine:
    """Return the engine over the data in ``folder``."""
    return PostgisEngine(folder)
