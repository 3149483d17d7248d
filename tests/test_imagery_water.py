"""The water function gives a mask for any chip, and says when the histogram did not lead it."""

import numpy as np
import pytest

from ecotrack.errors import BandsOfTwoSizes, NoBand, NotReflectance
from ecotrack.imagery import water_mask
from imagery_chips import Chip, chip, iou

HARD = {
    "a lake": {"water": ("water",), "share": 0.3},
    "one percent": {"water": ("water",), "share": 0.01, "reach": 6},
    "sixty percent": {"water": ("water",), "share": 0.6},
    "ninety percent": {"water": ("water", "turbid"), "share": 0.9},
    "turbid": {"water": ("turbid",), "share": 0.2},
    "clear beside turbid": {"water": ("water", "turbid"), "share": 0.3},
    "clear, shallow, silty": {"water": ("water", "shallow", "silty"), "share": 0.3},
    "reeds": {"water": ("water",), "share": 0.2, "things": {"reeds": 0.15}},
    "bright roofs": {"water": ("water", "turbid"), "share": 0.08, "things": {"roof": 0.1}},
    "snow": {"water": ("water",), "share": 0.1, "things": {"snow": 0.3}},
    "unmasked cloud": {"water": ("turbid",), "share": 0.1, "things": {"cloud": 0.3}},
    "dark soil": {"water": ("turbid",), "share": 0.1, "land": ("dark soil", "soil", "trees")},
    "ponds in a town": {
        "water": ("water",),
        "share": 0.01,
        "reach": 6,
        "land": ("town", "soil", "dark soil"),
        "seed": 2,
    },
    "a low sun": {"water": ("water", "turbid"), "share": 0.2, "land": ("soil", "dark soil", "town"), "dim": 0.6},
}
WITH_SWIR = HARD | {
    "algae": {"water": ("algae", "water"), "share": 0.2},
    "shadow": {"water": ("water", "turbid"), "share": 0.1, "shadow": 0.1},
    "silty": {"water": ("silty",), "share": 0.2},
}


@pytest.mark.parametrize("hazy", [False, True], ids=["corrected", "hazy"])
@pytest.mark.parametrize("name", HARD)
def test_green_and_near_infrared_alone_tell_most_water(name, hazy):
    made = chip(**HARD[name], hazy=hazy)
    assert iou(water_mask(made.green, made.nir).mask, made.truth) >= 0.75


@pytest.mark.parametrize("hazy", [False, True], ids=["corrected", "hazy"])
@pytest.mark.parametrize("name", WITH_SWIR)
def test_with_shortwave_infrared_hard_chips_are_told_too(name, hazy):
    made = chip(**WITH_SWIR[name], hazy=hazy)
    found = water_mask(made.green, made.nir, made.swir1)
    assert (found.index, iou(found.mask, made.truth) >= 0.8) == ("MNDWI", True)


def test_silty_water_beside_clear_water_is_a_body_and_no_shore():
    made = chip(("water", "silty"), 0.4, hazy=True, seed=1)
    assert iou(water_mask(made.green, made.nir).mask, made.truth) >= 0.9


@pytest.mark.parametrize("things", [{}, {"roof": 0.1}, {"snow": 0.3}])
def test_a_chip_without_water_gives_next_to_none_and_says_that_the_threshold_was_fixed(things):
    made = chip((), 0.0, things=things)
    for bands in ((made.green, made.nir), (made.green, made.nir, made.swir1)):
        found = water_mask(*bands)
        assert found.mask.mean() < 0.002
        assert found.edge.method == "fixed"
        assert "fixed threshold" in found.doubts[0].en


def test_a_chip_of_nothing_but_water_is_all_water():
    made = chip(("water", "turbid"), 1.0)
    assert water_mask(made.green, made.nir, made.swir1).mask.all()


def stored(made: Chip) -> list[np.ndarray]:
    """Return the chip as Sentinel-2 stores it, its first rows without data."""
    numbers = [np.rint(band * 10_000).astype(np.uint16) for band in made[:3]]
    for band in numbers:
        band[:20] = 0
    return numbers


def test_raw_numbers_say_their_scale_and_their_nodata():
    made = chip(**HARD["a lake"])
    numbers = stored(made)
    found = water_mask(*numbers, scale=1e-4, nodata=0)
    assert not found.mask[:20].any()
    assert not found.seen[:20].any()
    assert iou(found.mask[20:], made.truth[20:]) > 0.95
    lifted = [np.where(band, band + 1000, 0) for band in numbers]
    assert (water_mask(*lifted, scale=1e-4, offset=-0.1, nodata=0).mask == found.mask).all()
    with pytest.raises(NotReflectance):
        water_mask(*numbers, scale=1.0, nodata=0)


def test_an_offset_that_was_not_taken_back_is_doubted_and_the_water_still_found():
    made = chip(**HARD["a lake"])
    bands = [band + np.float32(0.1) for band in made[:3]]
    for given in (bands[:2], bands):
        found = water_mask(*given)
        assert iou(found.mask, made.truth) >= 0.85
        assert "offset=-0.1" in found.doubts[-1].en
    assert water_mask(*made[:3]).doubts == ()


def test_what_is_hidden_or_has_no_number_is_no_water():
    made = chip(**HARD["sixty percent"])
    clear = np.ones(made.green.shape, dtype=bool)
    clear[:, :50] = False
    nir = made.nir.copy()
    nir[:30] = np.nan
    found = water_mask(made.green, nir, made.swir1, clear=clear)
    assert not found.mask[:, :50].any()
    assert not found.mask[:30].any()
    assert iou(found.mask[30:, 50:], made.truth[30:, 50:]) > 0.95


def test_the_result_is_a_mask_for_numpy_and_a_threshold_may_be_given():
    made = chip(**HARD["a lake"])
    found = water_mask(made.green, made.nir, threshold=0.2)
    assert (np.asarray(found) == found.mask).all()
    assert np.asarray(found, dtype=np.uint8).sum() == found.mask.sum()
    assert (found.edge.value, found.edge.method, found.doubts) == (0.2, "fixed", ())
    assert water_mask(made.green, made.nir, made.swir1, index="NDWI").index == "NDWI"


def test_bands_that_do_not_fit_are_refused():
    made = chip(**HARD["a lake"])
    with pytest.raises(NoBand):
        water_mask(made.green)
    with pytest.raises(NoBand, match="swir1"):
        water_mask(made.green, made.nir, index="MNDWI")
    for nir in (made.nir[1:], made.nir.ravel()):
        with pytest.raises(BandsOfTwoSizes):
            water_mask(made.green, nir)
