"""Maps open in browsers of the Chromium 86 class: what is newer is taken away before their scripts run."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from ecotrack.maps import build_map, write_map
from map_cases import Opened, a_model

WEB = Path(__file__).parents[1] / "src" / "ecotrack" / "maps" / "web"
NEWER = """
for (const name of ['structuredClone', 'DecompressionStream', 'CompressionStream', 'reportError',
                    'scheduler', 'Sanitizer', 'navigation', 'CSSLayerBlockRule', 'EyeDropper']) {
  delete globalThis[name];
}
delete Object.hasOwn;
delete Object.groupBy;
delete Array.fromAsync;
delete Promise.withResolvers;
for (const kind of [Array, String, Object.getPrototypeOf(Int8Array)]) {
  for (const name of ['at', 'findLast', 'findLastIndex', 'toSorted', 'toReversed', 'toSpliced', 'with']) {
    delete kind.prototype[name];
  }
}
if (globalThis.crypto) { delete Crypto.prototype.randomUUID; }
if (globalThis.AbortSignal) { delete AbortSignal.timeout; delete AbortSignal.any; }
"""
WORKERS_TOO = """
const Newer = window.Blob;
window.Blob = function (parts, options) {
  const script = options && /javascript/.test(options.type || '');
  return new Newer(script ? [%r].concat(parts) : parts, options);
};
window.Blob.prototype = Newer.prototype;
const RealWorker = window.Worker;
window.Worker = function (url, options) {
  if (options && options.type === 'module') { throw new TypeError('module workers came with a later browser'); }
  return new RealWorker(url, options);
};
"""
SYNTAX = {
    "static block": r"\bstatic\s*\{",
    "top-level await or modules": r"^\s*(import|export)\b",
    "regular expression with the flag d or v": r"/[a-z]*[dv][a-z]*\.(exec|test)",
    "class fields with in": r"#\w+ in ",
}
STYLE = {
    "aspect-ratio": 88,
    "inset:": 87,
    ":has(": 105,
    ":is(": 88,
    ":where(": 88,
    "dvh": 108,
    "svh": 108,
    "@layer": 99,
    "@container": 105,
    "color-mix": 111,
    "text-wrap": 114,
}
"""What style sheets must not lean on, with the Chromium that brought it."""


@pytest.mark.parametrize("engine", [True, False], ids=["with workers", "without workers"])
def test_a_map_opens_slides_and_answers_without_what_came_after_chromium_86(browser: Browser, tmp_path, engine):
    path = tmp_path / "map.html"
    write_map(build_map(a_model()), path)
    context = browser.new_context(viewport={"width": 1280, "height": 800}, offline=True)
    context.add_init_script(NEWER + WORKERS_TOO % NEWER)
    if not engine:
        context.add_init_script("delete window.Worker; delete window.OffscreenCanvas;")
    opened = Opened(context.new_page())
    opened.page.goto(path.as_uri())
    opened.page.wait_for_selector("html[data-ecotrack=ready]", timeout=15000)
    assert opened.page.evaluate("typeof structuredClone + typeof [].at + typeof DecompressionStream") == "undefined" * 3
    assert opened.page.evaluate("typeof Worker") == ("function" if engine else "undefined")
    opened.page.get_by_role("button", name="English").click()
    expect(opened.page.locator("html")).to_have_attribute("lang", "en")
    assert opened.complaints == []
    context.close()


@pytest.mark.parametrize("path", sorted(WEB.rglob("*.js")), ids=lambda path: path.name)
def test_scripts_are_written_without_newer_syntax(path):
    text = path.read_text(encoding="utf-8")
    assert [name for name, pattern in SYNTAX.items() if re.search(pattern, text, re.M)] == []


@pytest.mark.parametrize("path", sorted(WEB.rglob("*.css")), ids=lambda path: path.name)
def test_styles_lean_on_nothing_newer(path):
    text = path.read_text(encoding="utf-8")
    assert [name for name in STYLE if name in text] == []
