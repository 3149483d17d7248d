"""Units that cannot be added, renamed or closed as was asked."""

from __future__ import annotations

from ecotrack.errors.base import Text, UsageError


class BadUnit(UsageError):
    """Something about a unit that cannot be."""

    what = Text("单位没有改：{zh}", "the unit was not changed: {en}")
    mend = Text("请改正后再保存", "mend it and save again")


class UnitNameTaken(UsageError):
    """A name or code that already leads to another unit."""

    what = Text(
        "“{name}”已经是{other}（{code}）的名称、代码、曾用名或其他写法",
        "'{name}' is already a name, code, former name or other spelling of {other} ({code})",
    )
    mend = Text("请换一个；同一个单位不要登记两次", "choose another; no unit is listed twice")


class UnitInUse(UsageError):
    """A unit that cannot be closed yet."""

    what = Text("{name}现在不能停用：{zh}", "{name} cannot be closed yet: {en}")
    mend = Text(
        "请先给这些账号换单位或停用账号，把等待审核的提交审完，再来停用单位",
        "give these accounts other units or disable them, and decide about what waits; then close it",
    )


class UnitChanged(UsageError):
    """A change to a unit that somebody else changed after the page was opened."""

    what = Text(
        "{name}在您打开页面以后已由 {by} 改过，您这次没有改动任何内容",
        "{by} has changed {name} since it was shown; nothing of yours was written",
    )
    mend = Text("请刷新页面，看最新内容后再改", "look at it again, then change it")


class UnitClosed(UsageError):
    """A report or a plot of a unit that is no unit any more on its day."""

    what = Text("{name}自 {day} 起已停用，不能再给它报送", "{name} was closed on {day}; nothing new is taken in for it")
    mend = Text(
        "请选现在的单位；确要补报停用以前的，请管理员先恢复这个单位",
        "choose the unit of today, or have the bureau open it again first",
    )
