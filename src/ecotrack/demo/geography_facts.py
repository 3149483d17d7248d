"""The published facts behind the sketch geography, read from the tables in ``demo/facts``.

Every table carries the source and the confidence of each fact (``high``, ``med`` or ``low``). Coordinates are
EPSG:4490 longitude/latitude in degrees; the pages give WGS 84, which differs by less than a metre.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ecotrack.errors import MissingFile, UnreadableFile

FACTS = Path(__file__).with_name("facts")
OUTSIDE = ""
"""The face on the far side of the city's outline."""

LonLat = tuple[float, float]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class CountyFact:
    """One county-level unit: published area, seat, and the order of size of its town.

    Attributes
    ----------
    official_area_km2
        Decimal text, as published.
    builtup_order_km2
        Order of size only (low confidence): it shapes the sketch and is never shown.
    """

    code: str
    name: str
    official_area_km2: str
    area_source: str
    area_confidence: str
    seat: LonLat
    town: str
    builtup_order_km2: float
    sponge_zone_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseFact:
    """One of the nine rivers or eight canals: waypoints, and a published length where one is known.

    Attributes
    ----------
    name
        ``None`` where the member of the group is not settled; ``candidate_names`` then says who it may be.
    official_length_km
        Decimal text, or ``None``; ``length_basis`` says what the length covers.
    """

    code: str
    group: str
    name: str | None
    candidate_names: str | None
    official_length_km: str | None
    length_basis: str | None
    length_source: str | None
    length_confidence: str | None
    course_confidence: str
    course_basis: str
    waypoints: tuple[LonLat, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionFact:
    """One water-quality section at an approximate point.

    Attributes
    ----------
    water
        ``lake`` or ``river``: GB 3838-2002 has other phosphorus limits for lakes.
    target_class
        Roman numeral, or ``None`` where none is known or it was changing (``target_note``).
    """

    code: str
    name: str
    river: str
    level: str
    water: str
    target_class: str | None
    target_note: str | None
    point: LonLat
    confidence: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BorderFact:
    """One drawn border line between two faces.

    Attributes
    ----------
    faces
        Codes of the faces on its two sides: a county (``131102``), or a part of one that reports on its
        own (``131102-HX``); ``OUTSIDE`` is beyond the city.
    follows
        Name of the river that forms the border, which holds the line where it is.
    """

    faces: tuple[str, str]
    follows: str | None
    points: tuple[LonLat, ...]


def county_facts() -> tuple[CountyFact, ...]:
    """Return the eleven county-level units, by code.

    Raises
    ------
    MissingFile, UnreadableFile
        The table is not there, or a row of it cannot be read.

    Examples
    --------
    >>> county_facts()[0].name, county_facts()[0].official_area_km2
    ('桃城区', '602.47')
    """
    return _read("counties.csv", _county)


def course_facts() -> tuple[CourseFact, ...]:
    """Return the nine rivers and then the eight canals.

    Raises
    ------
    MissingFile, UnreadableFile
        The table is not there, or a row of it cannot be read.

    Examples
    --------
    >>> [course.name for course in course_facts() if course.group == "八渠"]
    ['卫千渠', '冀码渠', '石津干渠', None, None, None, None, None]
    """
    return _read("courses.csv", _course)


def section_facts() -> tuple[SectionFact, ...]:
    """Return the water-quality sections that have a point.

    Raises
    ------
    MissingFile, UnreadableFile
        The table is not there, or a row of it cannot be read.

    Examples
    --------
    >>> [section.name for section in section_facts() if section.water == "lake"]
    ['衡水湖（湖心）', '大赵闸', '顺民庄']
    """
    return _read("sections.csv", _section)


def border_facts() -> tuple[BorderFact, ...]:
    """Return the drawn border lines; those that meet do so in the same point.

    Raises
    ------
    MissingFile, UnreadableFile
        The table is not there, or a row of it cannot be read.

    Examples
    --------
    >>> sorted({border.follows for border in border_facts() if border.follows})
    ['南运河', '卫运河', '清凉江', '滏阳河']
    """
    return _read("borders.csv", _border)


def _read(name: str, make: Callable[[dict[str, str]], _T]) -> tuple[_T, ...]:
    path = FACTS / name
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return tuple(make(row) for row in csv.DictReader(file))
    except FileNotFoundError:
        raise MissingFile(path) from None
    except (KeyError, ValueError, TypeError) as error:
        raise UnreadableFile(path, detail=repr(error)) from error


def _points(text: str) -> tuple[LonLat, ...]:
    pairs = (pair.split() for pair in text.split(";"))
    return tuple((float(lon), float(lat)) for lon, lat in pairs)


def _county(row: dict[str, str]) -> CountyFact:
    return CountyFact(
        code=row["code"],
        name=row["name"],
        official_area_km2=row["official_area_km2"],
        area_source=row["area_source"],
        area_confidence=row["area_confidence"],
        seat=(float(row["seat_lon"]), float(row["seat_lat"])),
        town=row["town"],
        builtup_order_km2=float(row["builtup_order_km2"]),
        sponge_zone_count=int(row["sponge_zone_count"]),
    )


def _course(row: dict[str, str]) -> CourseFact:
    return CourseFact(
        code=row["code"],
        group=row["group"],
        name=row["name"] or None,
        candidate_names=row["candidate_names"] or None,
        official_length_km=row["official_length_km"] or None,
        length_basis=row["length_basis"] or None,
        length_source=row["length_source"] or None,
        length_confidence=row["length_confidence"] or None,
        course_confidence=row["course_confidence"],
        course_basis=row["course_basis"],
        waypoints=_points(row["waypoints"]),
    )


def _section(row: dict[str, str]) -> SectionFact:
    return SectionFact(
        code=row["code"],
        name=row["name"],
        river=row["river"],
        level=row["level"],
        water=row["water"],
        target_class=row["target_class"] or None,
        target_note=row["target_note"] or None,
        point=(float(row["lon"]), float(row["lat"])),
        confidence=row["confidence"],
        source=row["source"],
    )


def _border(row: dict[str, str]) -> BorderFact:
    return BorderFact(
        faces=(row["face_a"], row["face_b"]),
        follows=row["follows"] or None,
        points=_points(row["points"]),
    )
