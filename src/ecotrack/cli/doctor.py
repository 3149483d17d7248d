"""``ecotrack doctor``: what this machine and this workspace have, what is missing and how to mend it."""

from __future__ import annotations

import datetime as dt
import os
import platform
import shutil
import subprocess
import sys
import zoneinfo
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from math import fsum
from pathlib import Path
from typing import Literal

import click

import ecotrack
from ecotrack.cli.context import echo_json, lang_of
from ecotrack.cli.language import command, option, say
from ecotrack.errors import EcotrackError, NoRegister, NotAWorkspace, Text
from ecotrack.geometry.coverage import misfit
from ecotrack.geometry.features import geometries_of, read_geojson
from ecotrack.model import LayerDef
from ecotrack.register import Register
from ecotrack.register.location import Mount, mounts, share_type
from ecotrack.settings import read_config, read_layers

Answer = Literal["good", "missing", "note"]

SCHEMA = "ecotrack.doctor/1"
"""Name and version of the JSON that ``--json`` prints."""

_PACKAGES = ("click", "folium", "geopandas", "msgspec", "numpy", "openpyxl", "pyarrow", "rfc8785", "rich")

# Asked in a process of their own: a broken library cannot take the doctor down with it, and none of
# them (each carries its own SQLite) is loaded beside the register.
_PROBES = {
    "SQLite": "import sqlite3 as s; assert s.sqlite_version_info >= (3, 37), 'needs 3.37'; print(s.sqlite_version)",
    "GDAL (fiona)": "import fiona; print(fiona.__gdal_version__)",
    "GDAL (rasterio)": "import rasterio; print(rasterio.__gdal_version__)",
    "GEOS (shapely)": "import shapely; print(shapely.geos_version_string)",
    "PROJ (pyproj)": "import pyproj; print(pyproj.proj_version_str)",
}

UNIT_LAYERS = ("counties", "report_units")
"""Layers whose features must tile the ground."""

_PROBE_SECONDS = 60
_LEAST_FREE_BYTES = 2 * 1024**3
_CLOCK_SLACK = dt.timedelta(minutes=5)

_WINDOWS_FONTS = ("msyh.ttc", "msyh.ttf", "simsun.ttc", "simhei.ttf")
_MACOS_FONTS = ("/System/Library/Fonts/PingFang.ttc", "/System/Library/Fonts/STHeiti Medium.ttc")
_REINSTALL = Text("请重新安装 ecotrack，见 docs/install-offline.md", "install ecotrack again: docs/install-offline.md")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at.

    Attributes
    ----------
    name
        Stable English id.
    title
        What was looked at.
    answer
        ``good``; ``missing``: something has to be mended; ``note``: optional or not applicable.
    found
        What was found.
    mend
        What to do about it; empty where nothing is.
    """

    name: str
    title: Text
    answer: Answer
    found: Text
    mend: Text = Text("", "")


def _same(text: object) -> Text:
    return Text(str(text), str(text))


def _good(name: str, title: Text, found: Text) -> Check:
    return Check(name=name, title=title, answer="good", found=found)


def _missing(name: str, title: Text, found: Text, mend: Text) -> Check:
    return Check(name=name, title=title, answer="missing", found=found, mend=mend)


def _note(name: str, title: Text, found: Text) -> Check:
    return Check(name=name, title=title, answer="note", found=found)


def check_python(version: tuple[int, ...] = tuple(sys.version_info[:3])) -> Check:
    """Tell the versions of Python and ecotrack; Python below 3.11 is missing."""
    title = Text("程序版本", "versions")
    number = ".".join(str(part) for part in version)
    found = _same(f"ecotrack {ecotrack.__version__}, Python {number}, {platform.platform()}")
    if version >= (3, 11):
        return _good("python", title, found)
    return _missing("python", title, found, Text("请安装 Python 3.11 或更新版本", "install Python 3.11 or newer"))


def check_packages(names: Sequence[str] = _PACKAGES) -> Iterator[Check]:
    """Yield the version of each Python package that the core needs."""
    for name in names:
        title = Text(f"依赖包 {name}", f"package {name}")
        try:
            yield _good(name, title, _same(metadata.version(name)))
        except metadata.PackageNotFoundError:
            yield _missing(name, title, Text("没有安装", "not installed"), _REINSTALL)


def check_libraries(probes: dict[str, str] | None = None) -> Iterator[Check]:
    """Yield the version of each native library, each asked in a child process of its own."""
    asked = _PROBES if probes is None else probes
    children = {
        name: subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for name, code in asked.items()
    }
    for name, child in children.items():
        try:
            out, err = child.communicate(timeout=_PROBE_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            out, err = "", f"no answer in {_PROBE_SECONDS} s"
        title = Text(f"底层库 {name}", f"library {name}")
        if child.returncode == 0 and out.strip():
            yield _good(name, title, _same(out.strip()))
        else:
            reason = (err.strip().splitlines() or [f"exit code {child.returncode}"])[-1]
            yield _missing(name, title, _same(reason), _REINSTALL)


def chinese_fonts() -> list[str]:
    """Return fonts with Chinese characters that this machine has (a few names; none if none is known)."""
    if sys.platform == "win32":
        folder = Path("C:/Windows/Fonts")
        return [name for name in _WINDOWS_FONTS if (folder / name).is_file()]
    if sys.platform == "darwin":
        return [Path(path).name for path in _MACOS_FONTS if Path(path).is_file()]
    if shutil.which("fc-list") is None:
        return []
    answer = subprocess.run(["fc-list", ":lang=zh", "family"], capture_output=True, text=True, check=False)
    return sorted({line.split(",")[0].strip() for line in answer.stdout.splitlines() if line.strip()})[:3]


def check_fonts(fonts: Sequence[str] | None = None) -> Check:
    """Tell whether maps and sheets can show Chinese here."""
    found = chinese_fonts() if fonts is None else list(fonts)
    title = Text("中文字体", "Chinese fonts")
    if found:
        return _good("fonts", title, _same(", ".join(found)))
    mend = Text("请安装中文字体，如 apt install fonts-noto-cjk", "install one, such as apt install fonts-noto-cjk")
    return _missing("fonts", title, Text("没有找到", "none found"), mend)


def check_assets(folder: Path | None = None) -> Check:
    """Tell whether the browser files that a map carries are in this installation."""
    vendor = folder or Path(ecotrack.__file__).parent / "maps" / "vendor"
    lacking = [name for name in ("leaflet.js", "leaflet.css") if not (vendor / name).is_file()]
    title = Text("地图网页资源", "browser assets of the map")
    if not lacking:
        return _good("assets", title, Text("齐全", "present"))
    mend = Text("请运行 make assets，或安装正式的 wheel 包", "run make assets, or install the released wheel")
    return _missing("assets", title, _same(", ".join(lacking)), mend)


def check_zone(name: str = "Asia/Shanghai") -> Check:
    """Tell whether the time zone that days are counted in is known here."""
    title = Text("时区数据", "time zone data")
    try:
        zoneinfo.ZoneInfo(name)
    except zoneinfo.ZoneInfoNotFoundError:
        mend = Text("请安装 tzdata：pip install tzdata", "install it: pip install tzdata")
        return _missing("timezone", title, Text(f"没有 {name}", f"no {name}"), mend)
    return _good("timezone", title, _same(name))


def check_browser() -> Check:
    """Tell whether there is a browser for the tests; a map opens in any browser, so none is only a note."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    title = Text("Chromium（仅测试用）", "Chromium (for tests only)")
    if found:
        return _good("chromium", title, _same(found))
    return _note("chromium", title, Text("没有，不影响使用", "none; not needed for use"))


def check_space(folder: Path) -> Check:
    """Tell the free space where the register lies; below 2 GiB is missing."""
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    free = shutil.disk_usage(place).free
    title = Text("登记库所在磁盘", "disk of the register")
    found = Text(f"可用 {free / 1024**3:.1f} GiB（{place}）", f"{free / 1024**3:.1f} GiB free ({place})")
    if free >= _LEAST_FREE_BYTES:
        return _good("disk", title, found)
    return _missing("disk", title, found, Text("请腾出至少 2 GiB", "free at least 2 GiB"))


def check_clock(rows_ahead: int, *, now: dt.datetime | None = None) -> Check:
    """Tell whether the clock runs behind the register's newest rows.

    Parameters
    ----------
    rows_ahead
        How many rows of the register bear an instant after the clock's.
    now
        The clock's instant (UTC).

    Examples
    --------
    >>> check_clock(0).answer, check_clock(3).answer
    ('good', 'missing')
    """
    title = Text("系统时钟", "clock")
    found = _same((now or dt.datetime.now(dt.UTC)).isoformat(timespec="seconds"))
    if rows_ahead == 0:
        return _good("clock", title, found)
    late = Text(
        f"{found.zh}，早于登记库中 {rows_ahead} 行的登记时间",
        f"{found.en}, before the instants of {rows_ahead} rows of the register",
    )
    return _missing("clock", title, late, Text("请校准系统时间", "set the clock right"))


def check_file_system(path: Path, table: Sequence[Mount] | None = None) -> Check:
    """Tell whether the register lies on a local disk; SQLite's locks do not hold on a network share."""
    share = share_type(os.path.realpath(path), mounts() if table is None else table)
    title = Text("登记库所在文件系统", "file system of the register")
    if share is None:
        return _good("filesystem", title, Text("本机硬盘", "a local disk"))
    mend = Text("请把工作区放到本机硬盘", "put the workspace on a local disk")
    return _missing("filesystem", title, Text(f"网络共享（{share}）", f"a network share ({share})"), mend)


def check_register(path: Path) -> Iterator[Check]:
    """Yield what can be said of the register at ``path``: whether it opens, and whether the clock is behind it."""
    title = Text("登记库", "register")
    try:
        with Register.open(path, read_only=True) as register:
            head = register.head()
            ahead = head.seq - register.seq_at(dt.datetime.now(dt.UTC) + _CLOCK_SLACK)
    except NoRegister as error:
        yield _note("register", title, _said(error))
        yield check_clock(0)
        return
    except EcotrackError as error:
        yield _missing("register", title, _said(error), Text("", ""))
        yield check_clock(0)
        return
    rows = Text(f"{head.seq} 行，链尾 {head.sha256[:8]}", f"{head.seq} rows, head {head.sha256[:8]}")
    yield _good("register", title, rows)
    yield check_clock(ahead)


def check_borders(folder: Path, layers: Mapping[str, LayerDef]) -> Iterator[Check]:
    """Yield whether the units of each border layer tile their ground; overlaps and gaps are told in m2."""
    for name in UNIT_LAYERS:
        if name not in layers:
            continue
        layer = layers[name]
        title = Text(f"{layer.title_zh}界线", f"borders of {name}")
        try:
            units = read_geojson(folder / layer.source, key=layer.key, name_field=layer.name_field)
            found = misfit(geometries_of(units))
        except EcotrackError as error:
            yield _missing(name, title, _said(error), Text("", ""))
            continue
        if not found:
            yield _good(name, title, Text("没有重叠和空隙", "no overlaps and no gaps"))
            continue
        overlaps, shared_m2 = len(found.overlaps.left), fsum(found.overlaps.shared_m2)
        gaps, gap_m2 = len(found.gaps), fsum(found.gap_m2)
        fault = Text(
            f"重叠 {overlaps} 处共 {shared_m2:.2f} 平方米，空隙 {gaps} 处共 {gap_m2:.2f} 平方米",
            f"{overlaps} overlaps of {shared_m2:.2f} m2, {gaps} gaps of {gap_m2:.2f} m2",
        )
        mend = Text(f"请用 ecotrack layer set {name} 换上正式界线", f"set official ones: ecotrack layer set {name}")
        yield _missing(name, title, fault, mend)


def _said(error: EcotrackError) -> Text:
    return Text(error.message("zh"), error.message("en"))


def machine() -> Iterator[Check]:
    """Yield what can be said of the machine alone."""
    yield check_python()
    yield from check_packages()
    yield from check_libraries()
    yield check_fonts()
    yield check_assets()
    yield check_zone()
    yield check_browser()


def workspace(folder: Path) -> Iterator[Check]:
    """Yield what can be said of the workspace in ``folder`` and its register."""
    title = Text("工作区", "workspace")
    try:
        config, layers = read_config(folder), read_layers(folder)
    except NotAWorkspace as error:
        yield _note("workspace", title, _said(error))
        yield check_clock(0)
        return
    except EcotrackError as error:
        yield _missing("workspace", title, _said(error), Text("", ""))
        yield check_clock(0)
        return
    yield _good("workspace", title, _same(folder.resolve()))
    path = folder / config.register
    yield check_space(path.parent)
    yield check_file_system(path)
    yield from check_register(path)
    yield from check_borders(folder, layers)


def _plain(check: Check) -> dict[str, object]:
    texts = {key: getattr(check, key)._asdict() for key in ("title", "found", "mend")}
    return {"name": check.name, "answer": check.answer, **texts}


def _line(check: Check, *, zh: bool) -> str:
    mark = {"good": "✓", "missing": "✗", "note": "·"}[check.answer]
    lang: Literal["zh", "en"] = "zh" if zh else "en"
    mend = check.mend.lang(lang)
    arrow = f"  → {mend}" if mend else ""
    colon = "：" if zh else ": "
    return f"{mark} {check.title.lang(lang)}{colon}{check.found.lang(lang)}{arrow}"


@command(
    "doctor",
    help=say(
        "检查本机和工作区：版本、字体、磁盘、时钟、网页资源，缺什么、怎么补。",
        "Look at this machine and workspace: versions, fonts, disk, clock, assets; what is missing and how to mend it.",
    ),
    epilog=say("示例：ecotrack doctor --json", "Example: ecotrack doctor --json"),
)
@option("--json", "as_json", is_flag=True, help=say("输出 JSON", "print JSON"))
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> int:
    """Print every check; exit 1 when something is missing."""
    folder: Path = ctx.find_root().params["workspace"]
    checks = [*machine(), *workspace(folder)]
    if as_json:
        echo_json({"schema": SCHEMA, "checks": [_plain(check) for check in checks]})
    else:
        for check in checks:
            click.echo(_line(check, zh=lang_of(ctx) == "zh"))
    return 1 if any(check.answer == "missing" for check in checks) else 0
