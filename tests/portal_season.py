"""A portal in the middle of a season: people of each role, and their work at every state that a page can show."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import shapely

from ecotrack.demo.sample import plan_sample, write_sample
from ecotrack.register import new_id
from ecotrack.workspace import Workspace
from photo_cases import photo
from portal_cases import Person, Served, boundaries, first_account, hire, plots, served, workspace_in

LONG = "枣强县大营镇后王家庄村东南方向沿索泸河左岸防护林带及农田林网补植补造地块（第三标段复核修订稿）"
"""A name as long as offices give them."""


@dataclass
class Season:
    """The portal, and where each state can be seen.

    Attributes
    ----------
    pages
        By sign-in name the pages to look at: a name for the picture, and the path.
    """

    portal: Served
    pages: dict[str, list[tuple[str, str]]] = field(default_factory=dict)


@contextmanager
def season_in(folder: Path, *, accepted: int, batch: int) -> Iterator[Season]:
    """Run a portal over so many sample plots, with one submission of a batch that waits for review."""
    workspace = Workspace.open(workspace_in(folder))
    write_sample(workspace, plan_sample(workspace, plots=accepted))
    with served(folder) as portal:
        yield _season(portal, batch)


def _season(portal: Served, batch: int) -> Season:
    bureau = first_account(portal)
    worker = hire(bureau, "zq-01", ("field", "131121"))
    hire(bureau, "new-01", ("field", "131121"))
    hire(bureau, "tc-01", ("office", "131102"))
    hire(bureau, "wy-office", ("office", "131122"), ("field", "131122"))
    judge = hire(bureau, "sh-01", ("reviewer", ""))
    both = hire(bureau, "zq-08", ("field", "131121"), ("reviewer", "131121"))
    bureau.call("POST", "/api/accounts", json={"login": "left-01", "name": "王小明", "phone": "13800000000",
                                               "roles": [["field", "131123"], ["office", "131123"]]})  # fmt: skip
    worker.call("POST", "/api/tokens", json={"label": "枣强林业站办公室二楼靠窗那台旧电脑里的 QGIS 3.34"})
    uploads = _uploads(worker)
    own = both.submitted(plots(x=115.56, count=1))["submission_id"]
    large = worker.submitted(_batch(batch), name=f"{LONG}.geojson")["submission_id"]
    returned = _reviewed(judge, worker)
    _published(bureau)
    _units(bureau)
    shared = [("figures", "/figures"), ("map", "/map"), ("downloads", "/downloads"), ("published", "/published"),
              ("me", "/me"), ("nothing", "/nowhere")]  # fmt: skip
    draw = f"/draw?upload={uploads['mixed']}&number=4"
    field_pages = [("home", "/"), ("upload", "/upload"), ("walk", "/walk"), ("draw", "/draw"), ("draw-mend", draw)]
    one = [(f"upload-{name}", f"/uploads/{upload_id}") for name, upload_id in {**uploads, **returned}.items()]
    return Season(
        portal,
        {
            "zq-01": [*field_pages, *one, *shared],
            "new-01": [("home-empty", "/")],
            "tc-01": [("home", "/"), ("office", "/office"), ("records", "/records")],
            "wy-office": [("home", "/"), ("office", "/office")],
            "sh-01": [("home", "/"), ("queue", "/review"), ("queue-none", "/review?q=没有这样的"),
                      ("queue-all", "/review?all=true"), ("submission", f"/review/{large}")],
            "zq-08": [("own", f"/review/{own}")],
            "admin": [("home", "/"), ("accounts", "/accounts"), ("published", "/published"), ("trail", "/trail"),
                      ("units", "/units")],
        },
    )  # fmt: skip


def _batch(count: int) -> bytes:
    places = [(115.70 + 0.002 * (n % 25), 37.55 + 0.002 * (n // 25)) for n in range(count)]
    return boundaries({f"大营-{n:03d}": shapely.box(x, y, x + 0.0015, y + 0.0015) for n, (x, y) in enumerate(places)})


def _uploads(worker: Person) -> dict[str, str]:
    """Send a file of each kind; return the ids of those whose pages are looked at."""
    found = {
        "mixed": (plots(x=115.60, crossed=True, 名称=LONG), f"{LONG}.geojson"),
        "wrong": (plots(x=115.64, count=0, crossed=True), "交叉.geojson"),
        "unreadable": (b"not a map at all", "照片说明.zip"),
        "foreign": (plots(x=115.66, 责任单位="武邑县"), "别的县.geojson"),
        "unknown-crs": (plots(x=115.68).replace(b"EPSG::4490", b"EPSG::0"), "哪来的.geojson"),
    }
    kept = {}
    for name, (data, file_name) in found.items():
        kept[name] = str(worker.send(data, name=file_name).json()["upload_id"])
        worker.settled(kept[name])
    sent = worker.submitted(plots(x=115.76), name="枣强2026春.geojson")
    place = (115.761, 37.501)
    for number, where in enumerate((place, None, (115.9, 37.9))):
        path = f"/api/photos/{new_id()}?upload={sent['upload_id']}"
        worker.call("PUT", path, content=photo(number, place=where, taken=where is not None))
    return {**kept, "submitted": str(sent["upload_id"])}


def _reviewed(judge: Person, worker: Person) -> dict[str, str]:
    """Return two uploads that were reviewed: returned with a reason, accepted."""
    kept = {}
    words = "与现场不符：西侧三十米是村民宅基地和机耕路，请现场走一圈后重新上图，并附四个角的照片"
    for name, x, verdict, reason in (("returned", 115.80, "return", words), ("accepted", 115.84, "accept", "")):
        sent = worker.submitted(plots(x=x), name=f"{name}.geojson")
        asked = {"ids": [sent["submission_id"]], "verdict": verdict, "reason": reason}
        answer = judge.call("POST", "/api/review", json=asked)
        assert answer.status_code == 200, answer.text
        kept[name] = str(sent["upload_id"])
    return kept


def _units(bureau: Person) -> None:
    """Add a unit with a name as long as may be, give one another name, close one."""
    new = {"code": "1311GTXC", "name_zh": LONG[:40], "name_en": "Railway Station Town Ecological Demonstration Area",
           "kind": "functional_area", "aliases": [LONG[:30], "高铁新城"], "basis": LONG * 2}  # fmt: skip
    assert bureau.call("POST", "/api/units", json=new).status_code == 201
    seen = {unit["code"]: unit["seen"] for unit in bureau.call("GET", "/api/units").json()["units"]}
    name = {"name_zh": "经济开发区", "name_en": "Development Zone", "since": "2019-01-01", "seen": seen["1311HX"]}
    assert bureau.call("PUT", "/api/units/1311HX/name", json=name).status_code == 204
    end = {"until": "2020-01-01", "seen": seen["1311BH"]}
    assert bureau.call("PUT", "/api/units/1311BH/until", json=end).status_code == 204


def _published(bureau: Person) -> None:
    seen = bureau.call("GET", "/api/publishable", params={"as_of": "2018-12-31"}).json()
    asked = {"as_of": "2018-12-31", "seq": seen["seq"], "maps": [one["map"] for one in seen["maps"]],
             "figures": [row["figure"] for row in seen["figures"]]}  # fmt: skip
    answer = bureau.call("POST", "/api/receipts", json=asked)
    assert answer.status_code == 201, answer.text
