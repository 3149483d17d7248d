"""Scenes are told by the names under which they are really delivered, and what is none of them is refused in words."""

import datetime as dt
import tarfile
from pathlib import Path

import numpy as np
import pytest
import rasterio

from ecotrack.errors import UnknownSensor, UnplacedRaster, UnreadableFile
from ecotrack.imagery.read import OpenScene
from ecotrack.imagery.recognise import SceneAsked, recognise
from imagery_scenes import utm, write_raster
from test_imagery_scene import safe

GRID = utm(115.6, 37.6, size=32)
FOUR = ["blue", "green", "red", "nir"]
LANDSAT = "LC09_L2SP_123034_20220901_20220903_02_T1"


def put(path: Path, count: int = 1, names: tuple[str, ...] = ()) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_raster(path, np.full((count, 32, 32), 3000, dtype=np.uint16), GRID)
    if names:
        with rasterio.open(path, "r+") as file:
            for number, name in enumerate(names, start=1):
                file.set_band_description(number, name)
    return path


@pytest.mark.parametrize(
    ("name", "count", "sensor"),
    [
        ("GF1_WFV1_E115.6_N37.6_20200901_L1A0005012345.tiff", 4, "GF1"),
        ("GF1_PMS1_E115.9_N37.6_20200901_L1A0004792345-MSS1.tiff", 4, "GF1"),
        ("GF1B_PMS_E115.9_N37.6_20200901_L1A1227792345-MUX.tiff", 4, "GF1B"),
        ("GF2_PMS1_E115.9_N37.6_20200901_L1A0004792345-MSS1.tiff", 4, "GF2"),
        ("GF6_PMS_E115.6_N37.6_20200901_L1A1120005012-MUX.tiff", 4, "GF6"),
        ("GF6_WFV_E115.6_N37.6_20200901_L1A1120005012.tiff", 8, "GF6"),
        ("ZY3_MUX_E115.6_N37.6_20200901_L1A0001234567.tiff", 4, "ZY3"),
        ("zy302a_mux_016497_003126_20200901112340_01_sec_0002_2006118482.tif", 4, "ZY302A"),
        ("衡水湖_GF1_20200901_正射.tif", 4, "GF1"),
    ],
)
def test_stacks_of_chinese_satellites(tmp_path, name, count, sensor):
    path = put(tmp_path / name, count)
    [scene] = recognise([path], SceneAsked(scale=1e-4))
    assert (scene.sensor, scene.acquired_on, list(scene.bands)) == (sensor, dt.date(2020, 9, 1), FOUR)


@pytest.mark.parametrize("name", ["ZY1E_VNIC_E115.6_20200901-MUX.tiff", "GF6_WFV_20200901.tiff", "PGF1_20200901.tif"])
def test_a_stack_whose_bands_no_rule_knows_asks_for_a_table(tmp_path, name):
    with pytest.raises(UnknownSensor, match="--bands"):
        recognise([put(tmp_path / name, 7)], SceneAsked(scale=1e-4))


def test_a_raster_that_was_not_placed_says_that_it_must_be(tmp_path):
    path = tmp_path / "GF1_WFV1_E115.6_N37.6_20200901_L1A0005012345.tiff"
    with rasterio.open(path, "w", driver="GTiff", width=9, height=9, count=4, dtype="uint16") as file:
        file.write(np.ones((4, 9, 9), dtype=np.uint16))
    [scene] = recognise([path], SceneAsked(scale=1e-4))
    with pytest.raises(UnplacedRaster, match="orthorectified"):
        OpenScene(scene, ("green",))


def landsat(folder: Path, name: str = LANDSAT, bands: str = "234567") -> Path:
    for part in (*(f"SR_B{number}" for number in bands), "ST_B10", "QA_PIXEL", "QA_RADSAT"):
        put(folder / f"{name}_{part}.TIF")
    (folder / f"{name}_MTL.txt").write_text("GROUP = LANDSAT_METADATA_FILE")
    return folder


def test_landsat_as_a_folder_and_as_the_tar_that_it_comes_in(tmp_path):
    folder = landsat(tmp_path / "in")
    with tarfile.open(tmp_path / f"{LANDSAT}.tar", "w") as packed:
        for file in sorted(folder.iterdir()):
            packed.add(file, file.name)
    [plain], [tarred] = recognise([folder]), recognise([tmp_path / f"{LANDSAT}.tar"])
    values = []
    for scene in (plain, tarred):
        assert (scene.sensor, scene.mask.kind, len(scene.bands)) == ("Landsat 9", "qa_pixel", 6)
        with OpenScene(scene, ("nir",)) as opened:
            values.append(float(opened.read(opened.grid.whole).bands["nir"].mean()))
    assert values[0] == values[1] == pytest.approx(3000 * 0.0000275 - 0.2)


def test_older_landsats_count_their_bands_from_blue(tmp_path):
    [scene] = recognise([landsat(tmp_path / "in", "LT05_L2SP_123034_20100901_20200906_02_T1", "123457")])
    assert (scene.sensor, list(scene.bands)) == ("Landsat 5", [*FOUR, "swir1", "swir2"])
    assert scene.bands["nir"].path.endswith("SR_B4.TIF")


def test_landsat_without_surface_reflectance_and_compressed_archives_are_refused_with_the_way_out(tmp_path):
    put(tmp_path / "one" / "LC08_L1TP_123034_20220901_20220903_02_T1_B3.TIF")
    with pytest.raises(UnreadableFile, match="Level-2"):
        recognise([tmp_path / "one"])
    (tmp_path / f"{LANDSAT}.tar.gz").write_bytes(b"x" * 99)
    with pytest.raises(UnreadableFile, match="unpack"):
        recognise([tmp_path / f"{LANDSAT}.tar.gz"])
    (tmp_path / f"{LANDSAT}.tar").write_bytes(b"x" * 99)
    with pytest.raises(UnreadableFile, match="not whole"):
        recognise([tmp_path / f"{LANDSAT}.tar"])
    with tarfile.open(tmp_path / "other.tar", "w"):
        pass
    with pytest.raises(UnknownSensor):
        recognise([tmp_path / "other.tar"])


def test_a_folder_of_single_bands_may_hold_what_is_no_band(tmp_path):
    for part in ("B02_10m", "B03_10m", "B04_10m", "B08_10m", "TCI_10m", "AOT_10m", "WVP_10m"):
        put(tmp_path / "R10m" / f"T50SLG_20200901T030549_{part}.tif")
    for part in ("B03_20m", "B8A_20m", "B11_20m", "SCL_20m"):
        put(tmp_path / "R20m" / f"T50SLG_20200901T030549_{part}.tif")
    said = SceneAsked(offset=0)
    [fine], [coarse] = recognise([tmp_path / "R10m"], said), recognise([tmp_path / "R20m"], said)
    assert (list(fine.bands), fine.mask) == (FOUR, None)
    assert (set(coarse.bands), coarse.mask.kind) == ({"green", "nir", "swir1"}, "scl")


@pytest.mark.parametrize("names", [("B2", "B3", "B4", "B8"), ("Blue", "Green", "Red", "Near Infrared"),
                                   ("蓝", "绿", "红", "近红外"), ("B02", "B03", "B04", "B08")])  # fmt: skip
def test_a_stack_may_tell_its_bands_by_descriptions(tmp_path, names):
    [scene] = recognise([put(tmp_path / "s_20200901.tif", 4, names)], SceneAsked(scale=1e-4))
    assert list(scene.bands) == FOUR


def test_numbers_that_two_satellites_share_are_not_guessed(tmp_path):
    path = put(tmp_path / "s_20200901.tif", 4, ("B2", "B3", "B4", "B5"))
    with pytest.raises(UnknownSensor):
        recognise([path], SceneAsked(scale=1e-4))


def test_two_products_in_one_folder_keep_their_own_bands_and_a_metadata_file_names_its_product(tmp_path):
    first = safe(tmp_path)
    second = first.with_name(first.name.replace("S2B", "S2A"))
    second.mkdir()
    for file in sorted(first.rglob("*.*")):
        if file.is_file():
            target = second / file.relative_to(first)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes().replace(b"Sentinel-2B", b"Sentinel-2A").replace(b"S2B_", b"S2A_"))
    scenes = recognise([tmp_path])
    assert {scene.sensor for scene in scenes} == {"Sentinel-2A", "Sentinel-2B"}
    for scene in scenes:
        assert {scene.scene_id in band.path for band in scene.bands.values()} == {True}
    [alone] = recognise([first / "MTD_MSIL2A.xml"])
    assert alone.sensor == "Sentinel-2B"
