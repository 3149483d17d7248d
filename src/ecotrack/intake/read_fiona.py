"""Where fiona would end a file for one value, or leave a column out: what it is given instead, and what it left out."""

from __future__ import annotations

import datetime as dt
import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import fiona

_SKIPPED_FIELD = re.compile(r"Skipping field '?(.+?)'?: invalid type")


@contextmanager
def values_as_written() -> Iterator[None]:
    """Let fiona hand over values as they are written: 7 beside 甲 in one column, the thirtieth of February.

    GDAL calls a column of several types JSON, and leaves the parts of a day as they are; fiona makes objects of both by
    Python's own modules, and the first value that is none raises, with every feature behind it lost.
    """
    module = fiona.ogrext
    strict = module.json, module.datetime
    module.json, module.datetime = _Json(), _Days()
    try:
        yield
    finally:
        module.json, module.datetime = strict


class _Json:
    def __getattr__(self, name: str) -> Any:
        return getattr(json, name)

    @staticmethod
    def loads(value: bytes | str) -> object:
        text = value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value
        try:
            return json.loads(text) if text[:1] in ("{", "[") else text
        except ValueError:
            return text


class _Days:
    def __getattr__(self, name: str) -> Any:
        return getattr(dt, name)

    @staticmethod
    def date(year: int, month: int, day: int) -> Any:
        try:
            return dt.date(year, month, day)
        except ValueError:
            return _Written(f"{year:04d}-{month:02d}-{day:02d}")

    @staticmethod
    def datetime(year: int, month: int, day: int, hour: int = 0, minute: int = 0, *rest: Any, **more: Any) -> Any:
        try:
            return dt.datetime(year, month, day, hour, minute, *rest, **more)
        except ValueError:
            return _Written(f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}")

    @staticmethod
    def timezone(offset: dt.timedelta, *name: str) -> dt.timezone | None:
        try:
            return dt.timezone(offset, *name)
        except ValueError:
            return None


class _Written:
    """A day that is none, as it is written."""

    def __init__(self, text: str) -> None:
        self._text = text

    def isoformat(self) -> str:
        return self._text


@contextmanager
def skipped_fields() -> Iterator[list[str]]:
    """Collect the names of the columns that fiona passes over with a line in its log."""
    names: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if found := _SKIPPED_FIELD.match(record.getMessage()):
                names.append(found[1])

    log, ear = logging.getLogger("fiona"), Ear()
    before = log.level, log.propagate
    log.addHandler(ear)
    log.setLevel(logging.WARNING)
    log.propagate = False
    try:
        yield names
    finally:
        log.removeHandler(ear)
        log.level, log.propagate = before
