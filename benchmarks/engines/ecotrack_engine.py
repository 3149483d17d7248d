"""ecotrack itself, through the functions of its own rooms and the register that a workspace holds."""
# ruff: noqa: D102 - what each question asks stands in benchmarks.questions.Engine

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import shapely

from benchmarks.questions import YEARS, Answer, latest_sums, net_cells, sorted_pairs

_BLOCK = 1 << 14


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
        from ecotrack.geometry.codec import from_wkb, rings_of
        from ecotrack.geometry.features import geometries_of
        from ecotrack.progress.seasons import Season

        with self._workspace.register(read_only=True) as register:
            self._ledger = register.plot_ledger("plots", until=register.head().seq)
            self._bytes = register.wkb(self._ledger.version["seq"], layer="plots")
        seasons = [Season.of_code(int(code)) for code in np.unique(self._ledger.version["season"])]
        years = np.array([season.year if season else 0 for season in seasons])
        self._year = years[np.unique(self._ledger.version["season"], return_inverse=True)[1]]
        self._counties = geometries_of(self._workspace.features("counties"))
        self._ring = geometries_of(self._workspace.features("ring_zone"))
        vertices = 0
        for blobs in self._blocks():
            rings = rings_of(blobs)
            rest = from_wkb([blobs[i] for i in rings.rest.tolist()])
            vertices += len(rings.lonlat) + int(shapely.get_num_coordinates(rest).sum())
        records = len(self._ledger.check["seq"]) + len(self._ledger.note["seq"])
        return np.array([len(self._bytes), vertices, records])

    def _blocks(self) -> Iterator[list[bytes]]:
        for start in range(0, len(self._bytes), _BLOCK):
            yield self._bytes[start : start + _BLOCK]

    def _shapes(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.object_]:
        from ecotrack.geometry.codec import from_wkb

        return from_wkb([self._bytes[row] for row in rows.tolist()])

    def area(self) -> Answer:
        from ecotrack.geometry.boxes import Boxes
        from ecotrack.geometry.codec import from_wkb
        from ecotrack.geometry.measure import measure

        invalid = sum(int((~shapely.is_valid(from_wkb(blobs))).sum()) for blobs in self._blocks())
        every = np.arange(len(self._bytes))
        self._area_m2, bounds = measure(every, lambda rows: [self._bytes[row] for row in rows.tolist()])
        self._boxes = Boxes(bounds)
        return np.array([invalid, self._area_m2.sum()])

    def latest(self) -> Answer:
        parts = (self._ledger.check, self._ledger.note)
        seq, day, plot = (np.concatenate([part[name] for part in parts]) for name in ("seq", "day", "feature"))
        order = np.lexsort((seq, day, plot))
        last = order[np.append(np.diff(plot[order]) != 0, True)]
        number = np.array([int(name[-8:]) for name in self._ledger.tables["features"].names])
        return latest_sums(number[plot[last]], seq[last] - seq.min())

    def split(self) -> Answer:
        from ecotrack.geometry.split import split_boxes

        found = split_boxes(self._boxes, self._counties, areas=self._area_m2, read=self._shapes)
        self._pieces = found
        inside = np.bincount(found.cell, found.area_m2, len(self._counties))
        return np.append(inside, found.outside_m2.sum())

    def pairs(self) -> Answer:
        from ecotrack.geometry.overlap import OverlapPairs, shares

        left, right, shared_m2 = shares(self._boxes.bounds, *self._boxes.meetings(), read=self._shapes)
        self._pairs = OverlapPairs(left=left, right=right, shared_m2=shared_m2, ground=self._shared)
        return sorted_pairs(left, right)

    def _shared(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.object_]:
        return shapely.intersection(*(self._shapes(ends[rows]) for ends in (self._pairs.left, self._pairs.right)))

    def net(self) -> Answer:
        from ecotrack.geometry.overlap import pairs_among, pairs_inside, union_area_m2
        from ecotrack.geometry.windows import cut_with

        pieces, year, areas = self._pieces, self._year[self._pieces.polygon], []
        cells = [(cell, of_year) for cell in range(len(self._counties)) for of_year in YEARS]
        for cell, of_year in cells:
            here = np.flatnonzero((pieces.cell == cell) & (year == of_year))
            mine, _ = pairs_among(self._pairs, pieces.polygon[here], len(self._bytes))
            pairs = pairs_inside(mine, pieces.whole[here], partial(cut_with, polygon=self._counties[cell]))
            areas.append(union_area_m2(pieces.area_m2[here], pairs))
        county, years = np.array(cells).T
        return net_cells(county, years, np.array(areas))

    def ring(self) -> Answer:
        from ecotrack.geometry.split import split_boxes

        inside = split_boxes(self._boxes, self._ring, areas=self._area_m2, read=self._shapes)
        return np.array([len(np.unique(inside.polygon)), inside.area_m2.sum()])

    def close(self) -> None:
        """Nothing to let go of: the process ends."""


def make(folder: Path) -> EcotrackEngine:
    """Return the engine over the data in ``folder``."""
    return EcotrackEngine(folder)
