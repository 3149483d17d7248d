"""Packing loses nothing but what lies below its step of a millionth of a degree."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box

from ecotrack.maps.pack import SCALE, pack_column, pack_geometries


def unpack(packed: list[Any]) -> list[Any]:
    """Undo `pack_geometries` as web/unpack.js does: running sums over the whole layer."""
    cursor = np.zeros(2, dtype=np.int64)
    features = []
    for parts in packed:
        out_parts = []
        for rings in parts:
            out_rings = []
            for ring in rings:
                points = cursor + np.cumsum(np.array(ring, dtype=np.int64).reshape(-1, 2), axis=0)
                cursor = points[-1]
                out_rings.append(points / SCALE)
            out_parts.append(out_rings)
        features.append(out_parts)
    return features


def column_values(column: dict[str, Any], length: int) -> list[Any]:
    if "d" in column:
        return [column["d"][i] for i in column["i"]]
    return column["v"] if "v" in column else [column["c"]] * length


@given(st.lists(st.sampled_from(["杨树", "柳树", None, "a", 1, 2.5]), max_size=40))
def test_a_column_comes_back_as_it_was(values: list[Any]) -> None:
    assert column_values(pack_column(values), len(values)) == values


@given(st.lists(st.tuples(st.floats(115, 117), st.floats(37, 38.5)), min_size=1, max_size=20))
def test_points_come_back_within_half_a_step(places: list[tuple[float, float]]) -> None:
    back = unpack(pack_geometries([Point(place) for place in places]))
    for place, parts in zip(places, back, strict=True):
        assert np.abs(parts[0][0][0] - np.array(place)).max() <= 0.5 / SCALE + 1e-12


def test_holes_and_parts_keep_their_place() -> None:
    holed = Polygon(box(115, 37, 116, 38).exterior.coords, [box(115.2, 37.2, 115.4, 37.4).exterior.coords])
    many = MultiPolygon([holed, box(116.2, 37, 116.3, 37.1)])
    (parts,) = unpack(pack_geometries([many]))
    rebuilt = MultiPolygon([Polygon(rings[0], rings[1:]) for rings in parts])
    assert rebuilt.symmetric_difference(many).area == pytest.approx(0, abs=1e-9)
    assert [len(rings) for rings in parts] == [2, 1]


def test_a_line_keeps_both_ends_and_a_ring_is_sent_open() -> None:
    line, square = unpack(pack_geometries([LineString([(115, 37), (115.1, 37.1)]), box(115, 37, 116, 38)]))
    assert len(line[0][0]) == 2
    assert len(square[0][0]) == 4


def test_an_empty_geometry_is_a_feature_without_parts() -> None:
    assert pack_geometries([Polygon(), shapely.Point(1, 1)])[0] == []
