"""Land cover from imagery, kept beside the register: shown next to figures of cover and towns, feeding neither."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecotrack.imagery.beside import read_beside, write_beside

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ecotrack.imagery.land_cover import ClassTable, CoverRow

FILE = "land-cover.json"
SCHEMA = "ecotrack.land_cover/1"
LEAST_SEEN_PCT = 95.0
"""Share of a county that must be seen; below it shares are of a part and are not given."""


def cover_document(rows: Sequence[CoverRow], table: ClassTable, *, raster: str) -> dict[str, Any]:
    """Return land cover as JSON has it: shares of what was seen, in percent, by county and for all of them.

    A county of which less than `LEAST_SEEN_PCT` was seen has no shares, and then neither has the whole.
    """
    names = sorted({name for row in rows for name in row.class_m2 if name})
    told = [_told(row.feature_id, row.name, row.area_m2, row.seen_m2, row.class_m2, names) for row in rows]
    sums = {name: sum(row.class_m2.get(name, 0.0) for row in rows) for name in ["", *names]}
    whole = _told("", "", sum(row.area_m2 for row in rows), sum(row.seen_m2 for row in rows), sums, names)
    return {
        "schema": SCHEMA,
        "raster": raster,
        "date": table.date.isoformat(),
        "source": table.source,
        "sample": table.sample,
        "counties": told,
        "total": {key: value for key, value in whole.items() if key not in ("code", "name")},
    }


def _told(
    code: str, name: str, area_m2: float, seen_m2: float, class_m2: dict[str, float], names: list[str]
) -> dict[str, Any]:
    seen_pct = min(100.0, 100 * seen_m2 / area_m2)
    enough = seen_pct >= LEAST_SEEN_PCT
    shares = {one: round(100 * class_m2.get(one, 0.0) / seen_m2, 3) if enough else None for one in names}
    return {
        "code": code,
        "name": name,
        "area_km2": round(area_m2 / 1e6, 4),
        "seen_pct": round(seen_pct, 2),
        "shares_pct": shares,
        "unnamed_pct": round(100 * class_m2.get("", 0.0) / seen_m2, 3) if enough else None,
    }


def write_cover(folder: Path, document: dict[str, Any]) -> Path:
    """Keep land cover beside the register, in place of what was kept before."""
    return write_beside(folder / FILE, document)


def read_cover(folder: Path, *, as_of: dt.date) -> dict[str, Any] | None:
    """Return the land cover that was kept; ``None`` without one, or where it is of a day after ``as_of``.

    Raises
    ------
    UnreadableFile
        The file is damaged.
    """

    def take(document: dict[str, Any]) -> dict[str, Any] | None:
        if document["schema"] != SCHEMA or not isinstance(document["total"]["shares_pct"], dict):
            raise ValueError(document["schema"])
        return document if dt.date.fromisoformat(document["date"]) <= as_of else None

    return read_beside(folder / FILE, take, again="ecotrack imagery cover")
