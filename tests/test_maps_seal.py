"""A sealed page loads nothing, and its policy admits its own scripts and no others."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest

from ecotrack.errors import ExternalAsset, InlineHandler, MissingFile
from ecotrack.maps.seal import policy, seal


def page(head: str = "", body: str = "") -> str:
    return f"<!DOCTYPE html>\n<html>\n<head>\n{head}\n</head>\n<body>{body}</body>\n</html>"


@pytest.mark.parametrize(
    "markup",
    [
        '<script src="https://example.com/a.js"></script>',
        '<script src="//example.com/a.js"></script>',
        '<script src="a.js"></script>',
        '<link rel="stylesheet" href="https://example.com/a.css">',
        '<link rel="preload" href="https://example.com/a.woff">',
        '<img src="https://example.com/a.png">',
        '<img srcset="https://example.com/a.png 2x">',
        '<iframe srcdoc="x"></iframe>',
        '<object data="https://example.com/a.svg"></object>',
        '<style>@import "https://example.com/a.css";</style>',
        "<style>b { background: url(https://example.com/a.png) }</style>",
        '<style>b { background: url("a.png") }</style>',
        '<meta http-equiv="refresh" content="0;url=https://example.com">',
        '<b style="background: url(https://example.com/a.png)">x</b>',
        '<base href="https://example.com/">',
    ],
)
def test_whatever_would_be_loaded_from_outside_is_refused(markup: str) -> None:
    with pytest.raises(ExternalAsset):
        seal(page(markup))


def test_the_refusal_names_the_address_and_the_way_out() -> None:
    with pytest.raises(ExternalAsset) as caught:
        seal(page('<script src="https://example.com/heat.js"></script>'))
    assert "https://example.com/heat.js" in caught.value.message("zh")
    assert "local={" in caught.value.message("en")


def test_an_inline_event_handler_is_refused() -> None:
    with pytest.raises(InlineHandler, match="onclick"):
        seal(page(body='<b onclick="alert(1)">x</b>'))


def test_links_that_a_person_follows_are_left_alone() -> None:
    assert '<a href="https://example.com/">' in seal(page(body='<a href="https://example.com/">x</a>'))


def test_a_local_file_takes_the_place_of_an_address(tmp_path: Path) -> None:
    script, style = tmp_path / "插件.js", tmp_path / "插件.css"
    script.write_text("window.plugin = 1;", encoding="utf-8")
    style.write_text("b { color: red }", encoding="utf-8")
    urls = {"https://example.com/p.js": script, "https://example.com/p.css": style}
    sealed = seal(
        page(
            '<script src="https://example.com/p.js"></script><link rel="stylesheet" href="https://example.com/p.css"/>'
        ),
        local=urls,
    )
    assert "<script>window.plugin = 1;</script><style>b { color: red }</style>" in sealed
    assert "example.com" not in sealed


def test_a_local_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match=r"gone\.js"):
        seal(
            page('<script src="https://x.example/p.js"></script>'),
            local={"https://x.example/p.js": tmp_path / "gone.js"},
        )


def test_the_policy_comes_first_and_holds_the_hash_of_each_script() -> None:
    sealed = seal(page("<script>var a = '图';</script>", '<script type="application/json">{"a":1}</script>'))
    digest = base64.b64encode(hashlib.sha256("var a = '图';".encode()).digest()).decode()
    head = sealed.split("<head>")[1].lstrip()
    assert head.startswith('<meta http-equiv="Content-Security-Policy"')
    assert f"script-src 'sha256-{digest}';" in head
    assert "style-src 'none'" in head


def test_no_policy_admits_scripts_at_large() -> None:
    for loose in (False, True):
        rules = dict(rule.split(" ", 1) for rule in policy(["1"], ["2"], loose_styles=loose).split("; "))
        assert rules["default-src"] == "'none'"
        assert "unsafe" not in rules["script-src"]
        assert rules["img-src"] == "data:"


def test_folium_libraries_that_nothing_uses_are_left_out_and_leaflet_is_inside() -> None:
    head = (
        '<script src="https://cdn.example/npm/leaflet@1.9.3/dist/leaflet.js"></script>'
        '<script src="https://code.example/jquery-3.7.1.min.js"></script>'
        '<link rel="stylesheet" href="https://cdn.example/npm/leaflet@1.9.3/dist/leaflet.css"/>'
        '<link rel="stylesheet" href="https://cdn.example/npm/bootstrap@5.2.2/dist/css/bootstrap.min.css"/>'
    )
    sealed = seal(page(head, "<script>L.map('m');</script>"))
    assert "Leaflet 1.9.4" in sealed
    assert "jQuery" not in sealed
    assert "cdn.example" not in sealed
    assert "jQuery" in seal(page(head, "<script>$('#m');</script>"))
