"""Uploads into a running portal: how many a second are durable, chained and acknowledged; and after kill -9.

``PYTHONPATH=tests python -m benchmarks.portal load``, ``kill --times 50``, ``check --times 20`` and
``memory --uploads 10000``, in the repository. The load comes from this process over loopback, the portal is another
process, as `ecotrack serve` starts it.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import json
import os
import random
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from benchmarks.portal_dies import IN_TRANSACTION, POINTS
from ecotrack.desk.uploads import Uploads
from ecotrack.register import Register, audit, new_id
from ecotrack.register.portal_file import PortalFile, portal_path
from portal_cases import ASKED, Person, Served, first_account, hire, start, workspace_in

SIZE = 200_000
_NO_LIMIT = ("--uploads-per-minute", "1000000")
CLIENTS = 8


class Client:
    """One device: a token, a connection that stays open, uploads one after the other."""

    def __init__(self, url: str, token: str, *, size: int = SIZE) -> None:
        self._size = size
        self._host = urlsplit(url).netloc
        self._headers = {"Authorization": f"Bearer {token}", "Host": self._host}
        self._connection = http.client.HTTPConnection(self._host, timeout=60)
        self.acknowledged: dict[str, str] = {}
        self.seconds: list[float] = []
        self.failures: list[str] = []

    def upload(self) -> None:
        """Send one file of random bytes; keep its hash only where it was acknowledged."""
        data, upload_id = os.urandom(self._size), new_id()
        query = urlencode({"name": "负载.bin", **ASKED})
        begun = time.perf_counter()
        self._connection.request("PUT", f"/api/uploads/{upload_id}?{query}", body=data, headers=self._headers)
        answer = self._connection.getresponse()
        answer.read()
        self.seconds.append(time.perf_counter() - begun)
        if answer.status == 201:
            self.acknowledged[upload_id] = hashlib.sha256(data).hexdigest()
        else:
            self.failures.append(str(answer.status))

    def look(self, path: str) -> None:
        """Ask for a page and keep how long it took."""
        begun = time.perf_counter()
        self._connection.request("GET", path, headers=self._headers)
        self._connection.getresponse().read()
        self.seconds.append(time.perf_counter() - begun)


def token_of(person: Person) -> str:
    """Return a new device token of a person."""
    return str(person.call("POST", "/api/tokens", json={"label": "bench"}).json()["secret"])


def tokens_for(portal: Served) -> list[str]:
    """Hire the clients and return their tokens."""
    bureau = first_account(portal)
    return [token_of(hire(bureau, f"w-{n:02}", ("field", "131121"))) for n in range(CLIENTS)]


def at_most(values: list[float], share: float) -> float:
    """Return the value that a share of the values does not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def check_kept(folder: Path, acknowledged: dict[str, str]) -> int:
    """Return how many acknowledged uploads the register lacks, or holds other bytes for."""
    lost = 0
    with Register.open(folder / "register" / "ecotrack.gpkg", read_only=True) as register:
        papers = {paper.document_id: paper.body["sha256"] for paper in register.documents(kind="upload")}
        for upload_id, sha256 in acknowledged.items():
            raw = register.raw_folder / sha256[:2] / sha256
            right = papers.get(upload_id) == sha256 and hashlib.sha256(raw.read_bytes()).hexdigest() == sha256
            lost += not right
        assert audit(register).head == register.head()
        assert not register.integrity()
    return lost


def memory_mb(portal: Served) -> float:
    """Return the resident memory of the server's own process."""
    status = Path(f"/proc/{portal.process.pid}/status").read_text(encoding="utf-8")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def load(seconds: float) -> dict[str, object]:
    """Upload from eight clients for some seconds, with a ninth that looks at map and figures."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        portal = start(workspace_in(Path(name) / "w"), *_NO_LIMIT)
        try:
            tokens = tokens_for(portal)
            looker = Client(portal.url, tokens[0])
            looker.look("/api/figures")
            looker.look("/map/live")
            looker.seconds.clear()
            before = memory_mb(portal)
            clients = [Client(portal.url, token) for token in tokens]
            until = time.monotonic() + seconds

            def send(client: Client) -> None:
                while time.monotonic() < until:
                    client.upload()

            def watch() -> None:
                while time.monotonic() < until:
                    looker.look("/api/figures")
                    looker.look("/map/live")
                    time.sleep(0.2)

            threads = [threading.Thread(target=send, args=(client,)) for client in clients]
            threads.append(threading.Thread(target=watch))
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            after = memory_mb(portal)
        finally:
            portal.kill()
        every = [value for client in clients for value in client.seconds]
        acknowledged = {key: value for client in clients for key, value in client.acknowledged.items()}
        return {
            "uploads": len(acknowledged),
            "uploads_per_s": round(len(acknowledged) / seconds, 1),
            "p50_ms": round(statistics.median(every) * 1000),
            "p99_ms": round(at_most(every, 0.99) * 1000),
            "refused": sum(len(client.failures) for client in clients),
            "lost": check_kept(portal.folder, acknowledged),
            "looks_p99_ms": round(at_most(looker.seconds, 0.99) * 1000),
            "memory_before_mb": round(before),
            "memory_after_mb": round(after),
        }


def fates(times: int) -> list[tuple[str, int] | None]:
    """Return where each portal dies: named points, four in ten inside an open transaction; ``None`` is at random."""
    dice = random.Random(4490)
    others = [point for point in POINTS if point not in IN_TRANSACTION]
    found: list[tuple[str, int] | None] = [None] * times
    for number in range(times):
        if number % 5 < 2:
            found[number] = (IN_TRANSACTION[number % 2], dice.randint(1, 12))
        elif number % 5 < 4:
            found[number] = (others[number % len(others)], dice.randint(1, 40))
    return found


def kill(times: int) -> dict[str, object]:
    """Kill the portal under load, again and again, and look for every acknowledged upload."""
    acknowledged: dict[str, str] = {}
    starts: list[float] = []
    inside = named = 0
    dice = random.Random(4490)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = workspace_in(Path(name) / "w")
        portal = start(folder, *_NO_LIMIT)
        tokens = tokens_for(portal)
        portal.kill()
        for fate in fates(times):
            begun = time.perf_counter()
            portal = start(folder, *_NO_LIMIT, dies=fate)
            starts.append(time.perf_counter() - begun)
            died = _load_until_dead(portal, tokens, acknowledged, None if fate else dice.uniform(0.1, 0.9))
            named += died and fate is not None
            inside += died and fate is not None and fate[0] in IN_TRANSACTION
        portal = start(folder, *_NO_LIMIT)
        portal.kill()
        lost, known = check_kept(folder, acknowledged), check_known(folder)
    return {
        "kills": times,
        "at_named_points": named,
        "inside_a_transaction": inside,
        "acknowledged": len(acknowledged),
        "lost": lost,
        "receipts_that_the_portal_does_not_know": known,
        "slowest_start_s": round(max(starts), 2),
        "median_start_s": round(statistics.median(starts), 2),
        "load_of_machine": os.getloadavg()[0],
    }


def _load_until_dead(portal: Served, tokens: list[str], acknowledged: dict[str, str], seconds: float | None) -> bool:
    """Upload from all clients until the portal is gone, by itself or after some seconds; tell whether by itself."""
    clients = [Client(portal.url, token) for token in tokens]
    threads = [threading.Thread(target=_until_gone, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    try:
        portal.process.wait(seconds if seconds is not None else 30)
    except subprocess.TimeoutExpired:
        by_itself = False
    else:
        by_itself = True
    portal.kill()
    for thread in threads:
        thread.join()
    acknowledged |= {key: value for client in clients for key, value in client.acknowledged.items()}
    return by_itself


def check_known(folder: Path) -> int:
    """Return how many receipts of the chain the portal's own file does not know, or knows at another place."""
    path = folder / "register" / "ecotrack.gpkg"
    uploads = Uploads(PortalFile(portal_path(path)))
    with Register.open(path, read_only=True) as register:
        return sum(uploads.get(paper.document_id) is None for paper in register.documents(kind="upload"))


def _until_gone(client: Client) -> None:
    try:
        while True:
            client.upload()
    except (OSError, http.client.HTTPException):
        return


def many_plots(count: int, *, seed: int) -> bytes:
    """Return a GeoJSON file of so many plots of two mu in Zaoqiang, elsewhere for each seed."""
    side, across = 0.0004, 40
    west, south = 115.60 + 0.02 * (seed % 10), 37.40 + 0.02 * (seed // 10 % 10)
    features = []
    for number in range(count):
        x, y = west + (number % across) * side * 1.2, south + number // across * side * 1.2
        ring = [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]
        properties = {"编号": f"B{seed}-{number}"}
        shape = {"type": "Polygon", "coordinates": [ring]}
        features.append({"type": "Feature", "properties": properties, "geometry": shape})
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}
    return json.dumps({"type": "FeatureCollection", "crs": crs, "features": features}, ensure_ascii=False).encode()


def check(times: int) -> dict[str, object]:
    """Send submissions of 1,000 plots all at once, then a small one every few seconds; wait until all are checked."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        portal = start(workspace_in(Path(name) / "w"), *_NO_LIMIT)
        try:
            field = hire(first_account(portal), "w-00", ("field", "131121"))
            field.settled(field.send(many_plots(3, seed=0)).json()["upload_id"])  # the fork server is up
            begun = time.perf_counter()
            ids = [field.send(many_plots(1_000, seed=n), name=f"{n}.geojson").json()["upload_id"] for n in range(times)]
            waits = []
            while field.call("GET", f"/api/uploads/{ids[-1]}").json()["state"] == "received":
                small, sent = field.send(many_plots(3, seed=99)).json()["upload_id"], time.perf_counter()
                field.settled(small)
                waits.append(time.perf_counter() - sent)
                time.sleep(0.5)
            told = [field.settled(upload_id, seconds=600) for upload_id in ids]
            seconds = time.perf_counter() - begun
        finally:
            portal.kill()
    assert all(one["state"] == "checked" and one["told"]["plots"] == 1_000 for one in told), told[0]
    return {
        "submissions_of_1000_plots": times,
        "per_s": round(times / seconds, 2),
        "small_ones": len(waits),
        "slowest_small_one_s": round(max(waits, default=0), 2),
        "load_of_machine": os.getloadavg()[0],
    }


def memory(uploads: int) -> dict[str, object]:
    """Send small uploads and read the memory of the server's own process every thousand."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        portal = start(workspace_in(Path(name) / "w"), *_NO_LIMIT)
        try:
            tokens = tokens_for(portal)
            clients = [Client(portal.url, token, size=20_000) for token in tokens]
            found = [round(memory_mb(portal))]
            for _ in range(0, uploads, 1_000):
                threads = [threading.Thread(target=_some, args=(one, 1_000 // CLIENTS)) for one in clients]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                found.append(round(memory_mb(portal)))
        finally:
            portal.kill()
    return {"uploads": sum(len(one.acknowledged) for one in clients), "memory_mb_every_thousand": found}


def _some(client: Client, count: int) -> None:
    for _ in range(count):
        client.upload()


def main() -> None:
    """Run one benchmark and print what it measured."""
    runs: dict[str, Callable[[argparse.Namespace], dict[str, object]]] = {
        "load": lambda given: load(given.seconds),
        "kill": lambda given: kill(given.times),
        "check": lambda given: check(given.times),
        "memory": lambda given: memory(given.uploads),
    }
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=[*runs])
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--uploads", type=int, default=10_000)
    given = parser.parse_args()
    print(json.dumps(runs[given.what](given), indent=1))


if __name__ == "__main__":
    main()
