"""An office with plots and synthetic scenes over them, by its verbs alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import shapely

from imagery_scenes import ROLES, Painting, utm, write

GRID = utm(115.6, 37.6, size=120)


def hand_in_plots(office: Any, folder: Path, shapes: Mapping[str, shapely.Geometry], **said: str) -> str:
    """Import plots of spring 2020 and accept them; return the id of the submission."""
    known = {row["submission"] for row in listed(office)}
    features = [
        {
            "type": "Feature",
            "properties": {"id": name, "unit": "桃城区", "season": "2020-spring", "kind": "造林", "form": "片林"}
            | said,
            "geometry": json.loads(shapely.to_geojson(shape)),
        }
        for name, shape in shapes.items()
    ]
    path = folder / f"plots{len(known)}.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    office("import", path, "--layer", "plots", "--crs", "经纬度", "--by", "张三", "--reason", "重新测量")
    [fresh] = {row["submission"] for row in listed(office)} - known
    office("review", "accept", fresh, "--by", "李四", "--despite", "--reason", "现场核对")
    return fresh


def listed(office: Any) -> list[dict[str, Any]]:
    """Return the submissions as ``review list`` has them; none before the first."""
    if not office.workspace.register_path.exists():
        return []
    return json.loads(office("review", "list", "--json").output)["submissions"]


def take_scenes(office: Any, folder: Path, paintings: Mapping[str, Painting]) -> None:
    """Write a sample scene for each day and put it into the catalogue, as ``x_20240701``."""
    rows = "".join(f"{role} = {{ index = {n} }}\n" for n, role in enumerate(ROLES, start=1))
    table = folder / "bands.toml"
    table.write_text(f"scale = 0.0001\nnodata = 0\nsensor = 'drone'\nsample = true\n[bands]\n{rows}")
    for on, painting in paintings.items():
        path = folder / f"x_{on.replace('-', '')}.tif"
        write(path, painting, GRID, mask=False)
        office("scene", "add", path, "--bands", table)
