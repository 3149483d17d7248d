"""What is said of a photograph to sender and reviewer: plain words, and *not checked* where nothing is known."""

from __future__ import annotations

from typing import Any

from ecotrack.desk.photos import Photo
from ecotrack.desk.uploads import day_of

FAR_M = 100
"""Metres from the plot beyond which a photograph's position is doubted, on top of its accuracy."""

Remark = dict[str, str]


def place_of(photo: Photo) -> tuple[float, float] | None:
    """Return where a photograph was taken (longitude, latitude, degrees): by the page's camera, else by the file.

    Examples
    --------
    >>> place_of(Photo(photo_id="p", account_id="a", unit="", upload_id="u", plot="", sha256="", size_bytes=1,
    ...                look={"exif_lon": 115.8, "exif_lat": 37.5}))
    (115.8, 37.5)
    """
    if "lon" in photo.fix:
        return photo.fix["lon"], photo.fix["lat"]
    if photo.look.get("exif_lon") is not None:
        return photo.look["exif_lon"], photo.look["exif_lat"]
    return None


def remarks(photo: Photo, *, before: Photo | None, alike: Photo | None, away_m: float | None) -> list[Remark]:
    """Return what is said of a photograph, the gravest first.

    Parameters
    ----------
    before
        The same bytes, where they came before.
    alike
        Another picture that looks like it.
    away_m
        Metres from its plot, where both places are known.
    """
    if photo.state == "erased":
        return [_remark("notes", "照片已删除")]
    if photo.state == "refused":
        return [_remark("blocks", photo.look.get("failed", "照片打不开"))]
    said = [*_used(before, alike), _place(photo, away_m), _time(photo)]
    order = ("blocks", "warns", "not_checked", "notes")
    return sorted(said, key=lambda remark: order.index(remark["level"]))


def _remark(level: str, zh: str) -> Remark:
    return {"level": level, "zh": zh}


def _used(before: Photo | None, alike: Photo | None) -> list[Remark]:
    if before is not None:
        return [_remark("blocks", f"同一张照片在 {day_of(before.received_at)} 已经用过")]
    if alike is not None:
        return [_remark("warns", f"和 {day_of(alike.received_at)} 报过的一张很像，请核对是不是同一处")]
    return []


def _place(photo: Photo, away_m: float | None) -> Remark:
    if place_of(photo) is None:
        return _remark("not_checked", "照片里没有位置，位置未核对")
    accuracy_m = float(photo.fix.get("accuracy_m", 0))
    source = f"拍照时手机定位，精度 {accuracy_m:.0f} 米" if "lon" in photo.fix else "照片文件里的位置"
    if away_m is None:
        return _remark("not_checked", f"{source}；还没有可以比对的地块，位置未核对")
    if away_m > FAR_M + accuracy_m:
        return _remark("warns", f"离地块 {away_m:.0f} 米（{source}），请核对")
    where = "在地块内" if away_m == 0 else f"离地块 {away_m:.0f} 米"
    return _remark("notes", f"{where}（{source}）")


def _time(photo: Photo) -> Remark:
    if photo.fix.get("at"):
        return _remark("notes", f"拍摄时间 {photo.fix['at']}（手机时钟）")
    if photo.look.get("exif_at"):
        return _remark("notes", f"拍摄时间 {photo.look['exif_at']}（照片文件）")
    return _remark("not_checked", "照片里没有时间，拍摄时间未核对")


def shown(photo: Photo, said: list[Remark]) -> dict[str, Any]:
    """Return a photograph as JSON values; its position goes to those who may see the photograph only."""
    place = place_of(photo)
    return {
        "photo_id": photo.photo_id,
        "upload_id": photo.upload_id,
        "plot": photo.plot,
        "received_at": photo.received_at,
        "state": photo.state,
        "lon": place[0] if place else None,
        "lat": place[1] if place else None,
        "remarks": said,
    }
