"""Packing of attribute columns: dictionaries, exact scaled numbers, numbered texts, sequences of states."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ecotrack.maps.streams import Bytes, Ints, Streams, planes, smallest, zigzag

_MOST_DIGITS = 6
_EXACT = 2.0**53
_MOST_WORDS = 65_536
_NUMBERED = re.compile(r"\d{1,15}")
Packed = dict[str, Any]


_MOST_LETTERS = 64
"""Longer texts are not taken apart into numbers."""


class ColumnPacker:
    """Packs columns of one table into streams; a column of numbers may lean on one before it.

    Parameters
    ----------
    streams
        Where the packed columns go.
    """

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._numbers: list[tuple[int, Ints]] = []

    def pack(self, values: Sequence[Any]) -> Packed:
        """Pack one column so that every value comes back exactly.

        Parameters
        ----------
        values
            Texts, booleans, whole numbers, finite floats, or ``None`` where there is no value; one per row.

        Returns
        -------
        dict
            What the reader needs besides the streams, as JSON values.

        Examples
        --------
        >>> ColumnPacker(Streams()).pack(["杨", "柳", "杨", "杨", None])
        {'k': 'dict', 't': ['杨', '柳', None], 's': 0, 'w': 1}
        """
        rows = list(values)
        kinds = set(map(type, rows))
        if len(kinds) == 1 and kinds <= {int, float}:
            packed = self._numeric(np.array(rows, dtype=np.float64))
            if packed is not None:
                return packed
        found = _dictionary(rows, kinds)
        if found is not None:
            return self._words(*found)
        if kinds == {float}:
            return self._raw(np.array(rows, dtype="<f8"))
        if type(None) in kinds and kinds - {type(None)} <= {int, float}:
            return self._gaps(rows)
        return self._numbered(rows) if kinds == {str} else self._plain(rows)

    def _numeric(self, values: npt.NDArray[np.float64]) -> Packed | None:
        for digits in range(_MOST_DIGITS + 1):
            scaled = np.rint(values * 10.0**digits)
            if np.array_equal(scaled / 10.0**digits, values) and np.abs(scaled).max(initial=0) < _EXACT:
                return self._scaled(scaled.astype(np.int64), digits)
        return None

    def _scaled(self, values: Ints, digits: int) -> Packed:
        low = int(values.min(initial=0))
        step = zigzag(np.diff(values, prepend=0))
        tries: list[tuple[Packed, Ints]] = [({"m": low}, values - low), ({"d": 1}, step)]
        for number, (before, other) in enumerate(self._numbers):
            if before == digits:
                tries.append(({"r": number}, zigzag(values - other)))
        packed = [(more, planes(numbers)) for more, numbers in tries]
        sized = [(more, len(parts), smallest(parts)) for more, parts in packed]
        more, width, data = min(sized, key=lambda one: len(one[2]))
        self._numbers.append((digits, values))
        stream = self._streams.add(data, size=width * len(values))
        return {"k": "int", "q": digits, "s": stream, "w": width, **more}

    def _raw(self, values: npt.NDArray[np.float64]) -> Packed:
        """Numbers that no scale makes whole, such as computed ones: their eight bytes, plane by plane."""
        parts = list(np.ascontiguousarray(values.view(np.uint8).reshape(-1, 8).T))
        return {"k": "raw", "s": self._streams.add(smallest(parts), size=8 * len(values))}

    def _words(self, words: list[Any], codes: Ints) -> Packed:
        if len(words) <= 1:
            return {"k": "const", "v": words[0] if words else None}
        parts = planes(codes)
        stream = self._streams.add(smallest(parts), size=len(parts) * len(codes))
        return {"k": "dict", "t": words, "s": stream, "w": len(parts)}

    def _gaps(self, rows: list[Any]) -> Packed:
        have = np.array([value is not None for value in rows])
        kept = [value for value in rows if value is not None]
        values = self._alone(kept)
        bits = np.packbits(have)
        return {"k": "gaps", "b": self._streams.add(smallest([bits]), size=len(bits)), "c": values}

    def _alone(self, rows: Sequence[Any]) -> Packed:
        return ColumnPacker(self._streams).pack(rows)

    def _numbered(self, rows: list[str]) -> Packed:
        """Texts of one pattern, such as 131102-0001: the digits are columns of numbers."""
        frame = _NUMBERED.split(rows[0])
        widths = [len(digits) for digits in _NUMBERED.findall(rows[0])]
        if not widths or len(rows[0]) > _MOST_LETTERS or set(map(len, rows)) != {len(rows[0])}:
            return self._plain(rows)
        letters = np.array(rows).view(np.uint32).reshape(len(rows), -1)
        spans = [found.span() for found in _NUMBERED.finditer(rows[0])]
        fixed = np.ones(letters.shape[1], dtype=bool)
        for start, stop in spans:
            fixed[start:stop] = False
        digits = letters[:, ~fixed]
        if (letters[:, fixed] != letters[0, fixed]).any() or ((digits < ord("0")) | (digits > ord("9"))).any():
            return self._plain(rows)
        groups = [self._alone([int(row[start:stop]) for row in rows]) for start, stop in spans]
        return {"k": "join", "p": frame, "z": widths, "g": groups}

    def _plain(self, rows: list[Any]) -> Packed:
        text = json.dumps(rows, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8", "replace")
        return {"k": "json", "s": self._streams.add(smallest([text]), size=len(text))}


def _dictionary(rows: list[Any], kinds: set[type]) -> tuple[list[Any], Ints] | None:
    """Return the distinct values and each row's place among them; ``None`` where they are too many."""
    # A key of type and value: 1, 1.0 and True are one key to Python and three values to a reader.
    alike = len(kinds) == 1
    keys = rows if alike else [(type(value), value) for value in rows]
    words = dict.fromkeys(keys)
    if len(words) > min(_MOST_WORDS, max(256, len(rows) // 2)):
        return None
    places = dict(zip(words, range(len(words)), strict=True))
    codes = np.fromiter(map(places.__getitem__, keys), dtype=np.int64, count=len(rows))
    return (list(words) if alike else [value for _, value in words]), codes


def pack_json(value: Any, streams: Streams) -> Packed:
    """Pack one JSON value as a stream of its own."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8", "replace")
    return {"k": "json", "s": streams.add(smallest([text]), size=len(text))}


def pack_states(codes: Bytes, streams: Streams) -> Packed:
    """Pack the states of all periods.

    Parameters
    ----------
    codes
        Shape (plots, periods); 0 where the plot is not there yet, else the number of its state from 1.
    streams
        Where they go.

    Returns
    -------
    dict
        A table of the sequences that occur and the number of each plot's sequence, or, where nearly every
        plot has its own, the codes as changes from one period to the next.
    """
    rows, periods = codes.shape
    whole = np.ascontiguousarray(codes)
    if rows == 0:
        return {"k": "changes", "s": streams.add(smallest([b""]), size=0)}
    found, places = np.unique(whole.view(f"V{periods}").ravel(), return_inverse=True)
    if len(found) <= _MOST_WORDS:
        table = np.frombuffer(found.tobytes(), dtype=np.uint8).reshape(-1, periods)
        parts = planes(places.astype(np.int64))
        return {
            "k": "sequences",
            "n": len(found),
            "t": streams.add(smallest([np.ascontiguousarray(table.T)]), size=table.size),
            "s": streams.add(smallest(parts), size=len(parts) * rows),
            "w": len(parts),
        }
    change = np.diff(codes.astype(np.int16), axis=1, prepend=0)
    parts = [(zigzag(column.astype(np.int64)) & 255).astype(np.uint8) for column in change.T]
    return {"k": "changes", "s": streams.add(smallest(parts), size=rows * periods)}
