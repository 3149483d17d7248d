"""Downloads for everyone who may sign in: every layer at or below the workspace's own level, in the formats asked."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, Response

from ecotrack.errors import UnknownFormat
from ecotrack.web.portal import Portal

FORMATS = {
    "geojson": ("GeoJSON", "application/geo+json"),
    "gpkg": ("GeoPackage", "application/geopackage+sqlite3"),
    "csv": ("CSV", "text/csv"),
    "xlsx": ("Excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "zip": ("Shapefile", "application/zip"),
}
"""What a layer is given as: the suffix, what people call it, and its media type."""

ZONES = {
    "lonlat": "经纬度（CGCS2000）",
    "zone38": "3度带 第38带（114°），加带号",
    "cm114": "3度带 中央经线114°，不加带号",
    "zone39": "3度带 第39带（117°），加带号",
    "cm117": "3度带 中央经线117°，不加带号",
}
"""Coordinate systems of shapefiles; a test holds them to those of the writer, which loads in children only."""

ZoneName = Literal["lonlat", "zone38", "cm114", "zone39", "cm117"]
EncodingName = Literal["UTF-8", "GBK"]
_EXPORT = "ecotrack.desk.board:export"
_SHAPEFILE = "ecotrack.desk.downloads:shapefile"


def routes(portal: Portal) -> APIRouter:
    """Return the page of downloads and the route that gives them."""
    router = APIRouter()

    @router.get("/downloads", include_in_schema=False)
    def downloads(request: Request) -> Response:
        visitor = portal.gate.require(request)
        given = {suffix: name for suffix, (name, _) in FORMATS.items() if suffix != "zip"}
        layers = sorted(portal.open_layers(), key=lambda one: one.sketch)  # what people draw comes first
        return portal.page(
            request, "downloads.html", visitor, layers=layers, formats=given, zones=ZONES,
            address=f"{request.base_url}ogc",
        )  # fmt: skip

    @router.get("/api/layers/{layer_id}.{suffix}", tags=["downloads"], response_class=FileResponse)
    def download(
        request: Request,
        layer_id: str,
        suffix: str,
        zone: ZoneName = "lonlat",
        encoding: Annotated[EncodingName, Query(description="of a shapefile's attributes")] = "UTF-8",
    ) -> Response:
        """Return a layer joined to its progress: GeoJSON, GeoPackage, CSV, XLSX, or a zipped shapefile.

        ``zone`` and ``encoding`` are for shapefiles alone, whose names have ten letters at most.
        """
        portal.gate.require(request)
        layer = portal.open_layer(layer_id)
        if suffix not in FORMATS:
            raise UnknownFormat("", known="、".join(FORMATS))
        name = f"layers/{layer.id}.{suffix if suffix != 'zip' else 'geojson'}"
        path = portal.board.get(name, _EXPORT, layer.id, fresh=True)
        title = layer.title_zh
        if suffix == "zip":
            name = f"layers/{layer.id}-{zone}-{encoding}.zip"
            path = portal.board.get(name, _SHAPEFILE, layer.id, str(path), zone, encoding, fresh=True)
            title = f"{title}-{ZONES[zone].partition('，')[0]}"
        headers = {"content-disposition": f"attachment; filename*=UTF-8''{quote(title, safe='')}.{suffix}"}
        return FileResponse(path, media_type=FORMATS[suffix][1], headers=headers)

    return router
