"""Sketch of the nine rivers, the eight canals and the water-quality sections."""

from __future__ import annotations

from collections.abc import Sequence

import shapely

from ecotrack.demo.geography_facts import CourseFact, SectionFact
from ecotrack.demo.geography_features import FeatureCollection, sketch_feature

RIVERS_GROUP = "九河"
CANALS_GROUP = "八渠"


def build_courses(courses: Sequence[CourseFact], *, group: str) -> FeatureCollection:
    """Return the lines of one group, with the published length where one is known.

    Members whose name is not settled have no name: they count, and ``candidate_names`` says who they may be.

    Examples
    --------
    >>> from ecotrack.demo.geography_facts import course_facts
    >>> river = build_courses(course_facts(), group="九河")[1]
    >>> river.name, river.properties["official_length_km"], river.properties["length_basis"]
    ('滹沱河', '60.56', '在衡水境内')
    """
    return tuple(
        sketch_feature(
            shapely.LineString(course.waypoints),
            code=course.code,
            name=course.name,
            source=f"course: {course.course_basis}",
            confidence=course.course_confidence,
            group=course.group,
            candidate_names=course.candidate_names,
            official_length_km=course.official_length_km,
            length_basis=course.length_basis,
            length_source=course.length_source,
            length_confidence=course.length_confidence,
        )
        for course in courses
        if course.group == group
    )


def build_sections(sections: Sequence[SectionFact]) -> FeatureCollection:
    """Return the layer ``sections``: one approximate point each.

    Examples
    --------
    >>> from ecotrack.demo.geography_facts import section_facts
    >>> [section.name for section in build_sections(section_facts())[:2]]
    ['献县闸', '连村闸']
    """
    return tuple(
        sketch_feature(
            shapely.Point(section.point),
            code=section.code,
            name=section.name,
            source=f"name: {section.source}; point approximate",
            confidence=section.confidence,
            river=section.river,
            level=section.level,
            water=section.water,
            target_class=section.target_class,
            target_note=section.target_note,
        )
        for section in sections
    )
