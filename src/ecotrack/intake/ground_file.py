"""The features of a whole file as columns, for what holds between them: who overlaps whom, who is whose parent."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
import shapely

from ecotrack.geometry.area import Floats, Geometries
from ecotrack.geometry.boxes import Ints
from ecotrack.intake.check_shape import Measures, Subject
from ecotrack.intake.ground_pairs import Effort, Near, Shared, near_inside, shared_inside
from ecotrack.model import PARENT_KINDS


class FilePairs(NamedTuple):
    """Pairs of features whose bounds meet, each from both sides, sorted, with the ground that they share."""

    left: Ints
    right: Ints
    shared: Shared
    crowded: bool


class GroundFile:
    """What is kept of every feature of a file: no shape and no version, but their bytes and numbers.

    Attributes
    ----------
    numbers, wkb
        Number in the file and stored geometry (EPSG:4490) of each feature.
    names
        The id that the file gives each feature, ``None`` where it gives none.
    effort, effort_beside, effort_layers
        What comparing the features may still cost: with one another, with accepted plots, with layers.
    """

    def __init__(self, *, most_corners: float) -> None:
        self.numbers: list[int] = []
        self.wkb: list[bytes] = []
        self.names: list[str | None] = []
        self.effort, self.effort_beside, self.effort_layers = Effort(), Effort(), Effort()
        self._most_corners = most_corners
        self._ids: list[str] = []
        self._parents: dict[int, str | None] = {}
        self._areas: list[Floats] = [np.zeros(0)]
        self._bounds: list[Floats] = [np.zeros((0, 4))]

    def __len__(self) -> int:
        return len(self.numbers)

    def add(self, subjects: Sequence[Subject], geometries: Geometries, measures: Measures) -> None:
        """Take the next features of the file."""
        for place, item in enumerate(subjects, len(self)):
            self.numbers.append(item.number)
            self.wkb.append(item.version.wkb)
            self._ids.append(item.version.feature_id)
            given = not item.version.feature_id.startswith(item.version.submission_id)
            self.names.append(item.version.feature_id if given else None)
            if item.version.kind in PARENT_KINDS:
                self._parents[place] = item.version.parent_id
        bounds = shapely.bounds(geometries)
        bounds[measures.corners > self._most_corners] = np.nan  # of too many corners to be compared
        self._areas.append(measures.area_m2)
        self._bounds.append(bounds)

    @cached_property
    def areas_m2(self) -> Floats:
        """Measured areas, shape (n,)."""
        return np.concatenate(self._areas)

    @cached_property
    def place_of(self) -> dict[str, int]:
        """Position of the first feature with an id."""
        return {name: place for place, name in reversed([*enumerate(self._ids)])}

    @cached_property
    def pairs(self) -> FilePairs:
        """The pairs that may share ground, and what they share."""
        near = near_inside(np.concatenate(self._bounds), self.effort)
        kin = [self.family(i, j) for i, j in zip(near.left.tolist(), near.right.tolist(), strict=True)]
        one, other = (ends[~np.array(kin, dtype=bool)] for ends in (near.left, near.right))
        shared = shared_inside(self.wkb, Near(one, other, near.crowded), self.effort)
        left, right = np.concatenate([one, other]), np.concatenate([other, one])
        order = np.lexsort((right, left))
        both = Shared(*(np.concatenate([column, column])[order] for column in shared))
        return FilePairs(left[order], right[order], both, near.crowded)

    def family(self, i: int, j: int) -> bool:
        """Tell whether one of two features lies on the other by its kind."""
        return (i in self._parents and self._parents[i] == self._ids[j]) or (
            j in self._parents and self._parents[j] == self._ids[i]
        )
