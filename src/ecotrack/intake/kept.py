"""Long lists of values kept on disk, block by block, so that a file of any length takes the memory of one block."""

from __future__ import annotations

import os
import struct
import tempfile
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import accumulate, islice
from typing import IO, Any, Generic, NamedTuple, TypeVar, overload

import msgspec
import shapely

BLOCK = 2000
"""Values of one block."""

FRAME = struct.Struct("<QI")
"""What stands before each block in a file: its bytes, and how many values it holds."""

T = TypeVar("T")
S = TypeVar("S")


class Block(NamedTuple):
    """Where a block lies in its file: first byte, bytes, number of values."""

    offset: int
    size: int
    values: int


def packed(items: Sequence[Any]) -> bytes:
    """Return a block as it stands in a file, frame and all."""
    body = msgspec.msgpack.encode(items, enc_hook=_encoded)
    return FRAME.pack(len(body), len(items)) + body


def frames_of(file: IO[bytes]) -> list[Block]:
    """Return the blocks of a file of frames.

    Raises
    ------
    ValueError
        The file does not end where a frame ends.
    """
    blocks, end = [], file.seek(0, os.SEEK_END)
    at = file.seek(0)
    while at < end:
        head = file.read(FRAME.size)
        size, count = FRAME.unpack(head) if len(head) == FRAME.size else (end, 0)
        blocks.append(Block(at + FRAME.size, size, count))
        at = file.seek(at + FRAME.size + size)
    if at != end or not blocks:
        raise ValueError("the answer is cut short")
    return blocks


def _encoded(value: Any) -> bytes:
    if isinstance(value, shapely.Geometry):
        return bytes(shapely.to_wkb(value, byte_order=1))
    raise NotImplementedError(type(value))


def _decoded(kind: type[Any], value: Any) -> Any:
    if issubclass(kind, shapely.Geometry):
        return shapely.from_wkb(value)
    raise NotImplementedError(kind)


class Spool:
    """A file that is closed when nobody holds it any more."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    def __del__(self) -> None:
        self.file.close()

    @classmethod
    def new(cls) -> Spool:
        """Return one on a new file without a name."""
        with ExitStack() as stack:
            spool = cls(stack.enter_context(tempfile.TemporaryFile()))
            stack.pop_all()
        return spool


class Kept(Sequence[T], Generic[T]):
    """A sequence whose values lie in a file, of which one block at a time is in memory.

    Going through it reads each block once; asking for single values here and there reads a block for each.
    """

    def __init__(self, spool: Spool, blocks: Sequence[Block], kind: Any) -> None:
        self._spool, self._blocks = spool, blocks
        self._decoder = msgspec.msgpack.Decoder(list[kind], dec_hook=_decoded)
        self._ends = [*accumulate(block.values for block in blocks)]
        self._held: tuple[int, list[T]] = (-1, [])

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> list[T]: ...
    def __getitem__(self, place: int | slice) -> T | list[T]:
        if isinstance(place, slice):
            return [self[i] for i in range(*place.indices(len(self)))]
        place = place + len(self) if place < 0 else place
        if not 0 <= place < len(self):
            raise IndexError(place)
        number = bisect_right(self._ends, place)
        return self._block(number)[place - self._ends[number]]

    def __iter__(self) -> Iterator[T]:
        for block in self.blocks():
            yield from block

    def read_as(self, kind: type[S]) -> Kept[S]:
        """Return the same values read as a type that has some of their fields: the others cost nothing."""
        return Kept(self._spool, self._blocks, kind)

    def blocks(self) -> Iterator[list[T]]:
        """Yield the values block by block, in the blocks in which they were written."""
        for number in range(len(self._blocks)):
            yield self._read(number)

    def _block(self, number: int) -> list[T]:
        if self._held[0] != number:
            self._held = (number, self._read(number))
        return self._held[1]

    def _read(self, number: int) -> list[T]:
        block = self._blocks[number]
        self._spool.file.seek(block.offset)
        values: list[T] = self._decoder.decode(self._spool.file.read(block.size))
        return values


class Keeper(Generic[T]):
    """Takes values one after the other; few of them stay a list, more of them go to disk.

    Parameters
    ----------
    kind
        Type of the values, as msgspec reads it; geometries are kept as WKB.

    Examples
    --------
    >>> keeper = Keeper(int, block=2)
    >>> keeper.add([1, 2, 3, 4, 5])
    >>> kept = keeper.done()
    >>> len(kept), kept[-1], kept[1:3], [*blocks_of(kept)]
    (5, 5, [2, 3], [[1, 2], [3, 4], [5]])
    """

    def __init__(self, kind: Any, *, block: int = BLOCK) -> None:
        self._kind, self._size = kind, block
        self._waiting: list[T] = []
        self._spool: Spool | None = None
        self._blocks: list[Block] = []

    def add(self, values: Iterable[T]) -> None:
        """Take some values."""
        rest = iter(values)
        while some := [*islice(rest, self._size - len(self._waiting) or self._size)]:
            if len(self._waiting) == self._size:
                self._write()
            self._waiting += some

    def done(self) -> Sequence[T]:
        """Return all that was taken, in its order."""
        if self._spool is None:
            return self._waiting
        self._write()
        return Kept(self._spool, self._blocks, self._kind)

    def _write(self) -> None:
        self._spool = self._spool or Spool.new()
        if self._waiting:
            frame = packed(self._waiting)
            at = self._spool.file.tell() + FRAME.size
            self._blocks.append(Block(at, len(frame) - FRAME.size, len(self._waiting)))
            self._spool.file.write(frame)
            self._waiting = []


def blocks_of(values: Iterable[T]) -> Iterator[Sequence[T]]:
    """Yield values block by block, of at most `BLOCK` where they are no `Kept`."""
    if isinstance(values, Kept):
        yield from values.blocks()
        return
    rest = iter(values)
    while some := list(islice(rest, BLOCK)):
        yield some


def read_as(values: Sequence[Any], kind: type[S]) -> Sequence[S]:
    """Return values of which only the fields of ``kind`` are wanted; those in memory are given as they are."""
    return values.read_as(kind) if isinstance(values, Kept) else values


def kept_of(kind: Any, values: Iterable[T]) -> Sequence[T]:
    """Return values as a list where they are few, else as a `Kept`."""
    keeper: Keeper[T] = Keeper(kind)
    keeper.add(values)
    return keeper.done()


class Ahead(Generic[T]):
    """Values in the order of their numbers, taken up to one number after the other.

    Examples
    --------
    >>> ahead = Ahead([1, 2, 2, 7], number=int)
    >>> ahead.up_to(2), ahead.up_to(6), ahead.up_to(7)
    ([1, 2, 2], [], [7])
    """

    def __init__(self, values: Iterable[T], *, number: Callable[[T], int]) -> None:
        self._rest, self._number = iter(values), number
        self._next: list[T] = [*islice(self._rest, 1)]

    def up_to(self, last: int) -> list[T]:
        """Return the values not yet taken whose number is at most ``last``."""
        taken = []
        while self._next and self._number(self._next[0]) <= last:
            taken.append(self._next[0])
            self._next = [*islice(self._rest, 1)]
        return taken
