"""Texts looked up as bytes have the numbers that a dictionary gives them."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from ecotrack.progress.keys import Keys, joined
from ecotrack.progress.ledger import Codes

TEXTS = st.lists(st.text(st.characters(exclude_categories=("Cs",)), max_size=20), max_size=30)


@given(TEXTS, TEXTS)
@example([], [])
@example(["a", "a\0", "a\0\0"], ["a\0", "a", "a\0\0", "a\0\0\0", ""])
@example(["12345678", "123456789"], ["12345678", "123456789", "1234567", "x" * 40])
def test_a_table_finds_what_it_holds_and_nothing_else(names: list[str], asked: list[str]) -> None:
    names = list(dict.fromkeys(names))
    asked = [*asked, *names]
    place = {name: i for i, name in enumerate(names)}
    if asked:
        assert Keys(names).find(joined(asked)).tolist() == [place.get(text, -1) for text in asked]


@given(st.lists(TEXTS.filter(len), min_size=1, max_size=4))
def test_numbers_do_not_depend_on_how_texts_are_handed_over(blocks: list[list[str]]) -> None:
    one, other = Codes(), Codes()
    for block in blocks:
        numbers = [one.number(text) if text else -1 for text in block]
        assert other.numbers_of(joined(block)).tolist() == numbers
    assert one.names == other.names
