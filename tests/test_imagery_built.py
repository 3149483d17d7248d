"""Built-up ground is told by a year of looks, never by one, and a second witness stands in for a missing band."""

import dataclasses
import datetime as dt
import json

import numpy as np
import pytest

from ecotrack.errors import MissingFile
from ecotrack.imagery.land_cover import ClassTable
from ecotrack.imagery.looks import Look
from ecotrack.imagery.plot_cover import FILE, plot_cover
from ecotrack.imagery.verdict import PlotAsked, judge
from ecotrack.imagery.verify import scene_stats
from imagery_office import GRID, hand_in_plots, take_scenes
from imagery_scenes import ROLES, Painting, rotated, write, write_raster
from test_imagery_plots import pixel_box

DAY = dt.date(2024, 10, 15)
PLOT = PlotAsked(feature_id="p", season="2023-spring", form="片林")
MONTHS = ("2024-01-10", "2024-04-20", "2024-06-20", "2024-08-01", "2024-09-10")


def look(on: str, *, ndvi: float = 0.1, built: float = 0.9, bright: float = 0.2, soil_told: bool = True) -> Look:
    day = dt.date.fromisoformat(on)
    return Look(on, day, 90, 1, ndvi, 0.6, 400, 0, built, bright, soil_told)


def year(**said) -> list[Look]:
    return [look(on, **said) for on in MONTHS]


def test_a_year_without_plants_that_looks_built_up_contradicts_young_plants_too():
    found = judge(PLOT, year(), DAY)
    assert (found.answer, len(found.days)) == ("contradicts", 5)
    assert "built-up" in found.reasons[0].en


@pytest.mark.parametrize(
    "looks",
    [
        [look("2024-08-01"), look("2024-09-10")],
        [*year(), look("2024-07-10", ndvi=0.4)],
        year(built=0.4),
        [look(on, bright=bright) for on, bright in zip(MONTHS, (0.3, 0.28, 0.16, 0.2, 0.3), strict=True)],
        year(soil_told=False),
        year(built=float("nan"), bright=float("nan")),
        [look(on, built=float("nan") if on in (MONTHS[2], MONTHS[4]) else 0.9) for on in MONTHS],
    ],
    ids=[
        "summer alone",
        "green once",
        "half of it",
        "wet and dry",
        "four bands",
        "no blue band",
        "blue once in summer",
    ],
)
def test_less_than_that_cannot_be_told(looks):
    assert judge(PLOT, looks, DAY).answer == "cannot_tell"


def test_a_belt_beside_a_road_is_not_contradicted_by_the_road():
    mixed = [one._replace(core=0.1) for one in year()]
    for plot, looks in ((dataclasses.replace(PLOT, form="林带"), year()), (PLOT, mixed)):
        assert judge(plot, looks, DAY).answer == "cannot_tell"


def test_four_bands_say_why_they_cannot_tell():
    assert "four bands do not tell" in judge(PLOT, year(soil_told=False), DAY).reasons[-1].en
    assert "not told for certain" in judge(PLOT, year(built=0.3), DAY).reasons[-1].en
    assert "bare or built-up" not in " ".join(reason.en for reason in judge(PLOT, year(ndvi=0.5), DAY).reasons)


@pytest.mark.parametrize(
    ("on", "share", "answer"),
    [("2024-06-30", 0.9, "contradicts"), ("2024-06-30", 0.5, "cannot_tell"), ("2022-06-30", 0.9, "cannot_tell"),
     ("2024-12-31", 0.9, "cannot_tell")],
    ids=["since planting", "half", "before planting", "after the day"],
)  # fmt: skip
def test_a_classified_raster_is_a_second_witness_of_its_day(on, share, answer):
    plot = dataclasses.replace(PLOT, cover_on=dt.date.fromisoformat(on), cover_built=share)
    assert judge(plot, year(soil_told=False), DAY).answer == answer
    green = [look(day, ndvi=0.5, soil_told=False) for day in MONTHS]
    assert judge(plot, green, DAY).answer == "cannot_tell", "a raster alone contradicted"


def test_the_share_that_looks_built_up_is_counted_and_haze_or_missing_bands_say_nothing(tmp_path):
    shapes = np.array([pixel_box(20, 20, 30, 30), pixel_box(60, 60, 70, 70), pixel_box(90, 90, 100, 100)])
    ground = Painting([("town", pixel_box(20, 20, 25, 30)), ("town", shapes[1]), ("water", shapes[2])], base="soil")
    scene = write(tmp_path / "s.tif", ground, GRID, noise=0)
    found = scene_stats(scene, shapes, tmp_path / "kept")
    assert found.built_share == pytest.approx([0.5, 1, 0], abs=0.02)
    assert found.water_share == pytest.approx([0, 0, 1], abs=0.02)
    assert found.soil_told
    hazy = dataclasses.replace(scene, level="L1C")
    three = dataclasses.replace(scene, bands={role: scene.bands[role] for role in ("green", "red", "nir")})
    for other in (hazy, three):
        assert np.isnan(scene_stats(other, shapes, tmp_path / "kept").built_share).all()
    four = dataclasses.replace(scene, bands={role: scene.bands[role] for role in ROLES[:4]})
    assert not scene_stats(four, shapes, tmp_path / "kept").soil_told


def test_a_white_roof_is_no_water(tmp_path):
    shape = pixel_box(20, 20, 30, 30)
    stored = np.full((5, GRID.height, GRID.width), 3000, dtype=np.uint16)
    for band, value in enumerate((3400, 3600, 3500, 3300, 3000)):
        stored[band, 20:30, 20:30] = value
    scene = write(tmp_path / "s.tif", Painting(), GRID)
    write_raster(tmp_path / "s.tif", stored, GRID, nodata=0)
    found = scene_stats(scene, np.array([shape]), tmp_path / "kept")
    assert (found.water_share[0], round(float(found.built_share[0]), 3)) == (0, 1)


def classes(tmp_path, grid=GRID, **options):
    values = np.full((1, grid.height, grid.width), 40, dtype=np.uint8)
    values[0, 20:30, 20:30] = 50
    values[0, 60:65, 60:70] = 50
    values[0, 90:, 90:] = 0
    write_raster(tmp_path / "c.tif", values, grid, **options)
    return tmp_path / "c.tif"


@pytest.mark.parametrize("grid", [GRID, rotated(GRID, 20)], ids=["north-up", "rotated"])
def test_a_classified_raster_gives_exact_shares_and_nothing_where_it_shows_nothing(tmp_path, grid):
    table = ClassTable(date=DAY, source="x", classes={"50": "built"})
    boxes = [(20, 20, 30, 30), (60, 60, 70, 70), (88, 92, 100, 100), (500, 500, 510, 510)]
    shapes = np.array([pixel_box(*box, grid) for box in boxes])
    found = plot_cover(classes(tmp_path, grid, nodata=0), table, shapes, tmp_path / "kept")
    assert found.built[:2] == pytest.approx([1, 0.5], abs=1e-3)
    assert np.isnan(found.built[2:]).all()
    assert plot_cover(tmp_path / "c.tif", ClassTable(date=DAY, source="x", classes={"10": "forest"}), shapes,
                      tmp_path / "kept") is None  # fmt: skip
    with pytest.raises(MissingFile):
        plot_cover(tmp_path / "gone.tif", table, shapes, tmp_path / "kept")


def test_an_office_takes_land_cover_once_and_verdicts_use_it(office, tmp_path):
    mine = pixel_box(20, 20, 30, 30)
    hand_in_plots(office, tmp_path, {"小班1": mine})
    town = Painting([("town", mine)], base="soil")
    days = ("2023-12-01", "2024-04-01", "2024-07-01", "2024-08-01")
    take_scenes(office, tmp_path, dict.fromkeys(days, town))
    four = tmp_path / "four.toml"
    four.write_text((tmp_path / "bands.toml").read_text().replace("swir1", "swir2"))
    for day in days:
        office("scene", "add", tmp_path / f"x_{day.replace('-', '')}.tif", "--bands", four)
    assert "看不出" in office("verify", "plots").output
    table = tmp_path / "t.toml"
    table.write_text('date = 2024-06-30\nsource = "x"\n[classes]\n50 = "built"\n40 = "耕地"\n')
    kept = office.workspace.register_path.parent / FILE
    office("imagery", "cover", classes(tmp_path), "--classes", table, "--dry-run")
    assert not kept.exists()
    office("imagery", "cover", tmp_path / "c.tif", "--classes", table)
    said = office("verify", "plots")
    assert "2024-06-30的地类图为建设用地" in said.output
    assert str(tmp_path) not in json.dumps(json.loads(office("stats", "--json").output)["witness"])
    (tmp_path / "c.tif").unlink()
    said = office("verify", "plots")
    assert "未用地类图" in said.output
    assert "矛盾 0" in said.output
