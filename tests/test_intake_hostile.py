"""Files that mean harm end with a clear answer inside 20 s and 1 GB, and nothing outside their folder is touched."""

from __future__ import annotations

import json
import platform
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import shapely
from shapely.geometry import mapping

from ecotrack.intake.ask import UPLOAD_NAME
from ecotrack.intake.ground_pairs import Effort, shared_between
from ecotrack.intake.read import SECONDS, Upload, limits_of, read
from hostile_files import FILES, SQUARE, Make, collection, teeth, zipped
from hostile_more import MORE

HENGSHUI = (115.10, 37.00, 116.65, 38.45)
GOOD = {
    "GeoPackage with triggers",
    "GeoPackage with SQL in its names",
    "20,000 columns",
    "a record of four gigabytes by its own word",
}
"""Files that hold a good plot beside what they try."""

SLOW = ("GeoPackage with an endless view", "20,000 properties", "50,000 layers of one name",
        "a hundred million rows of nothing", "blocks of blocks, ten to the tenth")  # fmt: skip
"""Files that only the deadline ends; a short one is given here, so that the tests end soon."""


ALL = {**FILES, **MORE}


@pytest.mark.parametrize("name", ALL)
def test_each_ends_with_an_answer_in_words(name: str, tmp_path: Path) -> None:
    make: Make = ALL[name]
    file_name, data = make(tmp_path)
    limits = limits_of(5) if name in SLOW else None
    reading = read(Upload(file_name, data), extent=HENGSHUI, limits=limits)
    ready = [item for item in reading.candidates if not item.blocked]
    assert (len(ready) == 1) == (name in GOOD)
    blocks = [found for found in reading.all_findings if found.level == "blocks"]
    assert bool(blocks) == (name not in GOOD)
    for found in blocks:
        assert found.message.zh
        assert "Traceback" not in found.message.zh


def test_an_upload_has_less_than_twenty_seconds_and_a_gigabyte_unless_somebody_gives_it_more() -> None:
    assert SECONDS < 20
    assert limits_of(SECONDS).memory_bytes <= 1 << 30


def test_two_combs_that_cross_a_million_times_are_measured_elsewhere_or_not_at_all() -> None:
    left, right = teeth(700, upright=True), teeth(700, upright=False)
    shared = shared_between(np.array([left, SQUARE]), np.array([right, SQUARE]), Effort())
    assert shared.area_m2[1] == pytest.approx(shapely.area(SQUARE) * 110_989 * 88_307, rel=1e-3)
    assert np.isnan(shared.area_m2[0]) or shared.area_m2[0] > 0


SECRET = "口令-7f3a9c"


def pointing_at(target: str) -> dict[str, tuple[str, bytes]]:
    """Return files that try to read another file, or ask an address."""
    source = f'<OGRVRTLayer name="a"><SrcDataSource>{target}</SrcDataSource></OGRVRTLayer>'
    vrt = f"<OGRVRTDataSource>{source}</OGRVRTDataSource>"
    kml = f'<kml xmlns="http://www.opengis.net/kml/2.2"><NetworkLink><Link><href>{target}</href></Link></NetworkLink></kml>'
    entity = f'<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY x SYSTEM "{target}">]><kml><name>&x;</name></kml>'
    gml = (
        '<gml:FeatureCollection xmlns:gml="http://www.opengis.net/gml" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://x {target}">'
        f'<gml:featureMember xlink:href="{target}"/></gml:FeatureCollection>'
    )
    wfs = (
        '<wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://x {target}"/>'
    )
    icon = (
        f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Style id="a"><IconStyle><Icon><href>{target}</href>'
        f"</Icon></IconStyle></Style><Placemark><styleUrl>{target}#a</styleUrl></Placemark></Document></kml>"
    )
    linked = json.loads(collection(mapping(SQUARE)))
    linked["crs"] = {"type": "link", "properties": {"href": target, "type": "proj4"}}
    tab = f'!table\n!version 300\nDefinition Table\n File "{target}"\n'
    return {
        "vrt": ("a.vrt", vrt.encode()),
        "vrt called geojson": ("a.geojson", vrt.encode()),
        "vrt in a zip": ("a.zip", zipped({"a.vrt": vrt.encode()})),
        "network link": ("a.kml", kml.encode()),
        "entity": ("a.kml", entity.encode()),
        "gml": ("a.gml", gml.encode()),
        "wfs": ("a.gml", wfs.encode()),
        "wfs by name": ("a.xml", f"<OGRWFSDataSource><URL>{target}</URL></OGRWFSDataSource>".encode()),
        "wfs address": ("a.csv", f"WFS:{target}\n".encode()),
        "icon": ("a.kml", icon.encode()),
        "linked crs": ("a.geojson", json.dumps(linked).encode()),
        "path as table": ("a.csv", f"{target}\n".encode()),
        "vsi path": ("a.csv", f"/vsicurl/{target}\n".encode()),
        "wkt of a path": ("a.csv", f"编号,WKT\n1,{target}\n".encode()),
        "crs of a path": ("a.zip", zipped({"a.shp": b"\0\0\x27\x0a" + bytes(96), "a.prj": target.encode()})),
        "tab of a path": ("a.zip", zipped({"a.tab": tab.encode()})),
        "climbing": ("a.zip", zipped({f"../../..{target}": b"x", "a.geojson": collection(mapping(SQUARE))})),
    }  # fmt: skip


@pytest.mark.parametrize("name", pointing_at("/x"))
def test_no_file_makes_the_reader_open_another(name: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.geojson"
    secret.write_bytes(collection(mapping(SQUARE), name=SECRET))
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    file_name, data = pointing_at(str(secret))[name]
    reading = read(Upload(file_name, data), extent=HENGSHUI)
    assert SECRET not in msgspec.json.encode(reading).decode()
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    assert reading.all_findings


READS = """
import sys
from pathlib import Path
from ecotrack.intake.ask import Ask
from ecotrack.intake.child import read_upload
from ecotrack.sandbox import forbid_sockets
assert forbid_sockets(kill=True)
for line in sys.stdin.read().splitlines():
    folder, _, name = line.partition("|")
    print(name, flush=True)
    assert read_upload(Ask(file_name=name, extent=(115.10, 37.00, 116.65, 38.45)), Path(folder)).all_findings
"""
ASKS = "import socket; from ecotrack.sandbox import forbid_sockets; assert forbid_sockets(kill=True); socket.socket()"


def ended(script: str, lines: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", script], input=lines, capture_output=True, text=True, timeout=120)


@pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"),
    reason="only Linux tells a process that it may make no socket",
)
def test_no_reader_so_much_as_makes_a_socket(tmp_path: Path) -> None:
    """A process that the kernel ends at its first socket reads them all: so nothing can have left it."""
    assert ended(ASKS).returncode == -signal.SIGSYS
    lines = []
    for number, (name, data) in enumerate(pointing_at("http://www.example.com:80/canary").values()):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / UPLOAD_NAME).write_bytes(data)
        lines.append(f"{folder}|{name}")
    done = ended(READS, "\n".join(lines))
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(done.stdout.splitlines()) == len(lines)


@pytest.mark.parametrize(
    "name", ["network link", "entity", "gml", "wfs", "linked crs", "vrt", "path as table", "vsi path"]
)
def test_no_file_makes_the_reader_ask_an_address(name: str) -> None:
    asked: list[Any] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        stop = threading.Event()

        def listen() -> None:
            while not stop.is_set():
                try:
                    connection, _ = listener.accept()
                except TimeoutError:
                    continue
                with connection:
                    asked.append(connection.recv(100))

        thread = threading.Thread(target=listen)
        thread.start()
        file_name, data = pointing_at(f"http://127.0.0.1:{listener.getsockname()[1]}/canary")[name]
        reading = read(Upload(file_name, data), extent=HENGSHUI)
        stop.set()
        thread.join()
    assert asked == []
    assert reading.all_findings


def test_a_name_that_climbs_out_of_its_folder_is_text_and_nothing_else(tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    name = f"../../{tmp_path}/evil<img src=x onerror=alert(1)>.geojson"
    reading = read(Upload(name, collection(mapping(SQUARE))), extent=HENGSHUI)
    assert [item.blocked for item in reading.candidates] == [False]
    assert sorted(tmp_path.iterdir()) == before


def test_a_crs_that_points_at_a_file_of_grids_counts_as_not_said(tmp_path: Path) -> None:
    text = collection(mapping(SQUARE)).decode()
    data = text.replace("urn:ogc:def:crs:EPSG::4490", f"+proj=longlat +nadgrids={tmp_path}/secret")
    [layer] = read(Upload("a.geojson", data.encode()), extent=HENGSHUI).layers
    assert layer.open
