"""Turbid water and shadow are never confused in silence: each comes out right, or is doubted."""

import json

import numpy as np
import pytest
import shapely

from ecotrack.imagery.lake import LakeAsked, observe
from ecotrack.imagery.shade import maybe_shadow, maybe_turbid, own_waters
from ecotrack.imagery.shore import grown
from ecotrack.imagery.water_bodies import without_air
from imagery_scenes import GROUND, Painting, feature, round_lake, true_km2, utm, write
from imagery_shades import LANDS, draw_shade, patches

FOUR = ("blue", "green", "red", "nir")
LAKE = round_lake()
SHADE = shapely.box(115.6115, 37.6050, 115.6165, 37.6150)
WATERS = (("lake", "turbid"), ("turbid",), ("silty",), ("shallow", "green"), ("lake",), ("silty", "turbid"))


def ndwi_water(bands):
    """Return what a low threshold takes for water: the worst case."""
    return bands["green"] - bands["nir"] >= 0.05 * (bands["green"] + bands["nir"])


def mndwi_water(bands):
    return bands["green"] - bands["swir1"] >= 0.05 * (bands["green"] + bands["swir1"])


@pytest.mark.parametrize("taken", [ndwi_water, mndwi_water])
@pytest.mark.parametrize("land", LANDS)
def test_every_shadow_that_is_taken_for_water_is_doubted(land, taken):
    silent, several = [], 0
    for seed in range(6):
        made = draw_shade(seed, WATERS[seed], LANDS[land], shadow=0.15, hazy=seed % 2 == 1)
        bands = without_air(made.bands, np.ones_like(made.lake)) if seed % 2 else made.bands
        water = taken(bands)
        inner = water & ~grown(~water, 1)
        own = own_waters(bands, inner & made.lake, ~grown(water, 2))
        doubted = maybe_shadow(bands, water, own)
        for patch in patches(inner & made.shadow, least=50):
            several += 1
            if doubted[patch].mean() < 0.5:
                silent.append((seed, int(patch.sum())))
    assert silent == []
    assert several > 10 or (land, taken) == ("plants", ndwi_water)


@pytest.mark.parametrize("water", [("lake",), ("turbid",), ("shallow",), ("green",), ("silty",)])
def test_water_of_one_kind_without_shadow_is_hardly_ever_doubted(water):
    shares = []
    for seed in range(10):
        made = draw_shade(seed, water, LANDS["mixed" if seed % 2 else "bare"])
        found = ndwi_water(made.bands) & grown(made.lake, 2)
        own = own_waters(made.bands, found & made.lake & ~grown(~found, 1), ~grown(found, 2))
        shares.append(maybe_shadow(made.bands, found, own).sum() / found.sum())
    assert np.mean(np.array(shares) > 0.005) <= 0.1


def test_silt_up_to_three_hundred_milligrams_beside_clear_water_is_found_or_doubted():
    for seed in range(6):
        made = draw_shade(seed, ("clear", "silt of 300 mg"), LANDS["mixed"])
        lost = made.lake & ~ndwi_water(made.bands)
        thick = lost & ~grown(~lost, 3)
        assert maybe_turbid(made.bands, ~ndwi_water(made.bands))[thick].mean() >= 0.9 if thick.sum() > 30 else True


def shaded(kind: str) -> tuple[float, ...]:
    """Return a ground in the light of the sky alone."""
    return tuple(value * share for value, share in zip(GROUND[kind], (0.42, 0.33, 0.25, 0.17, 0.06), strict=True))


def said(found) -> str:
    return " ".join(doubt.en for doubt in found.doubts)


@pytest.mark.parametrize("roles", [FOUR, (*FOUR, "swir1")], ids=["four bands", "with swir"])
@pytest.mark.parametrize("lake", ["water", "turbid"])
@pytest.mark.parametrize("ground", ["soil", "town"])
def test_shadow_over_dry_ground_in_the_lake_is_left_out_or_said(tmp_path, monkeypatch, ground, lake, roles):
    monkeypatch.setitem(GROUND, "shaded", shaded(ground))
    shown = Painting([(lake, LAKE), ("shaded", SHADE)], base=ground)
    scene = write(tmp_path / "s.tif", shown, utm(115.587, 37.628), roles=roles)
    found = observe(scene, [feature(LAKE)])
    truth = true_km2(LAKE.difference(SHADE))
    assert found.open_m2 / 1e6 >= truth * 0.995
    if found.open_m2 / 1e6 > truth * 1.005:
        assert "shadow of clouds" in said(found)


@pytest.mark.parametrize("roles", [FOUR, (*FOUR, "swir1")], ids=["four bands", "with swir"])
def test_silty_and_clear_water_and_a_shadow_in_one_scene(tmp_path, monkeypatch, roles):
    monkeypatch.setitem(GROUND, "shaded", shaded("soil"))
    monkeypatch.setitem(GROUND, "silty", (0.11, 0.165, 0.20, 0.165, 0.03))
    west = LAKE.intersection(shapely.box(115, 37, 115.608, 38))
    shown = Painting([("water", LAKE), ("silty", west), ("shaded", SHADE)], base="soil")
    found = observe(write(tmp_path / "s.tif", shown, utm(115.587, 37.628), roles=roles), [feature(LAKE)])
    truth = true_km2(LAKE.difference(SHADE))
    assert 0.99 * (found.open_m2 - found.shadow_m2) / 1e6 <= truth <= 1.01 * (found.open_m2 + found.missed_m2) / 1e6
    assert found.open_m2 / 1e6 != pytest.approx(truth, rel=0.005)
    assert ("turbid water or algae" if len(roles) == 4 else "shadow of clouds") in said(found)


def test_what_was_measured_right_is_not_doubted(tmp_path):
    for roles in (FOUR, (*FOUR, "swir1")):
        for lake in ("water", "turbid"):
            shown = Painting([("soil", shapely.box(115.5, 37.5, 115.6, 37.7)), (lake, LAKE)])
            found = observe(write(tmp_path / "s.tif", shown, utm(115.587, 37.628), roles=roles), [feature(LAKE)])
            assert (found.doubts, found.shadow_m2 + found.missed_m2 < 1e3) == ((), True)


def test_without_blue_or_red_nothing_is_said_of_shade(tmp_path):
    scene = write(tmp_path / "s.tif", Painting([("water", LAKE)]), utm(115.587, 37.628), roles=("green", "nir"))
    found = observe(scene, [feature(LAKE)], LakeAsked())
    assert (found.shadow_m2, found.missed_m2) == (None, None)


def test_a_doubt_stands_in_the_record_and_in_the_series_and_feeds_no_figure(office, tmp_path, monkeypatch):
    monkeypatch.setitem(GROUND, "shaded", shaded("town"))
    basins = shapely.union_all([basin.geometry for basin in office.workspace.features("lake")])
    wet = basins.buffer(-0.003)
    west, south, east, north = wet.bounds
    shade = shapely.box((west + east) / 2, (south + north) / 2, east, north).intersection(wet)
    shown = Painting([("turbid", wet), ("shaded", shade)], base="town")
    path = tmp_path / "lake_20200901.tif"
    write(path, shown, utm(115.49, 37.68, size=500, pixel_m=40), roles=FOUR, mask=False)
    table = tmp_path / "t.toml"
    rows = "".join(f"{role} = {{ index = {n} }}\n" for n, role in enumerate(FOUR, start=1))
    table.write_text(f"scale = 0.0001\nnodata = 0\nsensor = 'drone'\nsample = true\n[bands]\n{rows}")
    office("scene", "add", path, "--bands", table)
    printed = office("lake", "observe", "lake_20200901", "--threshold", "0", "--by", "张三")
    assert "阴影里的陆地" in printed.stderr
    [record] = json.loads(office("records", "list", "--layer", "lake", "--json").output)["records"]
    assert record["state"] == "待审"
    assert "阴影里的陆地" in record["fields"]["doubts"]
    assert float(record["fields"]["doubted_km2"]) == pytest.approx(true_km2(shade), rel=0.05)
    series = json.loads(office("lake", "series", "--json").output)
    assert series["observations"][0]["doubts"] == record["fields"]["doubts"]
    assert "land in the shadow" in series["observations"][0]["doubts_en"]
    assert series["years"] == []
    assert "存疑" in office("lake", "series").output


def test_ground_that_is_bright_in_the_shortwave_infrared_is_no_water_that_was_missed():
    silty = {"blue": 0.11, "green": 0.16, "red": 0.19, "nir": 0.15}
    bands = {role: np.full((9, 18), value, np.float32) for role, value in silty.items()}
    bands["swir1"] = np.float32([0.05] * 9 + [0.25] * 9)[None].repeat(9, axis=0)
    assert maybe_turbid(bands, np.ones((9, 18), dtype=bool))[4, [3, 14]].tolist() == [True, False]
