"""Land cover of a raster is a witness: shares on the ellipsoid, pixels on borders by exact share, in no figure."""

import datetime as dt
import json

import numpy as np
import pytest
import shapely

from ecotrack.errors import BadClassTable, MissingFile, UnknownCRS, UnreadableFile, ZoneOutside
from ecotrack.geometry.area import area_m2
from ecotrack.imagery.beside import write_beside
from ecotrack.imagery.grid import to_lonlat, to_pixels
from ecotrack.imagery.kept_cover import FILE, cover_document, read_cover, write_cover
from ecotrack.imagery.land_cover import land_cover, read_class_table
from ecotrack.workspace import today
from imagery_office import hand_in_plots
from imagery_scenes import degrees, feature, rotated, round_lake, south_up, utm, write_raster

GRIDS = {
    "utm": utm(115.60, 37.63, size=700),
    "rotated": rotated(utm(115.60, 37.63, size=700), 20),
    "south-up": south_up(utm(115.60, 37.63, size=700)),
    "degrees": degrees(115.60, 37.63, size=700),
    "zone 49": utm(115.594, 37.636, size=800, zone=49),
}
TABLE = """
date = 2020-12-31
source = "试验分类"
sample = true
[classes]
10 = "forest"
50 = "built"
80 = "water"
"""
COUNTIES = [
    feature(round_lake(lon=115.625, lat=37.605, radius_m=1400), "甲县"),
    feature(shapely.box(115.645, 37.595, 115.66, 37.615), "乙县"),
]
WOODS = shapely.box(115.61, 37.60, 115.65, 37.607)


@pytest.fixture
def table(tmp_path):
    (tmp_path / "classes.toml").write_text(TABLE, encoding="utf-8")
    return read_class_table(tmp_path / "classes.toml")


def classified(path, grid, *, woods=WOODS, nodata=None):
    """Write a raster of 50 with 10 wherever the middle of a pixel lies in the woods."""
    rows, cols = np.mgrid[0 : grid.height, 0 : grid.width]
    [inside] = to_pixels([woods], grid)
    shapely.prepare(inside)
    values = np.where(shapely.contains_xy(inside, cols + 0.5, rows + 0.5), 10, 50).astype(np.uint8)
    write_raster(path, values[None], grid, **({} if nodata is None else {"nodata": nodata}))
    return path


@pytest.mark.parametrize("name", GRIDS)
def test_shares_are_those_of_the_ground_however_the_raster_lies(tmp_path, table, name):
    raster = classified(tmp_path / "c.tif", GRIDS[name])
    for row, county in zip(land_cover(raster, table, COUNTIES), COUNTIES, strict=True):
        whole = area_m2([county.geometry])[0]
        assert row.seen_m2 == pytest.approx(whole, rel=2e-5)
        assert sum(row.class_m2.values()) == pytest.approx(row.seen_m2)
        woods = area_m2([shapely.intersection(county.geometry, WOODS)])[0]
        assert row.class_m2["forest"] == pytest.approx(woods, abs=0.004 * whole)
        assert row.share_pct("water") == 0


def test_long_borders_are_straight_in_degrees_and_bend_in_the_plane_of_the_raster(tmp_path, table):
    south = [(lon, 37.4) for lon in np.linspace(115.1, 116.1, 501)]
    county = shapely.Polygon([*south, (116.1, 37.6), (115.1, 37.6)])
    raster = classified(tmp_path / "c.tif", utm(115.0, 37.7, size=600, pixel_m=200))
    [row] = land_cover(raster, table, [feature(county)])
    assert row.seen_m2 == pytest.approx(area_m2([county])[0], rel=1e-4)


def test_a_pixel_on_the_border_counts_by_the_part_that_lies_inside(tmp_path, table):
    grid = utm(115.6, 37.6, size=4)
    write_raster(tmp_path / "c.tif", np.array([[[10, 10, 50, 50]] * 4], dtype=np.uint8), grid)
    [part] = to_lonlat([shapely.box(1.5, 1.25, 3, 2)], grid)
    [row] = land_cover(tmp_path / "c.tif", table, [feature(part, "丙")])
    assert row.share_pct("forest") == pytest.approx(100 / 3, rel=1e-4)
    assert row.seen_m2 == pytest.approx(1.5 * 0.75 * 100, rel=1e-3)


def test_nodata_was_not_seen_and_a_number_without_a_name_stands_apart(tmp_path, table):
    grid = utm(115.6, 37.6, size=4)
    write_raster(tmp_path / "c.tif", np.array([[[10, 99, 50, 0]] * 4], dtype=np.uint8), grid, nodata=0)
    [whole] = to_lonlat([shapely.box(0, 0, 4, 4)], grid)
    [row] = land_cover(tmp_path / "c.tif", table, [feature(whole, "丁")])
    assert row.seen_pct == pytest.approx(75, rel=1e-4)
    assert row.class_m2[""] == pytest.approx(row.class_m2["forest"], rel=1e-4)
    told = cover_document([row], table, raster="c.tif")["counties"][0]
    assert told["shares_pct"] == {"built": None, "forest": None, "water": None}


@pytest.mark.parametrize(
    "text",
    [
        "date = 2020-12-31\nsource = 'x'\n[classes]\n1 = 'meadow'\n",
        "date = 2020-12-31\nsource = 'x'\n[classes]\nten = 'forest'\n",
        "source = 'x'\n[classes]\n10 = 'forest'\n",
        "date = 2020-12-31\nsource = 'x'\nband = 2\n[classes]\n10 = 'forest'\n",
        "date = 2020-12-31\nsource = 'x'\nklasses = 1\n[classes]\n10 = 'forest'\n",
    ],
)
def test_a_class_table_that_does_not_fit_says_so(tmp_path, text):
    (tmp_path / "t.toml").write_text(text, encoding="utf-8")
    raster = classified(tmp_path / "c.tif", GRIDS["utm"])
    with pytest.raises(BadClassTable):
        land_cover(raster, read_class_table(tmp_path / "t.toml"), COUNTIES)


def test_a_table_of_other_numbers_than_the_raster_has_is_no_county_without_woods(tmp_path):
    (tmp_path / "t.toml").write_text("date = 2020-12-31\nsource = 'x'\n[classes]\n1 = 'forest'\n5 = 'built'\n")
    with pytest.raises(BadClassTable):
        land_cover(classified(tmp_path / "c.tif", GRIDS["utm"]), read_class_table(tmp_path / "t.toml"), COUNTIES)


def test_classes_may_be_named_in_chinese_and_a_table_of_another_encoding_is_told(tmp_path):
    text = "date = 2020-12-31\nsource = '某院'\n[classes]\n10 = '林地'\n50 = '建设用地'\n40 = '耕地'\n"
    (tmp_path / "t.toml").write_text(text, encoding="utf-8")
    assert read_class_table(tmp_path / "t.toml").codes() == {10: "forest", 50: "built", 40: "耕地"}
    (tmp_path / "t.toml").write_text(text, encoding="gbk")
    with pytest.raises(BadClassTable, match="UTF-8"):
        read_class_table(tmp_path / "t.toml")


def test_rasters_that_cannot_be_read_or_lie_elsewhere_say_so(tmp_path, table):
    with pytest.raises(MissingFile):
        land_cover(tmp_path / "gone.tif", table, COUNTIES)
    with pytest.raises(ZoneOutside):
        land_cover(classified(tmp_path / "far.tif", utm(116.5, 38.5, size=20)), table, COUNTIES)
    path = classified(tmp_path / "cut.tif", GRIDS["utm"])
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(UnreadableFile):
        land_cover(path, table, COUNTIES)
    bare = GRIDS["utm"]._replace(crs=None)
    write_raster(tmp_path / "bare.tif", np.ones((1, 700, 700), dtype=np.uint8), bare)
    with pytest.raises(UnknownCRS):
        land_cover(tmp_path / "bare.tif", table, COUNTIES)


def test_an_office_sees_it_beside_its_figures_and_no_figure_moves(office, tmp_path):
    city = shapely.union_all([one.geometry for one in office.workspace.features("counties")])
    west, south, east, north = city.bounds
    grid = degrees(west - 0.01, north + 0.01, size=160, step=0.01)
    raster = classified(tmp_path / "c.tif", grid, woods=shapely.box(west - 1, south - 1, east + 1, 37.7))
    (tmp_path / "classes.toml").write_text(TABLE, encoding="utf-8")
    hand_in_plots(office, tmp_path, {"小班1": shapely.box(115.6, 37.7, 115.602, 37.702)})
    before = office.workspace.view().to_json()
    told = json.loads(office("stats", "--json").output)
    assert told.pop("witness") is None
    said = office("imagery", "cover", raster, "--classes", tmp_path / "classes.toml").output
    assert "只作旁证" in said
    assert "影像里没有“water”的像元" in said
    tomorrow = TABLE.replace("2020-12-31", f"{today() + dt.timedelta(days=1)}")
    (tmp_path / "late.toml").write_text(tomorrow, encoding="utf-8")
    with pytest.raises(BadClassTable):
        office("imagery", "cover", raster, "--classes", tmp_path / "late.toml")
    assert office.workspace.view().to_json() == before
    after = json.loads(office("stats", "--json").output)
    total = after.pop("witness")["land_cover"]["total"]
    assert after == told
    south_of = area_m2([shapely.intersection(city, shapely.box(west, south, east, 37.7))])[0] / area_m2([city])[0]
    assert total["shares_pct"]["forest"] == pytest.approx(100 * south_of, abs=0.5)
    assert f"林地{total['shares_pct']['forest']:.1f}%" in office("stats").output
    assert json.loads(office("stats", "--as-of", "2020-06-30", "--json").output)["witness"] is None


def test_kept_cover_that_is_damaged_is_refused_in_words(tmp_path, table):
    rows = land_cover(classified(tmp_path / "c.tif", GRIDS["utm"]), table, COUNTIES)
    path = write_cover(tmp_path, cover_document(rows, table, raster="c.tif"))
    assert read_cover(tmp_path, as_of=table.date)["sample"] is True
    path.write_text(path.read_text(encoding="utf-8")[:-30], encoding="utf-8")
    assert path.name == FILE
    with pytest.raises(UnreadableFile, match="imagery cover"):
        read_cover(tmp_path, as_of=table.date)


def test_what_cannot_be_written_leaves_what_was_kept(tmp_path):
    path = write_beside(tmp_path / FILE, {"kept": 1})
    with pytest.raises(TypeError):
        write_beside(path, {"kept": object()})
    assert [one.name for one in tmp_path.iterdir()] == [FILE]
    assert json.loads(path.read_text()) == {"kept": 1}
