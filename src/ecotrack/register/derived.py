"""What is worked out from the register and kept beside it, outside the chain; it can always be worked out again.

One file of columns (NumPy's npz) holds the plot ledger and the ground of every feature version, up to a place of the
chain. A run reads it and adds what came later: 100 changed plots cost what 100 plots cost.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import shapely

from ecotrack.figures.ground import KERNEL, Ground, ZonePieces, ZoneShares
from ecotrack.geometry.codec import ReadWkb
from ecotrack.progress.ledger import PARTS, TABLES, Award, Codes, Ints, PlotLedger


class Kept(NamedTuple):
    """A ledger and its ground, up to and including entry ``seq`` of the chain."""

    seq: int
    ledger: PlotLedger
    ground: Ground


def stamp(register_id: str) -> dict[str, str]:
    """Return what kept pieces must have been made by, to be of use now."""
    columns = " ".join(",".join(part) for part in PARTS.values())
    return {"columns": columns, "kernel": KERNEL, "geos": shapely.geos_version_string, "register_id": register_id}


def save(path: Path, kept: Kept, *, head: str, made_by: dict[str, str]) -> None:
    """Keep a ledger and its ground, whole or not at all; where the disk cannot be written, nothing is kept."""
    ledger, ground = kept.ledger, kept.ground
    zones = sorted(ground.pieces)
    about = {
        "seq": kept.seq,
        "head": head,
        "made_by": made_by,
        "tables": {name: ledger.tables[name].names for name in TABLES},
        "awards": [(a.seq, a.day, a.winner, a.loser) for a in ledger.awards],
        "zones": zones,
    }
    arrays: dict[str, Any] = {"about": np.frombuffer(msgspec.json.encode(about), dtype=np.uint8)}
    for part in PARTS:
        arrays |= {f"{part}.{name}": _narrow(column) for name, column in getattr(ledger, part).items()}
    arrays |= {"area": ground.area_m2, "bounds": ground.bounds, "shared": ground.shared_m2}
    arrays |= {"left": _narrow(ground.left), "right": _narrow(ground.right)}
    for i, key in enumerate(zones):
        row, cell, area, whole = ground.pieces[key]
        arrays |= {f"z{i}.row": _narrow(row), f"z{i}.cell": _narrow(cell), f"z{i}.area": area}
        arrays |= {f"z{i}.whole": whole.astype(np.int8)}
        pair, cut_cell, shared = ground.cut_shares[key]
        arrays |= {f"s{i}.pair": _narrow(pair), f"s{i}.cell": _narrow(cut_cell), f"s{i}.shared": shared}
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            np.savez(file, **arrays)
        partial.replace(path)
    except OSError:
        with suppress(OSError):
            partial.unlink()


def _narrow(column: Ints) -> Any:
    """Return a column in as few bytes a number as hold it."""
    least, most = (int(column.min()), int(column.max())) if len(column) else (0, 0)
    return column.astype(np.promote_types(np.min_scalar_type(least), np.min_scalar_type(most)))


def _wide(column: Any) -> Ints:
    """Return a kept column as numbers that can be reckoned with: small ones would run over."""
    return np.asarray(column, dtype=np.int32 if np.can_cast(column.dtype, np.int32) else np.int64)


def load(
    path: Path, *, made_by: dict[str, str], head_at: Callable[[int], str], reader: Callable[[PlotLedger], ReadWkb]
) -> Kept | None:
    """Return what was kept, or ``None`` where there is nothing of use.

    Parameters
    ----------
    head_at
        Gives the hash of the chain at a place: what was kept must belong to this very chain.
    reader
        Makes what reads the stored bytes of a ledger's versions.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            about = msgspec.json.decode(arrays["about"].tobytes())
            if about["made_by"] != made_by or head_at(about["seq"]) != about["head"]:
                return None
            ledger = _ledger(arrays, about)
            return Kept(about["seq"], ledger, _ground(arrays, about, reader(ledger)))
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile, msgspec.DecodeError):
        return None


def _ledger(arrays: Any, about: dict[str, Any]) -> PlotLedger:
    parts: dict[str, dict[str, Ints]] = {part: {} for part in PARTS}
    for name in arrays.files:
        part, _, column = name.partition(".")
        if part in parts:
            parts[part][column] = _wide(arrays[name])
    tables = {name: Codes(names) for name, names in about["tables"].items()}
    return PlotLedger(**parts, tables=tables, awards=tuple(Award(*row) for row in about["awards"]))


def _ground(arrays: Any, about: dict[str, Any], read: ReadWkb) -> Ground:
    pieces, cut_shares = {}, {}
    for i, key in enumerate(about["zones"]):
        row, cell, whole = (_wide(arrays[f"z{i}.{name}"]) for name in ("row", "cell", "whole"))
        pieces[key] = ZonePieces(row, cell, arrays[f"z{i}.area"], whole)
        pair, cut_cell = _wide(arrays[f"s{i}.pair"]), _wide(arrays[f"s{i}.cell"])
        cut_shares[key] = ZoneShares(pair, cut_cell, arrays[f"s{i}.shared"])
    return Ground(
        area_m2=arrays["area"],
        bounds=arrays["bounds"],
        left=_wide(arrays["left"]),
        right=_wide(arrays["right"]),
        shared_m2=arrays["shared"],
        pieces=pieces,
        cut_shares=cut_shares,
        read_wkb=read,
    )
