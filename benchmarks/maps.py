"""Maps of very many plots, measured beside folium's own layers in one run: build, file, first view, movement.

Run with ``python -m benchmarks.maps --plots 200000``; it needs Chromium and playwright. Every engine builds in a
process of its own and is opened in the same browser, from a file, with the network off.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from benchmarks.memory import forget_peak, peak_mb
from benchmarks.plots import SEASONS, draw_plots

ROOT = Path(__file__).resolve().parent.parent
ENGINES = ("ecotrack", "geojson", "explore", "lonboard")
PERIODS = tuple(f"{year}Q{quarter}" for year in (2016, 2017, 2018, 2019) for quarter in (1, 2, 3, 4))
COLORS = {"合格": "#1f7a6d", "待查": "#b9b4a6", "补植": "#eab54b", "失败": "#8c3b12"}
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]

# Looked at once a frame from inside the page: asking from outside would itself take the page's time.
WATCH = """(() => {
  const step = () => {
    const seen = Array.from(document.querySelectorAll('canvas')).some((one) => {
      const copy = document.createElement('canvas');
      copy.width = one.width; copy.height = one.height;
      if (!copy.width) { return false; }
      const pen = copy.getContext('2d');
      pen.drawImage(one, 0, 0);
      return pen.getImageData(0, 0, copy.width, copy.height).data.some((part) => part > 0);
    });
    if (seen) { performance.mark('drawn'); } else { requestAnimationFrame(step); }
  };
  requestAnimationFrame(step);
})()"""
PAN = """(map) => new Promise((done) => {
  const times = [];
  let last = performance.now();
  let left = 120;
  const step = (now) => {
    times.push(now - last);
    last = now;
    left -= 1;
    map.panBy([left % 60 < 30 ? 12 : -12, 6], { animate: false });
    if (left === 60) { map.setZoom(map.getZoom() + 1, { animate: false }); }
    if (left) { requestAnimationFrame(step); } else { done(times.slice(1)); }
  };
  requestAnimationFrame(step);
})"""
SLIDE = """async (layer) => {
  const client = await layer.ready;
  const times = [];
  for (let period = 0; period < client.header.periods.length; period += 1) {
    const start = performance.now();
    await client.ask({ ask: 'set', scene: 'main', period, hidden: [], filters: {} });
    await new Promise((done) => { layer.tiles.once('painted', done); layer.tiles.repaint(); });
    await new Promise(requestAnimationFrame);
    times.push(performance.now() - start);
  }
  return times;
}"""
HITS = """async ([layer, places]) => {
  const client = await layer.ready;
  return Promise.all(places.map(async (at) => {
    const rows = await client.ask({ ask: 'hit', scene: 'main', x: at[0], y: at[1], metresPerPixel: 0.01 });
    return rows.length ? (await client.ask({ ask: 'card', scene: 'main', row: rows[0] })).values['#id'] : null;
  }));
}"""


def frame_of(count: int, *, seed: int) -> tuple[Any, dict[str, list[str | None]]]:
    """Return plots with eleven attributes, and their states in sixteen quarters."""
    import geopandas as gpd

    from ecotrack.geometry.area import area_m2

    features = json.loads((ROOT / "geo" / "counties.geojson").read_text(encoding="utf-8"))["features"]
    counties = np.array([shapely.geometry.shape(one["geometry"]) for one in features], dtype=object)
    blocks = list(draw_plots(count, seed=seed, counties=counties))
    geometry = np.concatenate([block.geometry for block in blocks])
    county, season = (np.concatenate([getattr(block, name) for block in blocks]) for name in ("county", "season"))
    dice = np.random.default_rng([seed, count, 2])
    area_mu = np.round(area_m2(geometry) * 15 / 10_000, 2)
    columns = {
        "id": [f"1311{county:02d}{row:06d}" for row, county in enumerate(county.tolist())],
        "name": [f"小班{row}" for row in dice.integers(1, 9000, count).tolist()],
        "unit": np.array([one["properties"]["name"] for one in features], dtype=object)[county],
        "season": np.array(SEASONS, dtype=object)[season],
        "programme": dice.choice(["环湖绿化", "林业园区", "绿美廊道"], count),
        "species": dice.choice(["杨树", "柳树", "榆树", "国槐", "白蜡", "苹果", "梨"], count),
        "kind": dice.choice(["造林", "补植", "更新"], count, p=[0.8, 0.1, 0.1]),
        "form": dice.choice(["片林", "林带"], count, p=[0.9, 0.1]),
        "claimed_mu": np.round(area_mu * dice.normal(1, 0.05, count), 2),
        "area_mu": area_mu,
        "credited_mu": np.where(dice.random(count) < 0.1, np.round(area_mu * 0.8, 2), area_mu),
    }
    return gpd.GeoDataFrame(columns, geometry=geometry, crs=4490), _states(season.astype(np.int64), dice)


def _states(season: Any, dice: np.random.Generator) -> dict[str, list[str | None]]:
    end = dice.choice(["合格", "补植", "失败"], len(season), p=[0.8, 0.15, 0.05])
    checked = 2 * season + 3 + dice.integers(0, 3, len(season))
    rows = list(zip((2 * season + 1).tolist(), checked.tolist(), end.tolist(), strict=True))
    return {
        period: [None if t < begun else "待查" if t < check else str(last) for begun, check, last in rows]
        for t, period in enumerate(PERIODS)
    }


def build(engine: str, count: int, seed: int, path: Path) -> dict[str, Any]:
    """Build one engine's page in this process; CPU seconds and peak memory over the frame."""
    import folium

    from ecotrack.maps import PlotLayer, write_map

    frame, states = frame_of(count, seed=seed)
    folium.Map(tiles=None).get_root().render()
    forget_peak()
    before_mb, started = peak_mb(), time.process_time()
    if engine == "lonboard":
        return _lonboard(frame, path) | _spent(before_mb, started, path)
    if engine == "explore":
        shown = frame.explore(tiles=None, prefer_canvas=True)
    else:
        shown = folium.Map([37.7, 115.7], zoom_start=9, tiles=None, prefer_canvas=True)
        if engine == "ecotrack":
            layer: Any = PlotLayer(frame, key="id", label="name", states=states, colors=COLORS)
        else:
            layer = folium.GeoJson(frame, tooltip=folium.GeoJsonTooltip(["id", "unit"]))
        layer.add_to(shown)
    write_map(shown, path)
    names = {"map": shown.get_name(), "layer": layer.get_name() if engine == "ecotrack" else ""}
    return names | _spent(before_mb, started, path)


def _lonboard(frame: Any, path: Path) -> dict[str, Any]:
    import lonboard

    lonboard.Map(lonboard.PolygonLayer.from_geopandas(frame.to_crs(4326))).to_html(path)
    return {"map": "", "layer": ""}


def _spent(before_mb: float, started: float, path: Path) -> dict[str, Any]:
    cpu_s = time.process_time() - started
    return {"cpu_s": cpu_s, "peak_mb": peak_mb() - before_mb, "file_mb": path.stat().st_size / 1e6}


def look(path: Path, built: dict[str, Any], *, slow: int = 1, timeout_s: float = 120) -> dict[str, Any]:
    """Open a page as a person would: first view, movement, and what its renderer holds."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_context(viewport={"width": 1280, "height": 800}, offline=True).new_page()
        empty = path.with_name("empty.html")
        empty.write_text("<!DOCTYPE html><title>empty</title>", encoding="utf-8")
        page.goto(empty.as_uri())
        page.wait_for_timeout(1000)
        empty_mb = _renderer_mb()
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slow})
        if not built["layer"]:
            page.add_init_script(WATCH)
        page.goto(path.as_uri(), wait_until="commit", timeout=timeout_s * 1000)
        first_ms = _first_view_ms(page, "ecotrack-plots-drawn" if built["layer"] else "drawn", timeout_s=timeout_s)
        if first_ms is None:
            # Without a network it stays blank: its program is on other hosts.
            browser.close()
            return {"first_view_s": None}
        found = {"first_view_s": first_ms / 1000}
        if slow == 1:
            page.wait_for_timeout(2500)
            found["renderer_mb"] = _renderer_mb() - empty_mb
            frames = page.evaluate(f"({PAN})({built['map']})")
            found |= {"fps": 1000 / statistics.mean(frames), "worst_frame_ms": max(frames)}
        if slow == 1 and built["layer"]:
            found["slider_ms"] = statistics.median(page.evaluate(f"({SLIDE})({built['layer']})"))
        browser.close()
    return found


def _first_view_ms(page: Any, mark: str, *, timeout_s: float) -> float | None:
    """Return when a page set its mark, milliseconds since the navigation began; nobody asks it before it is done."""
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        page.wait_for_timeout(3000)
        entries: list[float] = page.evaluate(f"performance.getEntriesByName('{mark}').map((one) => one.startTime)")
        if entries:
            return entries[0]
    return None


def _renderer_mb() -> float:
    """Return the memory of the pages' renderers that this process started, each shared page counted by its part."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            # The browser's own windows are drawn by renderers too.
            if b"--type=renderer" in command and b"--top-chrome" not in command and _is_ours(int(folder.name)):
                rollup = (folder / "smaps_rollup").read_text(encoding="ascii")
                total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
        except (OSError, StopIteration):
            continue
    return total / 1024


def _is_ours(process: int) -> bool:
    """Return whether this process is an ancestor of another: other people's browsers run on the machine too."""
    while process > 1 and process != os.getpid():
        status = Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace").splitlines()
        process = next(int(line.split()[1]) for line in status if line.startswith("PPid:"))
    return process == os.getpid()


def wrong_clicks(path: Path, built: dict[str, Any], count: int, seed: int, *, clicks: int = 2000) -> int:
    """Return how many of some random clicks name another plot than the drawn geometry has on top."""
    from playwright.sync_api import sync_playwright

    from ecotrack.maps.rings import Grid, neighbours_first

    frame, states = frame_of(count, seed=seed)
    shapes = np.asarray(frame.geometry.array, dtype=object)
    order, grid = neighbours_first(shapes), Grid.of(shapes, accuracy_m=0.5)
    drawn = shapely.transform(shapes[order], lambda lonlat: grid.whole(lonlat) * grid.step)
    rank = {state: place for place, state in enumerate(COLORS, start=1)}
    codes = [rank.get(str(state), 0) for state in np.array(states[PERIODS[-1]], dtype=object)[order]]
    ids = frame["id"].to_numpy()[order]
    dice = np.random.default_rng([seed, 3])
    inside = shapely.get_coordinates(shapely.point_on_surface(drawn[dice.integers(0, count, clicks)]))
    places = inside + dice.normal(0, 40, (clicks, 2))
    tree = shapely.STRtree(drawn)
    wanted: list[str | None] = [None] * clicks
    best = [(0, -1)] * clicks
    for click, row in tree.query(shapely.points(places), predicate="intersects").T.tolist():
        if codes[row] and (codes[row], row) > best[click]:
            best[click], wanted[click] = (codes[row], row), str(ids[row])
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_context(offline=True).new_page()
        page.goto(path.as_uri())
        page.wait_for_selector("html[data-ecotrack-plots=drawn]", state="attached")
        answers = page.evaluate(f"(places) => ({HITS})([{built['layer']}, places])", places.tolist())
        browser.close()
    return sum(answer != want for answer, want in zip(answers, wanted, strict=True))


def measure(engines: list[str], *, count: int, seed: int, folder: Path) -> dict[str, Any]:
    """Build and open every engine in turn."""
    result: dict[str, Any] = {}
    for engine in engines:
        path = folder / f"{engine}.html"
        command = [
            sys.executable,
            "-m",
            "benchmarks.maps",
            "--child",
            engine,
            "--plots",
            str(count),
            "--out",
            str(path),
        ]
        done = subprocess.run([*command, "--seed", str(seed)], cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            result[engine] = {"failed": done.stderr.strip().splitlines()[-1:]}
            continue
        built = json.loads(done.stdout)
        found = built | look(path, built, timeout_s=30 if engine == "lonboard" else 120)
        if engine == "ecotrack":
            found["first_view_slow_6x_s"] = look(path, built, slow=6)["first_view_s"]
            found["wrong_clicks_of_2000"] = wrong_clicks(path, built, count, seed)
        result[engine] = found
        print(engine, json.dumps(found, ensure_ascii=False), file=sys.stderr, flush=True)
    return {"plots": count, "seed": seed, "cores": os.cpu_count(), "load": os.getloadavg(), "engines": result}


def main() -> None:
    """Run the benchmark, or one build of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plots", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engines", nargs="+", default=list(ENGINES), choices=ENGINES)
    parser.add_argument("--child", choices=ENGINES, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        print(json.dumps(build(asked.child, asked.plots, asked.seed, asked.out)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        print(json.dumps(measure(asked.engines, count=asked.plots, seed=asked.seed, folder=Path(scratch)), indent=1))


if __name__ == "__main__":
    main()
