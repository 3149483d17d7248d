"""What runs inside the child process: an upload's bytes in, a `Reading` out, its candidates block by block.

Everything that a hostile file can make slow or break (format, reader, transform, validity, repair)
happens here, under the limits of `ecotrack.sandbox`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np
import shapely

from ecotrack.coordinates import CRSReading, Extent, Named, crs_title, named_in, possible_readings, read_crs
from ecotrack.errors import EcotrackError, Text, UnknownCRS
from ecotrack.geometry.area import Geometries
from ecotrack.geometry.codec import STORED_CRS
from ecotrack.intake.apps import Origin, origin_of
from ecotrack.intake.ask import UPLOAD_NAME, Ask
from ecotrack.intake.candidates import Candidate, LayerReading, Place, Reading, Value
from ecotrack.intake.checks import check_table
from ecotrack.intake.child_mixed import Mixture
from ecotrack.intake.child_shapes import (
    BODY,
    SOLID_DRIVERS,
    WORDS,
    Drawn,
    is_body,
    kind_words,
    parts_of,
    ring_of,
    stored_all,
)
from ecotrack.intake.formats import sniff
from ecotrack.intake.kept import Keeper, blocks_of, kept_of, packed
from ecotrack.intake.marks import mark_in
from ecotrack.intake.read_archive import Source, unpack
from ecotrack.intake.read_encoding import recode
from ecotrack.intake.read_gpx import close_walk
from ecotrack.model.findings import Finding

if TYPE_CHECKING:
    from ecotrack.intake.read_vector import RawFeature, RawLayer

_SYSTEMS = {"WGS84": "EPSG:4326", "GCJ-02": "GCJ-02", "BD-09": "BD-09"}


def main(request: bytes, folder: Path) -> Iterator[bytes]:
    """Read the upload in ``folder``; answer its candidates in frames, and last the `Reading` without them."""
    reading = _ReadingWork(msgspec.msgpack.decode(request, type=Ask), folder)
    for block in blocks_of(reading.candidates()):
        yield packed(block)
    yield packed([reading.done()])


def read_upload(ask: Ask, folder: Path) -> Reading:
    """Read every layer of an upload in this very process, candidates and all."""
    work = _ReadingWork(ask, folder)
    candidates = kept_of(Candidate, work.candidates())
    return msgspec.structs.replace(work.done(), candidates=candidates)


class _ReadingWork:
    """An upload on its way to a reading: every layer of it; what cannot be read becomes a finding."""

    def __init__(self, ask: Ask, folder: Path) -> None:
        self._ask, self._folder, self._here = ask, folder, Place(ask.file_name)
        self._layers: list[LayerReading] = []
        self._findings: list[Finding] = []
        self._count = 0
        self._passed_over: list[str] = []

    def candidates(self) -> Iterator[Candidate]:
        """Yield the candidates of every layer."""
        try:
            sources, refused = _sources(self._ask, self._folder)
        except EcotrackError as error:
            sources, refused = [], [error]
        self._findings += [self._here.refusal(error) for error in refused]
        for source in sources:
            try:
                yield from self._of_source(source)
            except EcotrackError as error:
                note = len(sources) > 1 and source.path.suffix == ".txt"
                here = Place(source.name)
                self._findings.append(here.finding("beside_text") if note else here.refusal(error))

    def _of_source(self, source: Source) -> Iterator[Candidate]:
        origin = _origin(source, self._ask)
        for raw in _layers(source, self._ask):
            if not _is_wanted(raw.name, source.name, self._ask.sheet):
                self._passed_over.append(raw.name.removeprefix(f"{source.name}:"))
                continue
            raw.origin = raw.origin if raw.origin.app or raw.origin.reading else origin
            _heed_mark(raw)
            work, before = _LayerWork(raw, self._ask, first_number=self._count + 1), self._count
            for candidate in work.candidates():
                self._count += 1
                yield candidate
            if self._count > before or raw.empty_is_told:
                self._layers.append(work.reading)
            self._findings += work.findings

    def done(self) -> Reading:
        """Return the reading without its candidates; it is never silently empty."""
        if self._passed_over and not self._layers:
            there = "、".join(self._passed_over[:20])
            self._findings.append(self._here.finding("no_sheet", value=str(self._ask.sheet), known=there))
        if not self._count and not any(finding.level == "blocks" for finding in self._findings):
            self._findings.append(self._here.finding("no_features"))
        return Reading(file_name=self._ask.file_name, layers=self._layers, findings=self._findings)


def _is_wanted(layer: str, source: str, sheet: str | None) -> bool:
    """Tell whether a layer is the one asked for: by its own name, or by the name of the file that it is in.

    Examples
    --------
    >>> [_is_wanted(name, "a.gpkg", "春季") for name in ("a.gpkg:春季", "a.gpkg:秋季")]
    [True, False]
    >>> _is_wanted("春/小班.shp", "春/小班.shp", "小班.shp"), _is_wanted("a.csv", "a.csv", None)
    (True, True)
    """
    path = PurePosixPath(source)
    return sheet is None or sheet in (layer, layer.removeprefix(f"{source}:"), source, path.name, path.stem)


def _sources(ask: Ask, folder: Path) -> tuple[list[Source], list[EcotrackError]]:
    upload = folder / UPLOAD_NAME
    recode(upload)
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
        from ecotrack.intake.read_survey import is_survey, read_survey
        from ecotrack.intake.read_table import read_table

        if is_survey(path):
            yield from read_survey(path, name=source.name)
            return
        yield from read_table(path, name=source.name, known=ask.known_fields)
    elif source.format.id == "kml":
        from ecotrack.intake.read_kml import read_kml

        yield from read_kml(path, name=source.name)
    else:
        # Here, since the process that only waits for this one would load GDAL for nothing.
        from ecotrack.intake.read_vector import read_vector

        yield from read_vector(path, source.format, name=source.name, encoding=ask.encoding)


def _heed_mark(raw: RawLayer) -> None:
    """Let the mark of a file that was given back stand above the CRS that a program has written into it."""
    mark = mark_in(raw.fields)
    if mark is None:
        return
    raw.declared_crs, raw.assumed_crs, raw.marked = None, True, True
    zh, en = f"退回的文件上注明“{mark.title.zh}”", f"the file given back bears '{mark.title.en}'"
    raw.origin = raw.origin._replace(reading=mark.system, why=Text(zh, en))


def _origin(source: Source, ask: Ask) -> Origin:
    """Return the program that wrote a source; an archive's own suffix (``.ovkmz``) speaks for what lies in it."""
    if source.format.reader not in ("fiona", "table") or source.path.is_dir():
        return Origin()
    archive = ask.file_name.lower()
    return origin_of(source.path, name=archive if archive.endswith((".ovkml", ".ovkmz")) else source.name)


_DEGREES = 360.0
"""Larger numbers are no degrees."""

_SYSTEM_FIELD = "坐标系"
"""Part of the name of a column whose values say what the coordinates are."""

_MAX_WRITTEN = 50
"""Texts beyond which no further block of rows is asked what its coordinates are."""


class _Row(NamedTuple):
    """One row as it came, its geometry as WKB with the heights that it may have."""

    where: str
    wkb: bytes | None
    attributes: dict[str, Value]
    findings: list[Finding]


class _LayerWork:
    """One layer on its way from raw features to candidates."""

    def __init__(self, raw: RawLayer, ask: Ask, *, first_number: int) -> None:
        self._raw, self._ask, self._here = raw, ask, Place(raw.name)
        self.findings = list(raw.findings)
        self._first, self._open = first_number, False
        self._seen = _Seen()
        self._written = {ask.file_name: None, raw.name: None, raw.words: None}
        degrees = ask.crs or _SYSTEMS.get(raw.origin.reading or "", STORED_CRS)
        mixture = Mixture(ask.extent, first_number=first_number, degrees=degrees, said=bool(ask.crs))
        self._mixture = mixture if self._may_be_mixed(degrees) else None
        features = self._looked_at(self._few_fields(raw))
        if raw.beside and features and ask.geometry == "Polygon":
            self.findings.append(self._here.finding("beside_points", count=str(len(features))))
            features = []
        if not raw.has_geometry and not self._seen.drawn and ask.geometry != "none":
            names = ", ".join(raw.fields[:8])
            self.findings.append(self._here.finding("no_geometry_column", found=names))
            features = []
        elif not features and raw.empty_is_told:
            self.findings.append(self._here.finding("no_features"))
        if features and self._seen.heights:
            self.findings.append(self._here.finding("dropped_dimension"))
        self._features = features
        if self._mixture is not None and not (features and self._mixture.is_mixed):
            self._mixture = None
        self._crs, self._waits = self._read_crs(self._seen.bounds() if features else None)
        self._note_encoding()
        self.reading = self._summary(len(features))

    def candidates(self) -> Iterator[Candidate]:
        """Yield the layer's candidates in the order of the file, each block brought into EPSG:4490 together."""
        number = self._first
        for block in blocks_of(self._features):
            shapes = shapely.from_wkb(np.array([row.wkb for row in block], dtype=object))
            rows = enumerate(zip(block, shapes, strict=True), number)
            yield from self._stored([self._candidate(at, row, shape) for at, (row, shape) in rows])
            number += len(block)

    def _looked_at(self, features: Iterable[RawFeature]) -> Sequence[_Row]:
        """Keep the features, block by block, and what must be known of all of them before any is read."""
        keeper: Keeper[_Row] = Keeper(_Row)
        systems = [name for name in self._raw.fields if _SYSTEM_FIELD in name]
        for block in blocks_of(features):
            if systems and len(self._written) < _MAX_WRITTEN:
                self._written |= {str(feature.attributes.get(name)): None for feature in block for name in systems}
            shapes = np.array([None, *(feature.geometry for feature in block)], dtype=object)[1:]
            self._seen.add(shapes)
            if self._mixture is not None:
                self._mixture.add(shapes)
            rows = zip(block, shapely.to_wkb(shapes, byte_order=1), strict=True)
            keeper.add(_Row(raw.where, wkb, raw.attributes, raw.findings) for raw, wkb in rows)
        return keeper.done()

    def _may_be_mixed(self, degrees: str) -> bool:
        """Tell whether each feature may be read by itself: nothing is declared, or only what degrees are."""
        return self._unsaid and degrees in (STORED_CRS, *_SYSTEMS.values())

    @property
    def _unsaid(self) -> bool:
        """Whether the file does not say itself what its coordinates are."""
        return self._raw.assumed_crs or self._raw.declared_crs is None

    def _read_crs(self, bounds: Extent | None) -> tuple[CRSReading | None, Finding | None]:
        if self._raw.marked and bounds is not None and max(map(abs, bounds)) > _DEGREES:
            return None, self._here.finding("marked_plane")
        named = Named() if self._ask.crs or not self._features else named_in("\n".join(self._written))
        if self._raw.origin.mixed and not self._ask.crs:
            return None, self._here.finding("mixed_objects", found=self._raw.origin.mixed)
        if named.old and self._unsaid:
            both = ("，又写着国家2000或WGS84", ", and CGCS2000 or WGS84 too")
            return None, self._named_datum(named, *both if named.modern else ("", ""))
        if self._mixture is not None:
            return self._read_mixture(self._mixture), None
        try:
            reading = read_crs(
                self._declared(bounds), bounds, extent=self._ask.extent, worded=named.plane, where=self._raw.name
            )
        except UnknownCRS:
            return None, self._unknown(self._here, bounds)
        except EcotrackError as error:
            return None, self._here.refusal(error)
        if named.old and not named.modern:
            title = crs_title(reading.crs)
            return None, self._named_datum(named, f"，文件声明的却是{title.zh}", f", while it declares {title.en}")
        if self._features:
            self._note_crs(reading)
            self._open = self._is_open(reading, bounds)
        return reading, None

    def _read_mixture(self, mixture: Mixture) -> CRSReading:
        """Return the reading of most features, and tell what the others are."""
        words, reading = mixture.words(), mixture.reading
        if words is not None:
            self.findings.append(self._here.finding("mixed_readings", zh=words.zh, en=words.en))
        else:
            self._note_crs(reading)
        said = self._ask.crs or self._raw.origin.reading
        self._open = not said and mixture.has_degrees
        return reading

    def _named_datum(self, named: Named, but_zh: str, but_en: str) -> Finding:
        zh, en = "、".join(old.zh for old in named.old), ", ".join(old.en for old in named.old)
        return self._here.finding("named_datum", old_zh=zh, old_en=en, but_zh=but_zh, but_en=but_en)

    def _unknown(self, here: Place, bounds: Extent | None) -> Finding:
        words = "{:.10g}, {:.10g} – {:.10g}, {:.10g}".format(*bounds) if bounds else "-"
        fits = possible_readings(bounds, extent=self._ask.extent) if bounds else []
        zh, en = "；".join(fit.zh for fit in fits), "; ".join(fit.en for fit in fits)
        told = {
            "fits_zh": f"；能落在本市的读法：{zh}" if zh else "",
            "fits_en": f"; inside the city as {en}" if en else "",
        }
        return here.finding("unknown_crs", bounds=words, **told)

    def _declared(self, bounds: Extent | None) -> str | None:
        """Return the CRS that counts as said: by the user, by the file, by the program that wrote it."""
        if self._ask.crs:
            return self._ask.crs
        if self._unsaid and bounds and not _may_be_degrees(bounds):
            # GeoJSON means WGS84 degrees when it says nothing; these numbers are none.
            return None
        if self._unsaid and self._raw.origin.reading:
            return _SYSTEMS[self._raw.origin.reading]
        return self._raw.declared_crs

    def _is_open(self, reading: CRSReading, bounds: Extent | None) -> bool:
        """Tell whether the layer holds degrees in the workspace that nobody vouches for."""
        said = self._ask.crs or not self._unsaid or self._raw.origin.reading
        if said or bounds is None or not _may_be_degrees(bounds):
            return False
        west, south, east, north = (bounds[1], bounds[0], bounds[3], bounds[2]) if reading.swapped else bounds
        city = self._ask.extent
        return not (east < city[0] or west > city[2] or north < city[1] or south > city[3])

    def _note_crs(self, reading: CRSReading) -> None:
        origin = self._raw.origin
        if origin.reading and not self._ask.crs and self._unsaid:
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

    def _few_fields(self, raw: RawLayer) -> Iterable[RawFeature]:
        """Return the features with as many attributes as a table of plots can have; the others are told and left."""
        most = int(check_table()["many_fields"].limit)
        if len(raw.fields) <= most:
            return raw.features
        self.findings.append(self._here.finding("many_fields", found=str(len(raw.fields))))
        raw.fields = raw.fields[:most]
        return _with_fields(raw.features, frozenset(raw.fields))

    def _stored(self, made: list[Candidate | Drawn]) -> list[Candidate]:
        """Bring what was drawn into EPSG:4490 and keep the order of the file."""
        ready: dict[int, Candidate] = {}
        drawn = [item for item in made if isinstance(item, Drawn)]
        for reading in dict.fromkeys(item.reading for item in drawn):
            some = [item for item in drawn if item.reading == reading]
            ready |= {item.number: item for item in stored_all(some, reading, extent=self._ask.extent)}
        return [ready[item.draft.number] if isinstance(item, Drawn) else item for item in made]

    def _candidate(self, number: int, raw: _Row, shape: shapely.Geometry | None) -> Candidate | Drawn:
        draft = Candidate(number=number, where=raw.where, layer=self._raw.name, attributes=raw.attributes)
        findings = [msgspec.structs.replace(finding, feature=str(number)) for finding in raw.findings]
        here = Place(raw.where, str(number))
        if shape is None or shape.is_empty:
            if not findings and self._ask.geometry != "none":
                findings.append(here.finding("no_geometry"))
            return msgspec.structs.replace(draft, findings=findings)
        if self._may_be_walk(shape):
            walk = close_walk(shape)
            if self._raw.walks or walk.polygon is not None:
                findings.append(here.finding(walk.check, **walk.facts))
            if walk.polygon is not None:
                shape = walk.polygon
                raw = raw._replace(wkb=bytes(shapely.to_wkb(shape, byte_order=1)))
            elif self._raw.walks:
                return msgspec.structs.replace(draft, findings=findings)
        closes = self._ask.geometry == "Polygon" and self._raw.driver == "DXF"
        if closes and (ring := ring_of(shape)) is not None:
            findings.append(here.finding("closed_line"))
            shape = ring
        polygon, found = parts_of(shape, self._ask.geometry)
        if self._raw.driver in SOLID_DRIVERS and is_body(shape):
            polygon, found = None, [("wrong_geometry", BODY)]
        words = WORDS[self._ask.geometry]
        for check, kinds in found:
            told = {"found_zh": kind_words(kinds), "found_en": kinds}
            findings.append(here.finding(check, zh=words.zh, en=words.en, **told))
        reading, waits = self._crs, self._waits
        if polygon is not None and self._mixture is not None:
            own = self._mixture.own(polygon)
            findings += [here.finding(check, **facts) for check, facts in own.findings]
            polygon, reading = own.shape, own.reading
            waits = None if reading or own.findings else self._unknown(here, _bounds_of(polygon))
        draft = msgspec.structs.replace(draft, submitted_wkb=raw.wkb, submitted_crs=reading.crs if reading else None)
        if polygon is None:
            return msgspec.structs.replace(draft, findings=findings)
        if reading is None or waits is not None:
            waiting = [msgspec.structs.replace(waits, feature=str(number), where=raw.where)] if waits else []
            return msgspec.structs.replace(draft, findings=[*findings, *waiting])
        return Drawn(draft, polygon, findings, reading)

    def _may_be_walk(self, shape: shapely.Geometry) -> bool:
        """Tell whether a geometry can be a walk round a plot: any of a layer of walks, a single line elsewhere."""
        line = shape.geom_type == "LineString"
        return self._ask.geometry == "Polygon" and (self._raw.walks or (self._raw.loops and line))


def _with_fields(features: Iterable[RawFeature], kept: frozenset[str]) -> Iterator[RawFeature]:
    for feature in features:
        feature.attributes = {name: value for name, value in feature.attributes.items() if name in kept}
        yield feature


class _Seen:
    """What is known of the geometries of a layer when all have been seen once."""

    def __init__(self) -> None:
        self.drawn, self.heights = False, False
        self._low, self._high = np.full(2, np.inf), np.full(2, -np.inf)

    def add(self, shapes: Geometries) -> None:
        """Look at some more."""
        high = shapely.get_coordinates(shapes[shapely.has_z(shapes)], include_z=True)
        self.drawn = self.drawn or not shapely.is_missing(shapes).all()
        self.heights = self.heights or bool(np.nan_to_num(high[:, 2]).any())
        corners = shapely.bounds(shapes)
        corners = corners[np.isfinite(corners).all(axis=1)]
        self._low = np.minimum(self._low, corners[:, :2].min(axis=0, initial=np.inf))
        self._high = np.maximum(self._high, corners[:, 2:].max(axis=0, initial=-np.inf))

    def bounds(self) -> Extent | None:
        """Return the bounds of all whose numbers are numbers."""
        if not np.isfinite(self._low).all():
            return None
        return (float(self._low[0]), float(self._low[1]), float(self._high[0]), float(self._high[1]))


def _bounds_of(shape: shapely.Geometry) -> Extent | None:
    west, south, east, north = shapely.bounds(shape).tolist()
    return (west, south, east, north) if np.isfinite([west, south, east, north]).all() else None


def _may_be_degrees(bounds: Extent) -> bool:
    return bounds[0] >= -180 and bounds[2] <= 180 and bounds[1] >= -90 and bounds[3] <= 90
