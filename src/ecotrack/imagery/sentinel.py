"""Sentinel-2 products as they are delivered: SAFE folders and zips, L1C and L2A."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from ecotrack.errors import Text, UnreadableFile
from ecotrack.imagery.scene import Band, CloudMask, Role, Scene

S2_BANDS: dict[str, Role] = {
    "B02": "blue", "B03": "green", "B04": "red", "B08": "nir", "B11": "swir1", "B12": "swir2",
}  # fmt: skip
BAND_IDS = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12")
"""Bands by the number that the metadata gives them, from 0."""
NEW_BASELINE_ON = dt.date(2022, 1, 25)
"""First day of processing baseline 04.00 in operation."""
BASELINE_OFFSET = -1000
"""What baseline 04.00 added to every number, to be taken back before the division."""
_METADATA = re.compile(r"(?:^|/)MTD_MSI(L1C|L2A)\.xml$")
_LARGEST_XML = 64 * 1024 * 1024


class Product(NamedTuple):
    """A product and the names of its files, as GDAL opens them.

    Attributes
    ----------
    root
        What comes before each name.
    metadata
        Bytes of its metadata file.
    """

    place: Path
    root: str
    names: tuple[str, ...]
    metadata: bytes
    level: str


def find_products(path: Path) -> list[Product]:
    """Return the Sentinel-2 products in a folder or a zip; none where it holds none.

    Raises
    ------
    UnreadableFile
        A zip is broken.
    """
    if path.is_file() and _METADATA.search(path.name):
        return find_products(path.parent)
    if path.is_dir():
        names = tuple(file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file())
        return [
            Product(
                path,
                f"{path.as_posix()}/",
                _beside(name, names),
                (path / name).read_bytes()[:_LARGEST_XML],
                found.group(1),
            )
            for name in names
            if (found := _METADATA.search(name))
        ]
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


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as file:
        return file.read(_LARGEST_XML)


def read_product(product: Product) -> Scene:
    """Return the scene that a product is.

    Reflectance = (number + offset) / quantification value; the offset stands in the metadata since baseline 04.00.

    Raises
    ------
    UnreadableFile
        The metadata is no such XML, or names no band file that is there.
    """
    texts, offsets = _texts(product)
    quantification = float(texts.get("BOA_QUANTIFICATION_VALUE") or texts.get("QUANTIFICATION_VALUE") or 10_000)
    bands = {}
    for part, role in S2_BANDS.items():
        name = _finest(product.names, part)
        if name is not None:
            offset = offsets.get(BAND_IDS.index(part), 0.0) / quantification
            bands[role] = Band(path=product.root + name, scale=1 / quantification, offset=offset, nodata=0)
    started = texts.get("PRODUCT_START_TIME") or texts.get("DATATAKE_SENSING_START") or ""
    if not bands or not re.match(r"\d{4}-\d\d-\d\d", started):
        detail = Text("产品里没有波段文件或成像时间", "the product has no band files or no sensing time")
        raise UnreadableFile(product.place, detail=detail)
    classes = _finest(product.names, "SCL")
    return Scene(
        scene_id=(texts.get("PRODUCT_URI") or product.place.stem).removesuffix(".SAFE"),
        sensor=texts.get("SPACECRAFT_NAME") or "Sentinel-2",
        acquired_on=dt.date.fromisoformat(started[:10]),
        bands=bands,
        mask=None if classes is None else CloudMask(path=product.root + classes, kind="scl"),
        level=product.level,
    )


def _finest(names: tuple[str, ...], part: str) -> str | None:
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
