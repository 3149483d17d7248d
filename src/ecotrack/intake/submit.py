"""Candidates become a submission: fields matched, defaults given, ids found, then one writer section."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, overload

import msgspec

from ecotrack.errors import BadSeason, FutureSeason, NotAnIntakeLayer, UnitClosed, UnknownCode
from ecotrack.geometry.area import area_m2
from ecotrack.geometry.codec import from_wkb
from ecotrack.intake.candidates import Candidate, Place, Reading, Value, Words
from ecotrack.intake.check_shape import Subject
from ecotrack.intake.kept import Keeper, Kept, blocks_of, read_as
from ecotrack.intake.read import Upload
from ecotrack.intake.submit_fields import (
    as_text,
    match_fields,
    named_where,
    read_code,
    read_day,
    read_decimal,
    read_season,
    read_unit,
    season_begins,
    title_in_file,
    words_taken,
)
from ecotrack.model import Decision, FeatureVersion, IssuedDocument, Submission
from ecotrack.model.findings import Finding
from ecotrack.model.layers import REGISTER_SOURCE, FieldDef, LayerDef
from ecotrack.model.organisation import UnitBook
from ecotrack.register import Register, new_id, stable_id
from ecotrack.units import mu_from_m2

_OPTIONS = {"unit": "--unit", "season": "--season", "kind": "--kind", "programme": "--programme"}
_VERSION_FIELDS = frozenset(
    ("unit", "season", "planted_on", "kind", "form", "programme", "species", "name", "claimed_mu", "task_id",
     "parent_id")
)  # fmt: skip
STOCK = "存量"
"""Attribute of features that were accepted by a document before ecotrack was in use (opening balance)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a submission goes, and the words that its fields may hold.

    Attributes
    ----------
    defaults
        Values by field name for features whose attributes say nothing (``unit``, ``season`` ...).
    known
        Versions that the register already holds for the layer.
    """

    layer: LayerDef
    units: UnitBook
    code_lists: Mapping[str, Mapping[str, str]]
    defaults: Mapping[str, str] = field(default_factory=dict)
    known: Sequence[FeatureVersion] = ()


class _ThatComeIn(Sequence[FeatureVersion]):
    """The versions of some subjects without those that wait, read where the subjects are kept."""

    def __init__(self, subjects: Sequence[Subject], waiting: frozenset[int]) -> None:
        self._subjects, self._waiting = subjects, waiting
        self._length: int | None = None

    def __len__(self) -> int:
        if self._length is None:
            self._length = sum(1 for _ in self)
        return self._length

    def __iter__(self) -> Iterator[FeatureVersion]:
        return (item.version for item in self._subjects if item.number not in self._waiting)

    @overload
    def __getitem__(self, place: int) -> FeatureVersion: ...
    @overload
    def __getitem__(self, place: slice) -> list[FeatureVersion]: ...
    def __getitem__(self, place: int | slice) -> FeatureVersion | list[FeatureVersion]:
        return [*self][place]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What an import would register.

    Attributes
    ----------
    matches
        The file's name for each field of the layer.
    unused
        The file's names that no field of the layer took; their values are kept as they came.
    words
        The file's words that were taken for a code which reads otherwise: field, word, code.
    waiting
        Numbers of the features that cannot come in.
    findings
        On the file and on its features, those of reading and those of matching.
    subjects
        Every feature with a sound boundary and what it would become, also those that wait for an attribute.
    """

    submission: Submission
    matches: dict[str, str]
    unused: list[str]
    waiting: list[int]
    findings: Sequence[Finding]
    subjects: Sequence[Subject] = ()
    words: Sequence[tuple[str, str, str]] = ()

    @property
    def versions(self) -> Sequence[FeatureVersion]:
        """Feature versions that can come in."""
        chosen = _ThatComeIn(self.subjects, frozenset(self.waiting))
        return chosen if isinstance(self.subjects, Kept) else [*chosen]

    @property
    def blocked(self) -> bool:
        """Whether anything keeps a feature, or the file, from coming in."""
        return any(finding.level == "blocks" for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Submitted:
    """What an import has registered.

    Attributes
    ----------
    submission_id
        The submission; the first one where the same bytes came before and nothing is new; ``None``
        where nothing could come in.
    added
        Feature versions that are new in the register.
    repeated
        Whether the same bytes had come before.
    """

    submission_id: str | None
    added: int
    repeated: bool


def _refuse_layer(layer: LayerDef) -> None:
    if layer.source != REGISTER_SOURCE or layer.geometry != "Polygon":
        raise NotAnIntakeLayer("", name=layer.id)


def refuse_bad_target(target: Target, *, submitted_on: dt.date) -> None:
    """Hold a layer, and the values given for a whole file, to the rules that attributes are held to.

    Raises
    ------
    NotAnIntakeLayer
        The layer's features do not come through intake.
    UnknownCode
        A value is not on its list; the message names the values there are.
    BadSeason, FutureSeason
        The season is none, or had not begun on the day of submission.
    UnitClosed
        The unit was none any more on that day.
    """
    _refuse_layer(target.layer)
    for item in target.layer.fields:
        text = target.defaults.get(item.name)
        if text is None:
            continue
        option, value = _OPTIONS.get(item.name, item.name), _parsed(item, text, target)
        if item.name == "season" and value is None:
            raise BadSeason(option, text=text)
        if value is None:
            known = _known_values(item, target)
            raise UnknownCode(option, value=text, zh=item.title_zh, en=item.title_en, known=known)
        if item.name == "season" and season_begins(value) > submitted_on:
            raise FutureSeason(option, season=value, day=submitted_on)
        if item.name == "unit" and not (unit := target.units[value]).stands_on(submitted_on):
            raise UnitClosed(option, name=unit.name_zh, day=unit.until)


def propose(
    upload: Upload,
    reading: Reading,
    target: Target,
    *,
    submitted_on: dt.date,
    accept_repairs: bool = False,
    stock: bool = False,
    sample: bool = False,
) -> Proposal:
    """Turn candidates into feature versions, without touching any register.

    Parameters
    ----------
    submitted_on
        The day that counts.
    accept_repairs
        Take the proposed repairs of invalid boundaries.
    stock
        Mark the features as opening balance (存量).

    Raises
    ------
    NotAnIntakeLayer
        The layer's features do not come through intake.
    """
    _refuse_layer(target.layer)
    submission = _submission(upload, reading, target, submitted_on, sample=sample)
    names = list(dict.fromkeys(name for layer in reading.layers for name in layer.fields))
    matches = match_fields(names, target.layer)
    read: dict[tuple[str, str], Any] = {}
    rules = _FileRules(reading, matches, target)
    kept = _Kept(reading.findings)
    for item in reading.candidates:
        candidate = item.with_repair() if accept_repairs else item
        draft = _Draft(candidate, submission, matches, target, read=read, stock=stock)
        rules.hold(draft)
        kept.add(draft)
    return Proposal(
        submission=replace(submission, unit=kept.units.pop() if len(kept.units) == 1 else submission.unit),
        matches=matches,
        unused=[name for name in names if name not in matches.values()],
        waiting=kept.waiting,
        findings=kept.findings.done(),
        subjects=kept.subjects.done(),
        words=words_taken(read, target.layer, target.code_lists),
    )


class _Kept:
    """What comes of the drafts of a file, one after the other."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.subjects: Keeper[Subject] = Keeper(Subject)
        self.findings: Keeper[Finding] = Keeper(Finding)
        self.findings.add(findings)
        self.waiting: list[int] = []
        self.units: set[str | None] = set()

    def add(self, draft: _Draft) -> None:
        """Take one more."""
        self.findings.add(draft.findings)
        if draft.sound is not None:
            self.subjects.add([Subject(draft.number, draft.where, draft.sound)])
        if draft.version is None:
            self.waiting.append(draft.number)
        else:
            self.units.add(draft.version.unit)


def _submission(upload: Upload, reading: Reading, target: Target, submitted_on: dt.date, *, sample: bool) -> Submission:
    return Submission(
        submission_id=new_id(),
        layer=target.layer.id,
        submitted_on=submitted_on,
        unit=target.defaults.get("unit"),
        file_name=upload.file_name,
        raw_sha256=upload.sha256,
        crs_reading="; ".join(dict.fromkeys(layer.crs_evidence[0] for layer in reading.layers if layer.crs)),
        sample=sample,
    )


class _Draft:
    """One candidate on its way to a feature version."""

    def __init__(
        self,
        candidate: Candidate,
        submission: Submission,
        matches: dict[str, str],
        target: Target,
        *,
        read: dict[tuple[str, str], Any],
        stock: bool,
    ) -> None:
        texts = {name: as_text(candidate.attributes.get(source)) for name, source in matches.items()}
        self.number = candidate.number
        self.where = named_where(candidate.where, texts.get("feature_id") or texts.get("name"))
        self._place = Place(self.where, str(candidate.number))
        self.findings = [msgspec.structs.replace(found, where=self.where) for found in candidate.findings]
        drawn = candidate.wkb is not None and not candidate.blocked
        self._target, self._read = target, read
        self.unread: dict[str, str] = {}
        if not texts.get("season") and "season" not in target.defaults and texts.get("planted_on"):
            texts["season"] = texts["planted_on"]
        values = {item.name: self._value(item, texts.get(item.name)) for item in target.layer.fields}
        self._check_season(values.get("season"), submission.submitted_on)
        self._check_unit(values.get("unit"), submission.submitted_on)
        self.given_id = texts.get("feature_id")
        self.version: FeatureVersion | None = None
        self.sound: FeatureVersion | None = None
        if candidate.wkb is not None and drawn:
            rest = _rest(candidate.attributes, matches) | self.unread | ({STOCK: "是"} if stock else {})
            self.sound = FeatureVersion(
                version_id=stable_id(submission.raw_sha256, submission.layer, candidate.number),
                feature_id=self.given_id or f"{submission.submission_id}-{candidate.number}",
                layer=submission.layer,
                submission_id=submission.submission_id,
                effective_on=submission.submitted_on,
                wkb=candidate.wkb,
                submitted_wkb=candidate.submitted_wkb,
                submitted_crs=candidate.submitted_crs,
                attributes=rest,
                sample=submission.sample,
                **{name: value for name, value in values.items() if name in _VERSION_FIELDS},
            )
            blocked = any(finding.level == "blocks" for finding in self.findings)
            self.version = None if blocked else self.sound

    def _parsed(self, item: FieldDef, text: str) -> Any:
        # The same few units, seasons and kinds stand in every row of a file.
        key = (item.name, text)
        if key not in self._read:
            self._read[key] = _parsed(item, text, self._target)
        return self._read[key]

    def _value(self, item: FieldDef, text: str | None) -> Any:
        default = self._target.defaults.get(item.name)
        value = None
        if text is not None:
            value = self._parsed(item, text)
            value = value if value is not None else self._odd(item, text, default)
        elif default is not None:
            value = self._parsed(item, default)
        if value is None and item.required and not self._said(item):
            option = _OPTIONS.get(item.name, item.name)
            self.findings.append(
                self._place.finding("missing_field", zh=item.title_zh, en=item.title_en, option=option)
            )
        return value

    def _said(self, item: FieldDef) -> bool:
        """Whether a finding that blocks already names the field."""
        return any(one.level == "blocks" and one.facts.get("zh") == item.title_zh for one in self.findings)

    def _check_season(self, season: str | None, submitted_on: dt.date) -> None:
        if season is not None and season_begins(season) > submitted_on:
            self.findings.append(self._place.finding("future_season", value=season, day=str(submitted_on)))

    def _check_unit(self, code: str | None, submitted_on: dt.date) -> None:
        unit = self._target.units.get(code or "")
        if unit is not None and not unit.stands_on(submitted_on):
            self.findings.append(self._place.finding("closed_unit", value=unit.name_zh, day=str(unit.until)))

    def _odd(self, item: FieldDef, text: str, default: str | None) -> Any:
        facts = {"zh": item.title_zh, "en": item.title_en, "value": text[:60]}
        if item.required and default is None:
            known = _known_values(item, self._target)
            self.findings.append(self._place.finding("bad_value", known=known, **facts))
            return None
        self.unread[item.title_zh] = text
        zh, en = ("按为整个文件选定的值处理", "the option's value is used") if default else ("原样保留", "kept as text")
        self.findings.append(self._place.finding("odd_value", taken_zh=zh, taken_en=en, **facts))
        return _parsed(item, default, self._target) if default else None

    def block(self, check: str, **facts: str) -> None:
        """Keep the feature out, with the finding that says why."""
        self.findings.append(self._place.finding(check, **facts))
        self.version = None

    def warn(self, check: str, **facts: str) -> None:
        """Add a finding that keeps nothing out."""
        self.findings.append(self._place.finding(check, **facts))


def _rest(attributes: Mapping[str, Value], matches: dict[str, str]) -> dict[str, str | int | bool | None]:
    used = {source for name, source in matches.items() if name in _VERSION_FIELDS or name == "feature_id"}
    return {name: as_text(value) for name, value in attributes.items() if name not in used and as_text(value)}


def _parsed(item: FieldDef, text: str, target: Target) -> Any:
    if item.name == "season":
        return read_season(text)
    if item.type == "unit":
        return read_unit(text, target.units)
    if item.type == "code":
        return read_code(text, target.code_lists.get(item.codes or "", {}), item.words)
    if item.type == "date":
        return read_day(text)
    return read_decimal(text) if item.type == "decimal" else text


def _known_values(item: FieldDef, target: Target) -> str:
    if item.type == "unit":
        return "、".join(unit.name_zh for unit in target.units.reporting)
    if item.type == "code":
        return "、".join(target.code_lists.get(item.codes or "", {}))
    return item.note_zh or item.type


class _FileRules:
    """What holds between the features of a file: ids stand once and belong to no other plot, no polygon repeats."""

    def __init__(self, reading: Reading, matches: Mapping[str, str], target: Target) -> None:
        given = Counter(_given_ids(reading, matches.get("feature_id")))
        self._twice = {text for text, count in given.items() if count > 1}
        self._known = {version.feature_id: version for version in target.known}
        self._first: dict[bytes, tuple[int, str | None]] = {}

    def hold(self, draft: _Draft) -> None:
        """Keep a feature out whose id is not its own; ask about a polygon that came before."""
        if draft.given_id is not None and draft.version is not None:
            self._hold_id(draft, draft.given_id, draft.version)
        if draft.version is not None:
            key = sha256(draft.version.wkb).digest()
            before, name = self._first.setdefault(key, (draft.number, draft.given_id))
            if before != draft.number:
                other = title_in_file(name, before)
                draft.warn("same_polygon", other=str(before), other_zh=other.zh, other_en=other.en)

    def _hold_id(self, draft: _Draft, given_id: str, version: FeatureVersion) -> None:
        before = self._known.get(given_id)
        if given_id in self._twice:
            draft.block("twice", value=given_id)
        elif before is None or before.version_id == version.version_id:
            return
        elif (before.unit, before.season) != (version.unit, version.season):
            draft.block("id_taken", value=given_id, other=f"{before.unit} {before.season}")
        else:
            draft.warn("new_version", value=given_id)


def _given_ids(reading: Reading, source: str | None) -> Iterator[str]:
    if source is not None:
        texts = (as_text(item.attributes.get(source)) for item in read_as(reading.candidates, Words))
        yield from (text for text in texts if text)


def measured_mu(versions: Sequence[FeatureVersion]) -> list[float]:
    """Return the measured area of each feature version, in mu, in their order."""
    return [float(mu_from_m2(area)) for area in area_m2(from_wkb([version.wkb for version in versions]))]


def register_proposal(
    register: Register, upload: Upload, proposal: Proposal, *, author: str, records: Iterable[IssuedDocument] = ()
) -> Submitted:
    """Write a proposal into the register in one section: all of it or nothing.

    The same bytes again answer with the first submission; only features that had to wait then (for a
    CRS, for a repair) come in, as a submission of their own.

    Parameters
    ----------
    author
        Name of the sender.
    records
        What the checks found, kept beside the submission.
    """
    register.keep_raw(upload.data)
    submission = proposal.submission
    with register.writer(author=author) as writer:
        same = [first for first in register.submissions(raw_sha256=upload.sha256) if first.layer == submission.layer]
        held = {v.version_id for first in same for v in register.versions(submission_id=first.submission_id)}
        added = 0
        for block in blocks_of(proposal.versions):
            fresh = [version for version in block if version.version_id not in held]
            # A submission of their own: what was decided about the first one must not cover them.
            if fresh and not added:
                writer.add(submission)
            writer.add_many(fresh)
            added += len(fresh)
        for record in records if added else ():
            writer.add(record)
    if added:
        return Submitted(submission.submission_id, added, bool(same))
    return Submitted(same[0].submission_id if same else None, 0, bool(same))


def accept_as_stock(
    register: Register, submission_id: str, *, document: str, decided_on: dt.date, author: str, sample: bool = False
) -> str:
    """Accept a submission by a document of earlier years (opening balance); return the decision's id."""
    decision = Decision(
        decision_id=stable_id("stock", submission_id, document, decided_on),
        subject="submission",
        subject_id=submission_id,
        verdict="accept",
        decided_on=decided_on,
        reviewer=document,
        reason=STOCK,
        document=document,
        sample=sample,
    )
    with register.writer(author=author) as writer:
        writer.add(decision)
    return decision.decision_id
