"""Changes of units: a new one, another name, the end of one; each stands in the chain with who and when."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from ecotrack.errors import BadUnit, MissingExtra, Text, UnitChanged, UnitInUse, UnitNameTaken, UnknownUnit
from ecotrack.model.organisation import Unit, UnitKind, UnitName
from ecotrack.register import Register
from ecotrack.register.portal_file import PortalFile, portal_path
from ecotrack.register.trail import UnitState
from ecotrack.review import pending
from ecotrack.settings import read_config
from ecotrack.unit_file import finish, fresh_entries, mark_of, prepare, put_in_place, unit_of
from ecotrack.workspace import Workspace, today

KINDS: dict[UnitKind, Text] = {
    "county": Text("县（市、区）", "county"),
    "functional_area": Text("功能区", "functional area"),
    "department": Text("部门", "department"),
    "city": Text("市", "city"),
}
"""Kinds of units, and what they are called."""

_BY_HAND = "ecotrack"
"""Who stands in the chain for a change that nobody made through ecotrack."""

LONGEST = 40
_FARTHEST = dt.timedelta(days=366)
_Edit = Callable[[Unit], Unit]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitChange:
    """One change of a unit as the chain tells it.

    Attributes
    ----------
    at
        Instant of recording (UTC).
    by
        Name of the account; ``ecotrack`` where the file was changed by hand.
    basis
        The paper that was given for it.
    at_first
        Whether the register found the unit in the file when it first looked: nobody changed anything.
    """

    at: str
    by: str
    code: str
    name_zh: str
    what: Text
    basis: str
    at_first: bool


def add_unit(workspace: Workspace, unit: Unit, *, by: str) -> Workspace:
    """Add a unit and return the workspace as it is now.

    Raises
    ------
    BadUnit, UnitNameTaken
        A name or the code cannot be, or leads to another unit already.
    RegisterBusy, CannotWrite
        Nothing has changed.
    """
    if unit.kind not in KINDS:
        raise BadUnit("", zh=f"没有“{unit.kind}”这一类单位", en=f"no kind is named '{unit.kind}'")
    fresh = _cleaned(msgspec.structs.replace(unit, code=_code_of(unit)))

    def edit(units: tuple[Unit, ...], _states: Sequence[UnitState]) -> tuple[Unit, ...]:
        _refuse_taken(fresh, units)
        return (*units, fresh)

    return _change(workspace, edit, by=by)


def rename_unit(
    workspace: Workspace,
    code: str,
    *,
    name_zh: str,
    by: str,
    name_en: str | None = None,
    aliases: Sequence[str] | None = None,
    since: dt.date | None = None,
    basis: str = "",
    seen: str | None = None,
) -> Workspace:
    """Give a unit another name or other spellings and return the workspace as it is now.

    Parameters
    ----------
    since
        First day of the new name: the old one stays the name of the days before. ``None`` says that the old name
        was a mistake, and keeps it as a spelling only.
    seen
        Mark of the state (`ecotrack.unit_file.mark_of`) that the person was shown; ``None`` does not ask.

    Raises
    ------
    UnknownUnit, BadUnit, UnitNameTaken, UnitChanged
        There is none, a name or day cannot be, or somebody else was faster.
    RegisterBusy, CannotWrite
        Nothing has changed.
    """

    def edit(unit: Unit) -> Unit:
        given = {"name_en": unit.name_en if name_en is None else name_en, "basis": basis}
        spellings = unit.aliases if aliases is None else tuple(aliases)
        changed = _cleaned(msgspec.structs.replace(unit, name_zh=name_zh, aliases=spellings, **given))
        if changed.name_zh == unit.name_zh:
            return changed
        if since is None:
            return msgspec.structs.replace(changed, aliases=tuple(dict.fromkeys((*changed.aliases, unit.name_zh))))
        return msgspec.structs.replace(changed, former=(*unit.former, _former(unit, since)))

    return _change_one(workspace, code, edit, seen=seen, by=by)


def close_unit(
    workspace: Workspace,
    code: str,
    *,
    until: dt.date,
    by: str,
    basis: str = "",
    seen: str | None = None,
) -> Workspace:
    """Close a unit from a day on and return the workspace as it is now; its plots, records and names stay.

    Parameters
    ----------
    until
        First day on which it is no unit any more.

    Raises
    ------
    UnitInUse
        Accounts answer for it, or something of it waits for review.
    UnknownUnit, BadUnit, UnitChanged, RegisterBusy, CannotWrite
        As `rename_unit` says.
    """
    if until > today() + _FARTHEST:
        raise BadUnit("", zh=f"停用日期 {until} 太远，最多提前一年登记", en=f"{until} is more than a year ahead")
    name = _known(workspace.units, code).name_zh
    if held := [*_accounts_of(workspace, code), *_waiting_of(workspace, code)]:
        raise UnitInUse("", name=name, zh="；".join(one.zh for one in held), en="; ".join(one.en for one in held))

    def edit(unit: Unit) -> Unit:
        if unit.former and until <= max(name.until for name in unit.former):
            raise BadUnit("", zh="停用日期要在最近一次改名之后", en="the day must be after its last change of name")
        return msgspec.structs.replace(unit, until=until, basis=_paper(basis))

    return _change_one(workspace, code, edit, seen=seen, by=by)


def open_unit(workspace: Workspace, code: str, *, by: str, basis: str = "", seen: str | None = None) -> Workspace:
    """Open a closed unit again and return the workspace as it is now.

    Raises
    ------
    UnknownUnit, UnitChanged, RegisterBusy, CannotWrite
        As `rename_unit` says.
    """

    def edit(unit: Unit) -> Unit:
        return msgspec.structs.replace(unit, until=None, basis=_paper(basis))

    return _change_one(workspace, code, edit, seen=seen, by=by)


def unit_changes(register: Register) -> list[UnitChange]:
    """Return every change of units, the newest first."""
    before: dict[str, Unit] = {}
    found = []
    for state in register.unit_states():
        unit = unit_of(state.entry)
        last = before.get(unit.code)
        found.append(
            UnitChange(
                at=state.recorded_at,
                by=state.by,
                code=unit.code,
                name_zh=unit.name_zh,
                what=_told(last, unit),
                basis=unit.basis or "",
                at_first=last is None and state.by == _BY_HAND,
            )
        )
        before[unit.code] = unit
    return found[::-1]


def _told(before: Unit | None, unit: Unit) -> Text:
    """Say what made one state of a unit out of the one before."""
    if before is None:
        return Text("登记", "listed")
    if before.name_zh != unit.name_zh:
        names = f"{before.name_zh} → {unit.name_zh}"
        if len(unit.former) > len(before.former):
            since = unit.former[-1].until
            return Text(f"改名：{names}，自 {since} 起", f"renamed: {names}, from {since} on")
        return Text(f"改正写法：{names}", f"spelling mended: {names}")
    if before.until != unit.until:
        return (
            Text(f"停用，自 {unit.until} 起", f"closed from {unit.until} on")
            if unit.until
            else Text("恢复", "opened again")
        )
    return Text("修改其他写法或资料", "other spellings or details changed")


def _change_one(workspace: Workspace, code: str, edit: _Edit, *, seen: str | None, by: str) -> Workspace:
    def edit_all(units: tuple[Unit, ...], states: Sequence[UnitState]) -> tuple[Unit, ...]:
        unit = _known(units, code)
        if seen is not None and seen != mark_of(unit):
            last = next((state.by for state in reversed(states) if state.entry.code == code), "")
            raise UnitChanged("", name=unit.name_zh, by=last)
        changed = edit(unit)
        _refuse_taken(changed, [one for one in units if one.code != code])
        return tuple(changed if one.code == code else one for one in units)

    return _change(workspace, edit_all, by=by)


def _change(
    workspace: Workspace, edit: Callable[[tuple[Unit, ...], Sequence[UnitState]], tuple[Unit, ...]], *, by: str
) -> Workspace:
    """Change the file and the chain together: both, or neither."""
    folder = workspace.folder
    with workspace.register(create=True) as register:
        with register.writer(author=by) as writer:
            finish(folder, register)
            standing = read_config(folder).units
            units = edit(standing, register.unit_states())
            if units == standing:
                return Workspace.open(folder)
            writer.add_many(fresh_entries(register, units))
            prepared = prepare(folder, units)
        put_in_place(prepared)
    return Workspace.open(folder)


def _known(units: Iterable[Unit], code: str) -> Unit:
    found = next((unit for unit in units if unit.code == code), None)
    if found is None:
        raise UnknownUnit("", name=code[:LONGEST], known="、".join(unit.name_zh for unit in units))
    return found


def _former(unit: Unit, since: dt.date) -> UnitName:
    """Return the name that a unit bears up to a day, as a former one."""
    if since > today():
        raise BadUnit("", zh=f"改名日期 {since} 还没有到", en=f"{since} has not come yet")
    if unit.former and since <= max(name.until for name in unit.former):
        raise BadUnit("", zh="改名日期要在上一次改名之后", en="the day must be after the last change of name")
    return UnitName(name=unit.name_zh, until=since)


def _cleaned(unit: Unit) -> Unit:
    """Return a unit with its texts as they are kept.

    Raises
    ------
    BadUnit
        A text cannot be what it is to be.
    """
    name = _text(unit.name_zh, Text("名称", "the name"), least=2)
    aliases = [_text(one, Text("其他写法", "another spelling")) for one in unit.aliases if one.strip()]
    return msgspec.structs.replace(
        unit,
        name_zh=name,
        name_en=_text(unit.name_en, Text("英文名称", "the English name"), most=60),
        aliases=tuple(one for one in dict.fromkeys(aliases) if one != name),
        basis=_paper(unit.basis or ""),
    )


def _paper(text: str) -> str | None:
    return _text(text, Text("依据文件", "the paper"), most=120) if text.strip() else None


def _code_of(unit: Unit) -> str:
    code = _text(unit.code, Text("代码", "the code"), most=20)
    if not all(letter.isascii() and (letter.isalnum() or letter == "-") for letter in code):
        raise BadUnit("", zh="代码只能用数字、英文字母和短横", en="a code has letters, digits and hyphens")
    if unit.kind == "county" and not (len(code) == 6 and code.isdigit()):
        raise BadUnit("", zh="县（市、区）的代码是六位行政区划代码", en="a county's code has six digits (GB/T 2260)")
    return code


def _text(text: str | None, title: Text, *, least: int = 1, most: int = LONGEST) -> str:
    cleaned = " ".join((text or "").split())
    if not least <= len(cleaned) <= most:
        zh, en = f"{title.zh}要 {least} 到 {most} 个字", f"{title.en} has {least} to {most} characters"
        raise BadUnit("", zh=zh, en=en)
    if not cleaned.isprintable():
        raise BadUnit("", zh=f"{title.zh}里有看不见的字符", en=f"{title.en} holds characters that do not show")
    return cleaned


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _refuse_taken(unit: Unit, others: Iterable[Unit]) -> None:
    """Refuse a unit one of whose spellings leads to another; a closed one's still do."""
    taken = {_folded(text): other for other in others for text in other.spellings()}
    for text in unit.spellings():
        if other := taken.get(_folded(text)):
            raise UnitNameTaken("", name=text, other=other.name_zh, code=other.code)


def _accounts_of(workspace: Workspace, code: str) -> Iterator[Text]:
    """Say which accounts that may sign in answer for a unit."""
    path = portal_path(workspace.register_path)
    if not path.is_file():
        return
    try:
        from ecotrack.accounts import Accounts
    except ImportError as error:
        raise MissingExtra(name=error.name, extra="serve") from error
    file = PortalFile(path)
    try:
        accounts = [one for one in Accounts(file).all() if not one.disabled]
    finally:
        file.close()
    logins = [one.login for one in accounts if any(has.unit == code for has in one.roles)]
    if logins:
        some = "、".join(logins[:5])
        zh = f"{len(logins)} 个账号在管它（{some}{'等' if len(logins) > 5 else ''}）"
        yield Text(zh, f"{len(logins)} accounts answer for it ({some})")


def _waiting_of(workspace: Workspace, code: str) -> Iterator[Text]:
    """Say how many submissions of a unit wait for review."""
    if not workspace.register_path.is_file():
        return
    with workspace.register(read_only=True) as register:
        count = sum(1 for one in pending(register) if one.submission.unit == code and one.waiting)
    if count:
        yield Text(f"{count} 批提交还在等审核", f"{count} submissions wait for review")
