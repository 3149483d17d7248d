"""One way in for every caller: read an upload, match its fields, check it against all that is known, and say so."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import msgspec
import shapely

from ecotrack.coordinates.detective import AS_IS, READINGS, TITLES
from ecotrack.errors import NoRegister, Text
from ecotrack.geometry.area import Geometries
from ecotrack.geometry.codec import from_wkb
from ecotrack.intake.candidates import Candidate, Place, Reading
from ecotrack.intake.check_again import again_findings
from ecotrack.intake.check_fields import claims_in_mu, densities_of, field_findings, garbled_findings
from ecotrack.intake.check_ground import GroundFindings, ground_findings
from ecotrack.intake.check_shape import Measures, Subject, measures_of, shape_findings
from ecotrack.intake.checks import Check, checks_of
from ecotrack.intake.read import SECONDS, Upload, limits_of, read
from ecotrack.intake.readings import Settled, contradiction, declared_degrees, open_candidates, settle
from ecotrack.intake.repairs import Repair, proposed_repairs, with_repairs
from ecotrack.intake.submit import Proposal, Target, propose
from ecotrack.intake.submit_fields import as_text, match_fields
from ecotrack.intake.surroundings import Surroundings, known_versions, surroundings_of
from ecotrack.model import FeatureVersion
from ecotrack.model.findings import Finding
from ecotrack.model.layers import LayerDef
from ecotrack.units import mu_from_m2
from ecotrack.workspace import Workspace, today

_SYSTEMS = {"WGS84": "EPSG:4490", "GCJ-02": "GCJ-02", "BD-09": "BD-09"}

DUE_DAYS = 15
"""Days after the submission until a finding is to be answered."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What the caller says about an upload.

    Attributes
    ----------
    defaults
        Values by field name for features whose attributes say nothing.
    crs, encoding
        Overrule what the file says of itself.
    repairs
        Ids of repairs that are accepted (``make_valid`` ...).
    read_as
        How degrees are read: ``WGS84``, ``GCJ-02`` or ``BD-09``; a choice that the caller puts on record.
    sender
        Name of the sender.
    reason
        Why known plots are changed.
    stock
        Opening balance: what was accepted by a document before.
    seconds
        How long reading may take.
    """

    layer: str = "plots"
    defaults: Mapping[str, str] = field(default_factory=dict)
    crs: str | None = None
    encoding: str | None = None
    submitted_on: dt.date = field(default_factory=today)
    read_as: str | None = None
    sender: str = ""
    reason: str = ""
    repairs: frozenset[str] = frozenset()
    stock: bool = False
    seconds: float = SECONDS


class Tally(NamedTuple):
    """How often a check answered what; ``not_asked`` counts the features that it does not apply to."""

    check: Check
    passed: int
    failed: int
    not_checked: int
    not_asked: int


@dataclass(frozen=True, kw_only=True)
class Checked:
    """An upload, what it holds, and everything that was found about it.

    Attributes
    ----------
    proposal
        What can be registered; its findings are all findings, those of the ground too.
    settled
        How degrees of unknown origin were read; ``None`` where the file has none.
    repairs
        Repairs of valid boundaries, proposed or taken.
    held
        Numbers of features that can be registered but not be accepted as they stand.
    tallies
        The answers of every check that gives one for each feature.
    area_mu
        Measured area by number of the feature.
    compared
        How many accepted plots lay near and were compared; ``None`` where there is no register.
    titles
        Titles of the layer's fields by name.
    """

    upload: Upload
    reading: Reading
    proposal: Proposal
    around: Surroundings
    settled: Settled | None
    repairs: Sequence[Repair]
    held: list[int]
    tallies: list[Tally]
    area_mu: Mapping[int, float]
    compared: int | None
    titles: Mapping[str, Text] = field(default_factory=dict)

    def field_title(self, name: str) -> Text:
        """Return the title of a field of the layer, or its name."""
        return self.titles.get(name, Text(name, name))

    @property
    def findings(self) -> list[Finding]:
        """Everything that was found, on the file and on its features."""
        return self.proposal.findings

    @property
    def clean(self) -> bool:
        """Whether nothing keeps any feature from being registered and accepted."""
        return not self.held and not self.proposal.blocked


def target_of(workspace: Workspace, order: Order) -> Target:
    """Return where an upload goes, without what the register knows of its plots.

    Raises
    ------
    UnknownLayer
        No layer has this id.
    """
    return Target(
        layer=workspace.layer(order.layer),
        units=workspace.units,
        code_lists=workspace.config.code_lists,
        defaults=order.defaults,
    )


def check_upload(workspace: Workspace, upload: Upload, order: Order) -> Checked:
    """Read an upload and check it, without writing anything.

    Raises
    ------
    UnknownLayer, NotAnIntakeLayer
        The layer is none that takes boundaries.
    BadConfig
        The layer's ``[[checks]]`` name a check that there is none of.
    """
    target = target_of(workspace, order)
    checks = checks_of(target.layer.checks)
    aliases = tuple(alias for item in target.layer.fields for alias in (item.name, item.title_zh, *item.aliases))
    reading, settled = _read_settled(workspace, upload, order, aliases, target.layer)
    named = _named(reading, target.layer)
    proposal = propose(
        upload,
        reading,
        replace(target, known=_known(workspace, named, target.layer.id)),
        submitted_on=order.submitted_on,
        accept_repairs="make_valid" in order.repairs,
        stock=order.stock,
    )
    return _checked(workspace, upload, reading, settled, proposal, order, checks, named)


def _read_settled(
    workspace: Workspace, upload: Upload, order: Order, aliases: tuple[str, ...], layer: LayerDef
) -> tuple[Reading, Settled | None]:
    """Read an upload; where its degrees are open, by the evidence, by a choice on record, or let it wait."""

    def again(crs: str | None) -> Reading:
        return read(
            upload,
            extent=workspace.config.extent,
            crs=crs,
            encoding=order.encoding,
            known_fields=aliases,
            limits=limits_of(order.seconds),
        )

    said = order.crs or (_SYSTEMS[order.read_as] if order.read_as else None)
    reading = again(said)
    items = open_candidates(reading)
    matches = match_fields(_names(reading), layer) if items else {}
    ids = [as_text(item.attributes.get(matches.get("feature_id", ""))) for item in items]
    settled = settle(
        workspace, reading, sha256=upload.sha256, sender=order.sender, layer=order.layer, ids=ids, as_of=today()
    )
    if settled is None:
        return reading if said else _with_doubt(workspace, upload, order, reading, layer), None
    if settled.system not in (None, AS_IS):
        reading = again(settled.system)
    return _with_settled(reading, settled), settled


def _with_doubt(workspace: Workspace, upload: Upload, order: Order, reading: Reading, layer: LayerDef) -> Reading:
    """Return the reading, held back where what the file declares is not where known plots are."""
    items = declared_degrees(reading)
    if not items:
        return reading
    source = match_fields(_names(reading), layer).get("feature_id", "")
    ids = [as_text(item.attributes.get(source)) for item in items]
    found = contradiction(workspace, reading, sha256=upload.sha256, layer=order.layer, ids=ids, as_of=today())
    if found is None or found.system is None:
        return reading
    said, right = TITLES[AS_IS], TITLES[found.system]
    facts = {"declared_zh": said.zh, "declared_en": said.en, "found_zh": right.zh, "found_en": right.en}
    facts |= {"evidence_zh": found.evidence.zh, "evidence_en": found.evidence.en}
    return _with_finding(reading, {item.number for item in items}, "contradicted_reading", facts)


def _with_finding(reading: Reading, numbers: set[int], check: str, facts: dict[str, str]) -> Reading:
    """Return the reading with the same finding on some of its features."""
    candidates = [
        msgspec.structs.replace(
            item, findings=[*item.findings, Place(item.where, str(item.number)).finding(check, **facts)]
        )
        if item.number in numbers
        else item
        for item in reading.candidates
    ]
    return msgspec.structs.replace(reading, candidates=candidates)


def _with_settled(reading: Reading, settled: Settled) -> Reading:
    """Return the reading with what was settled said of the file, or of each feature that has to wait."""
    names, count = "、".join(TITLES[name].zh for name in READINGS), str(len(READINGS))
    if settled.system is not None:
        note = Place(reading.file_name).finding("chosen_reading", zh=settled.evidence.zh, en=settled.evidence.en)
        layers = [msgspec.structs.replace(layer, crs_evidence=tuple(settled.evidence)) for layer in reading.layers]
        return msgspec.structs.replace(reading, layers=layers, findings=[*reading.findings, note])
    waiting = {item.number for item in open_candidates(reading)}
    facts = {"count": count, "apart": f"{settled.apart_m:.0f}", "zh": names}
    facts["en"] = ", ".join(TITLES[name].en for name in READINGS)
    reading = _with_finding(reading, waiting, "ambiguous_position", facts)
    unknown = ("文件没有说明经纬度是哪种坐标", "the file does not say which degrees these are")
    opened = {layer.name for layer in reading.layers if layer.open}
    layers = [msgspec.structs.replace(layer, crs_evidence=unknown) if layer.open else layer for layer in reading.layers]
    findings = [found for found in reading.findings if found.check != "told_crs" or found.where not in opened]
    return msgspec.structs.replace(reading, layers=layers, findings=findings)


def _with_subjects(proposal: Proposal, subjects: list[Subject], *, reason: str) -> Proposal:
    """Return the proposal with its versions as they were changed by a check, and the reason of corrections."""
    said = replace(proposal.submission, document=reason) if reason else proposal.submission
    changed = {item.version.version_id: item.version for item in subjects}
    versions = [changed[version.version_id] for version in proposal.versions]
    return replace(proposal, submission=said, versions=versions, subjects=subjects)


def _names(reading: Reading) -> list[str]:
    return list(dict.fromkeys(name for item in reading.layers for name in item.fields))


def _checked(
    workspace: Workspace,
    upload: Upload,
    reading: Reading,
    settled: Settled | None,
    proposal: Proposal,
    order: Order,
    checks: Mapping[str, Check],
    named: set[str],
) -> Checked:
    layer = workspace.layer(order.layer)
    geometries = from_wkb([item.version.wkb for item in proposal.subjects])
    measures = measures_of(geometries)
    claims = claims_in_mu(
        proposal.subjects,
        measures.area_m2,
        field=proposal.matches.get("claimed_mu"),
        place=Place(upload.file_name),
        checks=checks,
    )
    proposal = _with_subjects(proposal, claims.subjects, reason=order.reason)
    subjects = proposal.subjects
    around = surroundings_of(
        workspace,
        shapely.bounds(geometries),
        named=named,
        as_of=today(),
        layer=order.layer,
        wanted=[check.layer for check in checks.values() if check.layer],
    )
    found = [
        *claims.findings,
        *_about_plots(reading, proposal, measures, order, checks),
        *again_findings(subjects, around.named, layer=layer, checks=checks, reason=order.reason),
        *shape_findings(subjects, geometries, measures, checks),
    ]
    ground = ground_findings(subjects, geometries, measures, around, checks=checks, units=workspace.units)
    repairs = _repairs(subjects, geometries, found, ground, checks)
    mended, told = with_repairs(subjects, repairs, order.repairs, checks)
    if order.repairs:
        proposal, subjects = _with_subjects(proposal, mended, reason=order.reason), mended
    every = _answerable([*proposal.findings, *found, *ground.findings, *told], subjects, order)
    proposal = _without(proposal, every, checks, stock=order.stock)
    return Checked(
        upload=upload,
        reading=reading,
        proposal=proposal,
        around=around,
        settled=settled,
        repairs=repairs,
        held=_held(proposal, checks),
        tallies=_tallies(checks, reading, proposal, around),
        area_mu={item.number: mu_from_m2(float(m2)) for item, m2 in zip(subjects, measures.area_m2, strict=True)},
        compared=len(around.accepted) if around.compared else None,
        titles={item.name: item.title for item in layer.fields},
    )


def _about_plots(
    reading: Reading, proposal: Proposal, measures: Measures, order: Order, checks: Mapping[str, Check]
) -> list[Finding]:
    """Return what is wrong with what is written about plots."""
    densities = densities_of(reading, proposal.matches.get("density"))
    written = field_findings(
        proposal.subjects,
        measures.area_m2,
        checks=checks,
        submitted_on=order.submitted_on,
        densities=densities,
    )
    return [*written, *garbled_findings(reading, checks["garbled"])]


def _repairs(
    subjects: list[Subject],
    geometries: Geometries,
    found: list[Finding],
    ground: GroundFindings,
    checks: Mapping[str, Check],
) -> list[Repair]:
    repeated = frozenset(int(finding.feature or 0) for finding in found if finding.check == "duplicate_vertex")
    apart_m = checks["duplicate_vertex"].limit
    return list(proposed_repairs(subjects, geometries, repeated=repeated, slivers=ground.slivers, apart_m=apart_m))


def _named(reading: Reading, layer: LayerDef) -> set[str]:
    """Return the ids that the attributes give: the features' own and those of their parents."""
    matches = match_fields(_names(reading), layer)
    sources = [matches[name] for name in ("feature_id", "parent_id") if name in matches]
    texts = (as_text(item.attributes.get(source)) for item in reading.candidates for source in sources)
    return {text for text in texts if text}


def _known(workspace: Workspace, named: set[str], layer: str) -> Sequence[FeatureVersion]:
    try:
        with workspace.register(read_only=True) as register:
            return known_versions(register, named, layer=layer)
    except NoRegister:
        return []


def _answerable(findings: Sequence[Finding], subjects: Sequence[Subject], order: Order) -> list[Finding]:
    """Name for each finding who must answer it and until when; those of the file first, then feature by feature."""
    units = {str(item.number): item.version.unit for item in subjects}
    due = order.submitted_on + dt.timedelta(days=DUE_DAYS)
    told = [
        replace(
            finding,
            responsible_unit=units.get(finding.feature or "") or order.defaults.get("unit"),
            due_on=None if finding.answer == "passed" else due,
        )
        for finding in findings
    ]
    return sorted(told, key=lambda finding: int(finding.feature or 0))


def _without(proposal: Proposal, findings: list[Finding], checks: Mapping[str, Check], *, stock: bool) -> Proposal:
    """Return the proposal without the versions that a check of shape keeps out; an opening balance keeps them."""
    kept_out = {f.feature for f in findings if f.check in checks and checks[f.check].stage == "shape"
                and checks[f.check].keeps_out and f.answer != "passed"}  # fmt: skip
    number = {item.version.version_id: str(item.number) for item in proposal.subjects}
    versions = [v for v in proposal.versions if stock or number[v.version_id] not in kept_out]
    ready = {number[version.version_id] for version in versions}
    waiting = sorted({*proposal.waiting, *(int(n) for n in number.values() if n not in ready)})
    return replace(proposal, versions=versions, waiting=waiting, findings=findings)


def _held(proposal: Proposal, checks: Mapping[str, Check]) -> list[int]:
    ready = {str(item.number) for item in proposal.subjects} - {str(number) for number in proposal.waiting}
    stopped = {f.feature for f in proposal.findings if f.level == "blocks" and f.answer != "passed"}
    return sorted(int(number) for number in ready & {feature for feature in stopped if feature})


class _Sort(NamedTuple):
    """What decides whether a silent check has passed a feature: all features of one sort are alike to it."""

    drawn: bool
    placed: bool
    sound: bool
    kind: str | None = None
    form: str | None = None


def _tallies(checks: Mapping[str, Check], reading: Reading, proposal: Proposal, around: Surroundings) -> list[Tally]:
    spoken: dict[str, dict[str, set[str]]] = {}
    for finding in proposal.findings:
        if finding.feature:
            spoken.setdefault(finding.check, {}).setdefault(finding.feature, set()).add(finding.answer)
    subjects = {item.number: item.version for item in proposal.subjects}
    sorts = {str(item.number): _sort_of(item, subjects.get(item.number)) for item in reading.candidates}
    return [_tally(check, sorts, Counter(sorts.values()), spoken, around) for check in checks.values() if check.each]


def _sort_of(item: Candidate, version: FeatureVersion | None) -> _Sort:
    drawn, placed = item.submitted_wkb is not None, item.wkb is not None
    return _Sort(drawn, placed, True, version.kind, version.form) if version else _Sort(drawn, placed, False)


def _tally(
    check: Check,
    sorts: Mapping[str, _Sort],
    silent: Counter[_Sort],
    spoken: Mapping[str, Mapping[str, set[str]]],
    around: Surroundings,
) -> Tally:
    """Count the answers of one check: where it said nothing, silence passes only where it could have spoken."""
    told: dict[str, set[str]] = {}
    for name in (check.id, *check.covers):
        for feature, answers in spoken.get(name, {}).items():
            told[feature] = told.get(feature, set()) | answers
    counts = {"passed": 0, "failed": 0, "not_checked": 0, "not_asked": 0}
    for feature, answers in told.items():
        counts[next(answer for answer in ("failed", "not_checked", "passed") if answer in answers)] += 1
        silent[sorts[feature]] -= 1
    for sort, number in silent.items():
        counts[_silent_answer(check, sort, around)] += number
    return Tally(check, **counts)


def _silent_answer(check: Check, sort: _Sort, around: Surroundings) -> str:
    absent = check.layer is not None and check.layer not in {*around.zones, *around.unread}
    if absent or (sort.sound and not check.applies(kind=sort.kind, form=sort.form)):
        return "not_asked"
    reached = {"geometry": sort.drawn, "position": sort.placed, "file": True, "attributes": True}
    passed = reached.get(check.stage, sort.sound) and check.layer not in around.unread
    return "passed" if passed else "not_checked"
