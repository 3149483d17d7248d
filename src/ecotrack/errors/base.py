"""The trunk of the one error tree: every message says what, where and how to mend it, in Chinese and English."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, NamedTuple

from ecotrack.errors.machine import in_chinese

Lang = Literal["zh", "en"]

_PLAIN = (int, float, str, type(None))


class Text(NamedTuple):
    """One sentence in both languages of the interface.

    Examples
    --------
    >>> Text("亩", "mu").lang("en")
    'mu'
    """

    zh: str
    en: str

    def lang(self, lang: Lang) -> str:
        """Return the sentence in ``lang``."""
        return self.zh if lang == "zh" else self.en

    def format(self, **facts: object) -> Text:
        """Return the sentence with ``{name}`` fields filled in, in both languages."""
        return Text(self.zh.format(**facts), self.en.format(**facts))


class EcotrackError(Exception):
    """Base of everything that ecotrack raises on purpose.

    A subclass is named by the fact and holds sentence templates: ``what`` went wrong, ``mend``, how to put it
    right, and ``office``, what only whoever has a command line can do. ``where`` (file, sheet and row, feature,
    vertex) comes from the place that raises.

    Parameters
    ----------
    where
        The place: a path, ``file: sheet row``, a feature id. May be empty.
    **facts
        Values for the templates' fields.

    Examples
    --------
    >>> from ecotrack.errors import UnknownLayer
    >>> error = UnknownLayer("layers/", name="tree", known="plots, lake")
    >>> error.message("en")
    "layers/: no layer is named 'tree'. Layers of this workspace: plots, lake."
    """

    what: ClassVar[Text] = Text("出现错误", "something went wrong")
    mend: ClassVar[Text] = Text("", "")
    office: ClassVar[Text] = Text("", "")
    exit_code: ClassVar[int] = 3

    def __init__(self, where: object = "", /, **facts: object) -> None:
        self.where = str(where)
        self.facts = facts
        super().__init__(self.message("en"))

    def __reduce__(self) -> tuple[Any, ...]:
        """Let a child process hand the error to its parent: facts that are no plain values go as their words."""
        facts = {name: value if isinstance(value, _PLAIN) else str(value) for name, value in self.facts.items()}
        return _again, (type(self), self.where, facts)

    def message(self, lang: Lang) -> str:
        """Return what, where and how to mend as one line in ``lang``."""
        facts = self.facts
        if lang == "zh" and "detail" in facts:
            facts = facts | {"detail": in_chinese(facts["detail"])}
        what = self.what.format(**facts).lang(lang)
        advice = (self.mend.format(**facts).lang(lang), self.office.format(**facts).lang(lang))
        mend = ("；" if lang == "zh" else "; ").join(filter(None, advice))
        colon, stop = ("：", "。") if lang == "zh" else (": ", ".")
        place = f"{self.where}{colon}" if self.where else ""
        tail = mend if not mend or mend.endswith(stop) else mend + stop
        gap = "" if lang == "zh" or not tail else " "
        return f"{place}{what}{stop}{gap}{tail}"


def _again(kind: type[EcotrackError], where: str, facts: dict[str, object]) -> EcotrackError:
    # Past the subclass's own __init__, whose words are not the facts that it made of them.
    error = kind.__new__(kind)
    EcotrackError.__init__(error, where, **facts)
    return error


class UsageError(EcotrackError):
    """What was asked cannot be asked: a wrong name, date or option."""

    exit_code = 2


class UnreadableError(EcotrackError):
    """A file or register that cannot be read."""


class ConfigError(EcotrackError):
    """The workspace's own files are not as they must be."""


class RegisterError(EcotrackError):
    """The register refuses to open, to write or to vouch for itself."""


class DataError(EcotrackError):
    """Data from outside that cannot be taken as it is."""
