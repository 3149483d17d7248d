"""What the register keeps: submissions, feature versions, progress records, decisions."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

Fields = dict[str, str | int | bool | None]
"""Kind-specific fields: text, integers and decimal text; never floats, so that a hash is stable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One file, form or walk that somebody handed in.

    Attributes
    ----------
    submission_id
        UUID (v7), made by the client.
    layer
        Layer that its features are for.
    unit
        Code of the unit that sent it, where known.
    submitted_on
        The day that counts as of which it was handed in (Asia/Shanghai).
    file_name
        The sender's name for the file; kept as text only, never used as a path.
    raw_sha256
        Hash of the raw bytes, which are kept beside the register.
    crs_reading
        How its coordinates were read: declared CRS, transform and evidence.
    """

    submission_id: str
    layer: str
    submitted_on: dt.date
    unit: str | None = None
    file_name: str = ""
    raw_sha256: str | None = None
    crs_reading: str = ""
    document: str = ""
    sample: bool = False


PARENT_KINDS = ("补植", "抚育", "更新", "重造")
"""Kinds of plots that lie on the plot that they name as parent: trees stand or stood there before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureVersion:
    """One version of one feature, as it was submitted.

    Attributes
    ----------
    version_id
        UUID of this version.
    feature_id
        Id of the feature, the same in all its versions.
    effective_on
        The day that counts: the submission's.
    wkb
        Stored geometry: EPSG:4490 longitude/latitude, 2D, snapped to 1e-9 degrees, normalised,
        little-endian WKB.
    submitted_wkb, submitted_crs
        The geometry as it came, untouched, and its CRS.
    unit
        Code of the responsible report unit.
    season
        Planting season (``2016-spring``, ``2016-autumn``), from which prior claim is told.
    kind
        造林, 造林绿化, 营造林, 营造林绿化, 补植, 抚育, 更新, 重造.
    form
        片林, 林带 or 四旁.
    claimed_mu
        What the sender says it measures.
    parent_id
        Feature that a redo or a replanting lies on.
    attributes
        The sender's other attributes, as text.
    """

    version_id: str
    feature_id: str
    layer: str
    submission_id: str
    effective_on: dt.date
    wkb: bytes
    submitted_wkb: bytes | None = None
    submitted_crs: str | None = None
    unit: str | None = None
    season: str | None = None
    planted_on: dt.date | None = None
    kind: str | None = None
    form: str | None = None
    programme: str | None = None
    species: str | None = None
    name: str | None = None
    claimed_mu: Decimal | None = None
    task_id: str | None = None
    parent_id: str | None = None
    attributes: Fields = field(default_factory=dict)
    sample: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressRecord:
    """One progress record of any layer.

    Attributes
    ----------
    record_id
        UUID of the record.
    layer, kind
        Layer and record kind as ``layers/*.toml`` define them.
    effective_on
        Its own effective date: the period's end for reports, the day of the check, of the observation.
    feature_id
        Feature that it belongs to; ``None`` for series.
    value, value_unit
        The figure and its unit, exact decimal.
    state
        One of the kind's states.
    fields
        Kind-specific fields.
    corrects
        Id of the record that this one corrects: the correction takes its place and its effective date.
    seq, recorded_at
        Place in the chain and instant (UTC) of recording; set when read back.
    """

    record_id: str
    layer: str
    kind: str
    effective_on: dt.date
    feature_id: str | None = None
    unit: str | None = None
    state: str | None = None
    value: Decimal | None = None
    value_unit: str | None = None
    fields: Fields = field(default_factory=dict)
    task_id: str | None = None
    basis_document: str = ""
    sample: bool = False
    corrects: str | None = None
    author: str = ""
    seq: int = 0
    recorded_at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One decision about a feature version, a record or a submission.

    Attributes
    ----------
    subject, subject_id
        What it is about: ``version``, ``record``, ``submission``, ``overlap``.
    verdict
        ``accept``, ``return``, ``strike`` (核销), ``withdraw``, ``award`` (a disputed overlap).
    decided_on
        The day that counts (Asia/Shanghai).
    reason, document
        Why, and the paper that it cites.
    """

    decision_id: str
    subject: str
    subject_id: str
    verdict: str
    decided_on: dt.date
    reviewer: str
    reason: str = ""
    document: str = ""
    sample: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedDocument:
    """A paper that ecotrack itself issued and must be able to show again: a receipt, a drawn sample.

    Attributes
    ----------
    kind
        ``receipt``, ``sample_draw`` ...
    issued_on
        The day that counts (Asia/Shanghai).
    body
        Its content: text, integers, decimal text, lists and objects of these; never floats.
    """

    document_id: str
    kind: str
    issued_on: dt.date
    body: dict[str, Any] = field(default_factory=dict)
    sample: bool = False
