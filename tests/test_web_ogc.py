"""OGC API - Features, part 1 (OGC 17-069r4): what the portal says that it keeps it keeps, and GDAL reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import fiona
import httpx
import pytest

from ecotrack.demo.sample import plan_sample, write_sample
from ecotrack.workspace import Workspace
from portal_cases import Person, Served, hire

REACHES = "/ogc/collections/reaches/items"


@pytest.fixture(scope="module")
def gis(portal: Served, bureau: Person) -> Iterator[httpx.Client]:
    """A GIS program with a device token, in a portal over sample records."""
    workspace = Workspace.open(portal.folder)
    write_sample(workspace, plan_sample(workspace, plots=60))
    person = hire(bureau, "gis-01", ("reviewer", ""))
    token = person.call("POST", "/api/tokens", json={"label": "QGIS"}).json()["secret"]
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=portal.url, headers=headers, trust_env=False, timeout=60) as found:
        yield found


def rels(document: dict[str, Any]) -> dict[str, str]:
    return {link["rel"]: link["href"] for link in document["links"]}


def ids(document: dict[str, Any]) -> list[str]:
    return [feature["id"] for feature in document["features"]]


def test_the_landing_page_leads_to_everything(gis: httpx.Client) -> None:
    landing = gis.get("/ogc").json()
    assert {"self", "service-desc", "conformance", "data"} <= {*rels(landing)}
    for rel, address in rels(landing).items():
        assert gis.get(address).status_code == 200, rel
    assert {"core", "geojson", "oas30"} == {
        uri.rpartition("/")[2] for uri in gis.get(rels(landing)["conformance"]).json()["conformsTo"]
    }
    for collection in gis.get(rels(landing)["data"]).json()["collections"]:
        assert gis.get(rels(collection)["self"]).json() == collection
        assert gis.get(rels(collection)["items"]).headers["content-type"] == "application/geo+json"


def test_the_definition_is_openapi_3_0(gis: httpx.Client) -> None:
    answer = gis.get("/ogc/api")
    told = answer.json()
    assert answer.headers["content-type"] == "application/vnd.oai.openapi+json;version=3.0"
    assert told["openapi"].startswith("3.0.")
    assert '"null"' not in answer.text
    assert '"const"' not in answer.text
    asked = told["paths"]["/ogc/collections/{layer_id}/items"]["get"]["parameters"]
    assert {"limit", "bbox", "datetime"} <= {one["name"] for one in asked}
    given = told["paths"]["/ogc/collections/{layer_id}/items"]["get"]["responses"]["200"]["content"]
    assert [*given] == ["application/geo+json"]
    named = {part.split('"')[0] for part in answer.text.split("#/components/schemas/")[1:]}
    assert named == {*told["components"]["schemas"]}


def test_pages_follow_one_another_and_keep_what_was_asked(gis: httpx.Client) -> None:
    everything = gis.get(REACHES, params={"limit": 1000, "bbox": "115,37,117,39"}).json()
    url, found, pages = f"{REACHES}?limit=20&bbox=115,37,117,39", [], 0
    while url:
        page = gis.get(url).json()
        assert page["numberReturned"] == len(page["features"]) <= 20
        assert page["numberMatched"] == everything["numberMatched"]
        assert page["timeStamp"].endswith("Z")
        found += ids(page)
        pages += 1
        url = rels(page).get("next", "")
    assert found == ids(everything)
    assert pages == 3


def test_more_than_the_most_is_asked_and_the_most_is_given(gis: httpx.Client) -> None:
    assert gis.get(REACHES, params={"limit": 1_000_000}).json()["numberReturned"] == 51


@pytest.mark.parametrize(
    "wrong",
    ["limit=0", "limit=x", "bbox=1,2,3", "bbox=a,b,c,d", "bbox=0,50,1,40", "bbox=nan,1,2,3", "datetime=gestern",
     "datetime=2018-02-12/2017-01-01", "datetime=a/b/c", "datetime=..", "season=2017", "f=html", "crs=x"],
)  # fmt: skip
def test_a_wrong_or_unknown_parameter_is_told(gis: httpx.Client, wrong: str) -> None:
    answer = gis.get(f"{REACHES}?{wrong}")
    assert answer.status_code == 400
    assert answer.json()["zh"]


@pytest.mark.parametrize(
    "path", ["/ogc", "/ogc/conformance", "/ogc/collections", "/ogc/collections/reaches", "/ogc/api"]
)
def test_no_route_takes_a_parameter_that_it_does_not_know(gis: httpx.Client, path: str) -> None:
    assert gis.get(path, params={"f": "json"}).status_code == 200
    assert gis.get(path, params={"what": "ever"}).status_code == 400


def test_a_box_chooses_what_it_meets(gis: httpx.Client) -> None:
    everything = gis.get(REACHES, params={"limit": 100}).json()
    west = gis.get(REACHES, params={"bbox": "115,37,115.5,39", "limit": 100}).json()
    high = gis.get(REACHES, params={"bbox": "115,37,-100,115.5,39,9000", "limit": 100}).json()
    round_the_back = gis.get(REACHES, params={"bbox": "179,37,115.5,39", "limit": 100}).json()
    assert 0 < west["numberMatched"] < everything["numberMatched"]
    assert ids(west) == ids(high) == ids(round_the_back)


def test_a_time_chooses_by_the_day_of_the_last_record_and_leaves_what_has_none(gis: httpx.Client) -> None:
    everything = gis.get(REACHES, params={"limit": 100}).json()["features"]
    days = sorted({one["properties"]["record_on"] for one in everything} - {None})
    assert len(days) > 2
    for asked, first, last in (
        (days[0], days[0], days[0]),
        (f"{days[1]}/..", days[1], "9999"),
        (f"../{days[1]}", "0000", days[1]),
        (f"{days[0]}T00:00:00+08:00/{days[1]}T10:00:00Z", days[0], days[1]),
    ):
        wanted = [one["id"] for one in everything if first <= (one["properties"]["record_on"] or first) <= last]
        assert ids(gis.get(REACHES, params={"datetime": asked, "limit": 100}).json()) == wanted


def test_one_feature_is_found_from_its_collection(gis: httpx.Client) -> None:
    first = gis.get(REACHES, params={"limit": 1}).json()["features"][0]
    answer = gis.get(f"{REACHES}/{first['id']}")
    one = answer.json()
    assert answer.headers["content-type"] == "application/geo+json"
    assert {key: one[key] for key in ("id", "geometry", "properties")} == {
        key: first[key] for key in ("id", "geometry", "properties")
    }
    assert json.loads(gis.get(rels(one)["self"]).text) == one
    assert gis.get(rels(one)["collection"]).json()["id"] == "reaches"
    assert gis.get(f"{REACHES}/nobody").status_code == 404
    assert gis.get("/ogc/collections/nothing/items").status_code == 404


def test_gdal_pages_filters_and_gets_every_feature(
    portal: Served, gis: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "OAPIF" not in fiona.supported_drivers:
        fiona.supported_drivers["OAPIF"] = "r"
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    token = gis.headers["Authorization"].partition(" ")[2]
    with fiona.open(f"OAPIF:{portal.url}/ogc", layer="reaches", USERPWD=f"qgis:{token}", PAGE_SIZE="20") as source:
        assert len(list(source)) == 51
        west = list(source.filter(bbox=(115, 37, 115.5, 39)))
    asked = gis.get(REACHES, params={"bbox": "115,37,115.5,39", "limit": 100}).json()
    assert {one["properties"]["feature_id"] for one in west} == {one["id"] for one in asked["features"]}
    late = gis.get(REACHES, params={"datetime": "2017-01-01/..", "limit": 100}).json()
    with fiona.open(f"OAPIF:{portal.url}/ogc", layer="reaches", USERPWD=f"qgis:{token}") as source:
        read = {one["properties"]["feature_id"] for one in source.filter(where="record_on >= '2017-01-01'")}
    assert read == {*ids(late)}
    assert len(read) < 51
