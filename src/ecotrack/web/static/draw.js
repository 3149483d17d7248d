// Drawing a boundary, or the next version of one that came back; what is drawn is kept on the device at every corner.
import { newId, say } from "./common.js";
import { drop, dropWalk, keep, keepWalk, walks } from "./store.js";
import { send, why } from "./send.js";
import { ground, neighbours } from "./ground.js";
import { polygonsMu } from "./area.js";

const OWN = { color: "#1f6b3b", weight: 3, fillOpacity: 0.2 };
// Levels of the map below which a finger covers more than a plot.
const NEAR = 14;
const SMALL = "图太小，画不准：请先放大到能看清地块，或者点“到我的位置”。";
const REMOVE = matchMedia("(pointer: coarse)").matches ? "长按" : "用鼠标右键点";
const get = (id) => document.getElementById(id);
const mend = JSON.parse(get("mend").textContent);
const key = mend.key ? `draw-${mend.key}` : "draw";
const form = get("finish");
const map = L.map("map", { attributionControl: false, maxZoom: 22, zoomSnap: 0.5 }).setView([37.7, 115.8], 9);
L.control.scale({ imperial: false }).addTo(map);
map.pm.setLang("zh");
map.pm.setGlobalOptions({ snappable: true, snapDistance: 16, allowSelfIntersection: false, pathOptions: OWN, templineStyle: OWN, hintlineStyle: { ...OWN, dashArray: "5 5" } });
let shape = null;
let id = newId();
let placed = false;
let saving = Promise.resolve();

const parts = (layer) => {
  const rings = layer.getLatLngs();
  return Array.isArray(rings[0]?.[0]) ? rings : [rings];
};
const pairs = (ring) => ring.map(({ lng, lat }) => [lng, lat]);
const rings = (layer) => parts(layer).map((part) => part.map(pairs));

function save(points) {
  const row = { id: `${key}-now`, key, upload: id, rings: points, started: Date.now() };
  saving = saving.then(() => keepWalk(row)).catch(() => say("这台设备的空间不够，没有存下。"));
}

function told(points, words = "") {
  const corners = points.reduce((sum, part) => sum + part.reduce((all, ring) => all + ring.length, 0), 0);
  const mu = corners > 2 ? polygonsMu(points) : 0;
  get("area").textContent = corners > 2 ? (mu < 0.01 ? "边线交叉，算不出面积" : `约 ${mu.toFixed(2)} 亩`) : "";
  get("hint").textContent = words || `${corners} 个拐点`;
}

function changed() {
  const points = rings(shape);
  told(points, `${points.flat(2).length} 个拐点；拖动白点修改，${REMOVE}白点删去`);
  save(points);
}

// The corners of a boundary are buttons to who hears the page.
new MutationObserver(() => {
  for (const mark of map.getPane("markerPane").querySelectorAll(".marker-icon:not([aria-label])")) {
    const words = mark.classList.contains("marker-icon-middle") ? "在这里加一个拐点" : "拐点，可以拖动";
    mark.setAttribute("aria-label", words);
    mark.title = words;
  }
}).observe(map.getPane("markerPane"), { childList: true });

function take(layer) {
  shape = layer;
  shape.on("pm:edit pm:vertexremoved pm:vertexadded pm:markerdragend", changed);
  shape.on("pm:markerdrag", () => told(rings(shape)));
  // A boundary that came crossed must be open to mending; the checks say whether it is whole.
  shape.pm.enable({ allowSelfIntersection: Boolean(mend.key), snapDistance: 16 });
  get("begin").hidden = get("back").hidden = get("done").hidden = true;
  get("again").hidden = Boolean(mend.version_id);
  form.hidden = false;
  changed();
}

function begin() {
  if (map.getZoom() < NEAR) return say(SMALL);
  say("");
  placed = true;
  shape?.remove();
  shape = null;
  form.hidden = get("begin").hidden = get("again").hidden = true;
  get("back").hidden = get("done").hidden = false;
  get("area").textContent = "在图上点第一个拐点";
  map.pm.enableDraw("Polygon", { finishOn: null, continueDrawing: false, tooltips: false });
}

map.on("pm:drawstart", ({ workingLayer }) => {
  const corner = () => {
    const points = [[pairs(workingLayer.getLatLngs())]];
    told(points, `${points[0][0].length} 个拐点；绕地块依次点，画完按“画完了”`);
    save(points);
  };
  workingLayer.on("pm:vertexadded", corner);
  workingLayer.on("pm:vertexremoved", corner);
});
// A corner whose side would cross another is not taken by Geoman, which says nothing.
map.on("click", () => setTimeout(() => {
  if (map.pm.Draw.Polygon._enabled && map.pm.Draw.Polygon._doesSelfIntersect) get("hint").textContent = "这一点没有收：到它的边会和前面的边交叉。请换一个地方点。";
}));
map.on("zoomend", () => { if (map.getZoom() >= NEAR && get("said").textContent === SMALL) say(""); });
map.on("pm:create", ({ layer }) => take(layer));

function done() {
  const corners = map.pm.Draw.Polygon._layer?.getLatLngs().length || 0;
  if (corners < 3) return say("至少要三个拐点，请接着点。");
  say("");
  map.pm.Draw.Polygon._finishShape();
  if (!shape) say("边线自己相交了，请退一个点再画。");
}

function place() {
  placed = true;
  get("hint").textContent = "正在定位……";
  navigator.geolocation.getCurrentPosition(({ coords }) => {
    const at = [coords.latitude, coords.longitude];
    map.setView(at, 17, { animate: false });
    L.circle(at, { radius: coords.accuracy, color: "#0b5cad", weight: 1, fillOpacity: 0.1, pmIgnore: true, snapIgnore: true, interactive: false }).addTo(map);
    L.circleMarker(at, { radius: 6, color: "#0b5cad", pmIgnore: true, snapIgnore: true, interactive: false }).addTo(map);
    get("hint").textContent = `您在这里，精度 ${Math.round(coords.accuracy)} 米`;
  }, () => { get("hint").textContent = isSecureContext ? "没有定到位：请允许使用位置，到开阔处再试。" : "本网页不是 https，不能定位，请找管理员。"; }, { enableHighAccuracy: true, timeout: 20000 });
}

function file(name) {
  const closed = rings(shape).map((part) => part.map((ring) => [...ring, ring[0]]));
  const geometry = closed.length === 1 ? { type: "Polygon", coordinates: closed[0] } : { type: "MultiPolygon", coordinates: closed };
  const properties = { ...(mend.properties || {}), 采集方式: mend.key ? "网页改边界" : "网页勾绘" };
  if (name) properties.名称 = name;
  if (form.number?.value) properties.小班号 = form.number.value;
  // Drawn on the register's own plots, so the degrees are known.
  const crs = { type: "name", properties: { name: "urn:ogc:def:crs:EPSG::4490" } };
  const text = JSON.stringify({ type: "FeatureCollection", crs, features: [{ type: "Feature", properties, geometry }] });
  return new Blob([text], { type: "application/geo+json" });
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const name = form.name?.value || "";
  const asked = mend.asked ? { ...mend.asked, reason: form.reason?.value || "" }
    : Object.fromEntries(["unit", "season", "kind", "programme"].map((word) => [word, form[word].value]));
  const title = mend.key ? `改边界 ${mend.label}` : `画界 ${name || new Date().toLocaleString("zh-CN")}`;
  // The upload bears the id of the drawing, so that sending it twice gives one.
  const job = { id, name: `${title}.geojson`, blob: file(name), asked };
  form.querySelector("button").disabled = true;
  try {
    await saving;
    await keep(job);
    await dropWalk(`${key}-now`);
  } catch { form.querySelector("button").disabled = false; return say("这台设备的空间不够，没有存下，也没有发出。"); }
  say("已存在这台设备上，正在发送……");
  try {
    await send(job);
    await drop(job.id);
    location.assign(`/uploads/${job.id}`);
  } catch (error) {
    say(why(error, "画的边界已存在这台设备上，有网后打开首页会自动发出。"));
    form.hidden = true;
  }
});

get("begin").addEventListener("click", begin);
get("again").addEventListener("click", () => { id = newId(); begin(); });
get("back").addEventListener("click", () => map.pm.Draw.Polygon._removeLastVertex());
get("done").addEventListener("click", done);
get("place").addEventListener("click", place);
const net = () => { get("net").textContent = navigator.onLine ? "有网" : "没有网，先存在设备上"; };
addEventListener("online", net);
addEventListener("offline", net);
net();

const outline = (points) => L.polygon(points.map((part) => part.map((ring) => ring.map(([x, y]) => [y, x]))), OWN);
const open = (points) => points.map((part) => part.map((ring) => {
  const last = ring.at(-1);
  return ring.length > 3 && ring[0][0] === last[0] && ring[0][1] === last[1] ? ring.slice(0, -1) : ring;
}));
const kept = (await walks()).find((row) => row.id === `${key}-now`);
if (mend.rings) L.polygon(outline(mend.rings).getLatLngs(), { color: "#6a3d9a", weight: 2, dashArray: "6 4", fill: false, interactive: false, pmIgnore: true, snapIgnore: true }).addTo(map);
const first = kept?.rings?.[0]?.[0]?.length > 2 ? kept.rings : mend.rings;
if (kept && first === kept.rings) { id = kept.upload; say("接着上次没有画完的。"); }
get("begin").disabled = get("place").disabled = false;
ground(map, form.unit?.value, { show: () => !first && !placed });
if (first) {
  const layer = outline(open(first)).addTo(map);
  map.fitBounds(layer.getBounds().pad(0.4), { maxZoom: 18, animate: false });
  take(layer);
}
neighbours(map, { told: (count) => {
  get("around").textContent = count === null ? "放大地图，就能看到已认定的地块。" : count === undefined ? "没有网，看不到已认定的地块。" : `图上有 ${count} 块已认定的地块。`;
} });
if ("serviceWorker" in navigator) navigator.serviceWorker.register("/worker.js").catch(() => {});
