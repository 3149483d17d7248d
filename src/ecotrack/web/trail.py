"""The audit trail: the head of the chain, who recorded what on which day, and whether the chain holds."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from ecotrack.web.portal import Portal

KINDS = {
    "submission": "提交",
    "feature_version": "边界",
    "progress_record": "进度记录",
    "decision": "审核决定",
    "issued_document": "回执和凭证",
    "unit": "单位",
}
"""Kinds of entries of the chain, and what they are called."""

_WORDS = {
    "accept": "通过",
    "return": "退回",
    "strike": "核销",
    "withdraw": "撤回",
    "award": "裁定重叠",
    "submission": "整批",
    "version": "单块",
    "overlap": "重叠",
    "upload": "收件回执",
    "intake_check": "检查结果",
    "intake_check_part": "检查结果（续）",
    "receipt": "指标凭证",
    "published_map": "发布的地图",
    "definition": "口径文件",
}
"""What the words of decisions and issued documents are called."""

Kind = Literal["", "submission", "feature_version", "progress_record", "decision", "issued_document", "unit"]
_SECONDS = 300.0


def routes(portal: Portal) -> APIRouter:
    """Return the page of the audit trail and its routes."""
    router, pool = APIRouter(), portal.counter.desks

    def read(before: int, kind: str, by: str, day: dt.date | None) -> dict[str, Any]:
        given = (portal.folder, before, kind, by, day.isoformat() if day else "")
        found: dict[str, Any] = pool.call("ecotrack.desk.bureau_work:trail", *given, seconds=_SECONDS)
        return found

    @router.get("/trail", include_in_schema=False)
    def page(
        request: Request,
        before: Annotated[int, Query(ge=0, le=1 << 60)] = 0,
        kind: Kind = "",
        by: Annotated[str, Query(max_length=60)] = "",
        day: Annotated[str, Query(pattern=r"^(\d{4}-\d{2}-\d{2})?$")] = "",
    ) -> Response:
        visitor = portal.gate.require(request, "bureau")
        found = read(before, kind, by, _day(day))
        asked = {"kind": kind, "by": by, "day": day}
        older = urlencode({**asked, "before": found["more"]}) if found["more"] else ""
        return portal.page(request, "trail.html", visitor, **found, kinds=KINDS, asked=asked, older=older, said=said)

    @router.get("/api/trail", tags=["trail"])
    def entries(
        request: Request,
        before: Annotated[int, Query(ge=0, le=1 << 60)] = 0,
        kind: Kind = "",
        by: Annotated[str, Query(max_length=60)] = "",
        day: dt.date | None = None,
    ) -> dict[str, Any]:
        """Return a page of the chain, the newest first; ``more`` is what ``before`` must be for the next one."""
        portal.gate.require(request, "bureau")
        return read(before, kind, by, day)

    @router.post("/api/trail/audit", tags=["trail"])
    def audit(request: Request) -> dict[str, Any]:
        """Walk the whole chain and say whether every entry and raw file is as it was recorded."""
        portal.gate.require(request, "bureau")
        found: dict[str, Any] = pool.call("ecotrack.desk.bureau_work:walk", portal.folder, seconds=_SECONDS)
        return found

    return router


def said(entry: dict[str, Any]) -> str:
    """Return in Chinese what an entry of the chain is about.

    Examples
    --------
    >>> said({"kind": "decision", "what": "accept submission 2026-05-01"})
    '通过 整批 2026-05-01'
    """
    if entry["kind"] not in ("decision", "issued_document"):
        return str(entry["what"])
    return " ".join(_WORDS.get(word, word) for word in entry["what"].split(" "))


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        return None
