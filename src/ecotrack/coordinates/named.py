"""What people write about their coordinates in file names, titles and notes: the datum, the meridian of the plane.

Words are no declaration. They can hold a file back (a sheet headed 西安80 is no CGCS2000, whatever its digits look
like), and they can name the plane of metres whose digits name none; they never overrule a CRS that a file declares.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from ecotrack.errors import Text

_OLD = (
    (
        Text("西安80", "Xian 1980"),
        re.compile(r"西安(?:19)?80(?!\d)|(?<!\d)(?:19)?80年?西安|xi'?an(?:19)?80(?!\d)|(?<!\d)(?:19)?80坐标系"),
    ),
    (
        Text("北京54", "Beijing 1954"),
        re.compile(r"(?:北京|beijing|bj)(?:19)?54(?!\d)|(?<!\d)(?:19)?54年?北京|(?<!\d)(?:19)?54坐标系"),
    ),
)
_MODERN = re.compile(
    r"cgcs2000|(?:国家|大地)2000|(?<!\d)2000(?:国家|大地|坐标)|[转换][到为成至]?2000|china2000|wgs(?:19)?84"
)
_ZONE = re.compile(r"(?<!\d)(1[3-9]|2[0-3]|2[5-9]|3\d|4[0-5])[度号]?带|带号\D{0,3}(\d\d)(?!\d)")
_MERIDIAN = re.compile(r"中央(?:子午线|经线|经度)\D{0,6}(\d{2,3})(?!\d)|(?<!\d)(7[5-9]|[89]\d|1[0-3]\d)度带")
_WIDE_ZONES = range(13, 24)


class Named(NamedTuple):
    """What a text says.

    Attributes
    ----------
    old
        The datums from which no public transform leads to CGCS2000.
    modern
        Whether CGCS2000 or WGS84 is named.
    meridian
        The one central meridian that is named, degrees east; ``None`` where there is none, or several.
    """

    old: tuple[Text, ...] = ()
    modern: bool = False
    meridian: int | None = None

    @property
    def plane(self) -> str | None:
        """EPSG code of the CGCS2000 plane of the meridian, without zone digits; ``None`` without either."""
        if not self.modern or self.meridian is None or self.meridian % 3 or not 75 <= self.meridian <= 135:
            return None
        return f"EPSG:{4534 + self.meridian // 3 - 25}"


def named_in(text: str) -> Named:
    """Return what a text says about coordinates.

    Examples
    --------
    >>> named_in("枣强县2016春（1980西安坐标系）.xlsx").old[0].zh, named_in("西安80转2000").modern
    ('西安80', True)
    >>> named_in("CGCS2000，3度带，中央子午线117°").plane, named_in("2000国家大地坐标系 38带").plane
    ('EPSG:4548', 'EPSG:4547')
    >>> named_in("枣强_CGCS2000_39带.xlsx").meridian
    117
    >>> named_in("2016年春季造林 5400亩")
    Named(old=(), modern=False, meridian=None)
    """
    spaced = re.sub(r"[^\S\n]|[_\-—·]", " ", unicodedata.normalize("NFKC", text).lower())
    plain = spaced.replace(" ", "")
    old = tuple(title for title, pattern in _OLD if pattern.search(plain))
    zones = {int(one or other) for one, other in _ZONE.findall(spaced)}
    meridians = {6 * zone - 3 if zone in _WIDE_ZONES else 3 * zone for zone in zones}
    meridians |= {int(one or other) for one, other in _MERIDIAN.findall(spaced)}
    return Named(old, bool(_MODERN.search(plain)), meridians.pop() if len(meridians) == 1 else None)
