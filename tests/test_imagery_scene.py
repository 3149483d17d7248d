"""Which image a file is, what its numbers mean, and the clear word where that cannot be told."""

import datetime as dt
import json
import shutil
import zipfile
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import click
import numpy as np
import pytest
import rasterio
import shapely

from ecotrack.errors import (
    BadBandTable,
    BandsApart,
    ChangedFile,
    EmptyFile,
    MissingFile,
    MovedScene,
    NoBand,
    NotReflectance,
    SceneIdTaken,
    UnknownCRS,
    UnknownScene,
    UnknownSensor,
    UnreadableFile,
    Untold,
)
from ecotrack.imagery.catalogue import keep_scenes, scene_named, scenes_in
from ecotrack.imagery.indices import compute
from ecotrack.imagery.lake import observe
from ecotrack.imagery.read import OpenScene
from ecotrack.imagery.recognise import SceneAsked, read_band_table, recognise
from ecotrack.imagery.scene import Band, CloudMask, Scene
from imagery_scenes import DAY, GROUND, ROLES, Painting, feature, round_lake, true_km2, utm, write, write_raster

GRID = utm(115.587, 37.628, size=400)
COARSE = utm(115.587, 37.628, size=200, pixel_m=20)
LAKE = round_lake()
PAINTED = Painting([("soil", shapely.box(115.5, 37.5, 115.6, 37.7)), ("water", LAKE)])
S2_NAMES = {"blue": "B02", "green": "B03", "red": "B04", "nir": "B08", "swir1": "B11"}

METADATA = """<?xml version="1.0"?>
<n1:Level-2A_User_Product xmlns:n1="https://psd-14.sentinel2.eo.esa.int/PSD/User_Product_Level-2A.xsd">
<PRODUCT_START_TIME>2022-09-01T03:05:29.024Z</PRODUCT_START_TIME>
<PRODUCT_URI>S2B_MSIL2A_20220901T030529_N0400_R075_T50SLG_20220901T061234.SAFE</PRODUCT_URI>
<SPACECRAFT_NAME>Sentinel-2B</SPACECRAFT_NAME>
<BOA_QUANTIFICATION_VALUE unit="none">10000</BOA_QUANTIFICATION_VALUE>
<BOA_ADD_OFFSET_VALUES_LIST>{offsets}</BOA_ADD_OFFSET_VALUES_LIST>
</n1:Level-2A_User_Product>"""


def safe(folder: Path, *, offset: int = -1000) -> Path:
    product = folder / "S2B_MSIL2A_20220901T030529_N0400_R075_T50SLG_20220901T061234.SAFE"
    images = product / "GRANULE" / "L2A_T50SLG" / "IMG_DATA"
    offsets = "".join(f'<BOA_ADD_OFFSET band_id="{n}">{offset}</BOA_ADD_OFFSET>' for n in range(13))
    for sub in ("R10m", "R20m"):
        (images / sub).mkdir(parents=True)
    (product / "MTD_MSIL2A.xml").write_text(METADATA.format(offsets=offsets))
    for role, grid, sub in [*((role, GRID, "R10m") for role in ROLES[:4]), ("swir1", COARSE, "R20m")]:
        values = PAINTED.reflectance(grid, noise=0.003, seed=2)[role]
        stored = np.rint(values * 10_000 - offset).astype(np.uint16)[None]
        write_raster(images / sub / f"T50SLG_20220901T030529_{S2_NAMES[role]}_{sub[1:]}.tif", stored, grid)
    classes = np.full((1, 200, 200), 4, dtype=np.uint8)
    classes[0, :10] = 9
    write_raster(images / "R20m" / "T50SLG_20220901T030529_SCL_20m.tif", classes, COARSE)
    return product


def middle(scene: Scene, role: str) -> float:
    with OpenScene(scene, ("green", role)) as opened:
        return float(np.median(opened.read(opened.grid.whole).bands[role][5:40, 5:40]))


def test_a_safe_folder_gives_bands_day_mask_and_takes_the_offset_of_baseline_four_back(tmp_path):
    [scene] = recognise([safe(tmp_path)])
    assert (scene.sensor, scene.acquired_on, scene.level) == ("Sentinel-2B", dt.date(2022, 9, 1), "L2A")
    assert (scene.mask.kind, set(scene.bands)) == ("scl", set(ROLES))
    assert middle(scene, "nir") == pytest.approx(GROUND["soil"][3], abs=0.01)
    with OpenScene(scene, ("green",)) as opened:
        clear = opened.read(opened.grid.whole).clear
    assert (clear[:20].any(), clear[20:].all()) == (False, True)


def test_bands_of_ten_and_twenty_metres_give_one_lake(tmp_path):
    [scene] = recognise([safe(tmp_path)])
    found = observe(scene, [feature(LAKE)])
    assert found.index == "MNDWI"
    assert found.open_m2 / 1e6 == pytest.approx(true_km2(LAKE), rel=0.01)


def test_a_zip_reads_like_its_folder(tmp_path):
    product = safe(tmp_path / "in")
    archive = tmp_path / "product.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for file in product.rglob("*"):
            packed.write(file, file.relative_to(product.parent))
    [zipped], [plain] = recognise([archive]), recognise([product])
    assert middle(zipped, "red") == middle(plain, "red")
    archive.write_bytes(archive.read_bytes()[:1000])
    with pytest.raises(UnreadableFile):
        recognise([archive])


def test_single_bands_outside_their_product_ask_whether_the_offset_is_in_them(tmp_path):
    images = sorted(safe(tmp_path).rglob("*_B0*.tif"))
    for number, image in enumerate(images):
        images[number] = Path(shutil.copy(image, tmp_path / image.name))
    with pytest.raises(Untold, match="baseline"):
        recognise(images)
    [scene] = recognise(images, SceneAsked(offset=-0.1))
    assert middle(scene, "nir") == pytest.approx(GROUND["soil"][3], abs=0.01)


def test_landsat_collection_two_has_its_scale_and_its_quality_bits(tmp_path):
    name = "LC08_L2SP_123034_20200901_20200906_02_T1"
    for role, part in {"green": "SR_B3", "nir": "SR_B5", "swir1": "SR_B6"}.items():
        values = PAINTED.reflectance(GRID, noise=0.003, seed=2)[role]
        write_raster(tmp_path / f"{name}_{part}.TIF", np.rint((values + 0.2) / 0.0000275).astype(np.uint16)[None], GRID)
    quality = np.full((1, 400, 400), 21824, dtype=np.uint16)
    quality[0, :30] = 22280
    write_raster(tmp_path / f"{name}_QA_PIXEL.TIF", quality, GRID)
    [scene] = recognise([tmp_path])
    assert (scene.scene_id, scene.sensor, scene.acquired_on) == (name, "Landsat 8", dt.date(2020, 9, 1))
    assert middle(scene, "nir") == pytest.approx(GROUND["soil"][3], abs=0.01)
    with OpenScene(scene, ("green",)) as opened:
        clear = opened.read(opened.grid.whole).clear
    assert (clear[:30].any(), clear[30:].all()) == (False, True)


def test_a_gaofen_stack_needs_only_its_scale(tmp_path):
    path = tmp_path / "GF1_WFV1_E115.6_N37.6_20200901_L1A0005.tif"
    write(path, PAINTED, GRID, roles=ROLES[:4], mask=False)
    with pytest.raises(Untold, match="--scale"):
        recognise([path])
    [scene] = recognise([path], SceneAsked(scale=1e-4))
    assert (scene.sensor, scene.acquired_on, list(scene.bands)) == ("GF1", DAY, list(ROLES[:4]))
    assert observe(scene, [feature(LAKE)]).open_m2 / 1e6 == pytest.approx(true_km2(LAKE), rel=0.01)


TABLE = """
sensor = "drone"
date = 2020-09-01
scale = 0.0001
nodata = 0
[bands]
green = { index = 2 }
nir = { index = 4 }
"""


def test_a_band_table_says_what_no_name_tells(tmp_path):
    path, table = tmp_path / "stack.tif", tmp_path / "table.toml"
    write(path, PAINTED, GRID, mask=False)
    with pytest.raises(UnknownSensor):
        recognise([path])
    table.write_text(TABLE)
    [scene] = recognise([path], SceneAsked(table=table))
    assert (scene.sensor, scene.acquired_on) == ("drone", DAY)
    assert observe(scene, [feature(LAKE)]).open_m2 / 1e6 == pytest.approx(true_km2(LAKE), rel=0.01)


def test_what_the_call_says_of_scale_goes_before_the_table_and_a_band_before_both(tmp_path):
    path, table = tmp_path / "s.tif", tmp_path / "t.toml"
    write(path, PAINTED, GRID, mask=False)
    table.write_text("date = 2020-09-01\n[bands]\ngreen = { index = 2 }\nnir = { index = 4, scale = 0.5 }\n")
    asked = SceneAsked(table=table, scale=0.001, offset=-0.2)
    [scene] = recognise([path], asked)
    told = {role: (band.scale, band.offset) for role, band in scene.bands.items()}
    assert told == {"green": (0.001, -0.2), "nir": (0.5, -0.2)}
    table.write_text("scale = 0.01\n" + table.read_text())
    assert recognise([path], asked)[0].bands["green"].scale == 0.001
    assert recognise([path], SceneAsked(table=table))[0].bands["green"].scale == 0.01
    table.write_bytes("sensor = '无人机'\n".encode("gb18030"))
    with pytest.raises(BadBandTable, match="UTF-8"):
        recognise([path], asked)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (TABLE.replace("index = 4", "index = 9"), "band 9 of a file of 5"),
        (TABLE.replace("nir", "infrared"), "infrared is none of"),
        (TABLE.replace("index = 4", "nummer = 4"), "nummer"),
        ("bands = 3 =", "fit"),
        (f"scale = 0\n{TABLE.replace('scale = 0.0001', '')}", "above 0"),
    ],
)
def test_a_band_table_that_does_not_fit_says_where(tmp_path, wrong, said):
    path, table = tmp_path / "stack.tif", tmp_path / "table.toml"
    write(path, PAINTED, GRID, mask=False)
    table.write_text(wrong)
    with pytest.raises(BadBandTable, match=said):
        recognise([path], SceneAsked(table=table))


def test_raw_numbers_are_not_taken_for_reflectance(tmp_path):
    scene = write(tmp_path / "s.tif", PAINTED, GRID)
    bands = {role: Band(path=band.path, index=band.index) for role, band in scene.bands.items()}
    raw = Scene(scene_id="raw", sensor="x", acquired_on=DAY, bands=bands)
    with pytest.raises(NotReflectance):
        observe(raw, [feature(LAKE)])


def test_a_truncated_file_is_told_and_never_read_as_land(tmp_path):
    scene = write(tmp_path / "s.tif", PAINTED, GRID)
    whole = (tmp_path / "s.tif").read_bytes()
    for share in (0.3, 0.7, 0.95):
        (tmp_path / "s.tif").write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(UnreadableFile):
            observe(scene, [feature(LAKE)])


def test_missing_empty_and_unplaced_files_each_say_so(tmp_path):
    with pytest.raises(MissingFile):
        recognise([tmp_path / "gone.tif"])
    (tmp_path / "empty.tif").touch()
    with pytest.raises(EmptyFile):
        recognise([tmp_path / "empty.tif"])
    (tmp_path / "text.tif").write_text("no raster")
    with pytest.raises(UnreadableFile):
        recognise([tmp_path / "text.tif"])
    with rasterio.open(tmp_path / "bare.tif", "w", driver="GTiff", height=9, width=9, count=1, dtype="uint8") as file:
        file.write(np.ones((1, 9, 9), dtype=np.uint8))
    bare = Scene(scene_id="b", sensor="x", acquired_on=DAY, bands={"green": Band(path=str(tmp_path / "bare.tif"))})
    with pytest.raises(UnknownCRS):
        OpenScene(bare, ("green",))


def test_bands_of_different_places_are_refused(tmp_path):
    here = write(tmp_path / "a.tif", PAINTED, GRID)
    there = write(tmp_path / "b.tif", PAINTED, utm(115.7, 37.7, size=400))
    turned = write(tmp_path / "c.tif", PAINTED, utm(115.587, 37.628, size=400, zone=49))
    for other in (there, turned):
        mixed = Scene(scene_id="m", sensor="x", acquired_on=DAY, bands={**here.bands, "nir": other.bands["nir"]})
        with pytest.raises(BandsApart):
            OpenScene(mixed, ("green", "nir"))


def test_an_index_says_which_band_it_lacks():
    with pytest.raises(NoBand, match="swir1"):
        compute("MNDWI", {"green": np.ones(1, dtype=np.float32)})


def test_the_catalogue_gives_back_what_was_kept(tmp_path):
    scene = write(tmp_path / "影像 一.tif", PAINTED, GRID)
    [path] = keep_scenes([scene], tmp_path / "scenes")
    assert scene_named(tmp_path / "scenes", scene.scene_id) == scene
    item = json.loads(path.read_text())
    assert (item["type"], item["stac_version"][:2]) == ("Feature", "1.")
    assert shapely.box(*item["bbox"]).contains(LAKE.centroid)
    keep_scenes([scene], tmp_path / "scenes")
    assert len(scenes_in(tmp_path / "scenes")) == 1
    with pytest.raises(UnknownScene, match="影像 一"):
        scene_named(tmp_path / "scenes", "other")


def test_bands_that_lie_across_one_another_are_refused(tmp_path):
    here = write(tmp_path / "a.tif", PAINTED, GRID)
    a, _, west, _, e, north = GRID.transform[:6]
    across = GRID._replace(transform=type(GRID.transform)(0, a, west, e, 0, north))
    write(tmp_path / "b.tif", PAINTED, across)
    bands = {**here.bands, "nir": replace(here.bands["nir"], path=str(tmp_path / "b.tif"))}
    with pytest.raises(BandsApart):
        OpenScene(replace(here, bands=bands), ("green", "nir"))


def test_the_catalogue_finds_pixels_from_any_folder_and_gives_each_id_a_file_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    here = write(Path("s.tif"), PAINTED, GRID)
    assert not Path(here.bands["nir"].path).is_absolute()
    scenes = [replace(here, scene_id=name) for name in ("a b", "a_b", "a/b", ".a", "../a")]
    paths = keep_scenes(scenes, tmp_path / "scenes")
    assert len(set(paths)) == len(scenes)
    assert {path.parent for path in paths} == {tmp_path / "scenes"}
    monkeypatch.chdir(tmp_path.parent)
    kept = scenes_in(tmp_path / "scenes")
    assert {scene.scene_id for scene in kept} == {scene.scene_id for scene in scenes}
    OpenScene(kept[0], ("green",)).__exit__(None, None, None)


def test_a_file_that_was_written_anew_must_be_added_again(tmp_path):
    scene = write(tmp_path / "s.tif", PAINTED, GRID)
    keep_scenes([scene], tmp_path / "scenes")
    assert scene_named(tmp_path / "scenes", "s") == scene
    write(tmp_path / "s.tif", PAINTED, GRID, seed=8, roles=ROLES[:4])
    with pytest.raises(ChangedFile, match="scene add"):
        scene_named(tmp_path / "scenes", "s")
    assert scenes_in(tmp_path / "scenes") == [scene]
    again = replace(scene, bands={role: scene.bands[role] for role in ROLES[:4]})
    keep_scenes([again], tmp_path / "scenes")
    assert scene_named(tmp_path / "scenes", "s") == again


def test_a_name_stands_for_one_scene_of_the_catalogue(tmp_path):
    folder, first, second = tmp_path / "scenes", tmp_path / "一" / "影像.tif", tmp_path / "二" / "影像.tif"
    scenes = []
    for path, day in ((first, DAY), (second, DAY.replace(month=10))):
        path.parent.mkdir()
        scenes.append(write(path, PAINTED, GRID, day=day))
    other_place = replace(scenes[1], acquired_on=DAY)
    for others in (scenes, [scenes[0], other_place]):
        with pytest.raises(SceneIdTaken, match="一"):
            keep_scenes(others, folder)
        assert not folder.exists(), "of several scenes all are kept or none"
    keep_scenes(scenes[:1], folder)
    with pytest.raises(SceneIdTaken):
        keep_scenes(scenes[1:], folder)
    keep_scenes([replace(scenes[0], acquired_on=DAY.replace(day=2))], folder)
    assert scenes_in(folder)[0].acquired_on.day == 2, "the same file may be said anew"
    keep_scenes(scenes[:1], folder)
    first.rename(first.with_name("旧.tif"))
    keep_scenes([other_place], folder)
    assert "二" in scenes_in(folder)[0].bands["nir"].path, "a scene may move"


@pytest.mark.parametrize("row", ['"second"', "{ file = 'a.tif' }", "{ index = 2, gain = 3 }", "2.5"])
def test_a_band_that_is_no_row_of_a_table_is_named(tmp_path, row):
    path = tmp_path / "t.toml"
    path.write_text(f"[bands]\nnir = 4\ngreen = {row}\n", encoding="utf-8")
    with pytest.raises(BadBandTable, match=r"green in \[bands\] is") as told:
        read_band_table(path)
    assert "green = 2" in told.value.message("zh")
    assert "Expected" not in told.value.message("zh")


def test_a_scene_whose_file_is_gone_is_named_and_can_be_taken_out(office, tmp_path):
    for name in ("here", "gone"):
        write(tmp_path / f"{name}.tif", PAINTED, GRID, roles=ROLES[:4], mask=False)
        # A bare number is that of the band.
        table = 'sensor = "drone"\ndate = 2020-09-01\nscale = 0.0001\nbands = {blue = 1, green = 2, red = 3, nir = 4}\n'
        (tmp_path / "t.toml").write_text(table, encoding="utf-8")
        office("scene", "add", tmp_path / f"{name}.tif", "--bands", tmp_path / "t.toml")
    (tmp_path / "gone.tif").unlink()
    for verb in (("verify", "plots"), ("lake", "observe", "gone")):
        with pytest.raises(MovedScene, match="scene remove") as told:
            office(*verb)
        assert "gone" in told.value.message("zh")
    with pytest.raises(UnknownScene):
        office("scene", "remove", "gone", "无此景")
    assert "将移出 gone" in office("scene", "remove", "gone", "--dry-run").stdout
    assert len(json.loads(office("scene", "list", "--json").stdout)["scenes"]) == 2
    assert "已移出 gone" in office("scene", "remove", "gone").stdout
    assert [one["scene_id"] for one in json.loads(office("scene", "list", "--json").stdout)["scenes"]] == ["here"]
    assert (tmp_path / "here.tif").exists()


def test_numbers_that_are_no_reflectance_are_told_when_the_scene_is_added(office, tmp_path):
    path, folder = tmp_path / "GF1_20200901.tif", office.workspace.register_path.parent / "scenes"
    write(path, PAINTED, GRID, roles=ROLES[:4], mask=False, offset=-0.1)
    for scale in ("1", "0.00000001"):
        with pytest.raises(NotReflectance):
            office("scene", "add", path, "--scale", scale)
    assert not folder.exists()
    assert "请核对：所有波段都没有暗像元" in office("scene", "add", path, "--scale", "0.0001").stderr
    assert not office("scene", "add", path, "--scale", "0.0001", "--offset", "-0.1").stderr


@pytest.mark.parametrize("options", [("--scale", "0"), ("--scale", "nan"), ("--offset", "inf"), ("--offset", "-1000")])
def test_a_scale_is_a_number_above_nought(office, tmp_path, options):
    with pytest.raises(click.BadParameter):
        office("scene", "add", tmp_path, *options)


@pytest.mark.parametrize("options", [("--threshold", "7"), ("--threshold", "nan"), ("--margin", "-1"),
                                     ("--least-clear", "101"), ("--level", "NaN")])  # fmt: skip
def test_how_a_lake_is_looked_at_stays_within_sense(office, options):
    with pytest.raises(click.BadParameter):
        office("lake", "observe", "s", *options)


def test_an_observation_goes_to_review_like_any_record(office, tmp_path):
    basins = [basin.geometry for basin in office.workspace.features("lake")]
    wet = shapely.union_all(basins).buffer(-0.003)
    painted = Painting([("soil", shapely.box(115, 37, 115.56, 38)), ("water", wet)])
    write(tmp_path / "lake_20200901.tif", painted, utm(115.49, 37.68, size=500, pixel_m=40), mask=True)
    table = tmp_path / "t.toml"
    table.write_text(TABLE + "red = { index = 3 }\nblue = { index = 1 }\nswir1 = { index = 5 }\n")
    mask = tmp_path / "lake_20200901-cloud.tif"
    said = office("scene", "add", tmp_path / "lake_20200901.tif", "--bands", table, "--mask", mask, "--sample").output
    assert "已登记 lake_20200901" in said
    assert "lake_20200901 示例" in office("scene", "list").output
    with pytest.raises(Untold, match="--datum"):
        office("lake", "observe", "lake_20200901", "--level", "20.45")
    assert "将登记" in office("lake", "observe", "lake_20200901", "--dry-run").output
    arguments = ("lake", "observe", "lake_20200901", "--level", "20.45", "--datum", "大沽", "--by", "张三")
    assert "待审记录" in office(*arguments).output
    records = json.loads(office("records", "list", "--layer", "lake", "--json").output)["records"]
    [record] = [one for one in records if one["fields"]["surface_kind"] == "敞水面"]
    assert Decimal(record["value"]) == pytest.approx(Decimal(true_km2(wet)), rel=Decimal("0.01"))
    assert (record["state"], record["sample"], record["author"]) == ("待审", True, "张三")
    assert (record["fields"]["level_m"], record["fields"]["datum"]) == ("20.45", "大沽")
    assert record["fields"]["method"].startswith("MNDWI otsu")
    assert "登记 0 条" in office(*arguments).output
    assert office.workspace.view(as_of=dt.date(2020, 12, 31)).to_json()["targets"][0]["status"] == "not_assessed"


def test_a_mask_may_say_clear_or_cloud(tmp_path):
    scene = write(tmp_path / "s.tif", PAINTED, GRID, hidden=shapely.box(115, 37, 115.6, 38))
    shares = []
    for kind in ("cloud", "clear"):
        mask = CloudMask(path=scene.mask.path, kind=kind)
        asked = Scene(scene_id="s", sensor="x", acquired_on=DAY, bands=scene.bands, mask=mask)
        with OpenScene(asked, ("green",)) as opened:
            shares.append(float(opened.read(opened.grid.whole).clear.mean()))
    assert sum(shares) == pytest.approx(1)
    assert shares[0] != shares[1]
