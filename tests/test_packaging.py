"""Packaging: pins with hashes and no host, a wheel that needs no node, an offline folder that fits its machines."""

from __future__ import annotations

import ast
import importlib.util
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
CORE = ROOT / "requirements" / "core.txt"
DEV = ROOT / "requirements" / "dev.txt"

# Spelt in pieces, so that this file does not hold what it looks for.
HOSTS = re.compile(
    "|".join(["pypi" + r"\.org", "python" + "hosted", "npm" + r"js\.org", "registry" + r"\.[\w-]+\.(?:org|com|cn|net)"])
)
MACHINE_PATHS = re.compile(
    r"(?<![\w.:/-])/(?:" + "|".join(["ro" + "ot", "wo" + "rk", "tm" + "p", "op" + "t"]) + r")/\w"
)
LOCAL_ADDRESS = re.compile(r"(?:index-url|find-links|trusted-host)[ =]+\S*:/" + "/")

PIN = re.compile(r"^[a-z0-9][a-z0-9._-]*==\S+( ; [^\\]+)? \\$")
HASH = re.compile(r"^ {4}--hash=sha256:[0-9a-f]{64}( \\)?$")


def load_offline_folder() -> ModuleType:
    spec = importlib.util.spec_from_file_location("offline_folder", ROOT / "scripts" / "offline_folder.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def pins(path: Path) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for pin, _ in load_offline_folder().read_pins(path):
        found.setdefault(canonicalize_name(pin.name), set()).add(str(pin.specifier).removeprefix("=="))
    return found


def project() -> dict[str, object]:
    with (ROOT / "pyproject.toml").open("rb") as stream:
        return tomllib.load(stream)


def tracked() -> Iterator[Path]:
    """Yield the files of the repository; outside a checkout, those that are not built."""
    command = ["git", "-c", "safe.directory=*", "-C", str(ROOT), "ls-files", "-z"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False) if shutil.which("git") else None
    if listed and listed.returncode == 0:
        yield from (ROOT / name for name in listed.stdout.split("\0") if name)
        return
    built = {".git", ".venv", "node_modules", "dist", "build", "out", "register", "vendor", "__pycache__"}
    for path in ROOT.rglob("*"):
        if not built & set(path.relative_to(ROOT).parts[:-1]) and not path.name.startswith(".coverage"):
            yield path


@pytest.mark.parametrize("path", [CORE, DEV], ids=lambda path: path.name)
def test_every_line_is_a_pin_or_a_hash(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines
    assert [line for line in lines if not PIN.match(line) and not HASH.match(line)] == []


def test_the_pins_hold_what_pyproject_asks_for() -> None:
    found = pins(CORE)
    for line in project()["project"]["dependencies"]:  # type: ignore[index]
        asked = Requirement(line)
        versions = found[canonicalize_name(asked.name)]
        assert all(asked.specifier.contains(version) for version in versions), line


def test_the_build_back_end_is_pinned_in_the_same_file() -> None:
    back_end = Requirement(project()["build-system"]["requires"][0])  # type: ignore[index]
    assert str(back_end.specifier) == "==" + next(iter(pins(CORE)[back_end.name]))


def test_tests_run_on_the_versions_that_users_get() -> None:
    core, dev = pins(CORE), pins(DEV)
    assert {name: dev.get(name) for name in core} == core


def test_no_file_names_a_registry_or_a_path_of_a_machine() -> None:
    faults = []
    for path in tracked():
        if not path.is_file() or path.suffix in {".png", ".xlsx", ".zip", ".gpkg", ".parquet", ".dbf", ".shp", ".shx"}:
            continue
        text = path.read_bytes().decode("utf-8", errors="replace")
        for pattern in (HOSTS, MACHINE_PATHS, LOCAL_ADDRESS):
            faults += [f"{path.relative_to(ROOT)}: {match.group()}" for match in pattern.finditer(text)]
    assert faults == []


def test_preflight_names_all_that_is_missing_in_one_line(tmp_path: Path) -> None:
    for name in ("sh", "id", "dirname"):
        (tmp_path / name).symlink_to(shutil.which(name) or "")
    script = ROOT / "scripts" / "preflight.sh"
    command = [str(tmp_path / "sh"), str(script), "python3-of-nowhere", "run"]
    result = subprocess.run(command, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert all(word in line for word in ("Python >= 3.11", "node", "npm"))


def test_the_start_scripts_for_windows_have_the_form_that_windows_reads() -> None:
    folder = ROOT / "scripts" / "offline"
    batch = (folder / "启动.bat").read_bytes()
    shell = (folder / "start.ps1").read_bytes()
    assert batch.isascii()
    assert shell.startswith(b"\xef\xbb\xbf")
    for text in (batch, shell):
        assert text.count(b"\n") == text.count(b"\r\n") > 0


@pytest.mark.parametrize("system", ["windows", "linux"])
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_the_offline_pins_are_those_of_the_target_and_not_of_this_machine(system: str, python: str) -> None:
    room = load_offline_folder()
    lines = room.pins_for(room.Target(python, system), CORE)
    names = [line.split("==")[0] for line in lines]
    assert len(names) == len(set(names))
    assert set(names) >= {"numpy", "fiona", "folium", "click"}
    assert all("--hash=sha256:" in line and ";" not in line for line in lines)


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return folder


def test_wheel_and_sdist_carry_the_browser_files(dist: Path) -> None:
    (wheel,), (sdist,) = dist.glob("*.whl"), dist.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as packed:
        names = set(packed.namelist())
    assert {"ecotrack/maps/vendor/leaflet.js", "ecotrack/maps/vendor/leaflet.css", "ecotrack/py.typed"} <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    with tarfile.open(sdist) as unpacked:
        assert any(name.endswith("src/ecotrack/maps/vendor/leaflet.js") for name in unpacked.getnames())


def test_the_wheel_works_in_a_fresh_environment_without_node(dist: Path, tmp_path: Path) -> None:
    home = tmp_path / "环境 one"
    venv.create(home, with_pip=False)
    # The dependencies are those of this environment; only ecotrack itself comes from the wheel.
    (site,) = (home / "lib").glob("python*/site-packages")
    own = next(entry for entry in sys.path if entry.endswith("site-packages"))
    (site / "dependencies.pth").write_text(f"import sys; sys.path.append({own!r})\n", encoding="utf-8")
    (wheel,) = dist.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "--python", str(home / "bin" / "python"), "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--quiet", "--no-deps", "--no-index", str(wheel)], check=True)
    environment = {"PATH": str(home / "bin"), "PYTHONUTF8": "1", "PYTHONNOUSERSITE": "1"}
    assert shutil.which("node", path=environment["PATH"]) is None

    def told(*command: str) -> str:
        where = str(home / "bin" / command[0])
        return subprocess.check_output([where, *command[1:]], cwd=tmp_path, env=environment, text=True).strip()

    assert told("ecotrack", "--version").startswith("ecotrack")
    assert told("ecotrack", "init", "衡水 workspace")
    assert (tmp_path / "衡水 workspace" / "maps" / "hengshui.toml").is_file()
    assert Path(told("python", "-c", "import ecotrack; print(ecotrack.__file__)")).is_relative_to(home)


# Import name to distribution, where the two differ.
DISTRIBUTIONS = {
    "argon2": "argon2-cffi",
    "branca": "folium",
    "chinese_calendar": "chinesecalendar",
    "PIL": "pillow",
    "pandas": "geopandas",
    "pydantic": "fastapi",
    "pystac": "pystac-core",
    "starlette": "fastapi",
}
# Needed without an import: zoneinfo reads the second, FastAPI the third for forms, uvicorn the last two where they are.
UNSEEN = {"geopandas", "tzdata", "python-multipart", "httptools", "uvloop"}


def imported() -> set[str]:
    """Return the distributions that the package imports, by the statements in its modules."""
    found = set()
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.split(".")[0])
    outside = found - set(sys.stdlib_module_names) - {"ecotrack"}
    return {canonicalize_name(DISTRIBUTIONS.get(name, name)) for name in outside}


def test_what_is_imported_is_what_is_declared() -> None:
    about = project()["project"]
    extras = [line for lines in about["optional-dependencies"].values() for line in lines]  # type: ignore[index]
    declared = {canonicalize_name(Requirement(line).name) for line in [*about["dependencies"], *extras]}  # type: ignore[index]
    assert imported() - declared == set()
    assert declared - imported() - UNSEEN == set()
