"""Scenes are told by the names under which they are really delivered, and what is none of them is refused in words."""

import dataclasses
import datetime as dt
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import rasterio

from ecotrack.errors import OtherDay, SaidOtherwise, UnknownSensor, UnplacedRaster, UnreadableFile, Untold
from ecotrack.imagery.read import OpenScene
from ecotrack.imagery.recognise import SceneAsked, recognise
from imagery_scenes import utm, write_raster
from test_imagery_scene import METADATA, safe

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


BANDS = ("B02", "B03", "B04", "B08", "B11")
OLD = "PDMC_20160510T185023_R075_V20160510T030549_20160510T030549"
PLAIN = METADATA.replace("<BOA_ADD_OFFSET_VALUES_LIST>{offsets}</BOA_ADD_OFFSET_VALUES_LIST>", "")


def test_products_of_before_december_2016_hold_a_scene_for_each_tile(tmp_path):
    name = f"S2A_OPER_PRD_MSIL1C_{OLD}"
    for tile in ("T50SLG", "T50SMG"):
        granule = f"S2A_OPER_MSI_L1C_TL_SGS__20160510T085023_A004600_{tile}"
        for part in BANDS:
            put(tmp_path / f"{name}.SAFE" / "GRANULE" / f"{granule}_N02.02" / "IMG_DATA" / f"{granule}_{part}.tif")
    metadata = PLAIN.replace("S2B_MSIL2A_20220901T030529_N0400_R075_T50SLG_20220901T061234", name)
    (tmp_path / f"{name}.SAFE" / f"S2A_OPER_MTD_SAFL1C_{OLD}.xml").write_text(metadata)
    scenes = recognise([tmp_path / f"{name}.SAFE"])
    assert [(scene.scene_id, scene.level) for scene in scenes] == [
        (f"{name}_T50SLG", "L1C"),
        (f"{name}_T50SMG", "L1C"),
    ]
    for scene in scenes:
        tile = scene.scene_id[-6:]
        assert all(f"_{tile}_" in band.path.rpartition("/")[2] for band in scene.bands.values())
        assert (scene.bands["nir"].scale, scene.bands["nir"].offset) == (1e-4, 0)


def sen2cor(folder: Path, day: str) -> Path:
    """A product as the first versions of Sen2Cor wrote it."""
    product = folder / f"S2A_MSIL2A_{day}T030549_N0205_R075_T50SLG_{day}T061234.SAFE"
    for part in BANDS:
        put(product / "GRANULE" / "L2A_T50SLG" / "IMG_DATA" / "R20m" / f"L2A_T50SLG_{day}T030549_{part}_20m.tif")
    told = PLAIN.replace("2022-09-01", f"{day[:4]}-{day[4:6]}-{day[6:]}").replace("PRODUCT_URI>", "PRODUCT_URI_2A>")
    told = told.replace("BOA_QUANTIFICATION_VALUE", "L2A_BOA_QUANTIFICATION_VALUE").replace(">10000<", ">1000<")
    told = told.replace("S2B_MSIL2A_20220901T030529_N0400_R075_T50SLG_20220901T061234.SAFE", product.name)
    (product / "MTD_MSIL2A.xml").write_text(told)
    return product


def test_products_of_the_first_sen2cor_keep_their_names_and_their_quantification(tmp_path):
    products = [sen2cor(tmp_path, day) for day in ("20170510", "20170520")]
    scenes = recognise([tmp_path])
    assert [scene.scene_id for scene in scenes] == [product.stem for product in products]
    assert scenes[0].bands["red"].scale == 1e-3


def test_a_product_without_its_metadata_is_named_and_its_bands_are_told_by_its_own_name(tmp_path):
    product = sen2cor(tmp_path, "20170510")
    (product / "MTD_MSIL2A.xml").unlink()
    for image in list(product.rglob("*.tif")):
        image.rename(image.with_suffix(".jp2"))
    with pytest.raises(UnreadableFile, match="metadata"):
        recognise([product])
    [scene] = recognise(sorted(product.rglob("*.jp2")))
    assert (scene.acquired_on, scene.level, scene.bands["nir"].offset) == (dt.date(2017, 5, 10), "L2A", 0)


@pytest.mark.parametrize(("baseline", "offset"), [("N0214", 0), ("N0301", 0), ("N0400", -0.1), ("N0510", -0.1)])
@pytest.mark.parametrize("day", ["20180901", "20240901"])
def test_single_bands_follow_the_baseline_of_their_folder_whatever_their_day(tmp_path, day, baseline, offset):
    folder = tmp_path / f"S2B_MSIL2A_{day}T030549_{baseline}_R075_T50SLG_20250601T061234.SAFE"
    images = [put(folder / f"T50SLG_{day}T030549_{part}_10m.tif") for part in BANDS[:4]]
    [scene] = recognise(images)
    assert {band.offset for band in scene.bands.values()} == {offset}
    loose = [image.rename(tmp_path / image.name) for image in images]
    with pytest.raises(Untold, match=r"04\.00.*--offset"):
        recognise(loose)
    [scene] = recognise(loose, SceneAsked(offset=0.0))
    assert {band.offset for band in scene.bands.values()} == {0}


def test_the_narrow_near_infrared_serves_where_the_wide_one_is_missing(tmp_path):
    product = safe(tmp_path)
    [wide] = product.rglob("*B08_10m.tif")
    wide.rename(wide.with_name(wide.name.replace("B08_10m", "B8A_20m")))
    [scene] = recognise([product])
    assert scene.bands["nir"].path.endswith("B8A_20m.tif")
    assert scene.bands["nir"].offset == pytest.approx(-0.1)


def test_a_folder_gives_its_zips_and_tars_as_well_and_loses_nothing(tmp_path):
    products = [sen2cor(tmp_path / "made", day) for day in ("20170510", "20170520")]
    downloads = tmp_path / "downloads"
    downloads.mkdir()
    products[0].rename(downloads / products[0].name)
    with zipfile.ZipFile(downloads / "second.zip", "w") as archive:
        for file in products[1].rglob("*.*"):
            archive.write(file, file.relative_to(products[1]))
    with tarfile.open(downloads / f"{LANDSAT}.tar", "w") as packed:
        for file in sorted(landsat(tmp_path / "bands").iterdir()):
            packed.add(file, file.name)
    assert {scene.scene_id for scene in recognise([downloads])} == {*(product.stem for product in products), LANDSAT}
    with zipfile.ZipFile(tmp_path / "tifs.zip", "w") as archive:
        archive.writestr("a.tif", b"II")
    with pytest.raises(UnreadableFile, match="unpack"):
        recognise([tmp_path / "tifs.zip"])


@pytest.mark.parametrize("make", [safe, landsat])
def test_a_product_takes_the_mask_and_the_mark_of_the_call_and_refuses_what_it_tells_itself(tmp_path, make):
    product = make(tmp_path / "in")
    mask = put(tmp_path / "mask.tif")
    [scene] = recognise([product], SceneAsked(mask=mask, sample=True))
    assert (scene.mask.path, scene.mask.kind, scene.sample) == (str(mask), "cloud", True)
    for said in ({"acquired_on": dt.date(2019, 1, 1)}, {"scale": 0.001}, {"offset": 0.5}, {"sensor": "GF1"}):
        with pytest.raises(SaidOtherwise):
            recognise([product], SceneAsked(**said))
    assert recognise([product], SceneAsked(acquired_on=dt.date(2022, 9, 1)))


def test_scale_and_offset_that_a_raster_carries_serve_where_nothing_else_is_said(tmp_path):
    stack = put(tmp_path / "湖_20230901.tif", 4, BANDS[:4])
    loose = [put(tmp_path / f"T50SLG_20230901T030549_{part}_10m.tif") for part in BANDS[:4]]
    for path in (stack, *loose):
        with rasterio.open(path, "r+") as file:
            file.scales, file.offsets = [2e-4] * file.count, [-0.1] * file.count
    table = tmp_path / "t.toml"
    table.write_text("[bands]\ngreen = { index = 2 }\nnir = { index = 4, offset = 0 }\n")
    for files, said, want in (
        ([stack], {}, (2e-4, -0.1)),
        ([stack], {"scale": 1e-4}, (1e-4, -0.1)),
        ([stack], {"offset": 0.0}, (2e-4, 0.0)),
        (loose, {}, (2e-4, -0.1)),
        (loose, {"offset": 0.0}, (2e-4, 0.0)),
        ([stack], {"table": table}, (2e-4, -0.1)),
    ):
        [scene] = recognise(files, SceneAsked(**said))
        assert (scene.bands["green"].scale, scene.bands["green"].offset) == want
    assert scene.bands["nir"].offset == 0


def test_of_two_days_in_a_name_none_is_guessed(tmp_path):
    for name in ("GF1_20200829_20200901_镶嵌.tif", "制图20210305_GF1_影像20200901.tif"):
        path = put(tmp_path / name, 4)
        with pytest.raises(Untold, match=r"2020-09-01.*--date"):
            recognise([path], SceneAsked(scale=1e-4))
        [scene] = recognise([path], SceneAsked(scale=1e-4, acquired_on=dt.date(2020, 9, 1)))
        assert scene.acquired_on == dt.date(2020, 9, 1)
    export = put(tmp_path / "S2B_MSIL2A_20200901T030549_N0214_R075_T50SLG_20210305T061234.tif", 4, BANDS[:4])
    assert recognise([export], SceneAsked(scale=1e-4))[0].acquired_on == dt.date(2020, 9, 1)


def test_one_day_is_not_given_to_files_that_tell_others(tmp_path):
    paths = [put(tmp_path / f"湖_{day}.tif", 2) for day in ("20200701", "20200801")]
    table = tmp_path / "t.toml"
    table.write_text("scale = 0.0001\n[bands]\ngreen = { index = 1 }\nnir = { index = 2 }\n")
    july = dt.date(2020, 7, 1)
    assert [scene.acquired_on.month for scene in recognise(paths, SceneAsked(table=table))] == [7, 8]
    with pytest.raises(OtherDay, match="湖_20200801"):
        recognise(paths, SceneAsked(table=table, acquired_on=july))
    assert recognise(paths[1:], SceneAsked(table=table, acquired_on=july))[0].acquired_on == july
    table.write_text("date = 2020-07-01\n" + table.read_text())
    with pytest.raises(OtherDay, match="湖_20200801"):
        recognise(paths[1:], SceneAsked(table=table))


@pytest.mark.parametrize("options", [{"photometric": "RGB"}, {"photometric": "RGB", "alpha": "YES"}])
def test_a_picture_in_true_colours_is_not_taken_for_blue_green_red_and_infrared(tmp_path, options):
    path = tmp_path / "GF1_衡水湖_20200901.tif"
    write_raster(path, np.full((4, 32, 32), 90, dtype=np.uint16), GRID, **options)
    with pytest.raises(Untold, match="--bands"):
        recognise([path], SceneAsked(scale=1e-4))


def test_each_band_has_its_own_offset_its_finest_pixels_and_the_day_of_sensing(tmp_path):
    name = "S2A_MSIL1C_20220901T030549_N0400_R075_T50SLG_20230601T061234"
    images = tmp_path / f"{name}.SAFE" / "GRANULE" / "L1C_T50SLG" / "IMG_DATA"
    for part in ("B02", "B03_10m", "B03_20m", "B03_60m", "B11"):
        put(images / f"T50SLG_20220901T030549_{part}.tif")
    offsets = "".join(f'<RADIO_ADD_OFFSET band_id="{n}">{-100 * n}</RADIO_ADD_OFFSET>' for n in range(13))
    metadata = METADATA.format(offsets=offsets).replace("BOA_QUANTIFICATION", "QUANTIFICATION")
    told = metadata.replace("<PRODUCT_START", "<GENERATION_TIME>2023-06-01T06:12:34Z</GENERATION_TIME><PRODUCT_START")
    (tmp_path / f"{name}.SAFE" / "MTD_MSIL1C.xml").write_text(told)
    [scene] = recognise([tmp_path])
    assert scene.acquired_on == dt.date(2022, 9, 1)
    assert {role: round(10_000 * band.offset) for role, band in scene.bands.items()} == {
        "blue": -100,
        "green": -200,
        "swir1": -1100,
    }
    assert scene.bands["green"].path.endswith("B03_10m.tif")


def test_a_mask_of_the_call_goes_before_those_that_files_and_tables_bring(tmp_path):
    given, own = put(tmp_path / "given.tif"), put(tmp_path / "own.tif")
    stack, other = put(tmp_path / "湖_20200901.tif", 2), put(tmp_path / "swir.tif")
    table = tmp_path / "t.toml"
    table.write_text(
        "scale = 0.0001\n[bands]\ngreen = { index = 2 }\nswir1 = { index = 1, file = 'swir.tif' }\n"
        "[mask]\nkind = 'clear'\nfile = 'own.tif'\n"
    )
    singles = [put(tmp_path / f"T50SLG_20200901T030549_{part}_20m.tif") for part in ("B03", "B11", "SCL")]
    for files, asked in (([stack], SceneAsked(table=table)), (singles, SceneAsked(offset=0.0))):
        [plain], [masked] = recognise(files, asked), recognise(files, dataclasses.replace(asked, mask=given))
        assert (plain.mask.kind, plain.mask.path) in (("clear", str(own)), ("scl", str(singles[2])))
        assert (masked.mask.kind, masked.mask.path) == ("cloud", str(given))
    assert recognise([stack], SceneAsked(table=table))[0].bands["swir1"].path == str(other)
