"""The catalogue of scenes: one STAC item for each, beside the register; the pixels stay where they are."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NoReturn

import shapely

from ecotrack.errors import ChangedFile, MissingExtra, MovedScene, SceneIdTaken, UnknownScene, UnreadableFile
from ecotrack.imagery.grid import to_lonlat
from ecotrack.imagery.read import OpenScene, on_disk
from ecotrack.imagery.scene import Band, CloudMask, Role, Scene

_COMMON = {"swir1": "swir16", "swir2": "swir22"}
"""Names of bands in STAC where they differ."""
_EXTENSIONS = [
    "https://stac-extensions.github.io/eo/v1.1.0/schema.json",
    "https://stac-extensions.github.io/file/v2.1.0/schema.json",
    "https://stac-extensions.github.io/raster/v1.1.0/schema.json",
]


def item_of(scene: Scene) -> Any:
    """Return a scene as a STAC item (`pystac.Item`): footprint in EPSG:4490 degrees, one asset for each band.

    Raises
    ------
    MissingExtra
        pystac is not installed.
    EcotrackError
        Its files do not open, as `ecotrack.imagery.read.OpenScene` says.
    """
    try:
        import pystac
    except ImportError:
        raise MissingExtra(name="pystac-core", extra="imagery") from None
    footprint = _footprint(scene)
    item = pystac.Item(
        id=scene.scene_id,
        geometry=json.loads(shapely.to_geojson(footprint)),
        bbox=list(footprint.bounds),
        datetime=dt.datetime.combine(scene.acquired_on, dt.time(), dt.UTC),
        properties={"platform": scene.sensor, "processing:level": scene.level, "ecotrack:sample": scene.sample},
        stac_extensions=_EXTENSIONS,
    )
    for role, band in scene.bands.items():
        stored = {"scale": band.scale, "offset": band.offset}
        fields = {
            "ecotrack:role": role,
            "ecotrack:index": band.index,
            "eo:bands": [{"name": role, "common_name": _COMMON.get(role, role)}],
            "raster:bands": [stored if band.nodata is None else {**stored, "nodata": band.nodata}],
            **_size(band.path),
        }
        item.add_asset(role, pystac.Asset(href=_absolute(band.path), roles=["reflectance"], extra_fields=fields))
    if scene.mask is not None:
        told = {"ecotrack:mask": scene.mask.kind, "ecotrack:index": scene.mask.index, **_size(scene.mask.path)}
        item.add_asset("mask", pystac.Asset(href=_absolute(scene.mask.path), roles=["cloud"], extra_fields=told))
    return item


def _size(path: str) -> dict[str, int]:
    """Return the size of a file, or of the archive that it lies in, in bytes."""
    return {"file:size": on_disk(path).stat().st_size}


def _footprint(scene: Scene) -> Any:
    with OpenScene(scene, tuple(scene.bands)) as opened:
        corner = shapely.box(0, 0, opened.grid.width, opened.grid.height)
        return to_lonlat([shapely.segmentize(corner, opened.grid.width / 4)], opened.grid)[0].envelope


def _absolute(path: str) -> str:
    return path if path.startswith("/vsi") else str(Path(path).absolute())


def keep_scenes(scenes: Sequence[Scene], folder: Path) -> list[Path]:
    """Write the items of some scenes into the catalogue, all or none, and return their files.

    A scene that was added before is replaced, also where its files have moved.

    Raises
    ------
    SceneIdTaken
        Another scene has the id of one, in the catalogue or among them.
    MissingExtra, EcotrackError
        As `item_of` says.
    """
    paths = [folder / f"{_file_name(scene.scene_id)}.json" for scene in scenes]
    known = {path: _read_item(path) for path in paths if path.exists()}
    for path, scene in zip(paths, scenes, strict=True):
        before = known.setdefault(path, scene)
        if not _is_same(before, scene):
            where = next(iter(before.bands.values())).path
            raise SceneIdTaken(scene.scene_id, day=before.acquired_on, path=where)
    texts = [
        json.dumps(item_of(scene).to_dict(include_self_link=False), ensure_ascii=False, indent=1) for scene in scenes
    ]
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in zip(paths, texts, strict=True):
        beside = path.with_suffix(".part")
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    return paths


def _is_same(before: Scene, scene: Scene) -> bool:
    """Return whether two scenes of one id are one: of the same files; or of one product; or moved."""
    places = [{_absolute(band.path) for band in one.bands.values()} for one in (before, scene)]
    if places[0] & places[1]:
        return True
    if (before.sensor, before.acquired_on, before.level) != (scene.sensor, scene.acquired_on, scene.level):
        return False
    return bool(scene.level) or not any(on_disk(place).exists() for place in places[0])


def _file_name(scene_id: str) -> str:
    """Return a name that every file system takes; different ids never share one."""
    plain = re.sub(r"[^\w.-]", "_", scene_id)
    if plain == scene_id and not plain.startswith("."):
        return plain
    return f"{plain.lstrip('.')}-{hashlib.sha256(scene_id.encode()).hexdigest()[:8]}"


def scenes_in(folder: Path) -> list[Scene]:
    """Return the scenes of a catalogue, oldest first.

    Raises
    ------
    UnreadableFile
        An item is damaged.
    """
    found = [_read_item(path) for path in sorted(folder.glob("*.json"))]
    return sorted(found, key=lambda scene: (scene.acquired_on, scene.scene_id))


def drop_scenes(names: Sequence[str], folder: Path, *, dry_run: bool = False) -> list[Scene]:
    """Take some scenes out of the catalogue, all or none, and return them; their pixels stay where they are.

    Raises
    ------
    UnknownScene
        It holds none of an id.
    """
    known = {scene.scene_id: scene for scene in scenes_in(folder)}
    chosen = [known.get(name) or _unknown(name, folder, known) for name in dict.fromkeys(names)]
    if not dry_run:
        for scene in chosen:
            (folder / f"{_file_name(scene.scene_id)}.json").unlink()
    return chosen


def _unknown(name: str, folder: Path, known: Iterable[str]) -> NoReturn:
    raise UnknownScene(folder, name=name, known="、".join(known) or "-")


def scene_named(folder: Path, scene_id: str) -> Scene:
    """Return one scene of a catalogue.

    Raises
    ------
    UnknownScene
        It holds none of this id; the message lists those there are.
    MovedScene, ChangedFile
        As `refuse_changed` says.
    """
    scenes = scenes_in(folder)
    for scene in scenes:
        if scene.scene_id == scene_id:
            refuse_changed(scene, folder)
            return scene
    _unknown(scene_id, folder, [scene.scene_id for scene in scenes])


def refuse_changed(scene: Scene, folder: Path) -> None:
    """Raise where a file of a scene of the catalogue is not the one that was added.

    Raises
    ------
    MovedScene
        It is gone.
    ChangedFile
        It has another size.
    """
    item = folder / f"{_file_name(scene.scene_id)}.json"
    for asset in json.loads(item.read_text(encoding="utf-8"))["assets"].values():
        place, size = on_disk(asset["href"]), asset.get("file:size")
        if not place.exists():
            raise MovedScene(place, scene=scene.scene_id)
        if size is not None and place.stat().st_size != size:
            raise ChangedFile(place)


def _read_item(path: Path) -> Scene:
    try:
        item = json.loads(path.read_text(encoding="utf-8"))
        assets, properties = item["assets"], item["properties"]
        bands: dict[Role, Band] = {
            asset["ecotrack:role"]: _band(asset) for asset in assets.values() if "ecotrack:role" in asset
        }
        mask = assets.get("mask")
        return Scene(
            scene_id=item["id"],
            sensor=properties["platform"],
            acquired_on=dt.date.fromisoformat(properties["datetime"][:10]),
            bands=bands,
            mask=None
            if mask is None
            else CloudMask(path=mask["href"], kind=mask["ecotrack:mask"], index=mask["ecotrack:index"]),
            level=properties.get("processing:level", ""),
            sample=bool(properties.get("ecotrack:sample")),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnreadableFile(path, detail=error) from error


def _band(asset: dict[str, Any]) -> Band:
    numbers = asset["raster:bands"][0]
    return Band(
        path=asset["href"],
        index=asset["ecotrack:index"],
        scale=numbers["scale"],
        offset=numbers["offset"],
        nodata=numbers.get("nodata"),
    )
