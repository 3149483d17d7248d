"""Samples of plots for field checks: the frame, the draw, and what the checks of the drawn plots say.

A sample adds an estimate with its interval; it replaces no plot's figure and is never mixed with a census.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from functools import cached_property
from typing import Any, Literal

import numpy as np

from ecotrack.errors import BadSampleSize, Text
from ecotrack.figures.plots import PlotSet
from ecotrack.figures.ratio_estimate import CONFIDENCE_PCT, RatioEstimate, Stratum, combined_ratio
from ecotrack.model import IssuedDocument, ProgressRecord
from ecotrack.progress import survival_class
from ecotrack.progress.ledger import Mask
from ecotrack.settings import Rules
from ecotrack.units import mu_from_m2, round_half_up

DRAW_KIND = "sample_draw"
"""Kind of the issued document that keeps a draw."""

METHOD = "stratified_simple_random_by_hash/1"
"""Simple random sampling within units: the plots with the least SHA-256 of seed and id."""

MINIMUM_PER_UNIT = 2
"""Fewer plots in a unit give no interval."""

EFFECTIVE_PCT = 40
"""Survival at or above which an area counts as effective (有效率)."""

SEED_LIMIT = 10**9
"""Seeds lie below this, so that JSON of any program holds them exactly."""

Measure = Literal["verified", "qualified", "effective"]
MEASURES: dict[Measure, Text] = {
    "verified": Text("面积核实率", "verified share"),
    "qualified": Text("净合格率", "net qualified share"),
    "effective": Text("有效率", "effective share"),
}
"""Rates of a field check, each over the claimed area of the sampled plots."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameRow:
    """One plot that can be drawn.

    Attributes
    ----------
    unit
        Code of the responsible unit: the stratum; empty where none is named.
    claimed_mu
        What the sender says; ``None`` where nothing was said.
    credited_mu
        Credited at *accepted*, to 0.0001 mu.
    """

    feature_id: str
    version_id: str
    unit: str
    claimed_mu: Decimal | None
    credited_mu: Decimal

    def to_json(self) -> dict[str, str | None]:
        """Return the row as text values, which the register can hash."""
        return {
            "feature_id": self.feature_id,
            "version_id": self.version_id,
            "unit": self.unit,
            "claimed_mu": None if self.claimed_mu is None else str(self.claimed_mu),
            "credited_mu": str(self.credited_mu),
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> FrameRow:
        """Return the row that `to_json` gave."""
        claimed = row["claimed_mu"]
        return cls(
            feature_id=row["feature_id"],
            version_id=row["version_id"],
            unit=row["unit"],
            claimed_mu=None if claimed is None else Decimal(claimed),
            credited_mu=Decimal(row["credited_mu"]),
        )


@dataclass(frozen=True, eq=False)
class Frame:
    """Everything that can be drawn, sorted by feature id."""

    rows: tuple[FrameRow, ...]

    @classmethod
    def of(cls, plots: PlotSet, chosen: Mask) -> Frame:
        """Return the frame of the accepted plots among ``chosen``, shape (n,).

        Source of the credited area: `PlotSet.accepted`.
        """
        keep = np.flatnonzero(chosen & plots.accepted.keep)
        credited_m2 = plots.accepted.credit.credited_m2
        rows = [_frame_row(plots, int(i), float(credited_m2[i])) for i in keep]
        return cls(tuple(sorted(rows, key=lambda row: row.feature_id)))

    @cached_property
    def sha256(self) -> str:
        """Hash of the frame: feature id, version id, unit, credited mu of every plot, one line each."""
        lines = ("\t".join((r.feature_id, r.version_id, r.unit, str(r.credited_mu))) + "\n" for r in self.rows)
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    @cached_property
    def strata(self) -> dict[str, list[FrameRow]]:
        """The plots of each unit, by code."""
        result: dict[str, list[FrameRow]] = {}
        for row in self.rows:
            result.setdefault(row.unit, []).append(row)
        return dict(sorted(result.items()))


def _frame_row(plots: PlotSet, i: int, credited_m2: float) -> FrameRow:
    version = plots.plots[i].version
    return FrameRow(
        feature_id=version.feature_id,
        version_id=version.version_id,
        unit=version.unit or "",
        claimed_mu=version.claimed_mu,
        credited_mu=round_half_up(mu_from_m2(credited_m2), 4),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """How many plots each unit gives: a share of its plots, or the same number in every unit.

    Examples
    --------
    >>> [Allocation(fraction_pct=Decimal(5)).size(plots) for plots in (1, 30, 200, 201)]
    [1, 2, 10, 11]
    """

    fraction_pct: Decimal | None = None
    per_unit: int | None = None

    def __post_init__(self) -> None:
        """Refuse a size that no sample can have.

        Raises
        ------
        BadSampleSize
            A share outside (0, 100], a number below 1, both or neither.
        """
        given = [value for value in (self.fraction_pct, self.per_unit) if value is not None]
        share = self.fraction_pct
        wrong = share is not None and not (share.is_finite() and 0 < share <= 100)
        if len(given) != 1 or wrong or (self.per_unit is not None and self.per_unit < 1):
            raise BadSampleSize("", text=", ".join(str(value) for value in given))

    def size(self, plots: int) -> int:
        """Return how many of a unit's plots are drawn; a share gives at least `MINIMUM_PER_UNIT`."""
        if self.fraction_pct is None:
            return min(plots, self.per_unit or 0)
        share = (self.fraction_pct * plots / 100).to_integral_value(rounding=ROUND_CEILING)
        return min(plots, max(MINIMUM_PER_UNIT, int(share)))


def draw(frame: Frame, allocation: Allocation, *, seed: int) -> list[FrameRow]:
    """Draw plots by simple random sampling within each unit.

    A unit's plots are put in the order of ``SHA-256("seed|feature_id")`` and the first ones are taken: every plot
    has the same chance, and whoever has the frame and the seed draws the same plots with any program, in any
    language, today or in ten years.

    Returns
    -------
    list of FrameRow
        Sorted by unit and feature id.

    Examples
    --------
    >>> rows = [FrameRow(feature_id=f"p{i}", version_id="v", unit="a", claimed_mu=None, credited_mu=Decimal(1))
    ...     for i in range(9)]
    >>> [row.feature_id for row in draw(Frame(tuple(rows)), Allocation(per_unit=3), seed=7)]
    ['p1', 'p6', 'p7']
    """
    drawn: list[FrameRow] = []
    for rows in frame.strata.values():
        ordered = sorted(rows, key=lambda row: _lot(seed, row.feature_id))
        drawn += sorted(ordered[: allocation.size(len(rows))], key=lambda row: row.feature_id)
    return drawn


def _lot(seed: int, feature_id: str) -> bytes:
    return hashlib.sha256(f"{seed}|{feature_id}".encode()).digest()


@dataclass(frozen=True, kw_only=True)
class Draw:
    """A sample as the register keeps it.

    Attributes
    ----------
    drawn_on
        Checks from this day on count as results.
    level
        Level of the checks that count (县, 市, 省); empty takes any.
    strata
        Plots of the frame by unit code.
    rows
        The drawn plots.
    """

    draw_id: str
    drawn_on: dt.date
    level: str
    sample: bool
    strata: dict[str, int]
    rows: tuple[FrameRow, ...]

    @classmethod
    def of(cls, document: IssuedDocument) -> Draw:
        """Return the draw that an issued document holds."""
        body = document.body
        return cls(
            draw_id=document.document_id,
            drawn_on=document.issued_on,
            level=body["level"],
            sample=document.sample,
            strata={row["unit"]: row["plots"] for row in body["strata"]},
            rows=tuple(FrameRow.from_json(row) for row in body["plots"]),
        )

    def drawn_in(self, unit: str) -> list[FrameRow]:
        """Return the drawn plots of a unit."""
        return [row for row in self.rows if row.unit == unit]


def draw_body(frame: Frame, drawn: Sequence[FrameRow], allocation: Allocation, *, seed: int) -> dict[str, Any]:
    """Return what the register keeps of a draw: the frame's hash, the sizes, the seed, the plots."""
    by_unit = {unit: [row for row in drawn if row.unit == unit] for unit in frame.strata}
    return {
        "method": METHOD,
        "seed": seed,
        "fraction_pct": None if allocation.fraction_pct is None else str(allocation.fraction_pct),
        "per_unit_plots": allocation.per_unit,
        "minimum_per_unit_plots": MINIMUM_PER_UNIT,
        "frame_sha256": frame.sha256,
        "frame_plots": len(frame.rows),
        "strata": [
            {
                "unit": unit,
                "plots": len(rows),
                "drawn": len(by_unit[unit]),
                "claimed_mu": str(sum((row.claimed_mu or Decimal(0) for row in rows), Decimal(0))),
                "credited_mu": str(sum((row.credited_mu for row in rows), Decimal(0))),
            }
            for unit, rows in frame.strata.items()
        ],
        "plots": [row.to_json() for row in drawn],
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitResult:
    """What the checks say of one unit, or of all together.

    Attributes
    ----------
    plots, drawn, checked
        Plots in the frame, drawn, and drawn plots with a check that counts.
    usable
        Checked plots with a claimed and a measured area, on which the rates rest.
    whole
        Whether every plot of the frame was checked: then nothing is left to chance and there is no interval.
    """

    unit: str
    plots: int
    drawn: int
    checked: int
    usable: int
    whole: bool
    estimates: dict[Measure, RatioEstimate]

    def to_json(self) -> dict[str, Any]:
        """Return the result as JSON values."""
        return {
            "unit": self.unit,
            "plots": self.plots,
            "drawn": self.drawn,
            "checked": self.checked,
            "usable": self.usable,
            "complete": self.checked == self.drawn,
            "whole": self.whole,
            **{measure: _estimate_json(found) for measure, found in self.estimates.items()},
        }


def _estimate_json(found: RatioEstimate) -> dict[str, Any]:
    return {
        "rate_pct": found.ratio_pct,
        "low_pct": found.low_pct,
        "high_pct": found.high_pct,
        "se_pct": found.se_pct,
        "df": found.df,
        "reasons": [reason.to_json() for reason in found.reasons],
    }


def results(draw: Draw, checks: Iterable[ProgressRecord], rules: Rules) -> dict[str, Any]:
    """Return the rates of a sample with their intervals, per unit and in all (schema ``ecotrack.sample/1``).

    Only checks of drawn plots count, from the day of the draw on and of its level: what was checked before, or
    beside the sample, was not chosen by chance. With the claimed area as denominator::

        面积核实率 = measured mu                          / claimed mu
        净合格率   = measured mu of plots that qualify     / claimed mu
        有效率     = measured mu at 40 % survival or above / claimed mu

    A drawn plot without a claimed or measured area stands outside the domain of the rates and is counted.

    Parameters
    ----------
    checks
        Check records of plots in force.
    """
    found = _checks_of(draw, checks)
    units = [_unit_result(draw, unit, found, rules) for unit in draw.strata]
    strata = {measure: [_stratum(draw, unit, found, measure, rules) for unit in draw.strata] for measure in MEASURES}
    total = UnitResult(
        unit="",
        plots=sum(draw.strata.values()),
        drawn=len(draw.rows),
        checked=len(found),
        usable=sum(unit.usable for unit in units),
        whole=all(unit.whole for unit in units),
        estimates={measure: combined_ratio(parts) for measure, parts in strata.items()},
    )
    return {
        "schema": "ecotrack.sample/1",
        "draw": draw.draw_id,
        "drawn_on": draw.drawn_on.isoformat(),
        "level": draw.level,
        "sample": draw.sample,
        "confidence_pct": CONFIDENCE_PCT,
        "qualified_at_pct": rules.survival_counts_pct,
        "qualified_at_pct_of": {
            unit: bar
            for unit in draw.strata
            if (bar := rules.of(unit).survival_counts_pct) != rules.survival_counts_pct
        },
        "effective_at_pct": str(EFFECTIVE_PCT),
        "units": [unit.to_json() for unit in units],
        "total": total.to_json(),
    }


def _checks_of(draw: Draw, checks: Iterable[ProgressRecord]) -> dict[str, ProgressRecord]:
    """Return the last check that counts of each drawn plot."""
    drawn = {row.feature_id for row in draw.rows}
    counting = [
        check
        for check in checks
        if check.feature_id in drawn
        and check.effective_on >= draw.drawn_on
        and check.sample == draw.sample
        and draw.level in ("", check.fields.get("level"))
    ]
    counting.sort(key=lambda check: (check.effective_on, check.seq))
    return {str(check.feature_id): check for check in counting}


def _unit_result(draw: Draw, unit: str, found: Mapping[str, ProgressRecord], rules: Rules) -> UnitResult:
    rows = draw.drawn_in(unit)
    seen = [row for row in rows if row.feature_id in found]
    return UnitResult(
        unit=unit,
        plots=draw.strata[unit],
        drawn=len(rows),
        checked=len(seen),
        usable=sum(_areas(row, found[row.feature_id]) is not None for row in seen),
        whole=len(seen) == draw.strata[unit],
        estimates={measure: combined_ratio([_stratum(draw, unit, found, measure, rules)]) for measure in MEASURES},
    )


def _stratum(draw: Draw, unit: str, found: Mapping[str, ProgressRecord], measure: Measure, rules: Rules) -> Stratum:
    rules = rules.of(unit)
    seen = [(row, found[row.feature_id]) for row in draw.drawn_in(unit) if row.feature_id in found]
    areas = [(_areas(row, check) or (0.0, 0.0), check) for row, check in seen]
    return Stratum(
        plots=draw.strata[unit],
        x=np.array([claimed for (claimed, _), _ in areas], dtype=np.float64),
        y=np.array([measured * _counts(check, measure, rules) for (_, measured), check in areas], dtype=np.float64),
    )


def _areas(row: FrameRow, check: ProgressRecord) -> tuple[float, float] | None:
    """Return claimed and measured mu, or ``None`` where either is not known."""
    measured = check.fields.get("measured_mu")
    if row.claimed_mu is None or measured is None:
        return None
    return float(row.claimed_mu), float(Decimal(str(measured)))


def _counts(check: ProgressRecord, measure: Measure, rules: Rules) -> bool:
    """Whether the measured area of a plot counts towards a rate."""
    if measure == "verified":
        return True
    outcome = survival_class(check, rules)
    if measure == "qualified":
        return outcome == "qualified"
    checked, live = check.fields.get("holes_checked"), check.fields.get("holes_live")
    if isinstance(checked, int) and isinstance(live, int) and checked > 0:
        return live * 100 >= EFFECTIVE_PCT * checked
    return outcome in ("qualified", "replant")
