r"""Bytes as printable text: 13 bits in two characters, none of which means anything inside a script element.

The alphabet leaves out ``<``, ``>``, ``&`` and ``\`` and every control character, so that the text can neither
close its element nor open a comment, survives an attribute of an ``iframe``, and is not touched by anything that
rewrites line ends. A byte costs 16/13 characters (base64: 16/12). ``web/engine.js`` reads it back.
"""

from __future__ import annotations

import numpy as np

ALPHABET = bytes(code for code in range(0x20, 0x7F) if chr(code) not in "<>&\\")
"""The 91 characters, in the order of their values."""

_BYTES, _WORDS, _BITS = 13, 8, 13
_CHUNK = 1 << 16


def to_text(data: bytes) -> str:
    r"""Return bytes as text of the alphabet, in whole blocks of 13 bytes; the reader must know the length.

    Parameters
    ----------
    data
        Any bytes; the last block is filled up with zeros.

    Examples
    --------
    >>> to_text(b"plot")
    'JSTvm.          '
    >>> set(to_text(bytes(range(256)))) & set("<>&\\\n")
    set()
    """
    size = _BYTES * _CHUNK
    return "".join(_blocks(data[start : start + size]) for start in range(0, len(data), size))


def _blocks(data: bytes) -> str:
    blocks = -(-len(data) // _BYTES)
    padded = np.zeros((blocks, _BYTES + 1), dtype=np.uint32)
    filled = np.zeros(blocks * _BYTES, dtype=np.uint8)
    filled[: len(data)] = np.frombuffer(data, dtype=np.uint8)
    padded[:, :_BYTES] = filled.reshape(blocks, _BYTES)
    text = np.empty((blocks, 2 * _WORDS), dtype=np.uint8)
    letters = np.frombuffer(ALPHABET, dtype=np.uint8)
    for word in range(_WORDS):
        first, shift = divmod(_BITS * word, 8)
        window = (padded[:, first] << 16) | (padded[:, first + 1] << 8) | padded[:, min(first + 2, _BYTES)]
        value = (window >> (24 - _BITS - shift)) & ((1 << _BITS) - 1)
        text[:, 2 * word], text[:, 2 * word + 1] = letters[value // 91], letters[value % 91]
    return text.tobytes().decode("ascii")
