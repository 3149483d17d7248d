"""The plan of the sample plots: what happens to each rectangle, before anything becomes an entry."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal

GRID_DIGITS = 9
"""Corners stand on the grid of stored geometry (1e-9 degrees), so that storing moves nothing."""


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle along meridians and parallels, EPSG:4490 degrees."""

    west: float
    south: float
    east: float
    north: float

    def snapped(self) -> Rect:
        """Return the rectangle with its corners on the grid of stored geometry."""
        return Rect(*(round(value, GRID_DIGITS) for value in (self.west, self.south, self.east, self.north)))


@dataclass(frozen=True, slots=True)
class Cut:
    """A straight piece of border that cuts a plot: its two ends and what lies west and east of it.

    Attributes
    ----------
    west, east
        County codes; ``None`` is outside the city.
    """

    lon1: float
    lat1: float
    lon2: float
    lat2: float
    west: str | None
    east: str | None


@dataclass(frozen=True, slots=True)
class PlannedVersion:
    """One submitted boundary of a plot."""

    rect: Rect
    submitted_on: dt.date
    claimed_mu: Decimal


@dataclass(frozen=True, slots=True)
class PlannedDecision:
    """A decision about one version (its position) of a plot."""

    version: int
    verdict: str
    decided_on: dt.date
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PlannedCheck:
    """A field check: counts of holes."""

    checked_on: dt.date
    level: str
    holes_checked: int
    holes_live: int


@dataclass(slots=True, kw_only=True)
class PlannedPlot:
    """One plot with its whole life.

    Attributes
    ----------
    cluster
        Plots of one cluster may share ground; plots of different clusters never do.
    holder
        Report unit that holds it wholly, or, where a border cuts it, the part on the side of its unit's county.
    county
        County that holds it wholly; ``None`` where ``cut`` says what lies on both sides of a border.
    in_ring
        Whether it lies wholly inside the ring-lake zone; it lies wholly outside otherwise.
    scenario
        Why it was made: ``single``, ``touching``, ``sliver``, ``overlap``, ``later_season``, ``disputed``,
        ``three``, ``redo``, ``replant``, ``border`` or ``outer``.
    struck_on
        Day of a status record 核销.
    """

    feature_id: str
    cluster: int
    scenario: str
    unit: str
    season: str
    kind: str
    form: str
    programme: str
    species: str
    name: str
    planted_on: dt.date
    task_id: str
    holder: str | None
    county: str | None
    in_ring: bool
    cut: Cut | None = None
    parent_id: str | None = None
    versions: list[PlannedVersion] = field(default_factory=list)
    decisions: list[PlannedDecision] = field(default_factory=list)
    checks: list[PlannedCheck] = field(default_factory=list)
    struck_on: dt.date | None = None
