"""What imagery says beside the figures, in words that keep it apart from them."""

from __future__ import annotations

from typing import Any

from rich.text import Text as RichText

from ecotrack.errors import Lang, Text
from ecotrack.units import round_half_up

_WORDS = {"forest": Text("林地", "forest"), "built": Text("建设用地", "built-up")}


def cover_words(name: str) -> Text:
    """Return the title of a class of land cover.

    Examples
    --------
    >>> cover_words("built").zh, cover_words("湿地").zh
    ('建设用地', '湿地')
    """
    return _WORDS.get(name, Text(name, name))


def cover_line(cover: dict[str, Any], lang: Lang) -> RichText:
    """Return the line that stands under the targets: shares of forest and built-up ground, and that they feed nothing.

    Parameters
    ----------
    cover
        As `ecotrack.imagery.kept_cover.read_cover` gives it.
    """
    total = cover["total"]
    shares = [(cover_words(name), total["shares_pct"].get(name)) for name in _WORDS if name in total["shares_pct"]]
    told = Text(
        "、".join(f"{word.zh}{_pct(value, '未评价')}" for word, value in shares),
        ", ".join(f"{word.en} {_pct(value, 'not assessed')}" for word, value in shares),
    )
    mark = Text("（示例）", " (sample)").lang(lang) if cover["sample"] else ""
    seen, origin = f"{total['seen_pct']:.1f}", f"{cover['source']}，{cover['date']}"
    line = Text(
        f"影像旁证，不进入任何指标{mark}：{told.zh}（看清{seen}%；{origin}）",
        f"imagery's word, in no figure{mark}: {told.en} ({seen} % seen; {origin})",
    )
    return RichText(line.lang(lang))


def _pct(value: float | None, unknown: str) -> str:
    return unknown if value is None else f"{round_half_up(value, 1):.1f}%"
