"""Browser libraries: pinned without a host, fetched whole or not at all, missing ones named."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ecotrack.errors import AssetsNotFetched, MissingAsset
from ecotrack.maps import assets

ROOT = Path(__file__).resolve().parent.parent


def a_project(folder: Path) -> Path:
    for name in ("package.json", "package-lock.json", ".npmrc"):
        (folder / name).write_bytes((ROOT / name).read_bytes())
    return folder


def an_npm(folder: Path, script: str) -> None:
    (folder / "npm").write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    (folder / "npm").chmod(0o755)


def test_the_pins_name_no_host_and_hold_a_hash_for_each_package() -> None:
    text = (ROOT / "package-lock.json").read_text(encoding="utf-8")
    assert "://" not in text
    packages = {name: facts for name, facts in json.loads(text)["packages"].items() if name}
    wished = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["dependencies"]
    assert set(wished) == {"@geoman-io/leaflet-geoman-free", "idb", "jquery", "leaflet"}
    assert {name: packages[f"node_modules/{name}"]["version"] for name in wished} == wished
    assert all(facts["integrity"].startswith("sha512-") for facts in packages.values())


def test_without_npm_one_line_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AssetsNotFetched) as caught:
        assets.fetch(ROOT)
    assert "npm: not found" in caught.value.message("zh")
    assert "\n" not in caught.value.message("zh")


@pytest.mark.parametrize(
    "script", ["echo 'npm error code ENOTFOUND' >&2; exit 1", "exit 0"], ids=["fails", "brings nothing"]
)
def test_a_fetch_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    vendor = tmp_path / "maps" / "vendor"
    vendor.mkdir(parents=True)
    (vendor / "leaflet.js").write_text("old", encoding="utf-8")
    monkeypatch.setattr(assets, "VENDOR", vendor)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    an_npm(tmp_path, script)
    with pytest.raises(AssetsNotFetched):
        assets.fetch(a_project(tmp_path))
    assert [path.name for path in vendor.parent.iterdir()] == ["vendor"]
    assert (vendor / "leaflet.js").read_text(encoding="utf-8") == "old"


def test_what_npm_brings_is_taken_whole_with_its_pins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vendor = tmp_path / "maps" / "vendor"
    vendor.parent.mkdir()
    monkeypatch.setattr(assets, "VENDOR", vendor)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    places = [f"node_modules/{place}" for place in assets.LIBRARIES.values()]
    an_npm(tmp_path, "\n".join(f"mkdir -p $(dirname {place}); echo x > {place}" for place in places))
    assert assets.missing() == list(assets.LIBRARIES)
    assets.fetch(a_project(tmp_path))
    assert assets.missing() == []
    assert not assets.outdated(tmp_path)
    (tmp_path / "package-lock.json").write_text("{}", encoding="utf-8")
    assert assets.outdated(tmp_path)


def test_a_missing_file_is_named_with_the_way_to_make_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "VENDOR", tmp_path)
    with pytest.raises(MissingAsset) as caught:
        assets.vendor_text("leaflet.js")
    assert "leaflet.js" in caught.value.message("zh")
    assert "make assets" in caught.value.message("en")


def test_the_style_sheet_carries_its_pictures() -> None:
    urls = re.findall(r"url\(([^)]*)\)", assets.vendor_text("leaflet.css"))
    assert {url.split(",")[0] for url in urls} == {"data:image/png;base64", "#default#VML"}
