"""Sentinel-2 products as they are delivered: SAFE folders and zips, L1C and L2A, old names and new."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from ecotrack.errors import Text, UnreadableFile
from ecotrack.imagery.scene import ROLES, Band, CloudMask, Role, Scene

S2_BANDS: dict[str, Role] = {
    "B02": "blue", "B03": "green", "B04": "red", "B08": "nir", "B11": "swir1", "B12": "swir2",
}  # fmt: skip
BAND_IDS = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12")
"""Bands by the number that the metadata gives them, from 0."""
BASELINE_OFFSET = -1000
"""What baseline 04.00 added to every number, to be taken back before the division."""
_OFFSET_SINCE = 400
_BASELINE = re.compile(r"S2[A-D]_MSIL(?:1C|2A)_\d{8}T\d{6}_N(\d{4})_")
_METADATA = re.compile(r"(?:^|/)(?:MTD_MSI|S2[A-D]_(?:OPER|USER)_MTD_SAF)(L1C|L2A)(?:_\w+)?\.xml$")
"""The second name is that of products before December 2016."""
_GRANULE = re.compile(r"(?:^|/)GRANULE/([^/]+)/")
_TILE = re.compile(r"T\d\d[A-Z]{3}")
_IMAGE = re.compile(r"(?:^|/)IMG_DATA/.*\.jp2$")
_QUANTIFICATIONS = ("BOA_QUANTIFICATION_VALUE", "L2A_BOA_QUANTIFICATION_VALUE", "QUANTIFICATION_VALUE")
_HEADLESS = Text(
    "哨兵二号产品缺少元数据文件（MTD_MSIL2A.xml 或 MTD_MSIL1C.xml）",
    "a Sentinel-2 product lacks its metadata file (MTD_MSIL2A.xml or MTD_MSIL1C.xml)",
)
_WHOLE = Text(
    "请重新复制整个产品；只有波段文件时，请直接登记这些文件（IMG_DATA 里的 B02、B03……）",
    "copy the whole product again; where there are but bands, add those files themselves (B02, B03 ... of IMG_DATA)",
)
_LARGEST_XML = 64 * 1024 * 1024


class Product(NamedTuple):
    """A product and the names of its files, as GDAL opens them.

    Attributes
    ----------
    root
        What comes before each name.
    called
        Its own folder's name, or that of the archive.
    metadata
        Bytes of its metadata file.
    """

    place: Path
    root: str
    names: tuple[str, ...]
    called: str
    metadata: bytes
    level: str


def find_products(path: Path) -> list[Product]:
    """Return the Sentinel-2 products in a folder or a zip; none where it holds none.

    Raises
    ------
    UnreadableFile
        A zip is broken, or a folder holds a product without its metadata file.
    """
    if path.is_file() and _METADATA.search(path.name):
        return find_products(path.parent)
    if path.is_dir():
        names = tuple(sorted(file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file()))
        products = [
            Product(
                path,
                f"{path.as_posix()}/",
                _beside(name, names),
                _called(name, path),
                (path / name).read_bytes()[:_LARGEST_XML],
                found.group(1),
            )
            for name in names
            if (found := _METADATA.search(name))
        ]
        if not products and any(_IMAGE.search(name) for name in names):
            raise UnreadableFile(path, detail=_HEADLESS, hint=_WHOLE)
        return products
    if path.suffix.lower() != ".zip":
        return []
    try:
        with zipfile.ZipFile(path) as archive:
            listed = tuple(archive.namelist())
            return [
                Product(
                    path,
                    f"/vsizip/{path.absolute().as_posix()}/",
                    _beside(name, listed),
                    _called(name, path),
                    _member(archive, name),
                    found.group(1),
                )
                for name in listed
                if (found := _METADATA.search(name))
            ]
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        raise UnreadableFile(path, detail=Text("压缩包不完整", "the archive is not whole")) from error


def _beside(metadata: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the files of the product that a metadata file describes: a folder may hold several products."""
    folder = metadata.rpartition("/")[0]
    return tuple(name for name in names if not folder or name.startswith(f"{folder}/"))


def _called(metadata: str, place: Path) -> str:
    """Return the name of the folder that holds a metadata file."""
    return (metadata.rpartition("/")[0].rpartition("/")[2] or place.name).removesuffix(".SAFE").removesuffix(".zip")


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as file:
        return file.read(_LARGEST_XML)


def read_product(product: Product) -> list[Scene]:
    """Return the scenes that a product is: one, or one for each tile of a product before December 2016.

    Reflectance = (number + offset) / quantification value; the offset stands in the metadata since baseline 04.00.

    Raises
    ------
    UnreadableFile
        The metadata is no such XML, or names no band file that is there.
    """
    texts, offsets = _texts(product)
    started = texts.get("PRODUCT_START_TIME") or texts.get("DATATAKE_SENSING_START") or ""
    tells_day = re.match(r"\d{4}-\d\d-\d\d", started)
    tiles = sorted({found.group(1) for name in product.names if (found := _GRANULE.search(name))}) or [""]
    granules = {tile: tuple(name for name in product.names if tile in name) for tile in tiles}
    scenes = [
        _scene(product, names, tile if len(tiles) > 1 else "", texts, offsets, dt.date.fromisoformat(tells_day.group()))
        for tile, names in granules.items()
        if tells_day and any(_finest(names, part) for part in S2_BANDS)
    ]
    if not scenes:
        detail = Text("产品里没有波段文件或成像时间", "the product has no band files or no sensing time")
        raise UnreadableFile(product.place, detail=detail)
    return scenes


def _scene(
    product: Product,
    names: tuple[str, ...],
    granule: str,
    texts: dict[str, str],
    offsets: dict[int, float],
    day: dt.date,
) -> Scene:
    quantification = float(next((texts[tag] for tag in _QUANTIFICATIONS if texts.get(tag)), 10_000))
    parts = {part: name for part in BAND_IDS if (name := _finest(names, part))}
    bands = {
        role: Band(
            path=product.root + parts[part],
            scale=1 / quantification,
            offset=offsets.get(BAND_IDS.index(part), 0.0) / quantification,
            nodata=0,
        )
        for role, part in parts_by_role(parts).items()
    }
    classes = _finest(names, "SCL")
    told = texts.get("PRODUCT_URI") or (product.level == "L2A" and texts.get("PRODUCT_URI_2A")) or product.called
    tile = _TILE.search(granule)
    return Scene(
        scene_id="_".join(filter(None, (told.removesuffix(".SAFE"), tile.group() if tile else granule))),
        sensor=texts.get("SPACECRAFT_NAME") or "Sentinel-2",
        acquired_on=day,
        bands=bands,
        mask=None if classes is None else CloudMask(path=product.root + classes, kind="scl"),
        level=product.level,
    )


def parts_by_role(there: Collection[str]) -> dict[Role, str]:
    """Return which of Sentinel-2's bands gives each role.

    The bands of twenty metres hold the narrow near infrared (``B8A``) alone; it serves where the wide one is missing.

    Examples
    --------
    >>> parts_by_role(["B03", "B8A", "B11"])
    {'green': 'B03', 'nir': 'B8A', 'swir1': 'B11'}
    """
    found = {role: part for part, role in S2_BANDS.items() if part in there}
    if "B8A" in there:
        found.setdefault("nir", "B8A")
    return {role: found[role] for role in ROLES if role in found}


def offset_told(path: Path) -> float | None:
    """Return the offset, in reflectance, that the name of a product above a file tells by its processing baseline.

    Products of earlier years that were processed again carry it as well: the day of an image tells nothing.

    Examples
    --------
    >>> folder = "S2B_MSIL2A_20180901T030549_N0500_R075_T50SLG_20230601T061234.SAFE"
    >>> offset_told(Path(folder, "B03.jp2")), offset_told(Path(folder.replace("N0500", "N0214"), "B03.jp2"))
    (-0.1, 0.0)
    >>> offset_told(Path("B03.jp2")) is None
    True
    """
    found = _BASELINE.search(path.as_posix())
    if found is None:
        return None
    return BASELINE_OFFSET / 10_000 if int(found.group(1)) >= _OFFSET_SINCE else 0.0


def _finest(names: Collection[str], part: str) -> str | None:
    """Return the image of a band with the smallest pixels (``_10m`` before ``_20m``)."""
    image = re.compile(rf"IMG_DATA/.*_{part}(_\d0m)?\.(jp2|tif)$")
    return min((name for name in names if image.search(name)), key=lambda name: name[-9:], default=None)


def _texts(product: Product) -> tuple[dict[str, str], dict[int, float]]:
    """Return the texts of the metadata by their tag, and the offsets by the number of the band."""
    texts: dict[str, str] = {}
    offsets: dict[int, float] = {}
    try:
        for element in ElementTree.fromstring(product.metadata).iter():
            tag = element.tag.rpartition("}")[2]
            texts.setdefault(tag, (element.text or "").strip())
            if tag in ("BOA_ADD_OFFSET", "RADIO_ADD_OFFSET"):
                offsets[int(element.attrib["band_id"])] = float(element.text or 0)
    except (ElementTree.ParseError, KeyError, ValueError) as error:
        raise UnreadableFile(
            product.place, detail=Text("元数据不是完整的XML", "its metadata is no whole XML")
        ) from error
    return texts, offsets
