"""Accuracy of a classified map: reported with its interval, never claimed.

Estimates follow Olofsson et al. (2014), good practices for estimating area and assessing accuracy of land change,
Remote Sensing of Environment 148: a stratified sample whose strata are the map's own classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Z95 = 1.959963984540054
"""Two-sided 95 % of the normal distribution."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Accuracy:
    """What a sample says about a map.

    Attributes
    ----------
    classes
        Names, in the order of all arrays.
    matrix
        Sample counts, shape (k, k): rows are the map, columns the reference.
    weights
        Share of each map class in the mapped area, shape (k,).
    iou, users, producers
        Of each class: intersection over union by sample counts; user's and area-adjusted producer's accuracy.
    users_se, producers_se
        Their standard errors.
    overall, overall_se
        Area-adjusted overall accuracy.
    kappa
        Cohen's, by sample counts.
    area_share, area_share_se
        Area-adjusted share of each reference class.
    unsampled
        Classes of the map without a sample: nothing can then be said of the whole map, and what rests on all of its
        classes (producer's and overall accuracy, area shares) is not a number.
    """

    classes: tuple[str, ...]
    matrix: npt.NDArray[np.int64]
    weights: Floats
    iou: Floats
    users: Floats
    users_se: Floats
    producers: Floats
    producers_se: Floats
    overall: float
    overall_se: float
    kappa: float
    area_share: Floats
    area_share_se: Floats
    unsampled: tuple[str, ...] = ()


def confusion(
    mapped: npt.ArrayLike, reference: npt.ArrayLike, classes: Sequence[str] | Sequence[int]
) -> npt.NDArray[np.int64]:
    """Return sample counts: rows are the map, columns the reference.

    Parameters
    ----------
    mapped, reference
        Names or numbers of classes, shape (n,).
    classes
        All of them, each once.

    Examples
    --------
    >>> confusion(["water", "water", "land"], ["water", "land", "land"], ["water", "land"]).tolist()
    [[1, 1], [0, 1]]
    """
    names, count = np.asarray(classes), len(classes)
    order = np.argsort(names)
    rows, cols = (order[np.searchsorted(names, np.asarray(one), sorter=order)] for one in (mapped, reference))
    return np.bincount(rows * count + cols, minlength=count**2).reshape(count, count).astype(np.int64)


def assess(matrix: npt.NDArray[np.int64], area: Mapping[str, float]) -> Accuracy:
    """Return the accuracy of a map and the area-adjusted estimates of its classes.

    Parameters
    ----------
    matrix
        Sample counts, rows the map, columns the reference, in the order of ``area``.
    area
        Mapped area of each class, in any one unit.

    Notes
    -----
    With W the share and n the sample of map class i, p_ij = W_i n_ij / n_i (equation 4); user's accuracy
    p_ii / p_i., producer's p_jj / p_.j, overall the sum of p_ii, with the variances of equations 5 to 7;
    the area share of class j is p_.j (equation 9) with the standard error of equation 10.

    Examples
    --------
    The paper's worked example (table 8): deforestation, forest gain, stable forest, stable other.

    >>> matrix = np.array([[66, 0, 5, 4], [0, 55, 8, 12], [1, 0, 153, 11], [2, 1, 9, 313]])
    >>> area = {"deforestation": 200_000, "gain": 150_000, "forest": 3_200_000, "other": 6_450_000}
    >>> found = assess(matrix, area)
    >>> round(found.overall, 3), round(1.96 * found.overall_se, 3)
    (0.947, 0.018)
    >>> found.area_share.round(4).tolist()[0], (1.96 * found.area_share_se).round(4).tolist()[0]
    (0.0235, 0.0068)
    """
    counts, total = matrix.astype(float), np.asarray(list(area.values()), dtype=float)
    weights, sampled = total / total.sum(), counts.sum(axis=1)
    unsampled = (sampled == 0) & (weights > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        rates = np.where(sampled[:, None] > 0, counts / sampled[:, None], 0.0)
        proportions = weights[:, None] * rates
        share, users = proportions.sum(axis=0), np.where(sampled > 0, np.diag(counts) / sampled, np.nan)
        users_var = users * (1 - users) / (sampled - 1)
        producers = np.diag(proportions) / share
        union = sampled + counts.sum(axis=0) - np.diag(counts)
        iou = np.diag(counts) / union
    spread = np.where(sampled[:, None] > 1, rates * (1 - rates) / np.maximum(sampled - 1, 1)[:, None], np.nan)
    spread = np.where(weights[:, None] > 0, spread, 0.0)
    # A part of the map that nobody looked at is no part without errors.
    whole = np.nan if unsampled.any() else 1.0
    return Accuracy(
        classes=tuple(area),
        matrix=matrix,
        weights=weights,
        iou=iou,
        users=users,
        users_se=np.sqrt(users_var),
        producers=whole * producers,
        producers_se=_producers_se(total, rates, spread, producers, users_var),
        overall=float(whole * np.trace(proportions)),
        overall_se=float(np.sqrt((weights**2 * np.where(weights > 0, users_var, 0.0)).sum())),
        kappa=_kappa(counts),
        area_share=whole * share,
        area_share_se=np.sqrt((weights[:, None] ** 2 * spread).sum(axis=0)),
        unsampled=tuple(name for name, none in zip(area, unsampled, strict=True) if none),
    )


def _producers_se(total: Floats, rates: Floats, spread: Floats, producers: Floats, users_var: Floats) -> Floats:
    """Return equation 7: the error of class j comes from its own stratum and from what others hold of it."""
    held = (total[:, None] * rates).sum(axis=0)
    own = total**2 * (1 - producers) ** 2 * users_var
    others = (total[:, None] ** 2 * spread).sum(axis=0) - total**2 * np.diag(spread)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.sqrt((own + producers**2 * others) / held**2))


def _kappa(counts: Floats) -> float:
    """Return Cohen's kappa: agreement beyond what the margins alone would give."""
    whole = counts.sum()
    expected = float((counts.sum(axis=0) * counts.sum(axis=1)).sum()) / whole**2
    return float((np.trace(counts) / whole - expected) / (1 - expected)) if expected < 1 else float("nan")
