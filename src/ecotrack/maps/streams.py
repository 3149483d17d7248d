"""Compressed streams of a pack: each part of it with its own code, all of them in one run of bytes."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]


def deflate(parts: Sequence[bytes | Bytes], *, strategy: int = zlib.Z_DEFAULT_STRATEGY, level: int = 6) -> bytes:
    """Compress parts one after the other into one zlib stream; each part begins a block, so a code of its own.

    Parameters
    ----------
    parts
        What to compress; the reader gets their concatenation.
    strategy
        ``zlib.Z_HUFFMAN_ONLY`` for numbers without repetition, such as steps between corners.

    Examples
    --------
    >>> zlib.decompress(deflate([b"ab", b"cd"]))
    b'abcd'
    """
    packer = zlib.compressobj(level, zlib.DEFLATED, 15, 9, strategy)
    out = []
    for part in parts:
        out += [packer.compress(part if isinstance(part, bytes) else part.data), packer.flush(zlib.Z_BLOCK)]
    return b"".join([*out, packer.flush(zlib.Z_FINISH)])


def smallest(parts: Sequence[bytes | Bytes]) -> bytes:
    """Compress parts by repetition and by frequency alone, and keep what is shorter."""
    return min((deflate(parts), deflate(parts, strategy=zlib.Z_HUFFMAN_ONLY)), key=len)


class Streams:
    """The streams of one pack, numbered in the order in which they were added."""

    def __init__(self) -> None:
        self._streams: list[bytes] = []
        self._sizes: list[int] = []

    def add(self, packed: bytes, *, size: int) -> int:
        """Add a compressed stream that unpacks to ``size`` bytes, and return its number."""
        self._streams.append(packed)
        self._sizes.append(size)
        return len(self._streams) - 1

    def table(self) -> list[list[int]]:
        """Return compressed and plain size of each stream, bytes."""
        return [[len(packed), size] for packed, size in zip(self._streams, self._sizes, strict=True)]

    def data(self, start: int = 0, stop: int | None = None) -> bytes:
        """Return the streams from number ``start`` to before ``stop``, one after the other."""
        return b"".join(self._streams[start:stop])


def planes(values: Ints) -> list[Bytes]:
    """Return whole numbers >= 0 as planes of bytes, the lowest first: as few as the largest needs.

    Examples
    --------
    >>> [plane.tolist() for plane in planes(np.array([1, 258]))]
    [[1, 2], [0, 1]]
    """
    most = int(values.max(initial=0))
    count = max(1, -(-most.bit_length() // 8))
    return [((values >> (8 * place)) & 255).astype(np.uint8) for place in range(count)]


def zigzag(values: npt.NDArray[np.signedinteger[Any]]) -> Ints:
    """Return signed whole numbers as numbers >= 0, small ones small: 0, -1, 1, -2 become 0, 1, 2, 3.

    Examples
    --------
    >>> zigzag(np.array([0, -1, 1, -2])).tolist()
    [0, 1, 2, 3]
    """
    return np.asarray((values << 1) ^ (values >> (8 * values.itemsize - 1)))
