"""Checks of what is written about plots: claimed areas and their unit, days, densities, garbled text."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from statistics import median
from typing import NamedTuple

from ecotrack.errors import Text
from ecotrack.geometry.area import Floats
from ecotrack.intake.candidates import Candidate, Place, Reading, Words
from ecotrack.intake.check_shape import Subject
from ecotrack.intake.checks import Check
from ecotrack.intake.garbled import is_garbled, meant_text
from ecotrack.intake.kept import read_as
from ecotrack.intake.submit_fields import as_text, read_decimal, season_begins
from ecotrack.intake.tables_cells import header_unit
from ecotrack.model.findings import Finding
from ecotrack.units import mu_from_m2

CLAIMED_AS_GIVEN = "上报面积（原值）"
"""Attribute that keeps a claimed area as it came, where it was converted."""


class AreaUnit(NamedTuple):
    """A unit in which areas are claimed: its words, how many of it make one mu, and its spellings in headers."""

    title: Text
    per_mu: Decimal
    spellings: tuple[str, ...]


UNITS = (
    AreaUnit(Text("亩", "mu"), Decimal(1), ("亩", "mu")),
    AreaUnit(Text("公顷", "ha"), Decimal(1) / 15, ("公顷", "ha", "hm2", "hm²", "顷")),
    AreaUnit(Text("平方米", "m2"), Decimal(10000) / 15, ("平方米", "m2", "m²", "㎡", "平米")),
    AreaUnit(Text("平方公里", "km2"), Decimal(1) / 1500, ("平方公里", "km2", "km²", "平方千米")),
)
_NEAR = Decimal("0.25")
"""How far a claimed area may be from the measured one for its unit to be told, as a share."""

_SAMPLED = 20
"""Texts of a column that are looked at together."""


class Claims(NamedTuple):
    """How the claimed areas of a file are taken: their unit (``None``: not at all), and the findings on the column."""

    unit: AreaUnit | None
    findings: list[Finding]

    def of(self, item: Subject) -> Subject:
        """Return a subject with its claimed area in mu; the number as given is kept as an attribute."""
        return item if self.unit is not None and self.unit.per_mu == 1 else _reclaimed(item, self.unit)


def claim_ratios(subjects: Sequence[Subject], areas_m2: Floats) -> list[Decimal]:
    """Return the claimed areas as numbers given, by the measured ones in mu, where both are."""
    return [
        item.version.claimed_mu / Decimal(mu_from_m2(float(area)))
        for item, area in zip(subjects, areas_m2, strict=True)
        if item.version.claimed_mu and area > 0
    ]


def claims_of(ratios: Sequence[Decimal], *, field: str | None, place: Place, checks: Mapping[str, Check]) -> Claims:
    """Tell the unit of the claimed areas by the column's name, else by magnitude against the measured ones.

    Parameters
    ----------
    ratios
        Of the whole file, as `claim_ratios` gives them.
    field
        The file's name for the column; ``None`` where it has none.
    place
        Where a finding on the whole column stands.

    Returns
    -------
    Claims
        Areas in another unit are converted to mu; numbers that fit no unit are not taken.
    """
    if field is None or not ratios:
        return Claims(UNITS[0], [])
    unit = _named_unit(field) or _told_unit(ratios)
    if unit is None:
        return Claims(None, [place.finding_of(checks["claimed_unit_unclear"], field=field)])
    if unit.per_mu == 1:
        return Claims(unit, [])
    facts = {"unit_zh": unit.title.zh, "unit_en": unit.title.en, "count": str(len(ratios)), "field": field}
    return Claims(unit, [place.finding_of(checks["claimed_unit"], **facts)])


def _named_unit(field: str) -> AreaUnit | None:
    said = header_unit(field) or field.rpartition("_")[2].lower()
    return next((unit for unit in UNITS if said in unit.spellings), None)


def _told_unit(ratios: Sequence[Decimal]) -> AreaUnit | None:
    """Return the unit that most areas fit; mu where the numbers are of its size, though they may be wrong."""
    for unit in UNITS:
        near = [abs(ratio / unit.per_mu - 1) <= _NEAR for ratio in ratios]
        if 2 * sum(near) > len(near):
            return unit
    middle = median(ratios)
    return UNITS[0] if Decimal("0.3") <= middle <= Decimal(5) else None


def _reclaimed(item: Subject, unit: AreaUnit | None) -> Subject:
    claimed = item.version.claimed_mu
    if claimed is None:
        return item
    kept = item.version.attributes | {CLAIMED_AS_GIVEN: str(claimed)}
    changed = None if unit is None else (claimed / unit.per_mu).quantize(Decimal("0.0001"))
    return item._replace(version=replace(item.version, claimed_mu=changed, attributes=kept))


def field_findings(
    subjects: Sequence[Subject],
    areas_m2: Floats,
    *,
    checks: Mapping[str, Check],
    submitted_on: dt.date,
    densities: Mapping[int, str],
) -> Iterator[Finding]:
    """Yield what is wrong with claimed areas, days and densities.

    Parameters
    ----------
    densities
        Stems a mu by number of the feature, as the file gives them.
    """
    for item, area in zip(subjects, areas_m2.tolist(), strict=True):
        yield from _claim(item, mu_from_m2(area), checks["claimed_area"])
        if words := _odd_day(item, submitted_on):
            value = str(item.version.planted_on)
            yield item.place.finding_of(checks["planted_day"], value=value, zh=words.zh, en=words.en)
        check, text = checks["density"], densities.get(item.number)
        number = read_decimal(text) if text else None
        if number is not None and not check.limit <= float(number) <= float(check.most or "inf"):
            yield item.place.finding_of(check, value=str(number))


def _claim(item: Subject, measured_mu: float, check: Check) -> Iterator[Finding]:
    claimed = item.version.claimed_mu
    if claimed is None or measured_mu <= 0:
        return
    apart = 100 * abs(float(claimed) - measured_mu) / measured_mu
    if apart > check.limit:
        facts = {"claimed_mu": f"{claimed:f}", "measured_mu": f"{measured_mu:.2f}", "share_pct": f"{apart:.0f}"}
        yield item.place.finding_of(check, **facts)


def _odd_day(item: Subject, submitted_on: dt.date) -> Text | None:
    planted, season = item.version.planted_on, item.version.season
    if planted is None:
        return None
    if planted > submitted_on:
        return Text(f"在提交日期{submitted_on}之后", f"after the submission of {submitted_on}")
    if season is not None and not 0 <= (planted - season_begins(season)).days <= 366:
        return Text(f"与造林季节{season}不符", f"which is not in the season {season}")
    return None


def garbled_findings(reading: Reading, check: Check) -> Iterator[Finding]:
    """Yield a finding for each column that holds text which no hand has written."""
    signs: set[str] = set()
    samples: dict[str, dict[str, str]] = defaultdict(dict)
    for item in read_as(reading.candidates, Words):
        where = item.where.partition(" #")[0]
        for name, value in item.attributes.items():
            if name in signs or not isinstance(value, str):
                continue
            if found := next((text for text in (value, name) if is_garbled(text)), None):
                signs.add(name)
                yield _garbled(Place(where), check, name, found, next(iter(meant_text([found]) or ()), None))
            elif len(samples[name]) < _SAMPLED and not value.isascii():
                samples[name].setdefault(value, where)
    for name, some in samples.items():
        for texts in ([*some], [name]):
            if name not in signs and (meant := meant_text(texts)):
                signs.add(name)
                yield _garbled(Place(next(iter(some.values()), "")), check, name, texts[0], meant[0])


def _garbled(place: Place, check: Check, field: str, value: str, meant: str | None) -> Finding:
    zh, en = (f"，原文可能是“{meant[:40]}”", f"; it may have been '{meant[:40]}'") if meant else ("", "")
    return place.finding_of(check, field=field[:40], value=value[:40], meant_zh=zh, meant_en=en)


def densities_of(candidates: Iterable[Candidate], field: str | None) -> dict[int, str]:
    """Return the density that each feature gives, by its number."""
    if field is None:
        return {}
    texts = {item.number: as_text(item.attributes.get(field)) for item in candidates}
    return {number: text for number, text in texts.items() if text}
