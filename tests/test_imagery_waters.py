"""The water function holds on chips drawn anew by every seed, in the worst case, and takes bands in any usual form."""

import numpy as np
import pytest
import rasterio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecotrack.errors import BadBandTable, BandsOfTwoSizes, MissingFile, NoBand, NotReflectance, UnreadableFile
from ecotrack.imagery import water_mask
from ecotrack.imagery.chip_bands import ORDERS, role_of
from imagery_scenes import utm, write_raster
from imagery_waters import AIR, CLEAR_AIR, Ground, Made, draw, iou, through

LAKE = draw(Ground(), 1)
VISIBLE = ("blue", "green", "red", "nir")
HARD = {
    "a lake": Ground(),
    "nine tenths water": Ground(share=0.9, water=("lake", "turbid", "shallow")),
    "turbid": Ground(water=("turbid",)),
    "silty": Ground(water=("silty",)),
    "clear, turbid, silty": Ground(water=("clear", "turbid", "silty"), share=0.35),
    "green": Ground(water=("green",), share=0.25, land=("crops", "town", "grass")),
    "one percent": Ground(share=0.01, shape="small"),
    "thin canals": Ground(shape="canals"),
    "fish ponds": Ground(shape="ponds", share=0.3, water=("green", "lake", "turbid")),
    "a town": Ground(share=0.1, land=("town", "asphalt", "soil"), walls=True, spots=(("white roof", 0.05),)),
    "ponds in a town": Ground(share=0.02, shape="small", land=("town", "asphalt", "grass"), walls=True),
    "shadow": Ground(share=0.12, shadow=0.1),
    "shadow, bare land": Ground(share=0.12, shadow=0.12, land=("soil", "town", "salt")),
    "a muddy rim": Ground(rim="mud", water=("turbid", "shallow")),
    "reeds": Ground(rim="reeds", land=("crops", "trees")),
    "greenhouses": Ground(spots=(("plastic", 0.15), ("white roof", 0.03))),
    "salt": Ground(land=("salt", "soil", "grass")),
    "glint": Ground(glint=0.08, share=0.4),
    "a low sun": Ground(dim=0.55, water=("lake", "turbid"), land=("soil", "dark soil", "town")),
}


not_reached = pytest.mark.xfail(strict=True, reason="four bands on drawn land without clear water: decision 15")


def told(made: Made, *roles: str) -> float:
    return iou(water_mask({role: made.bands[role] for role in roles}).mask, made.truth)


@pytest.mark.parametrize("hazy", [False, True], ids=["corrected", "hazy"])
@pytest.mark.parametrize("name", HARD)
def test_four_bands_tell_water_on_every_seed(name, hazy):
    found = [told(draw(HARD[name]._replace(hazy=hazy), seed), *VISIBLE) for seed in range(20, 24)]
    assert min(found) >= 0.75


@pytest.mark.parametrize("hazy", [False, True], ids=["corrected", "hazy"])
@pytest.mark.parametrize("name", HARD)
def test_a_shortwave_band_tells_it_better(name, hazy):
    found = [told(draw(HARD[name]._replace(hazy=hazy), seed), *VISIBLE, "swir1") for seed in range(20, 24)]
    assert min(found) >= 0.85


def test_a_bloom_that_touches_open_water_is_water():
    ground = Ground(water=("bloom", "lake", "green"), share=0.25)
    for seed in range(20, 24):
        made = draw(ground, seed)
        assert told(made, *VISIBLE) >= 0.7
        assert told(made, *VISIBLE, "swir1") >= 0.95


@pytest.mark.parametrize("seed", range(20, 23))
@pytest.mark.parametrize("name", ["a lake", "turbid", "one percent", "a town", "shadow, bare land", "a low sun"])
def test_clear_air_that_is_still_in_the_numbers_hides_no_water(name, seed):
    made = through(draw(HARD[name], seed), CLEAR_AIR)
    assert told(made, *VISIBLE) >= 0.9
    assert told(made, *VISIBLE, "swir1") >= 0.9


@pytest.mark.parametrize(
    "ground",
    [
        Ground(water=("peaty",)),
        Ground(water=("peaty",), share=0.03, land=("trees", "grass", "town")),
        Ground(water=("peaty",), share=0.97),
        Ground(water=("river",), share=0.1),
        Ground(water=("river",), share=0.6),
    ],
    ids=["peaty", "peaty in a wood", "peaty all over", "river", "wide river"],
)
def test_water_whose_index_is_about_zero_is_told_by_its_dark_infrared(ground):
    for seed in range(20, 23):
        plain = draw(ground, seed)
        for made in (plain, through(plain, CLEAR_AIR)):
            assert told(made, "green", "nir") >= 0.9
            assert told(made, *VISIBLE) >= 0.9


@pytest.mark.parametrize("air", [None, CLEAR_AIR, AIR], ids=["corrected", "clear", "hazy"])
@pytest.mark.parametrize("water", ["blue", "ice", "sea", "clear"])
def test_water_as_blue_as_shadow_is_water_and_more_bands_tell_it_no_worse(water, air):
    for seed in range(3):
        plain = draw(Ground(water=(water,), share=0.15), seed)
        made = plain if air is None else through(plain, air)
        fewer = told(made, "green", "nir"), told(made, "green", "nir", "swir1")
        more = told(made, *VISIBLE), told(made, *VISIBLE, "swir1")
        assert min(*fewer, *more) >= 0.94
        assert all(all_ >= few - 0.02 for all_, few in zip(more, fewer, strict=True))


def town_without_water(seed: int) -> Made:
    return through(draw(Ground(share=0.0, land=("asphalt", "town"), walls=True), seed), CLEAR_AIR)


@not_reached
def test_shadows_of_houses_are_no_river_however_clear_the_air():
    for seed in range(20, 24):
        assert water_mask({role: town_without_water(seed).bands[role] for role in VISIBLE}).mask.mean() < 0.001


@not_reached
def test_dark_asphalt_in_haze_under_a_low_sun_is_land():
    ground = Ground(water=("turbid",), share=0.05, land=("crops", "asphalt"), hazy=True, dim=0.7)
    assert told(draw(ground, 0), *VISIBLE) >= 0.7


def test_shadows_of_houses_without_any_water_are_little_and_doubted_throughout():
    for seed in range(20, 24):
        found = water_mask({role: town_without_water(seed).bands[role] for role in VISIBLE})
        assert found.mask.mean() < 0.04
        assert (found.shadow == found.mask).all()
        assert any("100.0 % of the water look like land in the shadow" in doubt.en for doubt in found.doubts)


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 10_000),
    water=st.lists(st.sampled_from(["clear", "lake", "turbid", "shallow", "green"]), min_size=1, unique=True),
    land=st.lists(st.sampled_from(["crops", "grass", "trees", "soil", "town", "asphalt"]), min_size=2, unique=True),
    share=st.sampled_from([0.05, 0.2, 0.5, 0.85]),
    hazy=st.booleans(),
    glint=st.sampled_from([0.0, 0.03]),
    dim=st.sampled_from([1.0, 0.7]),
)
def test_any_lake_in_any_land_is_found(seed, water, land, share, hazy, glint, dim):
    ground = Ground(water=tuple(water), land=tuple(land), share=share, hazy=hazy, glint=glint, dim=dim)
    made = draw(ground, seed)
    assert told(made, *VISIBLE, "swir1") >= 0.8
    # Dark asphalt in haze under a low sun is as bright in green as in the near infrared: four bands cannot part it.
    assert told(made, *VISIBLE) >= 0.7 or (hazy and dim < 1 and "asphalt" in land)


def numbers(made: Made, *, lifted: int = 0) -> dict[str, np.ndarray]:
    return {role: np.rint(band * 10_000 + lifted).astype(np.uint16) for role, band in made.bands.items()}


def test_bands_come_by_position_by_name_as_a_mapping_or_as_a_stack():
    b = LAKE.bands
    wanted = water_mask(b["green"], b["nir"], b["swir1"], blue=b["blue"], red=b["red"]).mask
    names = ("blue", "green", "red", "nir", "swir1")
    same = {
        "mapping": water_mask({role: b[role] for role in names}),
        "Sentinel-2's names": water_mask({"B02": b["blue"], "B03": b["green"], "B4": b["red"], "b8": b["nir"],
                                          "B11": b["swir1"], "SCL": b["nir"]}),
        "stack": water_mask(np.stack([b[role] for role in names]), bands=("B02", "B03", "B04", "B08", "B11")),
        "numbered": water_mask(np.stack([b[role] for role in reversed(names)]),
                               bands={"green": 4, "nir": 2, "swir1": 1, "blue": 5, "red": 3}),
    }  # fmt: skip
    for name, found in same.items():
        assert (found.mask == wanted).all(), name
        assert found.doubts == ()


@pytest.mark.parametrize("lifted", [0, 1000])
def test_stored_numbers_need_no_word_and_are_doubted_without_one(lifted):
    made = numbers(LAKE, lifted=lifted)
    plain = water_mask(made)
    said = water_mask(made, scale=1e-4, offset=-lifted / 10_000)
    assert (plain.mask == said.mask).all()
    assert iou(plain.mask, LAKE.truth) >= 0.98
    assert said.doubts == ()
    assert "no scale" in plain.doubts[0].en
    assert ["offset=-0.1" in doubt.en for doubt in plain.doubts[1:]] == [True] * (lifted > 0)


def test_numbers_that_nothing_explains_are_refused():
    with pytest.raises(NotReflectance):
        water_mask(numbers(LAKE), scale=1.0)
    with pytest.raises(NotReflectance):
        water_mask({role: band * 100 for role, band in LAKE.bands.items()})
    with pytest.raises(NotReflectance):
        water_mask({role: band * 1e6 for role, band in LAKE.bands.items()})


def test_pixels_without_data_are_not_seen_however_they_are_marked():
    made = numbers(LAKE)
    for band in made.values():
        band[:20] = 0
    masked = {role: np.ma.masked_equal(band, 0) for role, band in made.items()}
    empty = {role: np.where(band == 0, np.nan, band * 1e-4) for role, band in made.items()}
    for given_ in (made, masked, empty):
        found = water_mask(given_)
        assert not found.seen[:20].any()
        assert not found.mask[:20].any()
        assert iou(found.mask[20:], LAKE.truth[20:]) >= 0.98


def test_a_band_of_pixels_twice_as_wide_is_drawn_out():
    coarse = LAKE.bands["swir1"].reshape(128, 2, 128, 2).mean(axis=(1, 3))
    found = water_mask(LAKE.bands["green"], LAKE.bands["nir"], coarse)
    assert (found.index, iou(found.mask, LAKE.truth) >= 0.95) == ("MNDWI", True)
    for wrong in (coarse[:, 1:], coarse.ravel(), np.zeros((0, 0))):
        with pytest.raises(BandsOfTwoSizes):
            water_mask(LAKE.bands["green"], LAKE.bands["nir"], wrong)


class Named:
    """A stack that names its sides and its bands, as labelled arrays elsewhere do."""

    def __init__(self, stack, dims, names):
        self.stack, self.dims, self.names = stack, dims, names

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.stack, dtype=dtype)

    def __getitem__(self, dimension):
        return np.array(self.names) if dimension == "band" else np.arange(256.0)


def test_a_stack_that_names_its_bands_is_taken_at_its_word():
    wanted = water_mask({role: LAKE.bands[role] for role in VISIBLE}).mask
    stack = np.stack([LAKE.bands[role] for role in reversed(VISIBLE)])
    first = Named(stack, ("band", "y", "x"), ("B08", "B04", "B03", "B02"))
    last = Named(np.moveaxis(stack, 0, -1), ("y", "x", "band"), tuple(reversed(VISIBLE)))
    for given_ in (first, last):
        found = water_mask(given_)
        assert (found.mask == wanted).all()
        assert found.doubts == ()
    with pytest.raises(BadBandTable, match="2 bands are named, there are 4"):
        water_mask(stack, bands=("green", "nir"))


def test_single_bands_come_with_a_side_of_one_or_as_files(tmp_path):
    green, nir = LAKE.bands["green"], LAKE.bands["nir"]
    wanted = water_mask(green, nir).mask
    for given_ in ((green[None], nir[None]), (green[..., None], nir[..., None]), (np.stack([green]), nir)):
        assert (water_mask(*given_).mask == wanted).all()
    for name, band in (("B03_10m", green), ("B08_10m", nir)):
        write_raster(tmp_path / f"{name}.tif", band[None], utm(115.6, 37.6, size=256))
    paths = {name: tmp_path / f"{name}.tif" for name in ("B03_10m", "B08_10m")}
    assert (water_mask(paths).mask == wanted).all()
    assert (water_mask(*paths.values()).mask == wanted).all()
    write_raster(tmp_path / "two.tif", np.stack([green, nir]), utm(115.6, 37.6, size=256))
    with pytest.raises(BadBandTable, match="1 bands are named, there are 2"):
        water_mask(tmp_path / "two.tif", nir)


def test_scale_and_offset_that_a_raster_says_itself_are_applied(tmp_path):
    path = tmp_path / "chip.tif"
    lifted = numbers(LAKE, lifted=1000)
    write_raster(path, np.stack([lifted[role] for role in VISIBLE]), utm(115.6, 37.6, size=256))
    with rasterio.open(path, "r+") as file:
        file.scales, file.offsets, file.descriptions = [1e-4] * 4, [-0.1] * 4, VISIBLE
    found = water_mask(path)
    assert (found.doubts, iou(found.mask, LAKE.truth) >= 0.98) == ((), True)


def test_bytes_are_a_picture_of_unknown_scale():
    for most in (0.3, 1.0):
        picture = {role: np.clip(LAKE.bands[role] / most * 255, 0, 255).astype(np.uint8) for role in VISIBLE}
        found = water_mask(picture)
        assert iou(found.mask, LAKE.truth) >= 0.98
        assert "no scale" in found.doubts[0].en


@pytest.mark.parametrize("nothing", [-9999, 65535])
def test_the_usual_marks_for_no_data_need_no_word(nothing):
    made = {role: band.astype(np.int32) for role, band in numbers(LAKE).items()}
    for band in made.values():
        band[:200] = nothing
    found = water_mask(made)
    assert not found.seen[:200].any()
    assert iou(found.mask[200:], LAKE.truth[200:]) >= 0.98


def test_a_raster_is_read_with_its_descriptions_or_a_table_of_bands(tmp_path):
    path = tmp_path / "chip.tif"
    stack = np.stack([numbers(LAKE)[role] for role in VISIBLE])
    write_raster(path, stack, utm(115.6, 37.6, size=256), nodata=0)
    wanted = water_mask(stack, bands=VISIBLE).mask
    assert (water_mask(path, bands=VISIBLE).mask == wanted).all()
    assert (water_mask(str(path), bands={"green": 2, "nir": 4, "blue": 1, "red": 3}).mask == wanted).all()
    untold = water_mask(path)
    assert (untold.mask == wanted).all()
    assert "taken as B02, B03, B04, B08" in untold.doubts[0].en
    three = tmp_path / "three.tif"
    write_raster(three, stack[:3], utm(115.6, 37.6, size=256), nodata=0)
    with pytest.raises(BadBandTable, match="bands="):
        water_mask(three)
    with pytest.raises(BadBandTable, match="nir is 5 of 4"):
        water_mask(path, bands={"green": 2, "nir": 5})
    with pytest.raises(MissingFile):
        water_mask(tmp_path / "gone.tif", bands=VISIBLE)
    path.write_text("no raster")
    with pytest.raises(UnreadableFile):
        water_mask(path, bands=VISIBLE)


def test_what_has_no_green_band_is_refused():
    with pytest.raises(NoBand, match="green"):
        water_mask({"nir": LAKE.bands["nir"], "red": LAKE.bands["red"]})
    with pytest.raises(NoBand):
        water_mask({"green": LAKE.bands["green"], "red": LAKE.bands["red"]})


def test_a_shadow_over_bright_ground_is_left_out_or_doubted():
    doubted = 0
    for seed in range(8):
        land = ("soil", "town", "salt") if seed % 2 else ("asphalt", "white roof", "town")
        made = draw(Ground(share=0.05, shadow=0.15, land=land, water=("turbid", "lake")), seed)
        found = water_mask({role: made.bands[role] for role in VISIBLE})
        said = any("shadow of clouds" in doubt.en for doubt in found.doubts)
        assert said or (found.mask & ~made.truth).mean() <= 0.1 * made.truth.mean()
        assert (found.shadow & made.truth).sum() <= 0.05 * made.truth.sum()
        doubted += said
    assert doubted > 0


@pytest.mark.parametrize("count", [4, 5, 6, 10, 12, 13])
def test_a_stack_that_says_nothing_is_taken_in_order_of_wavelength_and_says_so(count, tmp_path):
    names = ORDERS[count]
    stack = np.stack([LAKE.bands[role_of(name) or "red"] for name in names])
    for given_ in (stack, np.moveaxis(stack, 0, -1), list(stack)):
        found = water_mask(given_)
        assert iou(found.mask, LAKE.truth) >= 0.98
        assert "B08" in found.doubts[0].en
    assert (water_mask(np.moveaxis(stack, 0, -1), bands=names).mask == found.mask).all()
    with pytest.raises(BadBandTable, match="bands="):
        water_mask(stack[:3])


def test_the_narrow_near_infrared_serves_where_the_wide_one_is_missing_and_long_descriptions_are_read(tmp_path):
    wanted = water_mask({"B03": LAKE.bands["green"], "B08": LAKE.bands["nir"]}).mask
    assert (water_mask({"B03": LAKE.bands["green"], "B8A": LAKE.bands["nir"]}).mask == wanted).all()
    both = {"B03": LAKE.bands["green"], "B8A": LAKE.bands["red"], "B08": LAKE.bands["nir"]}
    assert (water_mask(both).mask == wanted).all()
    path = tmp_path / "chip.tif"
    write_raster(path, np.stack([LAKE.bands["nir"], LAKE.bands["green"]]), utm(115.6, 37.6, size=256))
    with rasterio.open(path, "r+") as file:
        file.descriptions = ("B8A, central wavelength 865 nm", "B3, central wavelength 560 nm")
    assert (water_mask(path).mask == wanted).all()


@pytest.mark.parametrize("water", ["lake", "clear", "turbid", "silty", "shallow", "green"])
@pytest.mark.parametrize("share", [0.97, 1.0])
def test_a_chip_of_nothing_but_water_is_water(water, share):
    for seed in range(3):
        made = draw(Ground(water=(water,), share=share, hazy=seed == 2), seed)
        assert told(made, *VISIBLE, "swir1") >= 0.95
        assert told(made, *VISIBLE) >= 0.9


@pytest.mark.parametrize("land", [("asphalt", "town"), ("soil", "dark soil"), ("salt",), ("trees", "grass")])
def test_a_chip_of_nothing_but_land_is_land(land):
    made = draw(Ground(share=0.0, land=land), 4)
    assert water_mask({role: made.bands[role] for role in VISIBLE}).mask.mean() < 0.005


@pytest.mark.parametrize(
    "land", [pytest.param(("asphalt", "town"), marks=not_reached), ("soil", "dark soil"), ("salt",), ("trees", "grass")]
)
def test_a_chip_of_nothing_but_land_is_land_in_haze_too(land):
    made = draw(Ground(share=0.0, land=land, hazy=True), 4)
    assert water_mask({role: made.bands[role] for role in VISIBLE}).mask.mean() < 0.005


@pytest.mark.parametrize("land", [("asphalt", "town"), ("soil", "dark soil"), ("salt",), ("trees", "grass")])
def test_land_in_haze_is_land_or_doubted_throughout(land):
    for seed in range(4, 8):
        made = draw(Ground(share=0.0, land=land, hazy=True), seed)
        found = water_mask({role: made.bands[role] for role in VISIBLE})
        assert found.edge.method == "fixed"
        assert (found.mask & ~found.shadow).mean() < 0.005
