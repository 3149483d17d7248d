"""Identifiers looked up a million at a time.

A dictionary of 200,000 texts costs half a microsecond a look-up, most of it making each text and waiting for memory.
Here the texts stay joined bytes, as SQLite handed them over, and are compared as whole machine words: a fifth of that.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

_WORD = 8
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
"""Two to the 64th over the golden ratio, odd: multiplying by it spreads keys evenly (Knuth, TAOCP 3, section 6.4)."""


APART = b"\xff"
"""What stands between joined texts: a byte that UTF-8 never holds."""


def joined(texts: Iterable[str]) -> bytes:
    """Return texts as one row of bytes, UTF-8 with `APART` between.

    Examples
    --------
    >>> joined(["a", "b"]).split(APART)
    [b'a', b'b']
    """
    return APART.join(map(str.encode, texts))


class Keys:
    """An open hash table of texts; the number of a text is its place in ``names``, no two of which are alike.

    Examples
    --------
    >>> Keys(["甲-1", "甲-2"]).find(joined(["甲-2", "乙-1", "甲-1"])).tolist()
    [1, -1, 0]
    """

    def __init__(self, names: Iterable[str]) -> None:
        names = tuple(names)
        self._held = np.asfortranarray(_words(joined(names)) if names else np.zeros((0, 1), dtype=np.uint64))
        bits = max(len(self._held) * 2, 2).bit_length()
        self._shift, self._last = np.uint64(64 - bits), (1 << bits) - 1
        self._table = np.full(1 << bits, -1, dtype=np.int32)
        self._enter(_slots(self._held, self._shift))

    def __len__(self) -> int:
        return len(self._held)

    def find(self, texts: bytes) -> Ints:
        """Return the numbers of `joined` texts, shape (n,); -1 for one that the table does not hold."""
        words = _fitted(_words(texts), self._held.shape[1])
        result = np.full(len(words), -1)
        slots, pending = _slots(words, self._shift), np.arange(len(words))
        while len(pending):
            rows = self._table[slots]
            asked = np.flatnonzero(rows >= 0)
            rows, pending, slots = rows[asked], pending[asked], slots[asked]
            unlike = np.zeros(len(rows), dtype=np.uint64)
            for held, given in zip(self._held.T, words.T, strict=True):
                unlike |= held[rows] ^ given[pending]
            found, next_ = np.flatnonzero(unlike == 0), np.flatnonzero(unlike)
            result[pending[found]] = rows[found]
            pending, slots = pending[next_], (slots[next_] + 1) & self._last
        return result

    def _enter(self, slots: Ints) -> None:
        pending = np.arange(len(slots))
        while len(pending):
            free = self._table[slots] < 0
            self._table[slots[free]] = pending[free]
            left = self._table[slots] != pending
            pending, slots = pending[left], (slots[left] + 1) & self._last


def _words(texts: bytes) -> Words:
    """Return each text as its length and its bytes in words of eight, zeros behind; shape (n, 1 + words)."""
    letters = np.frombuffer(texts + APART, dtype=np.uint8)
    ends = np.flatnonzero(letters == APART[0])
    starts = np.concatenate([[0], ends[:-1] + 1])
    lengths = ends - starts
    longest = int(lengths.max())
    padded = np.zeros((len(ends), (longest // _WORD + 1) * _WORD), dtype=np.uint8)
    if (lengths == longest).all():
        padded[:, :longest] = letters.reshape(len(ends), longest + 1)[:, :longest]
    else:
        column = np.arange(longest)
        inside = column < lengths[:, None]
        padded[:, :longest][inside] = letters[(starts[:, None] + column)[inside]]
    return np.column_stack([lengths.astype(np.uint64), padded.view("<u8").astype(np.uint64)])


def _fitted(words: Words, width: int) -> Words:
    """Return words in as many columns as the table's; a longer text is told from all others by its length."""
    if words.shape[1] >= width:
        return words[:, :width]
    return np.pad(words, ((0, 0), (0, width - words.shape[1])))


def _slots(words: Words, shift: np.uint64) -> Ints:
    mixed = np.zeros(len(words), dtype=np.uint64)
    for column in words.T:
        mixed = (mixed ^ column) * _SPREAD
        mixed ^= mixed >> np.uint64(29)
    return np.asarray((mixed * _SPREAD) >> shift, dtype=np.int64)
