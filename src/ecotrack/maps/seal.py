"""Sealing of a page: everything inside it, nothing from outside, and a policy that holds it so.

A page that folium rendered names its libraries on other hosts. `seal` puts the libraries inside,
refuses whatever would still be loaded, and writes a Content-Security-Policy that admits exactly the
scripts and styles of the page, each by its SHA-256.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

from ecotrack.errors import ExternalAsset, InlineHandler, MissingFile
from ecotrack.maps.assets import picture_uri, vendor_text

_LOADING = {"src", "srcset", "data", "poster", "background", "href", "xlink:href"}
_PLAIN_LINKS = {"a", "area"}
_SCRIPT_TYPES = {"", "text/javascript", "application/javascript", "module"}
_OUTSIDE_CSS = re.compile(r"@import\s|url\(\s*['\"]?(?!data:|#)", re.IGNORECASE)
_URL_IN_CSS = re.compile(r"url\(\s*['\"]?([^'\")]+)", re.IGNORECASE)

_ZOOM_LOCK = re.compile(r"(<meta name=\"viewport\"[^>]*?),\s*maximum-scale=1(?:\.0)?,\s*user-scalable=no")
"""What folium adds to a page's viewport: who reads badly could not enlarge the text (WCAG 2.1, 1.4.4)."""


@dataclass(frozen=True, slots=True)
class _Tag:
    name: str
    attributes: dict[str, str]
    start: int
    inner: int


class _Reader(HTMLParser):
    """Finds the tags of a page with their places in its text."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=False)
        self.tags: list[_Tag] = []
        self.ends: dict[int, int] = {}
        self._line_starts = [0]
        for found in re.finditer("\n", page):
            self._line_starts.append(found.end())
        self.feed(page)
        self.close()

    def _here(self) -> int:
        line, column = self.getpos()
        return self._line_starts[line - 1] + column

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        start = self._here()
        inner = start + len(self.get_starttag_text() or "")
        self.tags.append(_Tag(tag, {name: value or "" for name, value in attrs}, start, inner))

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style") and self.tags:
            self.ends[self.tags[-1].start] = self._here()


def seal(page: str, *, local: Mapping[str, Path] | None = None, pictures: Sequence[str] = ()) -> str:
    """Return the page with everything inside it and a Content-Security-Policy that keeps it so.

    Parameters
    ----------
    page
        HTML as folium rendered it.
    local
        Files to put in place of addresses that plugins of the user name: URL to path.
    pictures
        Origins from which scripts may ask for pictures: those of an online base that was chosen, else none.

    Returns
    -------
    str
        HTML that loads nothing but these.

    Raises
    ------
    ExternalAsset
        A script, style or other thing would still be loaded; the message names it.
    InlineHandler
        An element has an ``on...`` attribute.
    MissingAsset
        The browser libraries have not been fetched.
    MissingFile
        A file of ``local`` is not there.
    """
    inlined = _inline(page, local or {})
    inlined = _ZOOM_LOCK.sub(r"\1", inlined)
    tags = _Reader(inlined)
    for tag in tags.tags:
        _refuse_outside(tag)
    scripts = [_content(inlined, tags, tag) for tag in tags.tags if tag.name == "script" and _runs(tag)]
    styles = [_content(inlined, tags, tag) for tag in tags.tags if tag.name == "style"]
    for style in styles:
        _refuse_outside_css(style)
    loose = any("style" in tag.attributes for tag in tags.tags) or _writes_styles(scripts)
    return _with_policy(inlined, policy(scripts, styles, loose_styles=loose, pictures=pictures))


def policy(scripts: list[str], styles: list[str], *, loose_styles: bool = False, pictures: Sequence[str] = ()) -> str:
    """Return the Content-Security-Policy that admits exactly these inline scripts and styles.

    Parameters
    ----------
    scripts, styles
        Contents of the elements, to the byte.
    loose_styles
        Admit ``style`` attributes: needed by folium's own popups, which write them into their HTML.
        Styles cannot run code, and nothing can be loaded through them here.
    pictures
        Origins from which pictures may come.

    Examples
    --------
    >>> policy(["1"], []).split("; ")[1]
    "script-src 'sha256-a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s='"
    """
    script_src = " ".join(_digest(script) for script in dict.fromkeys(scripts)) or "'none'"
    style_src = " ".join(_digest(style) for style in dict.fromkeys(styles)) or "'none'"
    rules = {
        "default-src": "'none'",
        "script-src": script_src,
        "style-src": "'unsafe-inline'" if loose_styles else style_src,
        "img-src": " ".join(["data:", *pictures]),
        "worker-src": "blob:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _digest(text: str) -> str:
    # Browsers hash the element's text after newlines were normalised.
    data = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8")
    return f"'sha256-{base64.b64encode(hashlib.sha256(data).digest()).decode('ascii')}'"


def _content(page: str, reader: _Reader, tag: _Tag) -> str:
    return page[tag.inner : reader.ends.get(tag.start, tag.inner)]


def _runs(tag: _Tag) -> bool:
    return tag.attributes.get("type", "").strip().lower() in _SCRIPT_TYPES


def _writes_styles(scripts: list[str]) -> bool:
    # Only folium's own template output writes style attributes; the libraries and our scripts use the CSSOM.
    return any('style="width: 100.0%' in script or "bindPopup(`" in script for script in scripts)


def _refuse_outside(tag: _Tag) -> None:
    for name, value in tag.attributes.items():
        if name.startswith("on"):
            raise InlineHandler(name=f"<{tag.name} {name}>")
        if name == "style":
            _refuse_outside_css(value)
        if name in _LOADING and tag.name not in _PLAIN_LINKS and not value.startswith(("data:", "#")):
            raise ExternalAsset(url=value)
    if tag.name == "iframe" or (tag.name == "meta" and tag.attributes.get("http-equiv", "").lower() == "refresh"):
        raise ExternalAsset(url=f"<{tag.name}>")


def _refuse_outside_css(style: str) -> None:
    found = _OUTSIDE_CSS.search(style)
    if found:
        url = _URL_IN_CSS.search(style, found.start())
        raise ExternalAsset(url=url[1] if url else found[0].strip())


def _with_policy(page: str, rules: str) -> str:
    # First in the head: a policy holds only for what comes after it.
    meta = f'<meta http-equiv="Content-Security-Policy" content="{rules}" />'
    return re.sub(r"<head>", lambda found: f"{found[0]}\n{meta}", page, count=1)


def _inline(page: str, local: Mapping[str, Path]) -> str:
    reader = _Reader(page)
    code = " ".join(_content(page, reader, tag) for tag in reader.tags if tag.name == "script" and _runs(tag))
    parts, done = [], 0
    for tag in reader.tags:
        url = _address(tag)
        if url is None:
            continue
        end = reader.ends.get(tag.start, tag.inner)
        after = page.find(">", end) + 1 if tag.name == "script" else tag.inner
        parts += [page[done : tag.start], _replacement(tag, url, code=code, local=local)]
        done = after
    return "".join([*parts, page[done:]])


def _address(tag: _Tag) -> str | None:
    if tag.name == "script" and "src" in tag.attributes:
        return tag.attributes["src"]
    if tag.name == "link" and "stylesheet" in tag.attributes.get("rel", ""):
        return tag.attributes.get("href", "")
    return None


def _replacement(tag: _Tag, url: str, *, code: str, local: Mapping[str, Path]) -> str:
    kind = "script" if tag.name == "script" else "style"
    if url in local:
        return f"<{kind}>{_local_text(local[url])}</{kind}>"
    for name, library in _FOLIUM_LIBRARIES.items():
        if name in url:
            if not library.needed(code):
                return ""
            if library.text is not None:
                return f"<{kind}>{library.text()}</{kind}>"
    raise ExternalAsset(url=url)


def _local_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        raise MissingFile(path) from None


@dataclass(frozen=True, slots=True)
class _Library:
    """A library that folium's page names: whether its scripts need it, and our text of it, if we have one."""

    needed: Callable[[str], bool]
    text: Callable[[], str] | None = None


def _always(_code: str) -> bool:
    return True


def _never(_code: str) -> bool:
    return False


def _uses_jquery(code: str) -> bool:
    return "$(" in code or "jQuery" in code


def _uses_awesome_markers(code: str) -> bool:
    return "AwesomeMarkers" in code


def _leaflet() -> str:
    # Leaflet finds its marker pictures beside leaflet.css, which here has no address.
    pictures = {
        "iconUrl": picture_uri("images/marker-icon.png"),
        "iconRetinaUrl": picture_uri("images/marker-icon-2x.png"),
        "shadowUrl": picture_uri("images/marker-shadow.png"),
    }
    options = ",".join(f'{name}:"{uri}"' for name, uri in pictures.items())
    plain = re.sub(r"//# sourceMappingURL=\S+", "", vendor_text("leaflet.js"))
    return f'{plain}\nL.Icon.Default.imagePath="";L.Icon.Default.mergeOptions({{{options}}});'


# Order matters: the first name found in the address decides. What a page's scripts never use is left out;
# what they do use and we do not carry must come through ``local``.
_FOLIUM_LIBRARIES = {
    "awesome-markers": _Library(_uses_awesome_markers),
    "awesome.rotate": _Library(_uses_awesome_markers),
    "fontawesome": _Library(_uses_awesome_markers),
    "glyphicons": _Library(_uses_awesome_markers),
    "dist/leaflet.js": _Library(_always, _leaflet),
    "dist/leaflet.css": _Library(_always, lambda: vendor_text("leaflet.css")),
    "jquery": _Library(_uses_jquery, lambda: vendor_text("jquery.js")),
    "bootstrap": _Library(_never),
}
