"""Which encoding the text of a shapefile is in: strict, in a stated order, never with replaced characters."""

from __future__ import annotations

import codecs
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

_LDID = {0x4D: "gb18030", 0x4F: "big5", 0x03: "cp1252", 0x02: "cp850", 0x01: "cp437", 0xC9: "cp1251", 0x26: "cp866"}
"""Language driver ids of the DBF header that name an encoding (0x57 and 0 say nothing)."""

_UNSAID = ("", "oem", "ansi", "system", "ldid/87")
_LAST = "latin-1"
_WESTERN = "cp1252"
_SQUEEZED = re.compile(r"[A-Za-z][\u3400-\u9fff][a-z]")
_WRITTEN = re.compile(r"[\u3400-\u9fff]{2}")


class EncodingReading(NamedTuple):
    """The encoding of a file's text and how it was told.

    Attributes
    ----------
    encoding
        A Python codec name.
    source
        ``asked``, ``cpg``, ``ldid``, ``bytes`` (told by the bytes themselves) or ``unknown``.
    contradicts
        The declared encoding that the bytes do not fit.
    """

    encoding: str
    source: str
    contradicts: str | None = None


def dbf_encoding(dbf: Path, *, asked: str | None = None) -> EncodingReading:
    """Tell the encoding of a DBF: what the user says, ``.cpg``, language driver, UTF-8, GB18030.

    Each candidate must decode every field name and text of the file strictly; the last resort,
    Latin-1, is reported as ``unknown``.
    """
    texts = list(_texts(dbf)) if dbf.exists() else []
    declared = [("asked", asked), ("cpg", _cpg(dbf)), ("ldid", _ldid(dbf))]
    contradicts = None
    for source, name in declared:
        codec = _codec(name)
        if codec and _decodes(texts, codec):
            return EncodingReading(codec, source, contradicts)
        if codec:
            contradicts = contradicts or name
    for codec in ("utf-8", "gb18030"):
        if _decodes(texts, codec):
            western = codec == "gb18030" and _is_western(texts)
            return EncodingReading(_WESTERN if western else codec, "bytes", contradicts)
    return EncodingReading(_LAST, "unknown", contradicts)


_GB_XML = re.compile(
    rb"""^(?:\xef\xbb\xbf)?\s*<\?xml[^>]*encoding\s*=\s*["'](?:gb\w*|cp936)["'][^>]*\?>""", re.IGNORECASE
)


_XML = '<?xml version="1.0" encoding="UTF-8"?>'
_BOMS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_MAX_RECODED_BYTES = 100 << 20


def recode(path: Path) -> None:
    """Write a text again as UTF-8 that the readers here cannot read as it is.

    That is XML which says that it is in GBK or GB18030, JSON in GB18030, and any text in UTF-16 with its mark. What is
    not strictly what it says, or seems, stays as it is, for the reader to refuse.
    """
    with path.open("rb") as stream:
        head = stream.read(200)
    said, codec = _GB_XML.match(head), next((codec for bom, codec in _BOMS if head.startswith(bom)), None)
    looks_like_json = head.lstrip()[:1] in (b"{", b"[")
    if path.stat().st_size > _MAX_RECODED_BYTES or not (said or codec or looks_like_json):
        return
    data = path.read_bytes()
    if looks_like_json and _decodes([data], "utf-8"):
        return
    codec = codec or "gb18030"
    try:
        text = data[said.end() if said else 0 :].decode(codec)
    except UnicodeDecodeError:
        return
    if codec == "utf-16" and text.startswith("<?xml"):
        text = text.partition("?>")[2]
        path.write_text(_XML + text, encoding="utf-8")
    else:
        path.write_text((_XML if said else "") + text, encoding="utf-8")


def _cpg(dbf: Path) -> str | None:
    path = dbf.with_suffix(".cpg")
    return path.read_text(encoding="ascii", errors="ignore").strip() if path.exists() else None


def _ldid(dbf: Path) -> str | None:
    if not dbf.exists():
        return None
    with dbf.open("rb") as stream:
        head = stream.read(32)
    return _LDID.get(head[29]) if len(head) == 32 else None


def _codec(name: str | None) -> str | None:
    text = (name or "").strip().lower()
    if text in _UNSAID:
        return None
    text = {"936": "gbk", "cp936": "gbk", "ansi 936": "gbk", "65001": "utf-8", "ansi 1252": "cp1252"}.get(text, text)
    try:
        found = codecs.lookup(text).name
    except LookupError:
        return None
    # GB18030 holds all of GBK and GB2312, whose names are used loosely.
    return "gb18030" if found in ("gbk", "gb2312", "hz") else found


def _decodes(texts: list[bytes], codec: str) -> bool:
    try:
        for text in texts:
            # A field's width may cut its last character in half; that is no sign of another encoding.
            codecs.getincrementaldecoder(codec)("strict").decode(text, final=False)
    except UnicodeDecodeError:
        return False
    return True


def _is_western(texts: list[bytes]) -> bool:
    """Tell whether what reads as GB18030 is another alphabet's accents: single characters squeezed between letters.

    Examples
    --------
    >>> _is_western(["Région".encode("cp1252")]), _is_western(["枣强县".encode("gbk"), "A区b".encode("gbk")])
    (True, False)
    """
    read = [text.decode("gb18030", "ignore") for text in texts]
    squeezed = sum(_SQUEEZED.search(text) is not None for text in read)
    plain = not any(map(_WRITTEN.search, read)) and _decodes(texts, _WESTERN)
    return plain and squeezed > len(read) / 2


def _texts(dbf: Path) -> Iterator[bytes]:
    """Yield the field names and the text values that are not plain ASCII."""
    with dbf.open("rb") as stream:
        head = stream.read(32)
        if len(head) < 32:
            return
        count, header_size, record_size = struct.unpack("<IHH", head[4:12])
        fields = _fields(stream, header_size)
        yield from (name for name, _, _ in fields if not name.isascii())
        stream.seek(header_size)
        for _ in range(count):
            record = stream.read(record_size)
            if len(record) < record_size or record_size == 0:
                return
            if not record.isascii():
                yield from _values(record, fields)


def _fields(stream: BinaryIO, header_size: int) -> list[tuple[bytes, int, int]]:
    """Return name, offset and width of each field; width 0 where the field is no text."""
    fields = []
    offset = 1
    for _ in range((header_size - 33) // 32):
        descriptor = stream.read(32)
        if len(descriptor) < 32 or descriptor[0] == 0x0D:
            break
        name = descriptor[:11].split(b"\0", 1)[0]
        width = descriptor[16]
        fields.append((name, offset, width if descriptor[11:12] == b"C" else 0))
        offset += width
    return fields


def _values(record: bytes, fields: list[tuple[bytes, int, int]]) -> Iterator[bytes]:
    for _, offset, width in fields:
        value = record[offset : offset + width].rstrip(b" \0")
        if value and not value.isascii():
            yield value
