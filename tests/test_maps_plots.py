"""`PlotLayer` in a real browser: what it is given comes back, and a click names the topmost plot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import pytest
import shapely
from playwright.sync_api import Browser, Page
from shapely.affinity import translate
from shapely.geometry import MultiPolygon, Point, Polygon, box

from ecotrack.maps import PlotLayer, write_map
from ecotrack.maps.rings import Grid

COUNT = 700
PERIODS = ("2016-03-31", "2016-06-30", "2016-09-30", "2016-12-31")
COLORS = {"合格": "#1f7a6d", "待查": "#b9b4a6", "失败": "#8c3b12"}
_WORDS = ["</script>", "${alert(1)}", "`", "\u2028", "\u202e反", "🌳", "__proto__", "长" * 10_000, "", "杨"]


def a_shape(dice: np.random.Generator) -> Any:
    x, y = dice.uniform(115.5, 115.6), dice.uniform(37.5, 37.58)
    corners = int(dice.integers(3, 40))
    angle = np.sort(dice.uniform(0, 2 * np.pi, corners))
    reach = dice.uniform(0.0004, 0.0016, corners)
    drawn = shapely.make_valid(Polygon(np.column_stack([x + np.cos(angle) * reach, y + np.sin(angle) * reach])))
    whole = drawn if drawn.geom_type == "Polygon" else drawn.convex_hull
    kind = dice.integers(0, 6)
    if kind == 0:
        return whole.convex_hull.difference(whole.convex_hull.buffer(-0.0002))
    if kind == 1:
        return MultiPolygon([box(x, y, x + 0.001, y + 0.001), box(x + 0.003, y, x + 0.004, y + 0.002)])
    return whole


def a_frame() -> gpd.GeoDataFrame:
    dice = np.random.default_rng(7)
    shapes = [a_shape(dice) for _ in range(COUNT - 2)]
    shapes += [box(115.1, 37.1, 116.6, 37.2), translate(box(115.2, 37.3, 115.3, 37.31), 0, 0).buffer(0.001)]
    columns = {
        "id": [f"1311-{k % 13:02d}-{k:05d}" for k in range(COUNT)],
        "name": [None if k % 7 == 0 else _WORDS[k % len(_WORDS)] for k in range(COUNT)],
        "species": [_WORDS[k % 3] for k in range(COUNT)],
        "mu": np.round(dice.lognormal(2, 1, COUNT), 2),
        "exact": dice.normal(0, 1e6, COUNT),
        "gaps": [None if k % 5 == 0 else k / 8 for k in range(COUNT)],
        "whole": dice.integers(-(2**40), 2**40, COUNT),
        "flag": dice.integers(0, 2, COUNT).astype(bool),
        "mixed": [k if k % 2 else f"t{k}" for k in range(COUNT)],
        "signs": [
            "".join(dice.choice(list('",[]{}\\: 示\n'), int(dice.integers(0, 12)))) + str(k) for k in range(COUNT)
        ],
    }
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=4490)


def the_states() -> dict[str, list[str | None]]:
    dice = np.random.default_rng(8)
    names: list[str | None] = [None, *COLORS, "别的"]
    return {period: [names[int(k)] for k in dice.integers(0, len(names), COUNT)] for period in PERIODS}


@pytest.fixture(scope="module")
def shown(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> tuple[Page, list[str]]:
    """Return the layer on a plain `folium.Map`, sealed and opened without a network."""
    map_ = folium.Map([37.5, 115.5], zoom_start=11, tiles=None)
    layer = PlotLayer(a_frame(), key="id", label="name", states=the_states(), colors=COLORS, name=_WORDS[0])
    layer.add_to(map_)
    path = write_map(map_, tmp_path_factory.mktemp("plots") / "地块.html")
    page = browser.new_context(viewport={"width": 900, "height": 700}, offline=True).new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(path.as_uri())
    page.evaluate(f"{layer.get_name()}.ready.then((client) => {{ window.client = client; }})")
    page.wait_for_selector("html[data-ecotrack-plots=drawn]", state="attached")
    page.evaluate("window.theMap = " + map_.get_name())
    return page, complaints


def rows(page: Page) -> list[dict[str, Any]]:
    ask = "Promise.all(Array.from({ length: %d }, (_, row) => client.ask({ ask: '%s', scene: 'main', row: row })))"
    cards = page.evaluate(ask % (COUNT, "card"))
    shapes = page.evaluate(ask % (COUNT, "shape"))
    found: list[dict[str, Any]] = [{**card, **shape} for card, shape in zip(cards, shapes, strict=True)]
    return found


@pytest.fixture(scope="module")
def read_back(shown: tuple[Page, list[str]]) -> list[dict[str, Any]]:
    return rows(shown[0])


def test_every_attribute_of_every_plot_comes_back_exactly(
    shown: tuple[Page, list[str]], read_back: list[dict[str, Any]]
) -> None:
    frame = a_frame().set_index("id")
    fields = [name for name in frame.columns if name not in ("geometry", "name")]
    titles = shown[0].evaluate("client.header.fields.map((field) => field.title.zh)")
    assert titles == fields
    assert sorted(row["values"]["#id"] for row in read_back) == sorted(frame.index)
    for row in read_back:
        given = frame.loc[row["values"]["#id"]]
        for key, name in [("#name", "name"), *((f"c{place}", name) for place, name in enumerate(fields))]:
            wanted = given[name]
            wanted = None if isinstance(wanted, float) and np.isnan(wanted) else wanted
            assert row["values"][key] == wanted, name


def test_the_state_of_every_plot_in_every_period_comes_back(shown: tuple[Page, list[str]]) -> None:
    page, _ = shown
    names = [None, *page.evaluate("client.header.palette.map((one) => one.state)")]
    states, ids = the_states(), list(a_frame()["id"])
    for number, period in enumerate(PERIODS):
        page.evaluate(f"client.ask({{ ask: 'set', scene: 'main', period: {number}, hidden: [], filters: {{}} }})")
        found = {row["values"]["#id"]: names[row["state"]] for row in rows(page)}
        assert found == dict(zip(ids, states[period], strict=True))


def test_no_corner_moves_further_than_half_a_metre(read_back: list[dict[str, Any]]) -> None:
    frame = a_frame().set_index("id")
    metre = Grid(1.0)
    for row in read_back:
        given = frame.geometry[row["values"]["#id"]]
        merc = metre.whole(shapely.get_coordinates(given))
        assert len(shapely.get_rings(shapely.get_parts(given))) == len(row["rings"])
        sent = np.concatenate([np.array(ring) for ring in row["rings"]])
        # Mercator metres are longer than those of the ground by the secant of the latitude; whole() rounds to one.
        reach = 0.5 / np.cos(np.radians(37.0)) + 0.75
        apart = np.abs(sent[:, None, :] - merc[None, :, :]).max(axis=2).min(axis=1)
        assert apart.max() <= reach


def test_a_click_names_the_topmost_of_the_plots_that_are_drawn_there(
    shown: tuple[Page, list[str]], read_back: list[dict[str, Any]]
) -> None:
    page, _ = shown
    page.evaluate("client.ask({ ask: 'set', scene: 'main', period: 3, hidden: [], filters: {} })")
    last = [row["state"] for row in rows(page)]
    drawn = []
    for row in read_back:
        rings = [Polygon(ring) for ring in row["rings"]]
        whole = rings[0]
        for ring in rings[1:]:
            whole = whole.symmetric_difference(ring)
        drawn.append(whole)
    tree = shapely.STRtree(drawn)
    dice = np.random.default_rng(9)
    west, south = Grid(1.0).whole(np.array([[115.5, 37.5]]))[0]
    places = np.column_stack([west + dice.uniform(0, 11_000, 2000), south + dice.uniform(0, 11_000, 2000)])
    answers = page.evaluate(
        "(places) => Promise.all(places.map((at) => client.ask("
        "{ ask: 'hit', scene: 'main', x: at[0], y: at[1], metresPerPixel: 0.01 })))",
        places.tolist(),
    )
    hit = 0
    for place, answer in zip(places, answers, strict=True):
        under = [int(k) for k in tree.query(Point(place), predicate="intersects") if last[int(k)] > 0]
        wanted = sorted(under, key=lambda row: (last[row], row), reverse=True)
        assert answer == wanted
        hit += len(wanted) > 1
    assert hit > 20


def test_our_own_inflater_gives_what_the_browser_gives(shown: tuple[Page, list[str]]) -> None:
    page, _ = shown
    same = page.evaluate(
        """async () => {
          const plain = new Uint8Array(70000).map((_, k) => (k * k) % 251 + (k % 7 ? 0 : 4));
          const made = [new Uint8Array(0), plain.slice(0, 1), new Uint8Array(5000), plain,
            crypto.getRandomValues(new Uint8Array(60000))];
          const packed = await Promise.all(made.map(async (part) => new Uint8Array(await new Response(
            new Blob([part]).stream().pipeThrough(new CompressionStream('deflate'))).arrayBuffer())));
          return packed.every((part, k) => {
            const back = ecotrackPlots.inflate(part, made[k].length);
            return back.length === made[k].length && back.every((byte, at) => byte === made[k][at]);
          });
        }"""
    )
    assert same is True


def test_without_workers_and_without_the_browsers_inflater_the_same_plots_are_there(
    browser: Browser, tmp_path: Path
) -> None:
    map_ = folium.Map([37.5, 115.5], tiles=None)
    layer = PlotLayer(a_frame(), key="id", label="name", states=the_states(), colors=COLORS).add_to(map_)
    page = browser.new_context(offline=True).new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.add_init_script("delete window.Worker; delete window.DecompressionStream; delete window.OffscreenCanvas;")
    page.goto(write_map(map_, tmp_path / "old.html").as_uri())
    page.wait_for_selector("html[data-ecotrack-plots=drawn]", state="attached")
    card = page.evaluate(
        f"{layer.get_name()}.ready.then((client) => client.ask({{ ask: 'card', scene: 'main', row: 5 }}))"
    )
    frame = a_frame().set_index("id")
    assert card["values"]["c1"] == frame["mu"][card["values"]["#id"]]
    assert complaints == []


def test_nothing_that_a_plot_is_called_runs_at_load_click_or_play(shown: tuple[Page, list[str]]) -> None:
    page, complaints = shown
    place = page.evaluate(
        """async () => {
          await client.ask({ ask: 'set', scene: 'main', period: 3, hidden: [], filters: {} });
          const card = (row) => client.ask({ ask: 'card', scene: 'main', row });
          const cards = await Promise.all(Array.from({ length: 50 }, (_, row) => card(row)));
          const row = cards.find((one) => one.state > 0 && one.values['#name'] !== null).row;
          const shape = await client.ask({ ask: 'shape', row });
          theMap.setView(ecotrackPlots.toLatLng(shape.rings[0][0]), 17, { animate: false });
          const to = (at) => theMap.latLngToContainerPoint(ecotrackPlots.toLatLng(at));
          const [a, b, c] = [0, 1, 2].map((k) => to(shape.rings[0][k]));
          for (const [u, v] of [[0.1, 0.1], [-0.1, 0.1], [0.1, -0.1], [-0.1, -0.1]]) {
            const at = [a.x + u * (b.x - a.x) + v * (c.x - a.x), a.y + u * (b.y - a.y) + v * (c.y - a.y)];
            const rows = await ecotrackPlots.hit(client, theMap, theMap.containerPointToLatLng(at));
            if (rows.length) { return at; }
          }
          return null;
        }"""
    )
    page.mouse.click(*place)
    page.wait_for_selector(".ecoplots-card")
    page.click(".ecoplots-time button")
    page.wait_for_timeout(300)
    page.click(".ecoplots-time button")
    page.locator(".ecoplots-legend input").first.uncheck()
    assert _WORDS[0] in page.inner_text(".ecoplots-legend")
    assert page.locator("img").count() == 0
    assert complaints == []


def test_a_notebook_shows_the_layer_in_a_frame_of_its_own(browser: Browser) -> None:
    map_ = folium.Map([37.5, 115.5], tiles=None)
    PlotLayer(a_frame().head(50), key="id").add_to(map_)
    assert "ecotrack-plots-engine" in map_._repr_html_()


def test_frames_of_another_crs_are_brought_to_longitude_and_latitude() -> None:
    frame = a_frame().head(20)
    here, there = PlotLayer(frame, key="id"), PlotLayer(frame.to_crs(4527), key="id")
    assert here.packed.header["rings"]["count"][2] == there.packed.header["rings"]["count"][2]
    assert there._look["bounds"] == pytest.approx(here._look["bounds"], abs=1e-9)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"key": "no"}, "no column 'no'"),
        ({"state": "species", "states": {"a": ["x"] * 3}}, "either state or states"),
        ({"states": {"a": ["x"]}}, "rows for 3 plots"),
    ],
)
def test_what_cannot_be_drawn_is_said(how: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        PlotLayer(a_frame().head(3), **how)


def test_points_are_no_plots() -> None:
    frame = gpd.GeoDataFrame({"id": ["a"]}, geometry=[Point(115, 37)], crs=4490)
    with pytest.raises(ValueError, match="only polygons"):
        PlotLayer(frame, key="id")


def test_a_frame_without_rows_is_an_empty_layer() -> None:
    assert PlotLayer(a_frame().head(0), key="id").packed.header["count"] == 0
