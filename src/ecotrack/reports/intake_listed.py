"""Which features of a file its page lists and draws: the gravest first, as many as a browser bears."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import shapely

from ecotrack.errors import Text
from ecotrack.geometry.codec import from_wkb
from ecotrack.intake.check import Checked
from ecotrack.intake.check_shape import Subject
from ecotrack.intake.checks import check_table
from ecotrack.intake.kept import Ahead
from ecotrack.intake.submit_fields import as_text, named_where
from ecotrack.model.findings import Finding

MAX_LISTED = 400
"""Features whose findings one page lists."""

MAX_DRAWN_CORNERS = 80_000
"""Corners that one page draws of the features that it lists, and as many of the others."""

_GRAVEST = ("waits", "held", "ready")


@dataclass(frozen=True, kw_only=True)
class Listed:
    """What a page tells of the findings of a file.

    Attributes
    ----------
    about_file
        Findings on the whole file.
    by_feature
        Findings of the features that are listed, by their numbers.
    left
        How many features have findings and are not listed.
    left_by_check
        How many findings those have, by the id of the check.
    office
        What only the office can do, under the title of the check.
    """

    about_file: list[Finding]
    by_feature: Mapping[int, list[Finding]]
    left: int
    left_by_check: Mapping[str, int]
    office: Mapping[Text, Text]


def listed_of(checked: Checked, *, most: int = MAX_LISTED) -> Listed:
    """Choose the features that a page lists: those to be mended first, then those held, each in the file's order."""
    told = dict.fromkeys(int(finding.feature) for finding in checked.findings if finding.feature)
    numbers = sorted(told, key=lambda number: (_GRAVEST.index(checked.states[number]), number))
    by_feature: dict[int, list[Finding]] = {number: [] for number in numbers[:most]}
    about_file, left, office = [], Counter[str](), dict[Text, Text]()
    for finding in checked.findings:
        if not finding.feature:
            about_file.append(finding)
        elif (listed := by_feature.get(int(finding.feature))) is not None:
            listed.append(finding)
        else:
            left[finding.check] += 1
        if finding.office.zh:
            office.setdefault(title_of(finding.check), finding.office)
    return Listed(
        about_file=about_file,
        by_feature=by_feature,
        left=len(numbers) - len(by_feature),
        left_by_check=left,
        office=office,
    )


def title_of(check: str) -> Text:
    """Return the title of a check, or its id where the table has none."""
    known = check_table().get(check)
    return known.title if known else Text(check, check)


class Drawn(NamedTuple):
    """A feature of the page: its number, where it stands in the file, what it would become, and its polygon."""

    number: int
    where: str
    subject: Subject | None
    geometry: shapely.Geometry | None


def drawn_of(checked: Checked, listed: Listed) -> Iterator[Drawn]:
    """Yield the features that are listed, and of the others those that there is room to draw."""
    sources = [checked.proposal.matches[name] for name in ("feature_id", "name") if name in checked.proposal.matches]
    room = {True: MAX_DRAWN_CORNERS, False: MAX_DRAWN_CORNERS}
    subjects = Ahead(checked.proposal.subjects, number=lambda item: item.number)
    for item in checked.reading.candidates:
        subject = next(iter(subjects.up_to(item.number)), None)
        is_listed = item.number in listed.by_feature
        geometry = from_wkb([item.wkb])[0] if item.wkb and (is_listed or room[False] > 0) else None
        corners = int(shapely.get_num_coordinates(geometry)) if geometry is not None else 0
        fits = corners <= room[is_listed]
        room[is_listed] -= corners if fits else 0
        if is_listed or (fits and corners):
            name = next(filter(None, (as_text(item.attributes.get(source)) for source in sources)), None)
            yield Drawn(item.number, named_where(item.where, name), subject, geometry if fits else None)
