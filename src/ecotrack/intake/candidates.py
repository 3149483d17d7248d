"""What reading a file gives: candidates, each with its findings, and findings on the whole file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from ecotrack.errors import EcotrackError, Text
from ecotrack.intake.checks import Check, check_table
from ecotrack.intake.plain_words import plain_words
from ecotrack.model.findings import Finding

Value = str | int | float | bool | None
"""An attribute as it came; floats become decimal text before anything is registered."""


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """One feature of a file that may become a feature version.

    Attributes
    ----------
    number
        Its place in the file, from 1, over all layers of the file.
    where
        The layer or sheet and place, as a person finds it again.
    layer
        Name of its `LayerReading`.
    wkb
        Stored geometry (EPSG:4490, little-endian WKB); ``None`` while the feature waits for its CRS
        or has no polygon.
    submitted_wkb, submitted_crs
        The geometry as it came, and its CRS (EPSG code or WKT; ``None`` where unknown).
    proposed_wkb
        A repair of ``wkb`` that somebody must accept.
    attributes
        The file's attributes by their own names.
    """

    number: int
    where: str
    layer: str = ""
    wkb: bytes | None = None
    submitted_wkb: bytes | None = None
    submitted_crs: str | None = None
    proposed_wkb: bytes | None = None
    attributes: dict[str, Value] = {}
    findings: list[Finding] = []

    @property
    def blocked(self) -> bool:
        """Whether a finding keeps this feature from coming in as it is."""
        return self.wkb is None or any(finding.level == "blocks" for finding in self.findings)

    def with_repair(self) -> Candidate:
        """Return the candidate with its proposed repair taken, or itself where there is none."""
        if self.proposed_wkb is None:
            return self
        kept = [finding for finding in self.findings if finding.check != "invalid"]
        wrong = next(finding for finding in self.findings if finding.check == "invalid")
        note = Place(self.where, str(self.number)).finding("repaired", **wrong.facts)
        return msgspec.structs.replace(self, wkb=self.proposed_wkb, proposed_wkb=None, findings=[*kept, note])


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """What the attributes of a candidate say, without its geometry."""

    number: int
    where: str
    attributes: dict[str, Value] = {}


class LayerReading(msgspec.Struct, frozen=True, kw_only=True):
    """How one layer (or sheet) of a file was read.

    Attributes
    ----------
    driver
        Name of the format.
    crs
        EPSG code or WKT; ``None`` where it is unknown.
    crs_evidence
        How the coordinates were read, in words.
    encoding
        Encoding of the text, and how it was told; empty where the format settles it.
    fields
        The attribute names.
    features
        How many rows it has, with and without geometry.
    open
        Whether its degrees are of unknown origin: they may be shifted (GCJ-02, BD-09), and other evidence decides.
    app
        The program that wrote it, where it left its name.
    """

    name: str
    driver: str
    crs: str | None = None
    crs_evidence: tuple[str, str] = ("", "")
    encoding: str = ""
    fields: list[str] = []
    features: int = 0
    open: bool = False
    app: str = ""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that came out of one upload; the candidates of a large one lie on disk (`ecotrack.intake.kept`)."""

    file_name: str
    candidates: Sequence[Candidate] = []
    layers: list[LayerReading] = []
    findings: list[Finding] = []

    @property
    def all_findings(self) -> list[Finding]:
        """Findings on the file, then those on its features in order."""
        return [*self.findings, *(finding for item in self.candidates for finding in item.findings)]


class Place(NamedTuple):
    """Where a finding stands: the layer or row as a person finds it, and the feature's number, the vertex."""

    where: str = ""
    feature: str | None = None
    lonlat: tuple[float, float] | None = None

    def finding(self, check: str, **facts: str) -> Finding:
        """Make the finding of one check here; ``facts`` fill its message.

        Examples
        --------
        >>> Place("plots.shp #3", "3").finding("duplicate_vertex", count="2").message.zh
        '有2个拐点与前一个拐点重合（相距不到0.01米）'
        """
        return self.finding_of(check_table()[check], **facts)

    def finding_of(self, check: Check, **facts: str) -> Finding:
        """Make the finding of a check as an office has set it; ``{threshold}`` stands for its threshold."""
        told = {"threshold": check.threshold or "", "most": check.most or "", **facts}
        return Finding(
            check=check.id,
            level=check.level,
            answer=check.answer,
            message=Text(check.zh.format_map(told), check.en.format_map(told)),
            mend=Text(check.mend_zh.format_map(told), check.mend_en.format_map(told)),
            office=Text(check.office_zh.format_map(told), check.office_en.format_map(told)),
            where=self.where,
            feature=self.feature,
            lonlat=self.lonlat,
            facts=facts,
        )

    def cut_short(self, number: int, error: object) -> Finding:
        """Make the finding that reading broke off behind feature ``number``."""
        words = plain_words(error)
        return self.finding("cut_short", found=str(number), zh=words.zh, en=words.en)

    def bad_geometry(self, error: object) -> Finding:
        """Make the finding that a geometry cannot be read."""
        words = plain_words(error)
        return self.finding("bad_geometry", zh=words.zh, en=words.en)

    def refusal(self, error: EcotrackError) -> Finding:
        """Turn an error on one file, layer or feature of several into a finding that says the same."""
        what, mend = error.what.format(**error.facts), error.mend.format(**error.facts)
        office = error.office.format(**error.facts)
        words = {"mend_zh": mend.zh, "mend_en": mend.en, "office_zh": office.zh, "office_en": office.en}
        return self.finding("refused", zh=what.zh, en=what.en, **words)
