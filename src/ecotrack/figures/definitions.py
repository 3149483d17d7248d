"""The versions of the definitions: each is kept for ever, since receipts rest on it.

Receipts name the version that computed them. When a definition of docs/figures.md changes, a class derived from the
scoreboard before it overrides what is computed otherwise, bears the next version, and is entered here; the class
before it stays as it is. So every receipt is computed again by the definitions under which it was issued.
"""

from __future__ import annotations

from ecotrack.figures.scoreboard import Scoreboard

DEFINITIONS: dict[str, type[Scoreboard]] = {one.definition: one for one in (Scoreboard,)}
"""Version to the scoreboard that computes by it, oldest first."""


def newest() -> str:
    """Return the version by which figures are computed unless an older one is asked for.

    Examples
    --------
    >>> newest() in DEFINITIONS
    True
    """
    return next(reversed(DEFINITIONS))
