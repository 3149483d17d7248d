"""geopandas with its best idioms: Arrow reading, `sjoin`, prepared `contains`, disjoint-subset `dissolve`, `Geod`."""
# ruff: noqa: D102 - what each question asks stands in benchmarks.questions.Engine

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.questions import COUNTIES, Answer, latest_sums, net_cells, sorted_pairs


class GeopandasEngine:
    """Reads GeoParquet; areas by `pyproj.Geod`, the ellipsoidal area that its users know."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def prepare(self) -> None:
        """Import."""
        import geopandas
        import pyproj

        self._geod = pyproj.Geod(ellps="GRS80")
        self._gpd = geopandas

    def version(self) -> str:
        import pandas
        import shapely

        return f"{self._gpd.__version__}, pandas {pandas.__version__}, shapely {shapely.__version__}"

    def cpu_s(self) -> float:
        return time.process_time()

    def measured(self, geometry: Any) -> Any:
        """Return the area of each geometry of a GeoSeries, m2."""
        return np.array([abs(self._geod.geometry_area_perimeter(shape)[0]) for shape in geometry])

    def read(self) -> Answer:
        import pandas as pd

        folder = self._folder
        self._plots = self._gpd.read_parquet(folder / "plots.parquet")
        self._counties = self._gpd.read_parquet(folder / "counties.parquet")
        self._zone = self._gpd.read_parquet(folder / "ring.parquet")
        self._records = pd.read_parquet(folder / "records.parquet")
        return np.array([len(self._plots), self._plots.count_coordinates().sum(), len(self._records)])

    def area(self) -> Answer:
        valid = self._plots.is_valid
        self._plots["area_m2"] = self.measured(self._plots.geometry)
        return np.array([(~valid).sum(), self._plots["area_m2"].sum()])

    def latest(self) -> Answer:
        ordered = self._records.sort_values(["day", "record"], kind="stable")
        last = ordered.drop_duplicates("plot", keep="last")
        return latest_sums(last["plot"].to_numpy(), last["record"].to_numpy())

    def split(self) -> Answer:
        """Ask the index of the plots county by county, so that the large polygons are the prepared ones."""
        plots, counties = self._plots, self._counties
        county, row = plots.sindex.query(counties.geometry, predicate="intersects")
        held = plots.sindex.query(counties.geometry, predicate="contains_properly")
        wholly = np.isin(county * len(plots) + row, held[0] * len(plots) + held[1])
        pieces = plots.iloc[row].assign(county=counties["county"].to_numpy()[county]).reset_index(drop=True)
        cells = counties.geometry.iloc[county[~wholly]]
        cut = pieces[~wholly].geometry.intersection(cells.set_axis(pieces.index[~wholly]), align=False)
        pieces.loc[~wholly, "geometry"] = cut
        pieces.loc[~wholly, "area_m2"] = self.measured(cut)
        self._pieces = pieces[pieces["area_m2"] > 0]
        inside = self._pieces.groupby("county")["area_m2"].sum().reindex(range(COUNTIES), fill_value=0.0)
        return np.append(inside.to_numpy(), plots["area_m2"].sum() - inside.sum())

    def pairs(self) -> Answer:
        left, right = self._plots.sindex.query(self._plots.geometry, predicate="intersects")
        keep = left < right
        return sorted_pairs(left[keep], right[keep])

    def net(self) -> Answer:
        columns = self._pieces[["geometry", "county", "year"]]
        union = columns.dissolve(by=["county", "year"], method="disjoint_subset").reset_index()
        return net_cells(
            union["county"].to_numpy(), union["year"].to_numpy(), np.asarray(self.measured(union.geometry))
        )

    def ring(self) -> Answer:
        zone = self._zone.geometry.iloc[0]
        near = self._plots.iloc[self._plots.sindex.query(zone, predicate="intersects")]
        inside = near.geometry.intersection(zone)
        areas = self.measured(inside)
        return np.array([(areas > 0).sum(), areas.sum()])

    def close(self) -> None:
        """Nothing to let go of: the process ends."""


def make(folder: Path) -> GeopandasEngine:
    """Return the engine over the data in ``folder``."""
    return GeopandasEngine(folder)
