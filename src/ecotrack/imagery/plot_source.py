"""Plots for exactextract as WKB, and their pixels back as columns, without a file or a JSON between."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from exactextract._exactextract import Feature
from exactextract.feature import FeatureSource
from exactextract.writer import Writer


class _Plot(Feature):  # type: ignore[misc]
    """One plot: its geometry on the way in, its cells on the way out."""

    def __init__(self, wkb: bytes | None = None) -> None:
        super().__init__()
        self._wkb = wkb
        self.values: dict[str, Any] = {}

    def set(self, name: str, value: Any) -> None:
        self.values[name] = value

    def get(self, name: str) -> Any:
        return self.values[name]

    def fields(self) -> list[str]:
        return list(self.values)

    def geometry(self) -> bytes | None:
        return self._wkb

    def set_geometry(self, geometry: Any) -> None:
        """Take no geometry back."""

    def set_geometry_format(self) -> str:
        return "wkb"


class WkbSource(FeatureSource):  # type: ignore[misc]
    """Polygons of a grid's own plane; shape (n,) of WKB."""

    def __init__(self, wkb: npt.NDArray[np.object_]) -> None:
        super().__init__()
        self._wkb = wkb

    def count(self) -> int:
        """Return how many there are."""
        return len(self._wkb)

    def __iter__(self) -> Iterator[_Plot]:
        """Yield them in order."""
        return (_Plot(wkb) for wkb in self._wkb)

    def srs_wkt(self) -> None:
        """Return no CRS: pixels have none."""
        return


class CellWriter(Writer):  # type: ignore[misc]
    """Keeps the cells and shares of each polygon, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]] = []

    def add_operation(self, operation: Any) -> None:
        """Need nothing of an operation."""

    def write(self, feature: Any) -> None:
        """Keep what one polygon gave."""
        plot = _Plot()
        feature.copy_to(plot)
        cells, shares = plot.values["cell_id"], plot.values["coverage"]
        self.found.append((cells.astype(np.int32), shares.astype(np.float32)))

    def finish(self) -> None:
        """Need nothing at the end."""

    def features(self) -> list[Any]:
        """Return nothing; `found` holds it."""
        return []
