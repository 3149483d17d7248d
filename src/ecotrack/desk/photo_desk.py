"""Where photographs are handed in: kept beside the register, looked at by a child, shown as previews, erased."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from ecotrack.accounts import Account
from ecotrack.desk.photos import Photo, Photos
from ecotrack.desk.pool import Pool
from ecotrack.desk.recorder import Recorder
from ecotrack.errors import EcotrackError, NotAllowed, UploadConflict
from ecotrack.register import Register
from ecotrack.register.arrivals import Arrivals, photo_folder
from ecotrack.register.portal_file import PortalFile

log = logging.getLogger("ecotrack.portal")
_LOOK_S = 40.0


class PhotoDesk:
    """The photographs of one portal; `close` ends its thread.

    Parameters
    ----------
    pages
        Folder of what is made from what came; previews go there.
    """

    def __init__(self, file: PortalFile, register: Register, pages: Path, pool: Pool) -> None:
        self.photos, self._pool = Photos(file), pool
        self.folder, self._previews = photo_folder(register.path), pages / "photos"
        self.arrivals = Arrivals(self.folder)
        self.missed = self.photos.recover(register)
        self._looking = ThreadPoolExecutor(1, thread_name_prefix="photo")
        self._closed = threading.Event()
        for photo in self.photos.waiting():
            self._looking.submit(self._look, photo)

    def close(self) -> None:
        """Stop looking; what waits is looked at when the portal starts again."""
        self._closed.set()
        self._looking.shutdown(cancel_futures=True)

    def known(self, photo_id: str, account: Account) -> Photo | None:
        """Return a photograph of this account that stands already.

        Raises
        ------
        NotAllowed
            It is somebody else's.
        """
        found = self.photos.get(photo_id)
        if found is not None and found.account_id != account.account_id:
            raise NotAllowed("")
        return found

    def acknowledge(self, photo: Photo, recorder: Recorder) -> Future[int]:
        """Have the receipt written; the future is done when it stands in the chain.

        Raises
        ------
        UploadConflict
            The id stands for other bytes.
        """
        found = self.photos.get(photo.photo_id)
        if found is None:
            return recorder.record(photo)
        if (found.sha256, found.account_id) != (photo.sha256, photo.account_id):
            raise UploadConflict("")
        answer: Future[int] = Future()
        answer.set_result(0)
        return answer

    def taken(self, photos: list[Photo]) -> None:
        """Keep photographs whose receipts stand, and have somebody look at them."""
        self.photos.take(photos)
        for photo in photos:
            self._looking.submit(self._look, photo)

    def preview(self, photo_id: str) -> Path:
        """Return where the preview of a photograph lies."""
        return self._previews / photo_id[:2] / f"{photo_id}.jpg"

    def erase(self, photos: list[Photo]) -> None:
        """Erase photographs: bytes, previews, where and when they were taken; the receipts stay in the chain."""
        for sha256 in self.photos.erase(photos):
            self._raw(sha256).unlink(missing_ok=True)
        for photo in photos:
            self.preview(photo.photo_id).unlink(missing_ok=True)

    def _raw(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256

    def _look(self, photo: Photo) -> None:
        if self._closed.is_set():
            return
        try:
            given = (str(self._raw(photo.sha256)), str(self.preview(photo.photo_id)))
            told = self._pool.call("ecotrack.desk.photo_work:look", *given, seconds=_LOOK_S, where="")
            self.photos.settle(photo.photo_id, state="looked", look=told)
        except EcotrackError as error:
            if not self._closed.is_set():
                log.info("photo %s: %s", photo.photo_id, error.message("en"))
                self.photos.settle(photo.photo_id, state="refused", look={"failed": _why(self._raw(photo.sha256))})
        except Exception:
            log.exception("looking at photo %s failed", photo.photo_id)


def _why(path: Path) -> str:
    """Say why a photograph cannot be opened: phones of Apple give HEIC, which browsers do not show."""
    try:
        with path.open("rb") as file:
            head = file.read(12)
    except OSError:
        return "照片打不开"
    if head[4:8] == b"ftyp" and head[8:11] in (b"hei", b"hev", b"mif", b"msf"):
        return "这是 HEIC 照片，打不开：请在手机“设置 → 相机 → 格式”选“兼容性最佳”后重拍，或先转成 JPEG"
    return "照片打不开，或太大、不是照片"
