"""Reading of ``ecotrack.toml`` and ``layers/*.toml`` into typed values."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from ecotrack.errors import BadConfig, BadText, MissingFile, NewerWorkspace, NotAWorkspace, UnreadableFile
from ecotrack.model.layers import Classification, LayerDef
from ecotrack.model.organisation import Unit
from ecotrack.model.targets import TargetDef
from ecotrack.model.texts import FORMS, Amount, MonthDay, Percent

FORMAT = 1
"""Newest workspace format that this program knows."""

CONFIG_NAME = "ecotrack.toml"

_T = TypeVar("_T")


class UnitRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rules of one unit where they differ from the office's; see `Rules`."""

    survival_counts_pct: Percent | None = None
    survival_replant_pct: Percent | None = None


class Rules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rules that differ between offices (docs/figures.md); values are decimal text.

    Attributes
    ----------
    survival_counts_pct, survival_replant_pct
        At or above the first the area counts; between the two it is to be replanted; below, failed.
    retention_counts_pct
        Retention after three years from which ground counts as kept.
    tie_break
        How prior claim inside one season is told: by submission or by acceptance.
    disputes
        Which overlaps inside one season are disputed: ``units`` (between units) or ``all``.
    claim_tolerance_pct
        Difference of claimed and measured area inside which the claim stands; ``None`` is off.
    sliver_m2
        Overlaps below this are listed as slivers; they are still taken out of the credited area.
    spring_check_due, autumn_check_due
        Month and day on which the survival of a planting season falls due: of the same year for spring,
        of the following year for autumn.
    units
        Rules of single units, by code: the texts that counties go by differ.
    """

    survival_counts_pct: Percent = "85"
    survival_replant_pct: Percent = "41"
    retention_counts_pct: Percent = "80"
    tie_break: Literal["submission", "acceptance"] = "submission"
    disputes: Literal["units", "all"] = "units"
    claim_tolerance_pct: Amount | None = None
    sliver_m2: Amount = "10"
    spring_check_due: MonthDay = "10-31"
    autumn_check_due: MonthDay = "10-31"
    units: dict[str, UnitRules] = {}

    def of(self, unit: str | None) -> Rules:
        """Return the rules that hold for the plots of a unit.

        Examples
        --------
        >>> rules = Rules(units={"131182": UnitRules(survival_replant_pct="40")})
        >>> rules.of("131182").survival_replant_pct, rules.of("131102").survival_replant_pct
        ('40', '41')
        """
        own = self.units.get(unit or "")
        given = {name: value for name in own.__struct_fields__ if (value := getattr(own, name))} if own else {}
        return msgspec.structs.replace(self, **given)


class WorkspaceConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What ``ecotrack.toml`` says.

    Attributes
    ----------
    format
        Format of the file; newer ones are refused.
    office
        Short name that every row of the register carries.
    extent
        West, south, east, north in EPSG:4490 degrees: what lies outside is asked about.
    code_lists
        Code (what records hold) to text, by list.
    """

    format: int
    name_zh: str
    name_en: str
    office: str
    classification: Classification
    extent: tuple[float, float, float, float]
    register: str = "register/ecotrack.gpkg"
    sketch: bool = False
    approval_number: str | None = None
    rules: Rules = Rules()
    units: tuple[Unit, ...] = ()
    targets: tuple[TargetDef, ...] = ()
    code_lists: dict[str, dict[str, str]] = {}


def read_text(path: Path) -> str:
    """Return the text of a UTF-8 file, with or without BOM.

    Raises
    ------
    MissingFile, UnreadableFile
        The file is not there, or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise MissingFile(path) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableFile(path, detail=error) from error


def decode_toml(path: Path, kind: type[_T]) -> _T:
    """Read a TOML file as a value of a type.

    Raises
    ------
    MissingFile, UnreadableFile
        The file is not there, or is not UTF-8.
    BadConfig
        Its content does not fit; the message names the key.
    """
    try:
        return msgspec.toml.decode(read_text(path), type=kind)
    except (msgspec.DecodeError, msgspec.ValidationError, ValueError) as error:
        raise _named(path, error) from error


def _named(path: Path, error: Exception) -> BadConfig:
    """Return the error that names the form of a text, in place of the expression that it must match."""
    told, _, key = str(error).partition(" - at `$.")
    for pattern, form in FORMS.items():
        if repr(pattern) in told:
            return BadText(path, key=key.removesuffix("`"), zh=form.zh, en=form.en)
    return BadConfig(path, detail=error)


def _refuse_newer(path: Path) -> None:
    # The format is read on its own first: a newer file may have keys that this program does not know.
    found: Any = decode_toml(path, dict).get("format", FORMAT)
    if isinstance(found, int) and found > FORMAT:
        raise NewerWorkspace(path, found=found, known=FORMAT)


def read_config(folder: Path) -> WorkspaceConfig:
    """Read a workspace's ``ecotrack.toml``.

    Raises
    ------
    NotAWorkspace
        There is no such file.
    NewerWorkspace
        A newer program made it.
    BadConfig
        Its content does not fit; the message names the key.
    """
    path = folder / CONFIG_NAME
    if not path.is_file():
        raise NotAWorkspace(folder)
    _refuse_newer(path)
    config = decode_toml(path, WorkspaceConfig)
    _check_codes(path, "units", [unit.code for unit in config.units])
    _check_codes(path, "targets", [target.id for target in config.targets])
    _check_rules(path, config)
    return config


def _check_rules(path: Path, config: WorkspaceConfig) -> None:
    """Refuse what fits the schema and says nothing that can be: bars that cross, an area turned over."""
    stray = sorted({*config.rules.units} - {unit.code for unit in config.units})
    if stray:
        raise BadConfig(path, detail=f"rules.units: {', '.join(stray)} is no unit")
    for rules in (config.rules, *map(config.rules.of, sorted(config.rules.units))):
        if Decimal(rules.survival_replant_pct) > Decimal(rules.survival_counts_pct):
            bars = f"{rules.survival_replant_pct} > {rules.survival_counts_pct}"
            raise BadConfig(path, detail=f"rules: survival_replant_pct > survival_counts_pct ({bars})")
    west, south, east, north = config.extent
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise BadConfig(path, detail=f"extent = {list(config.extent)}: west, south, east, north")


def read_layers(folder: Path) -> dict[str, LayerDef]:
    """Read every ``layers/*.toml`` of a workspace, in drawing order.

    Raises
    ------
    BadConfig
        A file does not fit, or two files name the same layer.
    """
    paths = sorted((folder / "layers").glob("*.toml"))
    found = [(path, decode_toml(path, LayerDef)) for path in paths]
    for path, layer in found:
        if layer.id != path.stem:
            raise BadConfig(path, detail=f"id = {layer.id!r}, expected {path.stem!r}")
    return {layer.id: layer for _, layer in sorted(found, key=lambda item: (item[1].order, item[1].id))}


def _check_codes(path: Path, what: str, codes: list[str]) -> None:
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        raise BadConfig(path, detail=f"{what}: {', '.join(twice)} twice")
