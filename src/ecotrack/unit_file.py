"""The units of ``ecotrack.toml``: written back with everything around them as it was, and kept in the chain.

The file is where units live; the chain holds every state that they had. A change writes the new file beside the old
one, joins the chain, and only then takes the old one's name: a program that dies in between leaves a file that
`settle` puts in place where the chain knows its states, and throws away where it does not.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from ecotrack.errors import BadConfig, CannotWrite, EcotrackError
from ecotrack.model.organisation import Unit
from ecotrack.register import Register, UnitEntry, stable_id
from ecotrack.settings import CONFIG_NAME, WorkspaceConfig, read_config

_NEWER = ("until", "basis")
"""Keys that registers of before do not know; left out where they say nothing, so that no state is kept twice."""


def state_of(unit: Unit) -> str:
    """Return the text of a unit's state, as the chain keeps it.

    Examples
    --------
    >>> state_of(Unit(code="131127", name_zh="景县", name_en="Jingxian", kind="county"))[:42]
    '{"aliases": [], "area_source": null, "code'
    """
    plain = msgspec.to_builtins(unit)
    kept = {key: value for key, value in plain.items() if key not in _NEWER or value is not None}
    return json.dumps(kept, ensure_ascii=False, sort_keys=True)


def mark_of(unit: Unit) -> str:
    """Return what tells one state of a unit from another: who changes it names the state that they saw."""
    return hashlib.sha256(state_of(unit).encode("utf-8")).hexdigest()


def unit_of(entry: UnitEntry) -> Unit:
    """Return the unit that an entry of the chain describes."""
    return msgspec.json.decode(entry.names, type=Unit)


def fresh_entries(register: Register, units: Sequence[Unit]) -> list[UnitEntry]:
    """Return the states of units that are not the newest ones that the chain holds."""
    known = register.units()
    newest, ids = {entry.code: entry for entry in known}, {entry.unit_id for entry in known}
    found = []
    for unit in units:
        state, before = state_of(unit), newest.get(unit.code)
        if before is not None and before.names == state:
            continue
        unit_id = stable_id("unit", state)
        if before is not None and unit_id in ids:  # a state that it had before: an entry of its own, all the same
            unit_id = stable_id("unit", state, before.unit_id)
        entry = UnitEntry(unit_id=unit_id, code=unit.code, name_zh=unit.name_zh, kind=unit.kind, names=state)
        found.append(entry)
    return found


def with_units(text: str, units: Sequence[Unit]) -> str:
    r"""Return the text of ``ecotrack.toml`` with other units; comments, order and everything else stay as they are.

    Units are found by their code; those that are not in the file are added at the end of its units.

    Examples
    --------
    >>> jing = Unit(code="131127", name_zh="景州区", name_en="Jingzhou", kind="county")
    >>> text = '# ours\n[[units]]\ncode = "131127"  # GB/T 2260\nname_zh = "景县"\nname_en = "Jingxian"\n'
    >>> print(with_units(text + 'kind = "county"\n', [jing]), end="")
    # ours
    [[units]]
    code = "131127"  # GB/T 2260
    name_zh = "景州区"
    name_en = "Jingzhou"
    kind = "county"
    """
    import tomlkit

    windows = "\r\n" in text
    document = tomlkit.parse(text.replace("\r\n", "\n"))
    tables: Any = document.setdefault("units", tomlkit.aot())
    by_code = {str(table["code"]): table for table in tables}
    for unit in units:
        said = _said(unit)
        if unit.code in by_code:
            _bring_up_to_date(by_code[unit.code], said)
        else:
            table: Any = tomlkit.table() if isinstance(tables, tomlkit.items.AoT) else tomlkit.inline_table()
            _bring_up_to_date(table, said)
            tables.append(table)
    changed = document.as_string()
    return changed.replace("\n", "\r\n") if windows else changed


def _said(unit: Unit) -> dict[str, Any]:
    """Return the keys of a unit that say something else than their default."""
    defaults = dict(
        zip(unit.__struct_fields__[-len(unit.__struct_defaults__) :], unit.__struct_defaults__, strict=True)
    )
    plain = msgspec.to_builtins(unit, builtin_types=(dt.date,))
    plain["former"] = [{key: value for key, value in one.items() if value is not None} for one in plain["former"]]
    plain["aliases"] = [*plain["aliases"]]
    return {key: value for key, value in plain.items() if key not in defaults or getattr(unit, key) != defaults[key]}


def _bring_up_to_date(table: Any, said: dict[str, Any]) -> None:
    standing = table.unwrap()
    for key in [key for key in standing if key not in said]:
        del table[key]
    for key, value in said.items():
        if key not in standing or standing[key] != value:
            table[key] = _names(value) if key == "former" else value


def _names(former: Sequence[dict[str, Any]]) -> Any:
    import tomlkit

    names = tomlkit.array()
    for one in former:
        name = tomlkit.inline_table()
        name.update(one)
        names.append(name)
    return names


def prepare(folder: Path, units: Sequence[Unit]) -> Path:
    """Write the file with other units beside the one that stands, down to the disk, and return where it lies.

    Raises
    ------
    CannotWrite
        The folder cannot be written.
    BadConfig
        The file is written in a way that cannot be carried over; nothing has changed.
    """
    path = folder / CONFIG_NAME
    standing = path.read_bytes()
    mark, text = (b"\xef\xbb\xbf", standing[3:]) if standing.startswith(b"\xef\xbb\xbf") else (b"", standing)
    changed = mark + with_units(text.decode("utf-8"), units).encode("utf-8")
    config = msgspec.structs.replace(read_config(folder), units=tuple(units))
    if _read(changed) != config:
        raise BadConfig(path, detail="[[units]]")
    pending = folder / f".{CONFIG_NAME}.{_digest(standing)}.pending"
    try:
        with pending.open("wb") as file:
            file.write(changed)
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(path, pending)  # who could read the file can read it afterwards
    except OSError as error:
        pending.unlink(missing_ok=True)
        raise CannotWrite(path, detail=error.strerror or error) from error
    return pending


def _read(data: bytes) -> WorkspaceConfig:
    return msgspec.toml.decode(data.decode("utf-8-sig"), type=WorkspaceConfig)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def put_in_place(pending: Path) -> None:
    """Give a prepared file the name of the one that stands; somebody else may have done so already."""
    try:
        pending.replace(pending.with_name(CONFIG_NAME))
    except FileNotFoundError:
        return
    if os.name == "posix":
        folder = os.open(pending.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def settle(folder: Path, register: Register, units: Sequence[Unit]) -> None:
    """Put in place what a program left that died in the middle of a change, and keep what was changed by hand.

    Parameters
    ----------
    units
        The units as the workspace was opened with them.
    """
    if not (_pending(folder) or fresh_entries(register, units)):
        return
    with register.writer(author="ecotrack") as writer:
        finish(folder, register)
        writer.add_many(fresh_entries(register, read_config(folder).units))


def finish(folder: Path, register: Register) -> None:
    """Put a prepared file in place where the chain holds its states, and throw it away where it does not.

    To be called while the register is held for writing: nobody else prepares one then.
    """
    for pending in _pending(folder):
        if _is_chained(pending, register):
            put_in_place(pending)
        else:
            pending.unlink(missing_ok=True)


def _pending(folder: Path) -> list[Path]:
    return sorted(folder.glob(f".{CONFIG_NAME}.*.pending"))


def _is_chained(pending: Path, register: Register) -> bool:
    base = pending.name.split(".")[-2]
    if base != _digest((pending.parent / CONFIG_NAME).read_bytes()):
        return False  # somebody has changed the file by hand since
    try:
        return not fresh_entries(register, _read(pending.read_bytes()).units)
    except (EcotrackError, ValueError):
        return False  # broken off while it was written
