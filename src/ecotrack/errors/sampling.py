"""Samples for field checks that cannot be drawn or found."""

from __future__ import annotations

from ecotrack.errors.base import Text, UsageError


class BadSampleSize(UsageError):
    """A sampling fraction or a number of plots that no sample can have."""

    what = Text("抽样数量“{text}”无效", "'{text}' is no size of a sample")
    mend = Text(
        "比例写大于 0、不超过 100 的数，或用 --size 给出每单位地块数（至少 1）",
        "give a percentage above 0 and up to 100, or with --size a number of plots per unit, at least 1",
    )


class EmptyFrame(UsageError):
    """Nothing to draw from."""

    what = Text(
        "没有可抽取的地块：{name} 在 {day} 没有通过审核的地块", "nothing to draw: {name} has no accepted plot on {day}"
    )
    mend = Text("请先用 ecotrack review accept 审核，或换一个日期", "accept plots first, or choose another day")


class UnknownSample(UsageError):
    """A sample that the register does not hold, or a short id that fits several."""

    what = Text("没有编号为“{name}”的抽样", "no sample has the id '{name}'")
    mend = Text("已有抽样：{known}；见 ecotrack sample list", "Samples here: {known}; see ecotrack sample list")
