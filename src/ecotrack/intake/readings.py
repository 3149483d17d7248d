"""How degrees of unknown origin are read: by evidence, by a choice on record, or not at all until somebody chooses.

A choice is a decision of the register: about one file (by the SHA-256 of its bytes), or about all files of one sender
and program. It can be revoked; the submissions that rest on it name its id.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import NamedTuple

import numpy as np
import shapely

from ecotrack.coordinates import is_plane
from ecotrack.coordinates.detective import AS_IS, READINGS, TITLES, Detected, apart_m, detect, read_as
from ecotrack.errors import NoRegister, Text, UnknownSubmission
from ecotrack.geometry.area import Floats, Geometries
from ecotrack.geometry.codec import from_wkb
from ecotrack.intake.candidates import Candidate, Reading
from ecotrack.intake.surroundings import accepted_of
from ecotrack.model import Decision, FeatureVersion, Submission
from ecotrack.register import Register, new_id
from ecotrack.workspace import Workspace, today

SUBJECT = "reading"
"""Subject of the decisions of this module."""

MAX_WEIGHED = 500
"""Features of a file that are weighed against what is known; of more, an even sample."""

REVOKED = "revoke"
_FILE, _SENDER = "file:", "sender:"


class Choice(NamedTuple):
    """A choice on record: the decision, and the reading that it names."""

    decision: Decision
    system: str


def file_key(sha256: str) -> str:
    """Return what a choice about one file is kept under."""
    return _FILE + sha256


def sender_key(sender: str, app: str) -> str:
    """Return what a choice about the files of one sender and program is kept under."""
    return f"{_SENDER}{sender.strip()}|{app}"


def choices(register: Register) -> dict[str, Choice]:
    """Return the choices in force, by what they are about; the last word counts."""
    standing: dict[str, Choice] = {}
    for decision in register.decisions(subject=SUBJECT):
        if decision.verdict == REVOKED:
            standing.pop(decision.subject_id, None)
        else:
            standing[decision.subject_id] = Choice(decision, decision.verdict)
    return standing


def choose(register: Register, key: str, system: str, *, chosen_by: str, reason: str = "") -> Decision:
    """Put a choice on record; the same choice again changes nothing."""
    standing = choices(register).get(key)
    if standing is not None and standing.system == system:
        return standing.decision
    return _decide(register, key, system, chosen_by=chosen_by, reason=reason)


def revoke(register: Register, decision_id: str, *, revoked_by: str, reason: str) -> list[Submission]:
    """Take a choice back and return the submissions that rest on it: their plots are to be looked at again.

    Raises
    ------
    UnknownSubmission
        No choice in force has this id.
    """
    for key, choice in choices(register).items():
        if choice.decision.decision_id == decision_id:
            _decide(register, key, REVOKED, chosen_by=revoked_by, reason=reason)
            return touched(register, decision_id)
    raise UnknownSubmission("", name=decision_id)


def touched(register: Register, decision_id: str) -> list[Submission]:
    """Return the submissions that were read by a choice."""
    return [item for item in register.submissions() if decision_id in item.crs_reading]


def _decide(register: Register, key: str, verdict: str, *, chosen_by: str, reason: str) -> Decision:
    decision = Decision(
        decision_id=new_id(),
        subject=SUBJECT,
        subject_id=key,
        verdict=verdict,
        decided_on=today(),
        reviewer=chosen_by,
        reason=reason,
    )
    with register.writer(author=chosen_by) as writer:
        writer.add(decision)
    return decision


@dataclass(frozen=True, kw_only=True)
class Settled:
    """What became of a file's open degrees.

    Attributes
    ----------
    system
        The reading, or ``None``: ambiguous.
    evidence
        Why, in words.
    decision_id
        The choice on record that it rests on.
    options
        The file's outlines under each reading, for a small map, where it is ambiguous; EPSG:4490.
    apart_m
        How far the readings lie apart.
    """

    system: str | None
    evidence: Text
    decision_id: str | None = None
    options: tuple[tuple[str, Geometries], ...] = ()
    apart_m: float = 0.0


def open_candidates(reading: Reading) -> Sequence[Candidate]:
    """Return the features of layers whose degrees nobody vouches for, at most `MAX_WEIGHED` of them."""
    return _sample(reading, {layer.name for layer in reading.layers if layer.open})


def _sample(reading: Reading, layers: set[str]) -> Sequence[Candidate]:
    """Return the placed features of some layers; of layers with more than `MAX_WEIGHED`, an even sample."""
    if not layers:
        return []
    count = sum(layer.features for layer in reading.layers if layer.name in layers)
    placed = (item for item in reading.candidates if item.layer in layers and in_degrees(item))
    return [*islice(placed, 0, None, -(-count // MAX_WEIGHED) or 1)]


def in_degrees(item: Candidate) -> bool:
    """Tell whether a feature is placed and came in degrees: beside such a layer may hold features in metres."""
    return item.wkb is not None and (item.submitted_crs is None or not is_plane(item.submitted_crs))


def app_of(reading: Reading) -> str:
    """Return the program that wrote a file, or its format where it left no name."""
    named = [layer.app for layer in reading.layers if layer.app]
    return named[0] if named else next((layer.driver for layer in reading.layers), "")


def settle(
    workspace: Workspace,
    reading: Reading,
    *,
    sha256: str,
    sender: str,
    layer: str,
    ids: Sequence[str | None],
    as_of: dt.date,
) -> Settled | None:
    """Decide how the open degrees of a file are read; ``None`` where it has none.

    Parameters
    ----------
    sender
        Name of the sender, for choices about a sender and a program.
    ids
        Ids that the file gives its open features, in the order of `open_candidates`.
    """
    items = open_candidates(reading)
    if not items:
        return None
    shapes = from_wkb([item.wkb for item in items if item.wkb is not None])
    try:
        with workspace.register(read_only=True) as register:
            standing = choices(register)
    except NoRegister:
        standing = {}
    for key in (file_key(sha256), sender_key(sender, app_of(reading))):
        if key in standing:
            return _chosen(standing[key], key)
    return _weighed(shapes, _evidence(workspace, shapes, ids, sha256=sha256, layer=layer, as_of=as_of))


def contradiction(
    workspace: Workspace, reading: Reading, *, sha256: str, layer: str, ids: Sequence[str | None], as_of: dt.date
) -> Detected | None:
    """Return the reading under which declared degrees meet what is known, where it is not the declared one.

    Parameters
    ----------
    ids
        Ids that the file gives its features, in the order of `declared_degrees`.
    """
    items = declared_degrees(reading)
    shapes = from_wkb([item.wkb for item in items if item.wkb is not None])
    if not len(shapes) or not workspace.register_path.is_file():
        return None
    found = _evidence(workspace, shapes, ids, sha256=sha256, layer=layer, as_of=as_of)
    return found if found.system not in (None, AS_IS) else None


def declared_layers(reading: Reading) -> set[str]:
    """Return the names of the layers whose file declares degrees of WGS84 or CGCS2000."""
    codes = ("EPSG:4326", "EPSG:4490", "OGC:CRS84")
    return {layer.name for layer in reading.layers if not layer.open and layer.crs in codes}


def declared_degrees(reading: Reading) -> Sequence[Candidate]:
    """Return the features of such layers, at most `MAX_WEIGHED` of them."""
    return _sample(reading, declared_layers(reading))


def _evidence(
    workspace: Workspace,
    shapes: Geometries,
    ids: Sequence[str | None],
    *,
    sha256: str,
    layer: str,
    as_of: dt.date,
) -> Detected:
    try:
        with workspace.register(read_only=True) as register:
            standing = choices(register)
            doubted = _doubted(register, standing, sha256)
            near = register.around(_boxes(shapes), layer=layer)
            own = register.named([text for text in ids if text], layer=layer).versions
    except NoRegister:
        return detect(shapes, lines=np.zeros(0, dtype=object), known=[])
    accepted = accepted_of(near, as_of=as_of, rules=workspace.config.rules)
    accepted, own = ([v for v in some if v.submission_id not in doubted] for some in (accepted, own))
    lines = [*shapely.boundary(from_wkb([v.wkb for v in accepted])), *_official_lines(workspace, shapes)]
    known = _known_pairs(shapes, ids, own)
    return detect(shapes, lines=np.array(lines, dtype=object), known=known)


def _doubted(register: Register, standing: dict[str, Choice], sha256: str) -> set[str]:
    """Return the submissions that prove nothing: those of the same bytes, and those of a choice taken back."""
    held = {choice.decision.decision_id for choice in standing.values()}
    made = {decision.decision_id for decision in register.decisions(subject=SUBJECT)}
    gone = made - held
    return {
        item.submission_id
        for item in register.submissions()
        if item.raw_sha256 == sha256 or any(decision_id in item.crs_reading for decision_id in gone)
    }


def _chosen(choice: Choice, key: str) -> Settled:
    title, by = TITLES[choice.system], choice.decision.reviewer
    whom = Text("本文件", "this file") if key.startswith(_FILE) else Text("该提交人和软件", "this sender and program")
    evidence = Text(
        f"按{by}为{whom.zh}选定的读法：{title.zh}（决定 {choice.decision.decision_id}）",
        f"as {by} chose for {whom.en}: {title.en} (decision {choice.decision.decision_id})",
    )
    return Settled(system=choice.system, evidence=evidence, decision_id=choice.decision.decision_id)


def _weighed(shapes: Geometries, found: Detected) -> Settled:
    if found.system is not None:
        title = TITLES[found.system]
        words = Text(f"按{title.zh}读取：{found.evidence.zh}", f"read as {title.en}: {found.evidence.en}")
        return Settled(system=found.system, evidence=words)
    corners = shapely.get_coordinates(shapely.point_on_surface(shapes))
    options = tuple((system, shapely.transform(shapes, partial(read_as, system=system))) for system in READINGS)
    return Settled(system=None, evidence=found.evidence, options=options, apart_m=apart_m(corners))


def _boxes(shapes: Geometries) -> Floats:
    """Return the bounds of the shapes under every reading."""
    return np.concatenate(
        [shapely.bounds(shapely.transform(shapes, partial(read_as, system=system))) for system in READINGS]
    )


def _official_lines(workspace: Workspace, shapes: Geometries) -> list[shapely.Geometry]:
    """Return the borders of reference layers that are no sketch, near the shapes."""
    west, south, east, north = shapely.total_bounds(_union_boxes(shapes))
    window = shapely.box(west, south, east, north)
    found = []
    for name in ("counties", "lake", "rivers", "canals"):
        if name in workspace.layers and not workspace.layers[name].sketch:
            for cell in workspace.features(name):
                line = shapely.boundary(cell.geometry) if "Polygon" in cell.geometry.geom_type else cell.geometry
                found.append(shapely.intersection(line, window))
    return [line for line in found if not line.is_empty]


def _union_boxes(shapes: Geometries) -> Geometries:
    return np.asarray(shapely.box(*_boxes(shapes).T))


def _known_pairs(
    shapes: Geometries, ids: Sequence[str | None], versions: Sequence[FeatureVersion]
) -> list[tuple[shapely.Geometry, shapely.Geometry]]:
    latest = {version.feature_id: version.wkb for version in versions}
    pairs = zip(shapes, ids, strict=True)
    return [(shape, from_wkb([latest[name]])[0]) for shape, name in pairs if name in latest]
