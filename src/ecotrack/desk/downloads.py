"""Layers as files to take away: what children make of an exported layer, without opening the register."""

from __future__ import annotations

from pathlib import Path

from ecotrack.workspace import Workspace


def shapefile(folder: str, layer_id: str, exported: str, zone: str, encoding: str, path: str) -> None:
    """Write a layer that was exported as GeoJSON as a zipped shapefile; no child that does this reads the register."""
    from ecotrack.intake.shapefile_out import write_shapefile

    layer = Workspace.open(Path(folder)).layer(layer_id)
    title = layer.title_zh + ("（示意）" if layer.sketch else "")
    write_shapefile(
        Path(exported), Path(path), zone=zone, encoding=encoding, title=f"{title}（{layer.classification}）"
    )
