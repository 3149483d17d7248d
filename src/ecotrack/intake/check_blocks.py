"""The checks of an upload, one block of its features after the other, and what is collected of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import msgspec
import numpy as np
import shapely

from ecotrack.geometry.area import Floats, Geometries
from ecotrack.geometry.codec import from_wkb
from ecotrack.intake.candidates import Candidate
from ecotrack.intake.check_again import again_findings
from ecotrack.intake.check_belt import belt_findings
from ecotrack.intake.check_fields import Claims, densities_of, field_findings
from ecotrack.intake.check_ground import GroundFindings, ground_findings
from ecotrack.intake.check_shape import Measures, Subject, measures_of, shape_findings
from ecotrack.intake.check_tally import Tallies, Tally
from ecotrack.intake.checks import Check
from ecotrack.intake.ground_file import GroundFile
from ecotrack.intake.kept import Keeper
from ecotrack.intake.repairs import Repair, proposed_repairs, with_repairs
from ecotrack.intake.submit import Proposal
from ecotrack.intake.surroundings import Surroundings
from ecotrack.model.findings import Finding
from ecotrack.model.layers import LayerDef
from ecotrack.model.organisation import UnitBook
from ecotrack.units import mu_from_m2

DUE_DAYS = 15
"""Days after the submission until a finding is to be answered."""

MAX_SHOWN = 3000
"""Accepted plots around a file that are kept to be shown."""

Near = Callable[[Floats, Iterable[str]], Surroundings]


@dataclass(frozen=True, kw_only=True)
class BlockRules:
    """What the checks of every block go by.

    Attributes
    ----------
    density
        The file's name for the field of densities.
    default_unit
        Code of the unit that answers for features which name none.
    reason
        Why known plots are changed.
    stock
        Whether the file is an opening balance, of which nothing is kept out for its shape.
    repairs
        Ids of the repairs that are taken.
    """

    checks: Mapping[str, Check]
    layer: LayerDef
    units: UnitBook
    density: str | None
    submitted_on: dt.date
    default_unit: str | None
    reason: str
    stock: bool
    repairs: frozenset[str]


class Block(NamedTuple):
    """Some features of a file: all of them, those with a sound boundary, and what was found before the checks."""

    candidates: Sequence[Candidate]
    subjects: list[Subject]
    findings: list[Finding]


def number_of(finding: Finding) -> int:
    """Return the number of the feature that a finding is about; 0 for the whole file."""
    return int(finding.feature or 0)


class Collected:
    """What the checks of a file have given so far.

    Attributes
    ----------
    around
        What was compared with; of the accepted plots, the first `MAX_SHOWN`.
    accepted
        Ids of the accepted versions that lay near.
    """

    def __init__(
        self, rules: BlockRules, file: GroundFile, claims: Claims, waiting: Iterable[int], *, around: Surroundings
    ) -> None:
        self._rules, self._file, self._claims = rules, file, claims
        self._findings: Keeper[Finding] = Keeper(Finding)
        self._subjects: Keeper[Subject] = Keeper(Subject)
        self._waiting = {*waiting}
        self._tallies = Tallies(rules.checks)
        self._place = 0
        self.repairs: Keeper[Repair] = Keeper(Repair)
        self.held: list[int] = []
        self.area_mu: dict[int, float] = {}
        self.around = around
        self.accepted: set[str] = set()

    def about_file(self, findings: Iterable[Finding]) -> None:
        """Take what was found about the whole file; it comes before all that is found about features."""
        self._findings.add(self._answerable([*findings], []))

    def add(self, block: Block, near: Near) -> None:
        """Check a block and take what comes of it."""
        subjects = [self._claims.of(item) for item in block.subjects]
        geometries = from_wkb([item.version.wkb for item in subjects])
        measures, around = measures_of(geometries), near(shapely.bounds(geometries), _ids(subjects))
        found = self._about_plots(block, subjects, geometries, measures, around)
        ground = self._on_ground(subjects, geometries, measures, around)
        repairs = self._proposed(subjects, geometries, found, ground)
        mended, told = with_repairs(subjects, repairs, self._rules.repairs, self._rules.checks)
        every = self._answerable([*block.findings, *found, *ground.findings, *told], mended)
        self._place += len(subjects)
        self._take(block, mended, every)
        self.repairs.add(repairs)
        self._note_areas(subjects, measures, repairs)
        self._note_around(around)
        self._tallies.add(block.candidates, mended, every, around)

    def _about_plots(
        self,
        block: Block,
        subjects: Sequence[Subject],
        geometries: Geometries,
        measures: Measures,
        around: Surroundings,
    ) -> list[Finding]:
        rules, checks = self._rules, self._rules.checks
        densities = densities_of(block.candidates, rules.density)
        written = field_findings(
            subjects, measures.area_m2, checks=checks, submitted_on=rules.submitted_on, densities=densities
        )
        again = again_findings(subjects, around.named, layer=rules.layer, checks=checks, reason=rules.reason)
        shape = shape_findings(subjects, geometries, measures, checks)
        return [*written, *again, *shape, *belt_findings(subjects, geometries, measures, checks)]

    def _on_ground(
        self, subjects: Sequence[Subject], geometries: Geometries, measures: Measures, around: Surroundings
    ) -> GroundFindings:
        return ground_findings(
            subjects,
            geometries,
            measures,
            around,
            checks=self._rules.checks,
            units=self._rules.units,
            file=self._file,
            first=self._place,
        )

    def _proposed(
        self, subjects: Sequence[Subject], geometries: Geometries, found: list[Finding], ground: GroundFindings
    ) -> list[Repair]:
        repeated = frozenset(number_of(finding) for finding in found if finding.check == "duplicate_vertex")
        apart_m = self._rules.checks["duplicate_vertex"].limit
        return [*proposed_repairs(subjects, geometries, repeated=repeated, slivers=ground.slivers, apart_m=apart_m)]

    def _answerable(self, findings: list[Finding], subjects: Sequence[Subject]) -> list[Finding]:
        """Name for each finding who must answer it and until when; feature by feature."""
        units = {item.number: item.version.unit for item in subjects}
        due, default = self._rules.submitted_on + dt.timedelta(days=DUE_DAYS), self._rules.default_unit
        told = [
            msgspec.structs.replace(
                finding,
                responsible_unit=units.get(number_of(finding)) or default,
                due_on=None if finding.answer == "passed" else due,
            )
            for finding in findings
        ]
        return sorted(told, key=number_of)

    def _take(self, block: Block, subjects: Sequence[Subject], every: Sequence[Finding]) -> None:
        """Keep the findings, and the versions but those that a check keeps out; an opening balance keeps all.

        Of those, the ones that a finding on the ground stops can be registered, not accepted.
        """
        self._findings.add(every)
        self._subjects.add(subjects)
        if not self._rules.stock:
            self._waiting |= {number_of(finding) for finding in every if self._keeps_out(finding)}
        stopped = {number_of(found) for found in every if found.level == "blocks" and found.answer != "passed"}
        stopped -= self._waiting
        self.held += [item.number for item in subjects if item.number in stopped]

    def _keeps_out(self, finding: Finding) -> bool:
        check = self._rules.checks.get(finding.check)
        return check is not None and check.keeps_out and finding.answer != "passed" and number_of(finding) > 0

    def _note_areas(self, subjects: Sequence[Subject], measures: Measures, repairs: Sequence[Repair]) -> None:
        """Note the area of each feature as it would be registered: after the repairs that were taken."""
        areas_m2 = {item.number: float(m2) for item, m2 in zip(subjects, measures.area_m2, strict=True)}
        areas_m2 |= {repair.number: repair.after_m2 for repair in repairs if repair.id in self._rules.repairs}
        self.area_mu |= {number: mu_from_m2(m2) for number, m2 in areas_m2.items()}

    def _note_around(self, around: Surroundings) -> None:
        fresh = [i for i, version in enumerate(around.accepted) if version.version_id not in self.accepted]
        self.accepted |= {around.accepted[i].version_id for i in fresh}
        room = MAX_SHOWN - len(self.around.accepted)
        shown = fresh[: max(room, 0)]
        self.around = replace(
            around,
            accepted=[*self.around.accepted, *(around.accepted[i] for i in shown)],
            geometries=np.concatenate([self.around.geometries, around.geometries[shown]]),
            named={},
        )

    def tallies(self) -> list[Tally]:
        """Return the answers of every check that gives one for each feature."""
        return self._tallies.done()

    def proposal(self, before: Proposal) -> Proposal:
        """Return the proposal with what the checks have changed about it."""
        return replace(
            before,
            subjects=self._subjects.done(),
            findings=self._findings.done(),
            waiting=sorted(self._waiting),
        )


def _ids(subjects: Sequence[Subject]) -> set[str]:
    """Return the ids of some features and of the plots that they name as parents."""
    named = {item.version.feature_id for item in subjects} | {item.version.parent_id or "" for item in subjects}
    return named - {""}
