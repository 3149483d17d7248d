"""One way in for every caller: read an upload, match its fields, check it against all that is known, and say so."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property

import numpy as np

from ecotrack.errors import NoRegister, Text
from ecotrack.geometry.codec import from_wkb
from ecotrack.intake.candidates import Place, Reading, Words
from ecotrack.intake.check_blocks import Block, BlockRules, Collected, number_of
from ecotrack.intake.check_fields import Claims, claim_ratios, claims_of, garbled_findings
from ecotrack.intake.check_reading import field_names, read_settled
from ecotrack.intake.check_shape import measures_of
from ecotrack.intake.check_tally import Tally
from ecotrack.intake.checks import Check, checks_of
from ecotrack.intake.ground_file import GroundFile
from ecotrack.intake.kept import Ahead, blocks_of, read_as
from ecotrack.intake.read import SECONDS, Upload
from ecotrack.intake.reading_ground import ReadingGround, option_boxes, reading_ground
from ecotrack.intake.readings import Settled
from ecotrack.intake.repairs import Repair
from ecotrack.intake.submit import Proposal, Target, propose
from ecotrack.intake.submit_fields import as_text, match_fields
from ecotrack.intake.surroundings import Surroundings, known_versions, neighbourhood
from ecotrack.model import FeatureVersion
from ecotrack.model.findings import Finding
from ecotrack.model.layers import LayerDef
from ecotrack.workspace import Workspace, today

_MANY = 2_000
"""So many features take a moment to be checked; a person is told of it."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What the caller says about an upload.

    Attributes
    ----------
    defaults
        Values by field name for features whose attributes say nothing.
    crs, encoding
        Overrule what the file says of itself.
    sheet
        The one sheet, layer or member that is wanted of a file that holds several.
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
    sheet: str | None = None
    submitted_on: dt.date = field(default_factory=today)
    read_as: str | None = None
    sender: str = ""
    reason: str = ""
    repairs: frozenset[str] = frozenset()
    stock: bool = False
    seconds: float = SECONDS


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
    around
        What was compared with; of the accepted plots nearby, as many as are shown.
    tallies
        The answers of every check that gives one for each feature.
    area_mu
        Measured area by number of the feature, after the repairs that were taken.
    compared
        How many accepted plots lay near and were compared; ``None`` where there is no register.
    titles
        Titles of the layer's fields by name.
    ground
        What lies under and near the readings of a file whose degrees nobody has settled; else ``None``.
    """

    upload: Upload
    reading: Reading
    proposal: Proposal
    around: Surroundings
    settled: Settled | None
    repairs: Sequence[Repair]
    held: list[int]
    tallies: Sequence[Tally]
    area_mu: Mapping[int, float]
    compared: int | None
    titles: Mapping[str, Text] = field(default_factory=dict)
    ground: ReadingGround | None = None

    def field_title(self, name: str) -> Text:
        """Return the title of a field of the layer, or its name."""
        return self.titles.get(name, Text(name, name))

    @property
    def findings(self) -> Sequence[Finding]:
        """Everything that was found, on the file and on its features."""
        return self.proposal.findings

    @cached_property
    def ready(self) -> frozenset[int]:
        """Numbers of the features that can be registered, those too that cannot be accepted as they stand."""
        return frozenset(self.area_mu.keys() - {*self.proposal.waiting})

    @cached_property
    def states(self) -> dict[int, str]:
        """What becomes of each feature, by its number.

        ``ready``, ``held`` (it can be registered, not accepted as it stands) or ``waits`` (it stays out).
        """
        numbers = range(1, len(self.reading.candidates) + 1)
        states = {number: "ready" if number in self.ready else "waits" for number in numbers}
        return states | dict.fromkeys(self.held, "held")

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
    """Read an upload and check it, block by block, without writing anything.

    Raises
    ------
    UnknownLayer, NotAnIntakeLayer
        The layer is none that takes boundaries.
    BadConfig
        The layer's ``[[checks]]`` name a check that there is none of.
    """
    target = target_of(workspace, order)
    checks = checks_of(target.layer.checks)
    reading, settled = read_settled(workspace, upload, order, target.layer)
    if len(reading.candidates) >= _MANY:
        zh = f"{upload.file_name}：读出{len(reading.candidates):,}个图形，正在逐个检查"
        workspace.tell(Text(zh, f"{upload.file_name}: {len(reading.candidates):,} features read, checking each"))
    proposal = propose(
        upload,
        reading,
        replace(target, known=_known(workspace, reading, target.layer)),
        submitted_on=order.submitted_on,
        accept_repairs="make_valid" in order.repairs,
        stock=order.stock,
    )
    return _checked(workspace, upload, reading, settled, proposal, order, checks)


def _checked(
    workspace: Workspace,
    upload: Upload,
    reading: Reading,
    settled: Settled | None,
    proposal: Proposal,
    order: Order,
    checks: Mapping[str, Check],
) -> Checked:
    layer = workspace.layer(order.layer)
    rules = BlockRules(
        checks=checks,
        layer=layer,
        units=workspace.units,
        density=proposal.matches.get("density"),
        submitted_on=order.submitted_on,
        default_unit=order.defaults.get("unit"),
        reason=order.reason,
        stock=order.stock,
        repairs=order.repairs,
    )
    file, claims = _whole_file(proposal, checks, Place(upload.file_name))
    about_file = [*claims.findings, *garbled_findings(reading, checks["garbled"])]
    wanted = [check.layer for check in checks.values() if check.layer]
    with neighbourhood(workspace, as_of=today(), layer=order.layer, wanted=wanted) as around:
        result = Collected(rules, file, claims, proposal.waiting, around=around(np.zeros((0, 4)), ()))
        result.about_file([*reading.findings, *about_file])
        for block in _blocks(reading, proposal):
            result.add(block, around)
        ground = None
        if settled is not None and settled.options:
            ground = reading_ground(workspace, settled, around(option_boxes(settled), ()))
    submission = replace(proposal.submission, document=order.reason) if order.reason else proposal.submission
    return Checked(
        upload=upload,
        reading=reading,
        proposal=result.proposal(replace(proposal, submission=submission)),
        around=result.around,
        settled=settled,
        repairs=result.repairs.done(),
        held=result.held,
        tallies=result.tallies(),
        area_mu=result.area_mu,
        compared=len(result.accepted) if result.around.compared else None,
        titles={item.name: item.title for item in layer.fields},
        ground=ground,
    )


def _whole_file(proposal: Proposal, checks: Mapping[str, Check], place: Place) -> tuple[GroundFile, Claims]:
    """Return what must be known of all features before any block is checked."""
    file = GroundFile(most_corners=checks["many_vertices"].limit)
    ratios: list[Decimal] = []
    for subjects in blocks_of(proposal.subjects):
        geometries = from_wkb([item.version.wkb for item in subjects])
        measures = measures_of(geometries)
        file.add(subjects, geometries, measures)
        ratios += claim_ratios(subjects, measures.area_m2)
    return file, claims_of(ratios, field=proposal.matches.get("claimed_mu"), place=place, checks=checks)


def _blocks(reading: Reading, proposal: Proposal) -> Iterator[Block]:
    """Yield the features of a file, some at a time, each with what was found of it so far."""
    subjects = Ahead(proposal.subjects, number=lambda item: item.number)
    findings = Ahead(proposal.findings, number=number_of)
    findings.up_to(0)  # those of the whole file
    for candidates in blocks_of(reading.candidates):
        last = candidates[-1].number
        yield Block(candidates, subjects.up_to(last), findings.up_to(last))


def _known(workspace: Workspace, reading: Reading, layer: LayerDef) -> Sequence[FeatureVersion]:
    try:
        with workspace.register(read_only=True) as register:
            return known_versions(register, _own_ids(reading, layer), layer=layer.id)
    except NoRegister:
        return []


def _own_ids(reading: Reading, layer: LayerDef) -> set[str]:
    """Return the ids of their own that the attributes of a file give its features."""
    source = match_fields(field_names(reading), layer).get("feature_id")
    texts = (
        (as_text(item.attributes.get(source)) for item in read_as(reading.candidates, Words)) if source else iter(())
    )
    return {text for text in texts if text}
