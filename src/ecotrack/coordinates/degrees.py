"""Degrees as people write them: decimal, degrees-minutes-seconds in a dozen spellings, with Ovital's letters."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

OVITAL = {"g": "GCJ-02", "b": "BD-09"}
"""Letters that Ovital puts before a coordinate in its text files, and the system that each names."""

_NUMBER = r"\d+(?:\.\d+)?"
_SIGNS = str.maketrans({"′": "'", "’": "'", "‘": "'", "＇": "'", "´": "'", "`": "'", "分": "'",
                        "″": '"', "”": '"', "“": '"', "＂": '"', "〃": '"', "秒": '"',
                        "度": "°", "º": "°", "˚": "°", "．": ".", "，": ","})  # fmt: skip
_MARKED = re.compile(rf"(\d+)°\s*(?:({_NUMBER})'?\s*(?:({_NUMBER})(?:\"|'')?)?)?")
_PLAIN = re.compile(rf"(\d{{2,3}})[\s:\-]+(\d{{1,2}})[\s:\-]+({_NUMBER})")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_UNIT = re.compile(r"(?<=\d)\s*(?:米|m)$", re.IGNORECASE)
_SIDE = re.compile(r"^(东经|西经|北纬|南纬|经度|纬度|[EWNS])[:：\s]*|\s*([EWNS])$", re.IGNORECASE)
_LABEL = re.compile(r"[XY]\s*[=:：]\s*", re.IGNORECASE)


class Ordinate(NamedTuple):
    """One coordinate: its value, whether it was written in minutes and seconds, and the system its letter names."""

    value: float
    sexagesimal: bool = False
    system: str | None = None


def read_ordinate(text: str) -> Ordinate | None:
    """Return the coordinate that a text holds, ``None`` where it is none.

    Minutes and seconds of 60 and more are refused, and so are digits packed without signs (``1153630``), which could
    be metres as well. ``60.00`` is a second: programs that round 59.998 write it so.

    Examples
    --------
    >>> [read_ordinate(t).value for t in ("115.6", "115°36′00″", "东经115度36分", "115 36 0.0", "37°36'N")]
    [115.6, 115.6, 115.6, 115.6, 37.6]
    >>> read_ordinate("g115.605784").system, read_ordinate("115°75′00″"), read_ordinate("甲")
    ('GCJ-02', None, None)
    >>> [read_ordinate(t).value for t in ("39,376,366.48", "X=4164022.65米")]
    [39376366.48, 4164022.65]
    """
    plain = text.strip()
    plain = plain[label.end() :] if (label := _LABEL.match(plain)) else plain
    system = OVITAL.get(plain[:1].lower()) if re.match(r"[gb]\s*-?\d", plain, re.IGNORECASE) else None
    plain = (plain[1:] if system else plain).strip().translate(_SIGNS)
    plain = _UNIT.sub("", plain)
    if _GROUPED.fullmatch(plain.replace("，", ",")):
        plain = plain.replace(",", "")
    number = _decimal(plain)
    if number is not None:
        return Ordinate(number, False, system)
    side = "".join(part for found in _SIDE.findall(plain) for part in found).upper()
    plain = _SIDE.sub("", plain).strip()
    number = _decimal(plain.removesuffix("°"))
    value = number if number is not None else _sexagesimal(plain)
    if value is None:
        return None
    turned = -value if side.startswith(("W", "S", "西", "南")) else value
    return Ordinate(turned, number is None, system)


def unpacked(text: str) -> str:
    """Return degrees whose minutes and seconds are packed behind the point with their signs; anything else as it is.

    Examples
    --------
    >>> unpacked("115.36108"), unpacked("37.36"), unpacked("115°36′")
    ("115°36'10.8", "37°36'00", '115°36′')
    """
    found = re.fullmatch(r"(\d{2,3})\.(\d+)", text.strip())
    if found is None:
        return text
    rest = found[2].ljust(4, "0")
    return f"{found[1]}°{rest[:2]}'{rest[2:4]}{'.' if rest[4:] else ''}{rest[4:]}"


def _decimal(text: str) -> float | None:
    if not re.fullmatch(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", text):
        return None
    try:
        return float(Decimal(text))
    except InvalidOperation:
        return None


def _sexagesimal(text: str) -> float | None:
    found = _MARKED.fullmatch(text) or _PLAIN.fullmatch(text)
    if found is None:
        return None
    degrees, minutes, seconds = (Decimal(part or 0) for part in found.groups())
    rounded = seconds == 60 and "." in (found.groups()[2] or "")
    if minutes >= 60 or (seconds >= 60 and not rounded) or degrees > 180:
        return None
    return float(degrees + minutes / 60 + seconds / 3600)
