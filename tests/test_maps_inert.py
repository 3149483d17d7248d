"""Data reaches a page only as inert JSON: it comes back unchanged and can never close its element."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecotrack.maps.inert import InertData, InertText, at_the_end, inert_json

HOSTILE = st.sampled_from(
    ["</script>", "<!--", "<script", "&lt;", "\u2028", "\u2029", "${alert(1)}", "`", "{{7*7}}", "\u202e"]
)


@given(st.lists(st.one_of(HOSTILE, st.text())))
def test_every_text_comes_back_as_it_was(texts: list[str]) -> None:
    assert json.loads(inert_json(texts)) == texts


@given(st.lists(st.one_of(HOSTILE, st.text())))
def test_no_character_that_a_parser_could_take_for_markup_is_left(texts: list[str]) -> None:
    assert not set(inert_json(texts)) & set("<>&\u2028\u2029")


def test_a_block_holds_one_script_element_whatever_the_data_say() -> None:
    tags: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.append(tag)

    Reader().feed(InertData("ecotrack-x", {"a": "</script><img src=x onerror=alert(1)>{{ 1 }}"}).render())
    assert tags == ["script"]


def test_a_number_that_json_cannot_say_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        inert_json({"value_km2": float("nan")})


def test_half_a_character_does_not_break_the_page() -> None:
    assert json.loads(inert_json("a\ud800b")) == "a?b"


@pytest.mark.parametrize("length", [0, 1, 65_536, 65_537, 200_000])
def test_packed_text_stands_in_short_pieces_behind_the_page_and_is_whole(length: int) -> None:
    text = "aZ9" * (length // 3) + "b" * (length % 3)
    page = at_the_end(f"<html><body>{InertText('k', text, late=True).render()}<p>map</p></body></html>")
    pieces: list[str] = []

    class Reader(HTMLParser):
        def handle_data(self, data: str) -> None:
            pieces.append(data)

    Reader().feed(page)
    assert page.index("map") < page.index("<template")
    assert "".join(pieces) == "map" + text
    assert max(map(len, pieces)) <= max(3, 65_536)


def test_text_outside_the_alphabet_of_packed_data_is_refused() -> None:
    with pytest.raises(ValueError, match="alphabet"):
        InertText("k", "a<br>b")
