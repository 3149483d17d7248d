"""OGC API - Features, part 1 (OGC 17-069r4): every layer as GeoJSON, so that QGIS and ``ogr2ogr OAPIF:`` read it."""

from __future__ import annotations

import json
from typing import Annotated, Any

import shapely
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from ecotrack.errors import NotAllowed
from ecotrack.web.openly import box_of
from ecotrack.web.portal import Portal

CONFORMS = (
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
)
MOST = 10_000
_CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_GEOJSON = "application/geo+json"


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
    def landing(request: Request) -> dict[str, Any]:
        """Return the landing page."""
        portal.gate.require(request)
        links = [
            _link(request, "ogc", "self"),
            _link(request, "openapi.json", "service-desc", "application/vnd.oai.openapi+json;version=3.0"),
            _link(request, "ogc/conformance", "conformance"),
            _link(request, "ogc/collections", "data"),
        ]
        return {"title": portal.counter.workspace.config.name_zh, "description": "ecotrack", "links": links}

    @router.get("/conformance")
    def conformance(request: Request) -> dict[str, Any]:
        """Return the classes of the standard that are kept."""
        portal.gate.require(request)
        return {"conformsTo": [*CONFORMS]}

    @router.get("/collections")
    def collections(request: Request) -> dict[str, Any]:
        """Return the layers."""
        portal.gate.require(request)
        found = [_collection(portal, request, layer) for layer in portal.open_layers()]
        return {"collections": found, "links": [_link(request, "ogc/collections", "self")]}

    @router.get("/collections/{layer_id}")
    def one_collection(request: Request, layer_id: str) -> dict[str, Any]:
        """Return one layer."""
        portal.gate.require(request)
        return _collection(portal, request, portal.open_layer(layer_id))


def _add_items(router: APIRouter, portal: Portal, layers: _Layers) -> None:
    @router.get("/collections/{layer_id}/items")
    def items(
        request: Request,
        layer_id: str,
        limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
        offset: Annotated[int, Query(ge=0, le=1 << 40)] = 0,
        bbox: Annotated[str | None, Query(max_length=120)] = None,
    ) -> Response:
        """Return features of a layer: accepted plots, or reference geography joined to progress."""
        portal.gate.require(request)
        features, tree = layers.get(layer_id)
        if bbox is not None:
            found = sorted(tree.query(shapely.box(*box_of(bbox)), predicate="intersects").tolist())
            features = [features[place] for place in found]
        page = features[offset : offset + limit]
        path = f"ogc/collections/{layer_id}/items"
        links = [_link(request, path, "self", _GEOJSON)]
        if offset + limit < len(features):
            box = f"&bbox={bbox}" if bbox else ""
            links.append(_link(request, f"{path}?offset={offset + limit}&limit={limit}{box}", "next", _GEOJSON))
        document = {
            "type": "FeatureCollection",
            "features": page,
            "links": links,
            "numberMatched": len(features),
            "numberReturned": len(page),
        }
        return Response(json.dumps(document, ensure_ascii=False), media_type=_GEOJSON)

    @router.get("/collections/{layer_id}/items/{feature_id}")
    def one(request: Request, layer_id: str, feature_id: str) -> Response:
        """Return one feature."""
        portal.gate.require(request)
        found = next((item for item in layers.get(layer_id)[0] if str(item["id"]) == feature_id), None)
        if found is None:
            raise NotAllowed("")
        links = [_link(request, f"ogc/collections/{layer_id}", "collection")]
        return Response(json.dumps({**found, "links": links}, ensure_ascii=False), media_type=_GEOJSON)
