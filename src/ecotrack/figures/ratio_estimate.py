"""Estimates of a ratio from a stratified sample, with their confidence intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import atan, exp, fsum, inf, lgamma, pi, sqrt, tan

import numpy as np

from ecotrack.errors import Text
from ecotrack.figures.figure import Reason
from ecotrack.geometry.area import Floats

CONFIDENCE_PCT = 95
SMALL = 10
"""Below so many observed plots the normal theory behind an interval is doubtful, and the estimate says so."""

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(48)

NOTHING = Reason("nothing_observed", Text("没有可用的核查结果", "no check that can be used"))
STRATUM_MISSING = Reason("stratum_missing", Text("有单位尚无核查结果", "a unit has no check yet"))
STRATUM_OF_ONE = Reason(
    "stratum_of_one",
    Text("有单位只有一块核查结果，不能计算区间", "a unit has one checked plot only: no interval can be computed"),
)
NO_VARIATION = Reason(
    "no_variation", Text("样本完全一致，区间不能反映误差", "the sample does not vary: an interval would say nothing")
)
SMALL_SAMPLE = Reason(
    "small_sample", Text(f"核查地块不足{SMALL}块，区间仅供参考", f"fewer than {SMALL} checked plots: a rough interval")
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stratum:
    """What was observed in one stratum.

    Attributes
    ----------
    plots
        Plots of the frame in this stratum.
    x, y
        Denominator and numerator of each observed plot, shape (n,), in one unit; both 0 for a plot outside the
        domain that the ratio is about.
    """

    plots: int
    x: Floats
    y: Floats

    @property
    def whole(self) -> bool:
        """Whether every plot of the stratum was observed."""
        return len(self.x) >= self.plots


@dataclass(frozen=True, slots=True, kw_only=True)
class RatioEstimate:
    """A ratio in percent with its interval.

    Attributes
    ----------
    ratio_pct
        ``None`` is not assessed; ``reasons`` then say why.
    low_pct, high_pct
        Interval of `CONFIDENCE_PCT`; ``None`` where none can be computed, or where nothing is left to
        chance since every plot was observed.
    df
        Degrees of freedom behind the interval.
    """

    ratio_pct: float | None = None
    se_pct: float | None = None
    df: float | None = None
    low_pct: float | None = None
    high_pct: float | None = None
    reasons: tuple[Reason, ...] = ()


def combined_ratio(strata: Sequence[Stratum]) -> RatioEstimate:
    """Estimate sum(y) / sum(x) over the whole frame from simple random samples within strata.

    With ``N`` plots in a stratum, ``n`` of them observed, ``f = n / N`` and residuals ``d = y - R x``::

        R    = sum(N mean(y)) / sum(N mean(x))
        v(R) = sum(N^2 (1 - f) / n * s_d^2) / sum(N mean(x))^2

    the combined ratio estimator with finite population correction. The interval is ``R -/+ t se`` with Student's
    t on the effective degrees of freedom of Satterthwaite. The lower end is not below 0.

    Source: W. G. Cochran, Sampling Techniques, 3rd ed. (1977), sections 6.11 (estimator) and 5.4 (degrees of
    freedom).

    Parameters
    ----------
    strata
        Strata without plots in the frame are left out by the caller.

    Examples
    --------
    >>> seen = Stratum(plots=40, x=np.array([10.0, 20.0, 30.0]), y=np.array([9.0, 19.0, 26.0]))
    >>> found = combined_ratio([seen])
    >>> round(found.ratio_pct, 1), round(found.low_pct, 1), round(found.high_pct, 1), found.df
    (90.0, 78.1, 101.9, 2.0)
    """
    if not any(len(stratum.x) for stratum in strata):
        return RatioEstimate(reasons=(NOTHING,))
    if any(len(stratum.x) == 0 for stratum in strata):
        return RatioEstimate(reasons=(STRATUM_MISSING,))
    total_x = fsum(stratum.plots * float(stratum.x.mean()) for stratum in strata)
    if total_x <= 0:
        return RatioEstimate(reasons=(NOTHING,))
    ratio = fsum(stratum.plots * float(stratum.y.mean()) for stratum in strata) / total_x
    return _with_interval(ratio, total_x, [stratum for stratum in strata if not stratum.whole])


def _with_interval(ratio: float, total_x: float, open_strata: Sequence[Stratum]) -> RatioEstimate:
    """Add the interval; strata that were observed whole leave nothing to chance."""
    if not open_strata:
        return RatioEstimate(ratio_pct=ratio * 100, se_pct=0.0)
    if any(len(stratum.x) < 2 for stratum in open_strata):
        return RatioEstimate(ratio_pct=ratio * 100, reasons=(STRATUM_OF_ONE,))
    parts = [_variance_part(stratum, ratio) for stratum in open_strata]
    variance = fsum(parts)
    if variance <= 0:
        return RatioEstimate(ratio_pct=ratio * 100, reasons=(NO_VARIATION,))
    df = variance**2 / fsum(part**2 / (len(s.x) - 1) for part, s in zip(parts, open_strata, strict=True))
    se = sqrt(variance) / total_x
    half = t_quantile(0.5 + CONFIDENCE_PCT / 200, df) * se
    observed = sum(len(stratum.x) for stratum in open_strata)
    return RatioEstimate(
        ratio_pct=ratio * 100,
        se_pct=se * 100,
        df=df,
        low_pct=max(0.0, ratio - half) * 100,
        high_pct=(ratio + half) * 100,
        reasons=(SMALL_SAMPLE,) if observed < SMALL else (),
    )


def _variance_part(stratum: Stratum, ratio: float) -> float:
    """Return ``N (N - n) / n * s_d^2`` of one stratum."""
    n = len(stratum.x)
    return stratum.plots * (stratum.plots - n) / n * float(np.var(stratum.y - ratio * stratum.x, ddof=1))


def t_quantile(probability: float, df: float) -> float:
    """Return the quantile of Student's t for real degrees of freedom, exact to about 1e-9.

    With ``t = sqrt(df) tan(a)`` the density becomes ``cos(a)^(df - 1)``, which is smooth on every interval: it is
    integrated by Gauss-Legendre quadrature and inverted by bisection.

    Parameters
    ----------
    probability
        Above 0.5 and below 1.
    df
        At least 1.

    Examples
    --------
    >>> [round(t_quantile(0.975, df), 3) for df in (1, 2, 10, 30, 1e6)]
    [12.706, 4.303, 2.228, 2.042, 1.96]
    """
    if df == inf:
        df = 1e12
    scale = exp(lgamma((df + 1) / 2) - lgamma(df / 2)) / sqrt(pi)
    low, high = 0.0, min(pi / 2, atan(1e3 / sqrt(df)))
    for _ in range(80):
        middle = (low + high) / 2
        angles = middle / 2 * (_NODES + 1)
        area = scale * middle / 2 * float(_WEIGHTS @ np.cos(angles) ** (df - 1))
        low, high = (middle, high) if area < probability - 0.5 else (low, middle)
    return sqrt(df) * tan(low)
