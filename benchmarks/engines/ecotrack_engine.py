"""ecotrack itself, through the functions of its own rooms and the register that a workspace holds."""
# ruff: noqa: D102 - what each question asks stands in benchmarks.questions.Engine

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from benchmarks.questions import YEARS, Answer, latest_sums, net_cells, sorted_pairs


class EcotrackEngine:
    """Reads the register and asks `ecotrack.geometry` and `ecotrack.progress`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "workspace"

    def prepare(self) -> None:
        """Import; there is nothing to load, since the register is the table and the index."""
        from ecotrack.workspace import Workspace

        self._workspace = Workspace.open(self._folder)

    def version(self) -> str:
        import numpy
        import shapely

        from ecotrack import __version__

        libraries = f"shapely {shapely.__version__}, GEOS {shapely.geos_version_string}, numpy {numpy.__version__}"
        return f"{__version__}, {libraries}"

    def cpu_s(self) -> float:
        return time.process_time()

    def read(self) -> Answer:
        import shapely

        from ecotrack.geometry.codec import from_wkb
        from ecotrack.geometry.features import geometries_of
        from ecotrack.progress.seasons import Season

        with self._workspace.register(read_only=True) as register:
            self._ledger = register.plot_ledger("plots", until=register.head().seq)
            self._geometry = from_wkb(register.wkb(self._ledger.version["seq"], layer="plots"))
        seasons = [Season.of_code(int(code)) for code in np.unique(self._ledger.version["season"])]
        years = np.array([season.year if season else 0 for season in seasons])
        self._year = years[np.unique(self._ledger.version["season"], return_inverse=True)[1]]
        self._counties = geometries_of(self._workspace.features("counties"))
        self._ring = geometries_of(self._workspace.features("ring_zone"))
        vertices = shapely.get_num_coordinates(self._geometry).sum()
        records = len(self._ledger.check["seq"]) + len(self._ledger.note["seq"])
        return np.array([len(self._geometry), vertices, records])

    def area(self) -> Answer:
        import shapely

        from ecotrack.geometry.area import area_m2

        valid = shapely.is_valid(self._geometry)
        return np.array([(~valid).sum(), area_m2(self._geometry).sum()])

    def latest(self) -> Answer:
        parts = (self._ledger.check, self._ledger.note)
        seq, day, plot = (np.concatenate([part[name] for part in parts]) for name in ("seq", "day", "feature"))
        order = np.lexsort((seq, day, plot))
        last = order[np.append(np.diff(plot[order]) != 0, True)]
        number = np.array([int(name[-8:]) for name in self._ledger.tables["features"].names])
        return latest_sums(number[plot[last]], seq[last] - seq.min())

    def split(self) -> Answer:
        import shapely

        from ecotrack.geometry.split import split

        self._pieces = pieces = split(self._geometry, self._counties)
        cut = np.flatnonzero(~pieces.whole)
        self._ground = self._geometry[pieces.polygon]
        self._ground[cut] = shapely.intersection(self._ground[cut], self._counties[pieces.cell[cut]])
        inside = np.bincount(self._pieces.cell, self._pieces.area_m2, len(self._counties))
        return np.append(inside, self._pieces.outside_m2.sum())

    def pairs(self) -> Answer:
        from ecotrack.geometry.overlap import overlap_pairs

        found = overlap_pairs(self._geometry)
        return sorted_pairs(found.left, found.right)

    def net(self) -> Answer:
        from ecotrack.geometry.overlap import overlap_pairs, union_area_m2

        pieces = self._pieces
        year = self._year[pieces.polygon]
        cells = [(cell, of_year) for cell in range(len(self._counties)) for of_year in YEARS]
        areas = []
        for cell, of_year in cells:
            rows = (pieces.cell == cell) & (year == of_year)
            areas.append(union_area_m2(pieces.area_m2[rows], overlap_pairs(self._ground[rows])))
        county, years = np.array(cells).T
        return net_cells(county, years, np.array(areas))

    def ring(self) -> Answer:
        from ecotrack.geometry.split import split

        inside = split(self._geometry, self._ring)
        return np.array([len(np.unique(inside.polygon)), inside.area_m2.sum()])

    def close(self) -> None:
        """Nothing to let go of: the process ends."""


def make(folder: Path) -> EcotrackEngine:
    """Return the engine over the data in ``folder``."""
    return EcotrackEngine(folder)
