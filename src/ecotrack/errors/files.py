"""Files that cannot be read."""

from __future__ import annotations

from ecotrack.errors.base import Text, UnreadableError


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

    what = Text("文件无法读取：{detail}", "the file cannot be read: {detail}")
    mend = Text("{hint_zh}", "{hint_en}")

    def __init__(self, where: object = "", /, *, detail: object = "", hint: Text | None = None) -> None:
        chosen = hint or Text("请确认文件完整、格式受支持", "check that the file is whole and of a supported format")
        super().__init__(where, detail=detail, hint_zh=chosen.zh, hint_en=chosen.en)
