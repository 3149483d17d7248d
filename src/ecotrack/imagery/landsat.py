"""Landsat Collection 2 Level 2 as it is delivered: a folder of bands, single bands, or the tar that USGS serves."""

from __future__ import annotations

import datetime as dt
import re
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from ecotrack.errors import Text, UnreadableFile
from ecotrack.imagery.scene import Band, CloudMask, Role, Scene

_NAME = re.compile(r"(L[COTE]0[45789])_(L\d\w\w)_\d{6}_(\d{8})_\d{8}_02_\w\w")
_OLI: dict[str, Role] = {
    "SR_B2": "blue", "SR_B3": "green", "SR_B4": "red", "SR_B5": "nir", "SR_B6": "swir1", "SR_B7": "swir2",
}  # fmt: skip
_TM: dict[str, Role] = {
    "SR_B1": "blue", "SR_B2": "green", "SR_B3": "red", "SR_B4": "nir", "SR_B5": "swir1", "SR_B7": "swir2",
}  # fmt: skip
"""Landsat 4 to 7 count their bands from blue."""
_SCALE, _OFFSET = 0.0000275, -0.2
"""Surface reflectance of Collection 2 Level 2, from the product guide."""


def is_landsat(name: str) -> bool:
    """Return whether a file is named as one of a Landsat Collection 2 product.

    Examples
    --------
    >>> is_landsat("LC09_L2SP_123034_20220901_20220903_02_T1_SR_B3.TIF"), is_landsat("B03.jp2")
    (True, False)
    """
    return _NAME.match(name) is not None


def unpacked(path: Path) -> list[str]:
    """Return the rasters inside a tar, as GDAL opens them; nothing for another file.

    Raises
    ------
    UnreadableFile
        The archive is cut off, or compressed: then every read would unpack all that stands before it.
    """
    if path.name.lower().endswith((".tar.gz", ".tgz", ".gz")):
        raise UnreadableFile(
            path,
            detail=Text("压缩包不能直接读像元", "pixels cannot be read out of a compressed archive"),
            hint=Text("请先解压，再登记解压后的目录或影像", "unpack it, and add the folder or the rasters"),
        )
    if path.suffix.lower() != ".tar":
        return []
    try:
        with tarfile.open(path) as archive:
            names = [member.name for member in archive.getmembers() if member.isfile()]
    except (tarfile.TarError, OSError, EOFError) as error:
        raise UnreadableFile(path, detail=Text("压缩包不完整", "the archive is not whole")) from error
    images = (name for name in names if name.lower().endswith((".tif", ".tiff")))
    return [f"/vsitar/{path.absolute().as_posix()}/{name}" for name in images]


def landsat_scenes(files: Iterable[str]) -> list[Scene]:
    """Return the scenes of some files, as GDAL opens them.

    Raises
    ------
    UnreadableFile
        They are named as Landsat's, and no band of surface reflectance is among them.
    """
    by_scene: dict[str, dict[str, str]] = {}
    for file in files:
        plain = PurePosixPath(file)
        found = _NAME.match(plain.name)
        if found:
            by_scene.setdefault(found.group(), {})[plain.stem.removeprefix(found.group()).strip("_")] = file
    return [_scene(name, parts) for name, parts in by_scene.items()]


def _scene(name: str, parts: Mapping[str, str]) -> Scene:
    found = _NAME.match(name)
    assert found is not None
    number = found.group(1)[-1]
    roles = _OLI if number in "89" else _TM
    bands = {
        role: Band(path=parts[part], scale=_SCALE, offset=_OFFSET, nodata=0)
        for part, role in roles.items()
        if part in parts
    }
    if not bands:
        detail = Text("没有地表反射率波段（SR_B…）", "there is no band of surface reflectance (SR_B...)")
        hint = Text("请下载 Collection 2 的 Level-2 产品", "take the Level-2 product of Collection 2")
        raise UnreadableFile(name, detail=detail, hint=hint)
    quality, day = parts.get("QA_PIXEL"), found.group(3)
    return Scene(
        scene_id=name,
        sensor=f"Landsat {number}",
        acquired_on=dt.date(int(day[:4]), int(day[4:6]), int(day[6:8])),
        bands=bands,
        mask=None if quality is None else CloudMask(path=quality, kind="qa_pixel"),
        level="C2 L2",
    )
