"""What runs inside the child process: an upload's bytes in, a `Reading` out.

Everything that a hostile file can make slow or break (format, reader, transform, validity, repair)
happens here, under the limits of `ecotrack.sandbox`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import shapely

from ecotrack.coordinates import CRSReading, Extent, possible_readings, read_crs, to_stored
from ecotrack.errors import EcotrackError, StrayCoordinates, Text, UnknownCRS
from ecotrack.geometry.area import area_m2
from ecotrack.geometry.codec import snap, to_wkb
from ecotrack.intake.apps import Origin, origin_of
from ecotrack.intake.candidates import Candidate, LayerReading, Place, Reading
from ecotrack.intake.formats import sniff
from ecotrack.intake.read_archive import Source, unpack
from ecotrack.intake.read_gpx import close_walk
from ecotrack.intake.read_vector import RawFeature, RawLayer, read_vector
from ecotrack.model.findings import Finding
from ecotrack.model.layers import GeometryKind

UPLOAD_NAME = "upload"
"""Our name for the sender's bytes inside the working folder."""

_SYSTEMS = {"WGS84": "EPSG:4326", "GCJ-02": "GCJ-02", "BD-09": "BD-09"}
MAX_CHECKED_VERTICES = 200_000
MAX_REPAIRED_VERTICES = 50_000
_FAMILIES: dict[GeometryKind, tuple[str, ...]] = {
    "Polygon": ("Polygon", "MultiPolygon"),
    "LineString": ("LineString", "LinearRing", "MultiLineString"),
    "Point": ("Point", "MultiPoint"),
    "none": (),
}
_WORDS: dict[GeometryKind, Text] = {
    "Polygon": Text("面", "polygon"),
    "LineString": Text("线", "line"),
    "Point": Text("点", "point"),
    "none": Text("表格", "table"),
}


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """What the parent asks of the child.

    Attributes
    ----------
    file_name
        The sender's name for the upload; for messages only.
    extent
        West, south, east, north of the workspace, EPSG:4490 degrees.
    crs, encoding
        What the user says about the file, where it overrules the file.
    known_fields
        Header texts that the target layer has a use for.
    geometry
        Kind of geometry that the target layer takes.
    """

    file_name: str
    extent: Extent
    crs: str | None = None
    encoding: str | None = None
    known_fields: tuple[str, ...] = ()
    geometry: GeometryKind = "Polygon"


def main(request: bytes, folder: Path) -> bytes:
    """Read the upload in ``folder`` and answer the `Reading` as MessagePack."""
    return msgspec.msgpack.encode(read_upload(msgspec.msgpack.decode(request, type=Ask), folder))


def read_upload(ask: Ask, folder: Path) -> Reading:
    """Read every layer of an upload; what cannot be read becomes a finding."""
    here = Place(ask.file_name)
    candidates: list[Candidate] = []
    layers: list[LayerReading] = []
    findings: list[Finding] = []
    try:
        sources, refused = _sources(ask, folder)
        findings += [here.refusal(error) for error in refused]
    except EcotrackError as error:
        return Reading(file_name=ask.file_name, findings=[here.refusal(error)])
    for source in sources:
        try:
            origin = _origin(source, ask)
            for raw in _layers(source, ask):
                raw.origin = raw.origin if raw.origin.app else origin
                read = _LayerWork(raw, ask, first_number=len(candidates) + 1)
                candidates += read.candidates
                layers.append(read.reading)
                findings += read.findings
        except EcotrackError as error:
            findings.append(Place(source.name).refusal(error))
    if not candidates and not any(finding.level == "blocks" for finding in findings):
        findings.append(here.finding("no_features"))
    return Reading(file_name=ask.file_name, candidates=candidates, layers=layers, findings=findings)


def _sources(ask: Ask, folder: Path) -> tuple[list[Source], list[EcotrackError]]:
    upload = folder / UPLOAD_NAME
    kind = sniff(upload, name=ask.file_name)
    if kind.reader == "archive":
        found = unpack(upload, folder / "unpacked", name=ask.file_name)
        return found.sources, found.refused
    return [Source(upload, kind, ask.file_name)], []


def _layers(source: Source, ask: Ask) -> Iterator[RawLayer]:
    path = source.path
    if path.suffix != source.format.extension:
        path = path.rename(path.with_suffix(source.format.extension))
    if source.format.reader == "parquet":
        from ecotrack.intake.read_parquet import read_parquet

        yield from read_parquet(path, name=source.name)
    elif source.format.reader == "table":
        from ecotrack.intake.read_table import read_table

        yield from read_table(path, name=source.name, known=ask.known_fields)
    elif source.format.id == "kml":
        from ecotrack.intake.read_kml import read_kml

        yield from read_kml(path, name=source.name)
    else:
        yield from read_vector(path, source.format, name=source.name, encoding=ask.encoding)


def _origin(source: Source, ask: Ask) -> Origin:
    """Return the program that wrote a source; an archive's own suffix (``.ovkmz``) speaks for what lies in it."""
    if source.format.reader not in ("fiona", "table") or source.path.is_dir():
        return Origin()
    archive = ask.file_name.lower()
    return origin_of(source.path, name=archive if archive.endswith((".ovkml", ".ovkmz")) else source.name)


class _LayerWork:
    """One layer on its way from raw features to candidates."""

    def __init__(self, raw: RawLayer, ask: Ask, *, first_number: int) -> None:
        self._raw, self._ask, self._here = raw, ask, Place(raw.name)
        self.findings = list(raw.findings)
        features = list(raw.features)
        if not raw.has_geometry and not any(feature.geometry is not None for feature in features):
            names = ", ".join(raw.fields[:8])
            self.findings.append(self._here.finding("no_geometry_column", found=names))
            features = []
        elif not features and raw.empty_is_told:
            self.findings.append(self._here.finding("no_features"))
        self._open = False
        self._crs, waits = self._read_crs(features)
        self._note_encoding()
        numbered = enumerate(features, start=first_number)
        self.candidates = [self._candidate(number, feature, waits) for number, feature in numbered]
        self.reading = self._summary(len(features))

    def _read_crs(self, features: list[RawFeature]) -> tuple[CRSReading | None, Finding | None]:
        bounds = _bounds(features)
        try:
            reading = read_crs(self._declared(bounds), bounds, extent=self._ask.extent, where=self._raw.name)
        except UnknownCRS:
            words = "{:.6g}, {:.6g} – {:.6g}, {:.6g}".format(*bounds) if bounds else "-"
            fits = possible_readings(bounds, extent=self._ask.extent) if bounds else []
            zh, en = "；".join(fit.zh for fit in fits), "; ".join(fit.en for fit in fits)
            told = {
                "fits_zh": f"；能落在本市的读法：{zh}" if zh else "",
                "fits_en": f"; inside the city as {en}" if en else "",
            }
            return None, self._here.finding("unknown_crs", bounds=words, **told)
        except EcotrackError as error:
            return None, self._here.refusal(error)
        if features:
            self._note_crs(reading)
            self._open = self._is_open(reading, bounds)
        return reading, None

    def _declared(self, bounds: Extent | None) -> str | None:
        """Return the CRS that counts as said: by the user, by the file, by the program that wrote it."""
        if self._ask.crs:
            return self._ask.crs
        unsaid = self._raw.assumed_crs or self._raw.declared_crs is None
        if unsaid and bounds and not _may_be_degrees(bounds):
            # GeoJSON means WGS84 degrees when it says nothing; these numbers are none.
            return None
        if unsaid and self._raw.origin.reading:
            return _SYSTEMS[self._raw.origin.reading]
        return self._raw.declared_crs

    def _is_open(self, reading: CRSReading, bounds: Extent | None) -> bool:
        """Tell whether the layer holds degrees in the workspace that nobody vouches for."""
        unsaid = self._raw.assumed_crs or self._raw.declared_crs is None
        if self._ask.crs or not unsaid or self._raw.origin.reading or bounds is None or not _may_be_degrees(bounds):
            return False
        west, south, east, north = (bounds[1], bounds[0], bounds[3], bounds[2]) if reading.swapped else bounds
        city = self._ask.extent
        return not (east < city[0] or west > city[2] or north < city[1] or south > city[3])

    def _note_crs(self, reading: CRSReading) -> None:
        origin = self._raw.origin
        if origin.reading and not self._ask.crs and self._raw.assumed_crs:
            self.findings.append(self._here.finding("chosen_reading", zh=origin.why.zh, en=origin.why.en))
        if not reading.declared:
            zh, en = reading.evidence
            self.findings.append(self._here.finding("told_crs", zh=zh, en=en))
        if reading.swapped:
            self.findings.append(self._here.finding("axes_swapped"))

    def _note_encoding(self) -> None:
        found = self._raw.encoding
        if found is None:
            return
        if found.source == "unknown":
            self.findings.append(self._here.finding("encoding_unknown"))
        elif found.contradicts:
            declared, read_as = found.contradicts, found.encoding
            self.findings.append(self._here.finding("encoding", declared=declared, found=read_as))

    def _summary(self, count: int) -> LayerReading:
        crs, text = self._crs, self._raw.encoding
        return LayerReading(
            name=self._raw.name,
            driver=self._raw.driver,
            crs=crs.crs if crs else None,
            crs_evidence=(crs.evidence.zh, crs.evidence.en) if crs else ("", ""),
            encoding=f"{text.encoding} ({text.source})" if text else "",
            fields=self._raw.fields,
            features=count,
            open=self._open,
            app=self._raw.origin.app,
        )

    def _candidate(self, number: int, raw: RawFeature, waits: Finding | None) -> Candidate:
        draft = Candidate(number=number, where=raw.where, layer=self._raw.name, attributes=raw.attributes)
        findings = [replace(finding, feature=str(number)) for finding in raw.findings]
        here = Place(raw.where, str(number))
        if raw.geometry is None or raw.geometry.is_empty:
            if not findings:
                findings.append(here.finding("no_geometry"))
            return msgspec.structs.replace(draft, findings=findings)
        if self._raw.walks and self._ask.geometry == "Polygon":
            walk = close_walk(raw.geometry)
            findings.append(here.finding(walk.check, **walk.facts))
            if walk.polygon is None:
                return msgspec.structs.replace(draft, findings=findings)
            raw.geometry = walk.polygon
        polygon, found = _parts_of(raw.geometry, self._ask.geometry)
        words = _WORDS[self._ask.geometry]
        findings += [here.finding(check, zh=words.zh, en=words.en, found=kinds) for check, kinds in found]
        submitted = bytes(shapely.to_wkb(raw.geometry, byte_order=1))
        draft = msgspec.structs.replace(
            draft, submitted_wkb=submitted, submitted_crs=self._crs.crs if self._crs else None
        )
        if polygon is None:
            return msgspec.structs.replace(draft, findings=findings)
        if waits is not None or self._crs is None:
            waiting = [replace(waits, feature=str(number), where=raw.where)] if waits else []
            return msgspec.structs.replace(draft, findings=[*findings, *waiting])
        return _stored(draft, polygon, self._crs, self._ask.extent, findings)


def _bounds(features: list[RawFeature]) -> Extent | None:
    geometries = [feature.geometry for feature in features if feature.geometry is not None]
    corners = np.asarray([geometry.bounds for geometry in geometries if not geometry.is_empty], dtype=float)
    corners = corners[np.isfinite(corners).all(axis=1)] if len(corners) else corners
    if not len(corners):
        return None
    low, high = corners[:, :2].min(axis=0), corners[:, 2:].max(axis=0)
    return (float(low[0]), float(low[1]), float(high[0]), float(high[1]))


def _may_be_degrees(bounds: Extent) -> bool:
    return bounds[0] >= -180 and bounds[2] <= 180 and bounds[1] >= -90 and bounds[3] <= 90


_MULTIPLE: dict[GeometryKind, type[shapely.Geometry]] = {
    "Polygon": shapely.MultiPolygon,
    "LineString": shapely.MultiLineString,
    "Point": shapely.MultiPoint,
}


def _parts_of(
    geometry: shapely.Geometry, wanted: GeometryKind
) -> tuple[shapely.Geometry | None, list[tuple[str, str]]]:
    """Return what of a geometry is of the wanted kind, and the findings on whatever else it is."""
    family = _FAMILIES[wanted]
    if geometry.geom_type in family:
        return geometry, []
    if geometry.geom_type != "GeometryCollection":
        return None, [("wrong_geometry", geometry.geom_type)]
    flat = _flattened(geometry)
    kinds = ", ".join(sorted({part.geom_type for part in flat}))
    parts = [single for part in flat if part.geom_type in family for single in shapely.get_parts(part)]
    if not parts:
        return None, [("wrong_geometry", f"GeometryCollection: {kinds}")]
    found = parts[0] if len(parts) == 1 else _MULTIPLE[wanted](parts)
    mixed = any(part.geom_type not in family for part in flat)
    return found, [("collection", kinds)] if mixed else []


def _flattened(geometry: shapely.Geometry) -> list[shapely.Geometry]:
    waiting, flat = [geometry], []
    while waiting:
        part = waiting.pop()
        if part.geom_type == "GeometryCollection":
            waiting += list(part.geoms)
        else:
            flat.append(part)
    return flat


def _stored(
    draft: Candidate, polygon: shapely.Geometry, crs: CRSReading, extent: Extent, findings: list[Finding]
) -> Candidate:
    here = Place(draft.where, str(draft.number))
    try:
        stored = to_stored(polygon, crs, where=draft.where)
    except StrayCoordinates as error:
        return msgspec.structs.replace(draft, findings=[*findings, here.refusal(error)])
    west, south, east, north = stored.geometry.bounds
    if east < extent[0] or west > extent[2] or north < extent[1] or south > extent[3]:
        findings.append(here.finding("outside_extent", found=f"{west:.4f}, {south:.4f}"))
    proposed, found = _validity(stored.geometry, here)
    return msgspec.structs.replace(draft, wkb=stored.wkb, proposed_wkb=proposed, findings=[*findings, *found])


def _validity(geometry: shapely.Geometry, here: Place) -> tuple[bytes | None, list[Finding]]:
    """Check a stored geometry; propose a repair where it is invalid."""
    vertices = shapely.get_num_coordinates(geometry)
    if vertices > MAX_CHECKED_VERTICES:
        return None, [here.finding("bad_geometry", found=f"{vertices} vertices")]
    if geometry.geom_type not in _FAMILIES["Polygon"] or shapely.is_valid(geometry):
        return None, []
    reason = str(shapely.is_valid_reason(geometry))
    spot = here._replace(lonlat=_place(reason))
    words = _reason_words(reason, spot.lonlat)
    mended = _mended(geometry) if vertices <= MAX_REPAIRED_VERTICES else None
    if mended is None or mended.is_empty or not shapely.is_valid(mended):
        return None, [spot.finding("beyond_repair", zh=words.zh, en=words.en)]
    before, after = area_m2(np.array([geometry, mended], dtype=object))
    areas = {"before_m2": f"{before:.2f}", "after_m2": f"{after:.2f}"}
    return to_wkb(mended), [spot.finding("invalid", zh=words.zh, en=words.en, **areas)]


def _mended(geometry: shapely.Geometry) -> shapely.Geometry | None:
    try:
        repaired = shapely.make_valid(geometry, method="structure", keep_collapsed=False)
    except shapely.errors.GEOSException:
        # Lines that cross a million times need more memory than one file may have.
        return None
    return _parts_of(snap(repaired), "Polygon")[0]


_REASONS = {
    "Self-intersection": "边界自己相交",
    "Ring Self-intersection": "同一圈边界自己碰到自己",
    "Hole lies outside shell": "洞在外圈之外",
    "Holes are nested": "洞里套洞",
    "Interior is disconnected": "内部被隔断",
    "Nested shells": "面里套面",
    "Duplicate Rings": "有重复的圈",
    "Too few points in geometry component": "拐点太少",
    "Invalid Coordinate": "坐标无效",
    "Ring is not closed": "没有闭合",
}


def _reason_words(reason: str, place: tuple[float, float] | None) -> Text:
    """Say GEOS's reason in both languages, with the place."""
    what = reason.partition("[")[0].strip()
    at = f" ({place[0]:.6f}, {place[1]:.6f})" if place else ""
    return Text(_REASONS.get(what, what) + at, what.lower() + at)


def _place(reason: str) -> tuple[float, float] | None:
    _, bracket, rest = reason.partition("[")
    numbers = rest.rstrip("]").split()
    return (float(numbers[0]), float(numbers[1])) if bracket and len(numbers) >= 2 else None
