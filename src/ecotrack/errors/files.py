"""Files that cannot be read."""

from __future__ import annotations

from ecotrack.errors.base import Text, UnreadableError
from ecotrack.errors.machine import REASONS


class MissingFile(UnreadableError):
    """A file that is not there."""

    what = Text("找不到文件", "the file does not exist")
    mend = Text("请检查路径和文件名", "check the path and the spelling")


class EmptyFile(UnreadableError):
    """A file of zero bytes, or with no rows in it."""

    what = Text("文件是空的", "the file is empty")
    mend = Text("请重新导出后再试", "export it again and retry")


class UnreadableFile(UnreadableError):
    """A file whose content is not what any reader here takes."""

    what = Text("文件无法读取：{detail_zh}", "the file cannot be read: {detail_en}")
    mend = Text("{hint_zh}", "{hint_en}")

    def __init__(self, where: object = "", /, *, detail: object = "", hint: Text | None = None) -> None:
        chosen = hint or Text("请确认文件完整、格式受支持", "check that the file is whole and of a supported format")
        told = detail if isinstance(detail, Text) else Text(str(detail), str(detail))
        facts = {"detail_zh": told.zh, "detail_en": told.en, "hint_zh": chosen.zh, "hint_en": chosen.en}
        super().__init__(where, **facts)


class FileFault(UnreadableError):
    """A file or folder that the operating system would not open, read or write."""

    what = Text("无法读写：{zh}", "it cannot be read or written: {en}")
    mend = Text(
        "请检查路径、权限和磁盘空间，并确认文件没有被其他程序打开",
        "check the path, the permissions and the free space, and that no other program holds the file",
    )

    @classmethod
    def of(cls, error: OSError) -> FileFault:
        """Return the fault that an error of the operating system tells of.

        Examples
        --------
        >>> import errno
        >>> FileFault.of(OSError(errno.ENOSPC, "No space left on device", "地图.html")).message("zh")[:16]
        '地图.html：无法读写：磁盘已'
        """
        words = error.strerror or str(error) or type(error).__name__
        reason = Text(*REASONS.get(error.errno or 0, (words, words)))
        return cls(error.filename or "", zh=reason.zh, en=reason.en)
