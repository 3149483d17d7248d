"""What libraries complain of, in words for the person who must mend the file."""

from __future__ import annotations

import re

from ecotrack.errors import Text

_KNOWN: dict[str, Text] = {
    r"MemoryError|bad_alloc|out of memory": Text("图形太大，超出内存限制", "too large for one file's memory"),
    r"Bad CRC|zip ?file|Bad magic|End-of-central|compress|Error -\d": Text("压缩包损坏或不完整", "a damaged archive"),
    r"Null layer": Text("里面没有认识的图层", "it holds no layer that is known here"),
    r"no element found|unclosed token": Text("内容不完整，可能没有传完", "it breaks off before its end"),
    r"not well-formed|mismatched tag|syntax error|invalid token|XML|undefined entity": Text(
        "内容有错误，读不通", "broken markup"
    ),
    r"unknown encoding|codec|decode": Text("文字编码无法识别", "an unknown text encoding"),
    r"Failed to open|not recognized|unsupported|No such file|dataset": Text(
        "内容不完整，或与格式不符", "incomplete, or not what its format says"
    ),
    r"Nonlinear": Text("有圆弧，请在制图软件里转成折线", "curves; turn them into straight lines"),
    r"field larger|quote|expected after|delimiter": Text("引号没有成对", "a quote that never ends"),
    r"Parquet|parquet|Thrift|Arrow": Text("Parquet 内容损坏", "a damaged Parquet file"),
    r"[Rr]ing|coordinates|closed": Text("边界没有闭合或拐点不足", "a ring that is open or too short"),
    r"crash|SIG[A-Z]+": Text("内容异常，读取中断", "the reader broke off"),
}

_OTHER = Text("内容有错误，无法读取", "something in it cannot be read")


def plain_words(error: object) -> Text:
    """Return a complaint in plain Chinese; in English with the library's own words behind it.

    Examples
    --------
    >>> plain_words("no element found: line 3, column 7").zh
    '内容不完整，可能没有传完'
    """
    said = f"{type(error).__name__}: {error}" if isinstance(error, BaseException) else str(error)
    found = next((words for pattern, words in _KNOWN.items() if re.search(pattern, said)), _OTHER)
    return Text(found.zh, f"{found.en} ({str(error)[:200]})")
