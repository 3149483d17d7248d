"""OGC API - Features, part 1 (OGC 17-069r4): every layer as GeoJSON, so that QGIS and ``ogr2ogr OAPIF:`` read it."""

from __future__ import annotations

import datetime as dt
import json
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

import shapely
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from ecotrack.errors import BadQuery, NotAllowed
from ecotrack.web.answers import RESPONSES
from ecotrack.web.portal import Portal
from ecotrack.workspace import TIME_ZONE

CONFORMS = (
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
)
MOST = 10_000
_CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_GEOJSON = "application/geo+json"
_OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
_TIME = "record_on"
"""The property by which ``datetime`` chooses; a feature without a record is always chosen, as the standard wants it."""

Format = Literal["json"]


_PROBLEM = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"content": _PROBLEM, "description": told["description"]} for status, told in RESPONSES.items()
}
"""What goes wrong is told as JSON also where the answer itself is of another media type."""


def _document(media_type: str) -> dict[int | str, dict[str, Any]]:
    """Return the responses of a route whose answer is an object of its own media type, and no string."""
    return {200: {"content": {media_type: {"schema": {"type": "object"}}}}, **_RESPONSES}


class _Features(Response):
    media_type = _GEOJSON


class _Definition(Response):
    media_type = _OPENAPI


class _Layers:
    """The exported layers, read once for each state of the register; only the last few are kept."""

    _KEPT = 3

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._read: dict[str, tuple[float, list[dict[str, Any]], Any]] = {}

    def get(self, layer_id: str) -> tuple[list[dict[str, Any]], Any]:
        """Return the features of a layer, and a tree of their bounds."""
        self._portal.open_layer(layer_id)
        make = "ecotrack.desk.board:export"
        path = self._portal.board.get(f"layers/{layer_id}.geojson", make, layer_id, fresh=True)
        stamp = path.stat().st_mtime
        if self._read.get(layer_id, (None,))[0] != stamp:
            features = json.loads(path.read_bytes())["features"]
            shapes = [shapely.from_geojson(json.dumps(one["geometry"])) for one in features]
            self._read.pop(layer_id, None)
            self._read[layer_id] = (stamp, features, shapely.STRtree(shapes))
            while len(self._read) > self._KEPT:
                self._read.pop(next(iter(self._read)))
        _, features, tree = self._read[layer_id]
        return features, tree


def routes(portal: Portal) -> APIRouter:
    """Return the routes of OGC API - Features."""
    router, layers = APIRouter(prefix="/ogc", tags=["ogc"]), _Layers(portal)

    _add_collections(router, portal)
    _add_definition(router, portal)
    _add_items(router, portal, layers)
    return router


def _link(request: Request, path: str, rel: str, kind: str = "application/json") -> dict[str, str]:
    return {"href": f"{request.base_url}{path}", "rel": rel, "type": kind}


def _collection(portal: Portal, request: Request, layer: Any) -> dict[str, Any]:
    mark = "（示意）" if layer.sketch else ""
    return {
        "id": layer.id,
        "title": layer.title_zh + mark,
        "description": f"{layer.title_en}; {layer.classification}",
        "extent": {"spatial": {"bbox": [[*portal.counter.workspace.config.extent]], "crs": _CRS84}},
        "itemType": "feature",
        "crs": [_CRS84],
        "links": [
            _link(request, f"ogc/collections/{layer.id}", "self"),
            _link(request, f"ogc/collections/{layer.id}/items", "items", _GEOJSON),
        ],
    }


def _add_collections(router: APIRouter, portal: Portal) -> None:
    @router.get("")
    def landing(request: Request, f: Format = "json") -> dict[str, Any]:
        """Return the landing page."""
        _known(portal, request, "f")
        links = [
            _link(request, "ogc", "self"),
            _link(request, "ogc/api", "service-desc", _OPENAPI),
            _link(request, "ogc/conformance", "conformance"),
            _link(request, "ogc/collections", "data"),
        ]
        return {"title": portal.counter.workspace.config.name_zh, "description": "ecotrack", "links": links}

    @router.get("/conformance")
    def conformance(request: Request, f: Format = "json") -> dict[str, Any]:
        """Return the classes of the standard that are kept."""
        _known(portal, request, "f")
        return {"conformsTo": [*CONFORMS]}

    @router.get("/collections")
    def collections(request: Request, f: Format = "json") -> dict[str, Any]:
        """Return the layers."""
        _known(portal, request, "f")
        found = [_collection(portal, request, layer) for layer in portal.open_layers()]
        return {"collections": found, "links": [_link(request, "ogc/collections", "self")]}

    @router.get("/collections/{layer_id}")
    def one_collection(request: Request, layer_id: str, f: Format = "json") -> dict[str, Any]:
        """Return one layer."""
        _known(portal, request, "f")
        return _collection(portal, request, portal.open_layer(layer_id))


def _add_definition(router: APIRouter, portal: Portal) -> None:
    @router.get("/api", response_class=_Definition, responses=_document(_OPENAPI))
    def definition(request: Request, f: Format = "json") -> Response:
        """Return the definition of these routes as OpenAPI 3.0, which the standard asks for."""
        _known(portal, request, "f")
        whole = request.app.openapi()
        paths = {path: told for path, told in whole["paths"].items() if path.startswith(router.prefix)}
        document = {"openapi": "3.0.3", "info": whole["info"], "servers": [{"url": str(request.base_url).rstrip("/")}],
                    "paths": paths, "components": {"schemas": _named(whole, paths)}}  # fmt: skip
        return _Definition(json.dumps(_as_3_0(document), ensure_ascii=False))


def _named(whole: dict[str, Any], paths: dict[str, Any]) -> dict[str, Any]:
    """Return the schemas that some paths name, and those that these name."""
    schemas, text = whole["components"]["schemas"], json.dumps(paths)
    found: dict[str, Any] = {}
    while fresh := {name: one for name, one in schemas.items() if f'schemas/{name}"' in text and name not in found}:
        found |= fresh
        text = json.dumps(fresh)
    return found


def _as_3_0(part: Any) -> Any:
    """Return a part of an OpenAPI 3.1 document in the words of 3.0, which has no type for nothing.

    Examples
    --------
    >>> _as_3_0({"anyOf": [{"type": "string", "maxLength": 80}, {"type": "null"}], "title": "Bbox"})
    {'title': 'Bbox', 'type': 'string', 'maxLength': 80, 'nullable': True}
    >>> _as_3_0({"const": "json", "default": "json"})
    {'default': 'json', 'enum': ['json']}
    """
    if isinstance(part, list):
        return [_as_3_0(one) for one in part]
    if not isinstance(part, dict):
        return part
    told = {key: _as_3_0(value) for key, value in part.items() if key not in ("anyOf", "const")}
    if "const" in part:
        told["enum"] = [part["const"]]
    some = [one for one in part.get("anyOf", ()) if one != {"type": "null"}]
    if len(some) == 1:
        told |= {**_as_3_0(some[0]), "nullable": True}
    elif some:
        told["anyOf"] = _as_3_0(some)
    return told


def _add_items(router: APIRouter, portal: Portal, layers: _Layers) -> None:
    @router.get("/collections/{layer_id}/items", response_class=_Features, responses=_document(_GEOJSON))
    def items(
        request: Request,
        layer_id: str,
        limit: Annotated[int, Query(ge=1, le=1 << 40, description=f"at most {MOST} are given")] = 100,
        offset: Annotated[int, Query(ge=0, le=1 << 40)] = 0,
        bbox: Annotated[str | None, Query(max_length=200, description="west,south,east,north in degrees")] = None,
        datetime: Annotated[
            str | None, Query(max_length=80, description="day of the last record: a day, an instant, or an interval")
        ] = None,
        f: Format = "json",
    ) -> Response:
        """Return features of a layer: accepted plots, or reference geography joined to progress."""
        _known(portal, request, "limit", "offset", "bbox", "datetime", "f")
        features, tree = layers.get(layer_id)
        limit = min(limit, MOST)
        if bbox is not None:
            found = {place for box in boxes_of(bbox) for place in tree.query(box, predicate="intersects").tolist()}
            features = [features[place] for place in sorted(found)]
        if datetime is not None:
            first, last = days_of(datetime)
            features = [one for one in features if first <= (one["properties"].get(_TIME) or first) <= last]
        page = features[offset : offset + limit]
        path = f"ogc/collections/{layer_id}/items"
        links = [{**_link(request, path, "self", _GEOJSON), "href": str(request.url)}]
        links.append(_link(request, f"ogc/collections/{layer_id}", "collection"))
        if offset + limit < len(features):
            asked = {"bbox": bbox, "datetime": datetime, "offset": offset + limit, "limit": limit}
            query = urlencode({key: value for key, value in asked.items() if value is not None}, safe=",:/")
            links.append(_link(request, f"{path}?{query}", "next", _GEOJSON))
        document = {
            "type": "FeatureCollection",
            "features": page,
            "links": links,
            "timeStamp": dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "numberMatched": len(features),
            "numberReturned": len(page),
        }
        return _Features(json.dumps(document, ensure_ascii=False))

    @router.get("/collections/{layer_id}/items/{feature_id}", response_class=_Features, responses=_document(_GEOJSON))
    def one(request: Request, layer_id: str, feature_id: str, f: Format = "json") -> Response:
        """Return one feature."""
        _known(portal, request, "f")
        found = next((item for item in layers.get(layer_id)[0] if str(item["id"]) == feature_id), None)
        if found is None:
            raise NotAllowed("")
        path = f"ogc/collections/{layer_id}"
        links = [
            _link(request, f"{path}/items/{quote(feature_id, safe='')}", "self", _GEOJSON),
            _link(request, path, "collection"),
        ]
        return _Features(json.dumps({**found, "links": links}, ensure_ascii=False))


def _known(portal: Portal, request: Request, *names: str) -> None:
    """Let in who may see the layers, and refuse parameters that a route does not have."""
    portal.gate.require(request)
    unknown = sorted({*request.query_params} - {*names})
    if unknown:
        raise BadQuery("", detail=f"没有参数 {'、'.join(unknown)[:80]}")


def boxes_of(text: str) -> list[shapely.Polygon]:
    """Return the box of ``bbox``, in two parts where it goes over the antimeridian; heights count for nothing.

    Raises
    ------
    BadQuery
        The text is no box.

    Examples
    --------
    >>> [box.bounds for box in boxes_of("170,-10,-170,10")]
    [(170.0, -10.0, 180.0, 10.0), (-180.0, -10.0, -170.0, 10.0)]
    """
    try:
        numbers = [float(part) for part in text.split(",")]
        west, south, east, north = numbers if len(numbers) == 4 else (*numbers[:2], *numbers[3:5])
    except ValueError:
        raise BadQuery("", detail="bbox 要写成 西,南,东,北") from None
    if len(numbers) not in (4, 6) or not (abs(west) <= 180 and abs(east) <= 180 and -90 <= south <= north <= 90):
        raise BadQuery("", detail="bbox 要写成 西,南,东,北")
    if west <= east:
        return [shapely.box(west, south, east, north)]
    return [shapely.box(west, south, 180, north), shapely.box(-180, south, east, north)]


def days_of(text: str) -> tuple[str, str]:
    """Return the first and the last day of ``datetime``, as texts that can be compared.

    A day, an instant (RFC 3339), or an interval of them whose ends may be open (``..`` or nothing).

    Raises
    ------
    BadQuery
        The text is neither.

    Examples
    --------
    >>> days_of("2018-02-12"), days_of("../2018-03-18T20:00:00Z"), days_of("2018-02-12/")
    (('2018-02-12', '2018-02-12'), ('0000', '2018-03-19'), ('2018-02-12', '9999'))
    """
    ends = text.split("/")
    if len(ends) > 2 or (len(ends) == 1 and text in ("", "..")):
        raise BadQuery("", detail="datetime 要写成一天，或 起/止")
    first, last = _day(ends[0], open_="0000"), _day(ends[-1], open_="9999")
    if first > last:
        raise BadQuery("", detail="datetime 的起在止之后")
    return first, last


def _day(text: str, *, open_: str) -> str:
    if text in ("", ".."):
        return open_
    try:
        day = text.removesuffix("T")  # GDAL writes a day so
        if "T" not in day:
            return dt.date.fromisoformat(day).isoformat()
        return dt.datetime.fromisoformat(text).astimezone(TIME_ZONE).date().isoformat()
    except (ValueError, OverflowError):
        raise BadQuery("", detail="datetime 要写成一天，或 起/止") from None
