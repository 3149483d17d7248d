"""A portal that runs as an office starts it, and people who use it over the wire."""

from __future__ import annotations

import atexit
import ctypes
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import shapely
from shapely.geometry import mapping

from ecotrack.register import new_id

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "一个长一点的密码"
ASKED = {"unit": "131121", "season": "2026-spring", "kind": "造林"}


def workspace_in(folder: Path) -> Path:
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "ecotrack.toml", folder)
    for name in ("layers", "geo", "maps"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("out"))
    return folder


def plots(*, x: float = 115.72, count: int = 3, crossed: bool = False, **properties: str) -> bytes:
    """Return a GeoJSON file of square plots in Zaoqiang."""
    shapes = [shapely.box(x + n * 0.004, 37.5, x + 0.003 + n * 0.004, 37.503) for n in range(count)]
    features: list[dict[str, Any]] = [
        {"type": "Feature", "properties": {"编号": f"P{x:.3f}-{n}", **properties}, "geometry": mapping(shape)}
        for n, shape in enumerate(shapes)
    ]
    if crossed:
        ring = [[x, 37.51], [x + 0.004, 37.514], [x + 0.004, 37.51], [x, 37.514], [x, 37.51]]
        bow = {"type": "Polygon", "coordinates": [ring]}
        features.append({"type": "Feature", "properties": {"编号": "交叉", **properties}, "geometry": bow})
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}
    text = json.dumps({"type": "FeatureCollection", "crs": crs, "features": features}, ensure_ascii=False)
    return text.encode()


def boundaries(shapes: dict[str, shapely.Geometry]) -> bytes:
    """Return a GeoJSON file of plots by their numbers."""
    features = [
        {"type": "Feature", "properties": {"编号": name}, "geometry": mapping(shape)} for name, shape in shapes.items()
    ]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}
    return json.dumps({"type": "FeatureCollection", "crs": crs, "features": features}, ensure_ascii=False).encode()


@dataclass
class Served:
    """A running portal."""

    url: str
    folder: Path
    process: subprocess.Popen[str]
    first: str

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def bound_by_permissions() -> None:
    """Have the superuser's program obey permissions, as everybody else's does (Linux: without CAP_DAC_OVERRIDE)."""
    if os.geteuid() == 0:
        ctypes.CDLL(None).prctl(24, 1)


def start(
    folder: Path, *options: str, dies: tuple[str, int] | None = None, first_do: Callable[[], None] | None = None
) -> Served:
    """Start a portal; with ``dies`` it ends itself the so-manieth time that it passes a named point."""
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    environment = os.environ | {"PYTHONPATH": paths, "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}
    program = ["-c", "from ecotrack.cli.main import main; main()"]
    if dies is not None:
        program = ["-m", "benchmarks.portal_dies", dies[0], str(dies[1])]
    line = [sys.executable, *program, "-w", str(folder), "serve", "--port", "0", *options]
    process = subprocess.Popen(
        line, stdout=subprocess.PIPE, text=True, env=environment, encoding="utf-8", preexec_fn=first_do
    )
    assert process.stdout is not None
    url = first = ""
    atexit.register(process.kill)  # also where a test fails before it ends it
    while not url:
        text = process.stdout.readline()
        assert text or process.poll() is None, "the portal did not start"
        found = re.search(r"https?://\S+?:\d+", text)
        url = found[0] if found else ""
    while (text := process.stdout.readline()) and "本机" not in text:
        found = re.search(r"/start#(\S+)", text)
        first = found[1] if found else first
    wait_for(url)
    return Served(url, folder, process, first)


def wait_for(url: str) -> None:
    for _ in range(200):
        try:
            httpx.get(f"{url}/sign-in", trust_env=False, verify=False)  # by a certificate of its own, where it has one
            return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("the portal does not answer")


@contextmanager
def served(folder: Path, *options: str) -> Iterator[Served]:
    found = start(folder, *options)
    try:
        yield found
    finally:
        found.process.terminate()
        try:
            found.process.wait(15)
        except subprocess.TimeoutExpired:
            found.kill()


class Person:
    """Somebody who has signed in, with the cookie and the CSRF token of the session."""

    def __init__(self, url: str, login: str, password: str = PASSWORD) -> None:
        self.client = httpx.Client(base_url=url, trust_env=False, timeout=60)
        self.login = login
        answer = self.client.post("/sign-in", data={"login": login, "password": password})
        assert answer.status_code == 303, answer.text
        self.csrf = csrf_in(self.client.get("/").text)

    def call(self, method: str, path: str, **given: Any) -> httpx.Response:
        headers = {"X-CSRF-Token": self.csrf} | given.pop("headers", {})
        return self.client.request(method, path, headers=headers, **given)

    def send(self, data: bytes, *, upload_id: str = "", name: str = "图.geojson", **asked: str) -> httpx.Response:
        wanted = {"name": name, **ASKED, **asked}
        return self.call("PUT", f"/api/uploads/{upload_id or new_id()}", content=data, params=wanted)

    def settled(self, upload_id: str, *, seconds: float = 60) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            told: dict[str, Any] = self.call("GET", f"/api/uploads/{upload_id}").json()
            if told["state"] not in ("received", "submitting"):
                return told
            time.sleep(0.1)
        raise AssertionError("still waiting")

    def submitted(self, data: bytes, **asked: str) -> dict[str, Any]:
        upload_id = self.send(data, **asked).json()["upload_id"]
        checked = self.settled(upload_id)
        assert checked["state"] == "checked", checked
        assert self.call("POST", f"/api/uploads/{upload_id}/submit").status_code == 202
        return self.settled(upload_id)


def csrf_in(page: str) -> str:
    found = re.search(r'name="csrf" content="([0-9a-f]*)"', page)
    return found[1] if found else ""


def first_account(portal: Served, login: str = "admin") -> Person:
    client = httpx.Client(base_url=portal.url, trust_env=False)
    words = {"secret": portal.first, "login": login, "password": PASSWORD, "again": PASSWORD}
    answer = client.post("/start", data=words)
    assert answer.status_code == 303, answer.text
    return Person(portal.url, login)


def hire(bureau: Person, login: str, *roles: tuple[str, str]) -> Person:
    answer = bureau.call("POST", "/api/accounts", json={"login": login, "roles": roles})
    assert answer.status_code == 201, answer.text
    url = str(bureau.client.base_url)
    words = {"secret": answer.json()["secret"], "password": PASSWORD, "again": PASSWORD}
    assert httpx.post(f"{url}/start", data=words, trust_env=False).status_code == 303
    return Person(url, login)


def account_id(portal: Served, login: str) -> str:
    """Return the id of an account, as the portal's own file has it."""
    path = portal.folder / "register" / "ecotrack.portal.db"
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as kept:
        found = kept.execute("SELECT account_id FROM account WHERE login = ?", (login,)).fetchone()
    return str(found[0])
