"""Verdicts on plots, kept beside the register for reviewers and their maps. They are no part of the chain of records.

A verdict holds for the outline that was looked at: a plot that was drawn anew since has none.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from ecotrack.errors import Text, UnreadableFile
from ecotrack.geometry.codec import from_wkb
from ecotrack.imagery.beside import read_beside, write_beside
from ecotrack.imagery.verdict import ANSWERS, Answer, PlotAsked, Verdict
from ecotrack.model import FeatureVersion, Finding

FILE = "verdicts.json"
SCHEMA = "ecotrack.verdicts/3"
CHECK = "satellite"
MOST_CHIP_BYTES = 16_000
"""A small picture larger than this is none of ours."""
_JPEG = b"\xff\xd8\xff"


@dataclass(frozen=True, slots=True)
class Chip:
    """A small picture of a plot on one day, before it was planted or after: JPEG as base64."""

    day: str
    scene_id: str
    jpeg: str
    before: bool


@dataclass(frozen=True, slots=True)
class KeptVerdict:
    """One plot's verdict as it was kept.

    Attributes
    ----------
    outline
        Digest of the outline that was looked at.
    days
        Days of the looks that it rests on, as 2020-07-10.
    """

    feature_id: str
    answer: Answer
    outline: str
    reasons: tuple[Text, ...] = ()
    days: tuple[str, ...] = ()
    clear_px: float = 0.0
    ndvi_before: float | None = None
    ndvi_after: float | None = None
    change: float | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class KeptVerdicts:
    """What the last run of ``ecotrack verify plots`` said.

    Attributes
    ----------
    as_of
        Day up to which scenes were taken.
    sample
        Whether plots or scenes are made up (示例).
    by_plot
        Verdict by plot; a plot that is not here was not looked at.
    chips
        Before and after, of contradicted plots.
    """

    as_of: dt.date
    sample: bool
    scenes: tuple[str, ...]
    by_plot: Mapping[str, KeptVerdict]
    chips: Mapping[str, tuple[Chip, ...]] = field(default_factory=dict)

    def of(self, feature_id: str, outline: str) -> KeptVerdict:
        """Return the verdict on a plot as it is drawn now: *not run* where this outline was never looked at."""
        found = self.by_plot.get(feature_id)
        if found is None or found.outline != outline:
            return KeptVerdict(feature_id, "not_run", outline)
        return found


def outline_digests(geometries: Sequence[Any] | npt.NDArray[np.object_]) -> list[str]:
    """Return a digest of each outline; it changes with any vertex.

    Examples
    --------
    >>> len(outline_digests([shapely.box(0, 0, 1, 1)])[0])
    16
    """
    wkb = shapely.to_wkb(np.asarray(geometries, dtype=object), byte_order=1)
    return [hashlib.sha256(one).hexdigest()[:16] for one in wkb]


def keep_verdicts(
    verdicts: Sequence[Verdict], plots: Sequence[PlotAsked], geometries: npt.NDArray[np.object_]
) -> dict[str, KeptVerdict]:
    """Return verdicts as they are kept, with their plots' outlines and units."""
    return {
        verdict.feature_id: KeptVerdict(
            feature_id=verdict.feature_id,
            answer=verdict.answer,
            outline=outline,
            reasons=verdict.reasons,
            days=tuple(day.isoformat() for day in verdict.days),
            clear_px=round(verdict.seen_px, 1),
            ndvi_before=_rounded(verdict.ndvi_before),
            ndvi_after=_rounded(verdict.ndvi_after),
            change=_rounded(verdict.change),
            unit=plot.unit,
        )
        for verdict, plot, outline in zip(verdicts, plots, outline_digests(geometries), strict=True)
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def verdict_row(kept: KeptVerdict) -> dict[str, Any]:
    """Return a verdict as JSON has it."""
    return {
        "feature_id": kept.feature_id,
        "verdict": kept.answer,
        "reasons": [{"zh": reason.zh, "en": reason.en} for reason in kept.reasons],
        "days": list(kept.days),
        "clear_px": kept.clear_px,
        "ndvi_before": kept.ndvi_before,
        "ndvi_after": kept.ndvi_after,
        "change_against_ring": kept.change,
        "responsible_unit": kept.unit,
        "outline": kept.outline,
    }


def write_verdicts(folder: Path, kept: KeptVerdicts) -> Path:
    """Write verdicts beside the register, whole or not at all, in place of those before."""
    document = {
        "schema": SCHEMA,
        "as_of": kept.as_of.isoformat(),
        "sample": kept.sample,
        "scenes": list(kept.scenes),
        "verdicts": [verdict_row(one) for one in kept.by_plot.values()],
        "chips": {
            plot: [{"day": one.day, "before": one.before, "scene_id": one.scene_id, "jpeg": one.jpeg} for one in chips]
            for plot, chips in kept.chips.items()
        },
    }
    return write_beside(folder / FILE, document)


def contradiction(
    feature_id: str, reasons: Sequence[Text], days: Sequence[str], clear_px: float, unit: str | None
) -> Finding:
    """Return the finding that a contradiction is for reviewers; the other verdicts ask nobody anything.

    Parameters
    ----------
    days
        Of the looks that it rests on, oldest first.

    Examples
    --------
    >>> contradiction("p", [Text("裸露", "bare")], ["2020-07-01", "2020-08-01"], 90, "131102").message.en
    'imagery contradicts the planting: bare (2 looks, 2020-07-01 to 2020-08-01)'
    """
    first, last = days[0], days[-1]
    return Finding(
        check=CHECK,
        level="warns",
        message=Text(
            f"影像与“已造林”矛盾：{'；'.join(reason.zh for reason in reasons)}（{first}至{last}的{len(days)}景影像）",
            f"imagery contradicts the planting: {'; '.join(reason.en for reason in reasons)} "
            f"({len(days)} looks, {first} to {last})",
        ),
        mend=Text("请现场核查", "check it in the field"),
        where=feature_id,
        feature=feature_id,
        facts={"days": " ".join(days), "seen_px": f"{clear_px:.0f}"},
        responsible_unit=unit,
    )


def kept_findings(kept: KeptVerdicts) -> list[Finding]:
    """Return a finding for each contradiction that was kept."""
    return [_finding(one) for one in kept.by_plot.values() if one.answer == "contradicts"]


def _finding(one: KeptVerdict) -> Finding:
    return contradiction(one.feature_id, one.reasons, one.days, one.clear_px, one.unit)


def looked_at(kept: KeptVerdicts | None, versions: Sequence[FeatureVersion]) -> dict[str, KeptVerdict]:
    """Return the verdicts on some versions of plots, by version: those whose outline was really looked at.

    A version that is missing here was not looked at, which is no pass.
    """
    known = [one for one in versions if kept is not None and one.feature_id in kept.by_plot]
    if kept is None or not known:
        return {}
    digests = outline_digests(from_wkb([version.wkb for version in known]))
    found = {one.version_id: kept.of(one.feature_id, digest) for one, digest in zip(known, digests, strict=True)}
    return {version: one for version, one in found.items() if one.answer != "not_run"}


def contradicted(kept: KeptVerdicts | None, versions: Sequence[FeatureVersion]) -> dict[str, Finding]:
    """Return a finding for each version of a plot that imagery contradicts, by version."""
    return {version: _finding(one) for version, one in looked_at(kept, versions).items() if one.answer == "contradicts"}


def read_verdicts(folder: Path) -> KeptVerdicts | None:
    """Return the verdicts that lie beside a register; ``None`` where no plots were ever verified.

    Raises
    ------
    UnreadableFile
        The file is damaged, or of an older make.
    """

    def take(document: Any) -> KeptVerdicts:
        if document["schema"] != SCHEMA:
            raise ValueError(document["schema"])
        rows = [_kept(row) for row in document["verdicts"]]
        return KeptVerdicts(
            as_of=dt.date.fromisoformat(document["as_of"]),
            sample=bool(document["sample"]),
            scenes=tuple(map(str, document["scenes"])),
            by_plot={row.feature_id: row for row in rows},
            chips={str(plot): tuple(map(_chip, chips)) for plot, chips in document["chips"].items()},
        )

    return read_beside(folder / FILE, take, again="ecotrack verify plots")


def verdicts_or_fault(folder: Path) -> tuple[KeptVerdicts | None, UnreadableFile | None]:
    """Return the kept verdicts, or why they cannot be read: a list for reviewers goes on without them.

    Whoever takes the first alone must tell the second: what cannot be read was not looked at, which is no pass.
    """
    try:
        return read_verdicts(folder), None
    except UnreadableFile as fault:
        return None, fault


def _kept(row: dict[str, Any]) -> KeptVerdict:
    if row["verdict"] not in ANSWERS:
        raise ValueError(row["verdict"])
    return KeptVerdict(
        feature_id=str(row["feature_id"]),
        answer=row["verdict"],
        outline=str(row["outline"]),
        reasons=tuple(Text(str(one["zh"]), str(one["en"])) for one in row["reasons"]),
        days=_days(row),
        clear_px=float(row["clear_px"]),
        ndvi_before=_number(row["ndvi_before"]),
        ndvi_after=_number(row["ndvi_after"]),
        change=_number(row["change_against_ring"]),
        unit=row["responsible_unit"],
    )


def _days(row: dict[str, Any]) -> tuple[str, ...]:
    days = tuple(dt.date.fromisoformat(day).isoformat() for day in row["days"])
    if row["verdict"] == "contradicts" and not days:
        raise ValueError("days")
    return days


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _chip(row: dict[str, Any]) -> Chip:
    """Return a picture, which a page will show: nothing but a small JPEG passes."""
    try:
        picture = base64.b64decode(row["jpeg"], validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from error
    if not picture.startswith(_JPEG) or len(picture) > MOST_CHIP_BYTES:
        raise ValueError("chip")
    day = dt.date.fromisoformat(row["day"]).isoformat()
    return Chip(day, str(row["scene_id"]), row["jpeg"], bool(row["before"]))
