"""Make the folder that installs ecotrack in an office without internet: ``python scripts/offline_folder.py dist``.

It needs the wheel in ``dist/`` and the network (through pip), and leaves ``dist/ecotrack-offline-<version>/``: wheels
of every pinned dependency for each target, the pins with hashes, the Hengshui workspace, start scripts, checksums.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
WORKSPACE = ("ecotrack.toml", "layers", "geo", "maps")
PAPERS = ("LICENSE", "THIRD_PARTY_NOTICES.md", "docs/install-offline.md")


@dataclass(frozen=True, slots=True)
class Target:
    """One kind of machine: a Python and a system.

    Attributes
    ----------
    python
        ``3.11``.
    system
        ``windows`` (Windows 10 or newer, x64) or ``linux`` (glibc 2.28 or newer, x86-64).
    """

    python: str
    system: str

    @property
    def platforms(self) -> tuple[str, ...]:
        """Wheel platform tags that run there, as pip names them."""
        if self.system == "windows":
            return ("win_amd64",)
        return ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")

    @property
    def environment(self) -> dict[str, str]:
        """Values of the environment markers there; pip would take those of the machine that downloads."""
        windows = self.system == "windows"
        return {
            "implementation_name": "cpython",
            "implementation_version": f"{self.python}.9",
            "os_name": "nt" if windows else "posix",
            "platform_machine": "AMD64" if windows else "x86_64",
            "platform_python_implementation": "CPython",
            "platform_system": "Windows" if windows else "Linux",
            "platform_release": "",
            "platform_version": "",
            "python_full_version": f"{self.python}.9",
            "python_version": self.python,
            "sys_platform": "win32" if windows else "linux",
        }


TARGETS = tuple(Target(python, system) for system in ("windows", "linux") for python in ("3.11", "3.12", "3.13"))


def read_pins(path: Path) -> Iterator[tuple[Requirement, list[str]]]:
    """Yield each pinned requirement with its hash options."""
    for block in re.split(r"\n(?=\S)", path.read_text(encoding="utf-8").strip()):
        head, *options = [part.strip() for part in block.split("\\\n")]
        yield Requirement(head), options


def pins_for(target: Target, pins: Path) -> list[str]:
    """Return the lines of a requirements file that holds on ``target`` alone, without markers.

    Examples
    --------
    >>> lines = pins_for(Target("3.11", "linux"), ROOT / "requirements/core.txt")
    >>> any(line.startswith("numpy==") for line in lines), any(";" in line for line in lines)
    (True, False)
    """
    lines = []
    for pin, hashes in read_pins(pins):
        if pin.marker is None or pin.marker.evaluate(target.environment):
            lines.append(" ".join([f"{pin.name}{pin.specifier}", *hashes]))
    return lines


def download(target: Target, pins: Path, wheelhouse: Path) -> None:
    """Download every wheel that ``target`` needs, checked against its hash."""
    listed = wheelhouse.parent / f".pins-{target.system}-{target.python}.txt"
    listed.write_text("\n".join(pins_for(target, pins)) + "\n", encoding="utf-8")
    platforms = [word for name in target.platforms for word in ("--platform", name)]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary=:all:", "--require-hashes", "--implementation", "cp", "--python-version", target.python]
    print(f"{target.system} x64, Python {target.python} ...", flush=True)
    try:
        subprocess.run([*command, *platforms, "--dest", str(wheelhouse), "--requirement", str(listed)], check=True)
    finally:
        listed.unlink()


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file as hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def lay_out(folder: Path, wheel: Path) -> None:
    """Put the wheel, the pins, the workspace, the papers and the start scripts into ``folder``."""
    shutil.copy2(wheel, folder / "wheelhouse")
    pins = (ROOT / "requirements/core.txt").read_text(encoding="utf-8")
    own = f"ecotrack=={wheel.name.split('-')[1]} \\\n    --hash=sha256:{sha256(wheel)}\n"
    (folder / "requirements.txt").write_text(pins + own, encoding="utf-8", newline="\n")
    workspace = folder / "workspace"
    workspace.mkdir()
    for name in WORKSPACE:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, workspace / name, ignore=shutil.ignore_patterns("out", "replaced"))
        else:
            shutil.copy2(source, workspace)
    for paper in PAPERS:
        shutil.copy2(ROOT / paper, folder)
    for script in sorted((ROOT / "scripts/offline").iterdir()):
        shutil.copy2(script, folder)


def write_checksums(folder: Path) -> None:
    """Write SHA256SUMS over every file of the folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    lines = [f"{sha256(path)}  {path.relative_to(folder).as_posix()}\n" for path in files]
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8", newline="\n")


def make(dist: Path, targets: tuple[Target, ...] = TARGETS) -> Path:
    """Make the offline folder beside the wheel in ``dist`` and return it; whole or not at all."""
    wheels = sorted(dist.glob("ecotrack-*.whl"))
    if len(wheels) != 1:
        raise SystemExit(f"{dist}: one ecotrack wheel is needed, {len(wheels)} found; run: python -m build")
    folder = dist / f"ecotrack-offline-{wheels[0].name.split('-')[1]}"
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    (part / "wheelhouse").mkdir(parents=True)
    for target in targets:
        download(target, ROOT / "requirements/core.txt", part / "wheelhouse")
    lay_out(part, wheels[0])
    write_checksums(part)
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)
    return folder


def main() -> None:
    """Read the command line and say where the folder is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("dist", type=Path)
    parser.add_argument(
        "--only", action="append", metavar="SYSTEM-PYTHON", help="one target, such as windows-3.12; may be repeated"
    )
    given = parser.parse_args()
    targets = tuple(t for t in TARGETS if not given.only or f"{t.system}-{t.python}" in given.only)
    folder = make(given.dist, targets)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"{folder} ({size / 1e6:.0f} MB)")


if __name__ == "__main__":
    main()
