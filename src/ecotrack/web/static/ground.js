// The ground by which a place is found: counties, waters, and the plots that stand accepted around.
import { draw, NEIGHBOUR } from "./shapes.js";
import { make } from "./common.js";

const OUTLINE = { color: "#8a7f72", weight: 1.5, dashArray: "4 4", fill: false, interactive: false, pmIgnore: true, snapIgnore: true };
const WATER = { color: "#4a90c2", weight: 2, interactive: false, pmIgnore: true, snapIgnore: true };

async function asked(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error("没有网络");
  return answer.json();
}

// Draws the ground and shows the county of a unit; the map stays as it is where there is no network and nothing kept.
export async function ground(map, unit, { show = () => true } = {}) {
  let told;
  try { told = await asked("/api/ground"); } catch { return; }
  const sketch = told.sketch ? "（示意）" : "";
  for (const water of told.waters) {
    for (const line of water.lines) L.polyline(line.map(([x, y]) => [y, x]), WATER).addTo(map);
  }
  const all = L.latLngBounds([]);
  let home = null;
  for (const cell of told.counties) {
    const shape = draw(cell.rings, OUTLINE, map);
    shape.bindTooltip(make("span", "", cell.name + sketch), { permanent: true, direction: "center", className: "county" });
    all.extend(shape.getBounds());
    if (cell.code === unit) home = shape.getBounds();
  }
  // A zoom that is still running would take the map back from where somebody has gone meanwhile.
  if (show() && all.isValid()) map.fitBounds(home || all, { animate: false });
}

// Keeps the accepted plots of what is shown on the map; says how many there are.
export function neighbours(map, { nearest = 12, told = () => {} } = {}) {
  const layer = L.layerGroup().addTo(map);
  let last = "";
  async function look() {
    if (map.getZoom() < nearest) { layer.clearLayers(); last = ""; return told(null); }
    const box = map.getBounds().pad(0.3).toBBoxString();
    if (box === last) return;
    last = box;
    try {
      const found = await asked(`/api/plots?bbox=${box}`);
      if (box !== last) return;
      layer.clearLayers();
      for (const other of found.near) {
        const shape = draw(other.rings, { ...NEIGHBOUR, interactive: false, pmIgnore: false }, layer);
        if (map.getZoom() >= 15) {
          const name = other.name.length > 24 ? "" : other.name;
          shape.bindTooltip(make("span", "", name + (other.sample ? "（示例）" : "")), { permanent: true, direction: "center", className: "plotname" });
        }
      }
      told(found.near.length);
    } catch { told(undefined); }
  }
  let wait = 0;
  map.on("moveend", () => { clearTimeout(wait); wait = setTimeout(look, 250); });
  look();
}
