"""Online bases: what may lie under the layers when there is a network, and what never may.

Only tiles in web Mercator on WGS 84 or CGCS2000 fit (the two differ by less than a metre). Tiles of GCJ-02
and BD-09 are shifted by 100 to 700 m on purpose and are refused. A key is written into a page only when it
is handed over for that.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from ecotrack.errors import ShiftedBase, Text, UnknownBase

_SHIFTED = ("autonavi.com", "amap.com", "gaode.com", "gtimg.com", "map.qq.com", "bdimg.com", "baidu.com", "google.cn")
_TIANDITU = (
    "https://t{s}.tianditu.gov.cn/{layer}_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER={layer}"
    "&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles&TILEMATRIX={{z}}&TILEROW={{y}}&TILECOL={{x}}&tk={key}"
)
_TIANDITU_LAYERS = {"tianditu-vector": ("vec", "cva"), "tianditu-image": ("img", "cia")}
_TIANDITU_SERVER = "0"


@dataclass(frozen=True, slots=True)
class BaseMap:
    """An online base as the page needs it.

    Attributes
    ----------
    urls
        Templates of tiles with ``{z}``, ``{x}`` and ``{y}``, the lowest first; where a key is missing they hold
        ``{key}``, and the person who opens the page is asked for it.
    title
        What the layer control calls it.
    attribution
        Whose tiles they are.
    """

    urls: tuple[str, ...]
    title: Text
    attribution: str
    asks_key: bool = False

    @property
    def origins(self) -> tuple[str, ...]:
        """Where the tiles come from, for the page's policy: the only hosts that it may ask.

        Examples
        --------
        >>> base_map("osm").origins
        ('https://tile.openstreetmap.org',)
        """
        parts = [urlsplit(url) for url in self.urls]
        return tuple(dict.fromkeys(f"{part.scheme}://{part.netloc}" for part in parts))


def base_map(name: str, *, key: str | None = None) -> BaseMap:
    """Return an online base by its name or by the address of its tiles.

    Parameters
    ----------
    name
        ``tianditu-vector``, ``tianditu-image``, ``osm``, or an https template with ``{z}``, ``{x}``, ``{y}``.
    key
        The bureau's key for Tianditu; it is written into the page. Without it the page asks for one.

    Raises
    ------
    ShiftedBase
        The tiles are in GCJ-02 or BD-09.
    UnknownBase
        There is no such base.
    """
    if name in _TIANDITU_LAYERS:
        return _tianditu(name, key)
    if name == "osm":
        title = Text("OpenStreetMap 底图", "OpenStreetMap")
        return BaseMap(("https://tile.openstreetmap.org/{z}/{x}/{y}.png",), title, "© OpenStreetMap contributors")
    address = urlsplit(name)
    host = (address.hostname or "").lower()
    if any(host == shifted or host.endswith(f".{shifted}") for shifted in _SHIFTED):
        raise ShiftedBase(host=host)
    plain = all(letter.isascii() and letter not in " \"'<>;,`\\" and letter.isprintable() for letter in name)
    if address.scheme != "https" or not host or not plain or not all(part in name for part in ("{z}", "{x}", "{y}")):
        raise UnknownBase(name=name)
    return BaseMap((name,), Text(f"底图 {host}", f"Base {host}"), host)


def _tianditu(name: str, key: str | None) -> BaseMap:
    written = "{key}" if key is None else quote(key, safe="")
    urls = [_TIANDITU.format(s=_TIANDITU_SERVER, layer=layer, key=written) for layer in _TIANDITU_LAYERS[name]]
    title = Text("天地图影像", "Tianditu imagery") if name.endswith("image") else Text("天地图", "Tianditu")
    return BaseMap(tuple(urls), title, "国家地理信息公共服务平台 天地图", asks_key=key is None)
