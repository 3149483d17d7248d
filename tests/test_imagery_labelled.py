"""A thousand plots whose truth is known: honest claims are hardly ever contradicted, false ones mostly are."""

import datetime as dt

import numpy as np
import pytest

from ecotrack.imagery.plot_cover import PlotCover
from ecotrack.imagery.verify import counts_of, findings_of, verify_plots
from imagery_labelled import DAY, KINDS, labelled
from imagery_scenes import ROLES

BUILT = ("built", "factory")
BARE = ("fresh", "ploughed", "sandy", "salty")


@pytest.fixture(scope="module", params=[(5, 12), (4, 7)], ids=["five bands", "four bands"])
def told(request, tmp_path_factory):
    """Return labelled plots and the verdicts on them, with and without a classified raster that errs on a tenth."""
    bands, seed = request.param
    folder = tmp_path_factory.mktemp("labelled")
    plots = labelled(folder, roles=ROLES[:bands], seed=seed)
    rng = np.random.default_rng(seed)
    mistaken = np.isin(plots.kinds, BUILT) ^ (rng.random(len(plots.kinds)) < 0.1)
    shares = np.where(mistaken, rng.uniform(0.6, 1, len(mistaken)), rng.uniform(0, 0.3, len(mistaken)))
    asked = {"as_of": DAY, "folder": folder / "kept"}
    alone = verify_plots(plots.asked, plots.shapes, plots.scenes, **asked)
    both = verify_plots(plots.asked, plots.shapes, plots.scenes, cover=PlotCover(dt.date(2024, 6, 30), shares), **asked)
    return bands, plots, alone, both


def answers(plots, verdicts, *kinds):
    return [verdict.answer for kind, verdict in zip(plots.kinds, verdicts, strict=True) if kind in kinds]


def test_false_contradictions_stay_below_two_percent_of_a_thousand_plots(told):
    _, plots, alone, both = told
    honest = [kind for kind, one in KINDS.items() if one.honest]
    assert len(plots.kinds) >= 1000
    for verdicts in (alone, both):
        found = answers(plots, verdicts, *honest)
        assert found.count("contradicts") <= 0.02 * len(found)


def test_bare_soil_of_any_kind_is_not_taken_for_built_up_ground(told):
    _, plots, alone, both = told
    for verdicts in (alone, both):
        for kind in BARE:
            found = answers(plots, verdicts, kind)
            assert found.count("contradicts") <= 0.1 * len(found), kind


def test_plots_under_cloud_and_saplings_cannot_be_told(told):
    _, plots, alone, _ = told
    for kind in ("hidden", "sapling"):
        assert set(answers(plots, alone, kind)) == {"cannot_tell"}


def test_what_is_really_wrong_or_right_is_mostly_found(told):
    _, plots, alone, _ = told
    for kind, answer in {"woods": "contradicts", "flooded": "contradicts", "grown": "supports"}.items():
        found = answers(plots, alone, kind)
        assert found.count(answer) >= 0.9 * len(found), kind


def test_a_plot_that_became_a_factory_is_found_and_with_four_bands_only_where_a_raster_says_so_too(told):
    bands, plots, alone, both = told
    if bands == 5:
        assert answers(plots, alone, "factory").count("contradicts") >= 0.9 * len(answers(plots, alone, "factory"))
        assert answers(plots, alone, "built").count("contradicts") >= 0.4 * len(answers(plots, alone, "built"))
        return
    town = [verdict for kind, verdict in zip(plots.kinds, alone, strict=True) if kind == "built"]
    assert {verdict.answer for verdict in town} == {"cannot_tell"}
    assert all("four bands do not tell" in verdict.reasons[-1].en for verdict in town)
    assert answers(plots, both, "built").count("contradicts") >= 0.3 * len(town)


def test_a_contradiction_is_a_finding_for_the_responsible_unit_and_nothing_else_is(told):
    _, plots, alone, _ = told
    findings = findings_of(alone, plots.asked)
    assert len(findings) == counts_of(alone)["contradicts"] > 0
    assert {(finding.level, finding.responsible_unit) for finding in findings} == {("warns", "131102")}
    assert all(finding.facts["days"] for finding in findings)
