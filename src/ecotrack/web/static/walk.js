// Walking a boundary: every good fix is in the browser's database before it is drawn; a gap is told, never bridged silently.
import { newId, say } from "./common.js";
import { drop, dropWalk, keep, keepWalk, walks } from "./store.js";
import { send } from "./send.js";
import { draw, NEIGHBOUR } from "./shapes.js";

const WORST_M = 15;
const APART_M = 2;
const GAP_S = 20;
const GAP_M = 60;
const get = (id) => document.getElementById(id);
const map = L.map("map", { attributionControl: false, zoomControl: false }).setView([37.7, 115.8], 15);
const line = L.polyline([], { color: "#1f6b3b", weight: 4 }).addTo(map);
const here = L.circleMarker([37.7, 115.8], { radius: 8, color: "#0b5cad" });
let walk = null;
let watch = null;
let lock = null;
let saving = Promise.resolve();

const metres = (a, b) => map.distance([a.lat, a.lon], [b.lat, b.lon]);
const gaps = () => walk.points.filter((point) => point.gap).length;

function shown() {
  line.setLatLngs(walk.points.map((point) => [point.lat, point.lon]));
  get("count").textContent = `${walk.points.length} 个点，不收 ${walk.refused} 个（精度差）`;
  get("gap").hidden = !gaps();
  get("gap").textContent = `中间断了 ${gaps()} 次：断开的一段按直线标出，请确认，不对就重走。`;
}

function took(position) {
  const { longitude: lon, latitude: lat, accuracy } = position.coords;
  get("no-gps").hidden = true;
  get("fix").textContent = `精度 ${Math.round(accuracy)} 米${accuracy > WORST_M ? "，太差，没有收" : ""}`;
  here.setLatLng([lat, lon]).addTo(map);
  if (!walk || walk.paused) return;
  map.setView([lat, lon], Math.max(map.getZoom(), 17));
  if (accuracy > WORST_M) { walk.refused += 1; shown(); return; }
  const point = { lon, lat, accuracy, at: position.timestamp };
  const last = walk.points.at(-1);
  if (last && !walk.resumed && metres(last, point) < APART_M) return;
  if (last && (walk.resumed || point.at - last.at > GAP_S * 1000) && metres(last, point) > GAP_M) point.gap = true;
  walk.resumed = false;
  walk.points.push(point);
  const copy = structuredClone(walk);
  saving = saving.then(() => keepWalk(copy)).catch(() => say("这台设备的空间不够，点没有存下，请先停一停。"));
  shown();
}

function failed(error) {
  const words = { 1: "没有定位权限：请在浏览器设置里允许本网站使用位置。", 2: "收不到卫星信号，请到开阔处。", 3: "定位太慢，正在重试。" };
  get("no-gps").hidden = false;
  get("no-gps").textContent = (isSecureContext ? "" : "本网页不是 https，手机不给定位，请找管理员。") + (words[error.code] || "");
}

async function awake() {
  try { lock = await navigator.wakeLock?.request("screen"); } catch { /* the screen may go dark; the points stay */ }
}

async function go() {
  walk ??= { id: newId(), points: [], refused: 0, started: Date.now() };
  walk.paused = false;
  walk.resumed = walk.points.length > 0;
  get("go").hidden = get("finish").hidden = true;
  get("pause").hidden = get("end").hidden = false;
  await keepWalk(structuredClone(walk));
  await awake();
  watch ??= navigator.geolocation.watchPosition(took, failed, { enableHighAccuracy: true, maximumAge: 0, timeout: 30000 });
  around();
}

function pause() {
  walk.paused = true;
  lock?.release();
  get("pause").hidden = true;
  get("go").hidden = false;
  get("go").textContent = "接着走";
}

function end() {
  if (walk.points.length < 3) return say("点太少，围不成地块，请接着走。");
  pause();
  const first = walk.points[0], last = walk.points.at(-1);
  const closing = metres(first, last);
  get("result").textContent = `${walk.points.length} 个点，首尾相距 ${Math.round(closing)} 米${gaps() || closing > GAP_M ? "；有断开的地方，请确认要按直线连上" : ""}。`;
  get("go").hidden = get("end").hidden = true;
  get("finish").hidden = false;
  map.fitBounds(line.getBounds().pad(0.2));
}

function file(form) {
  const points = walk.points;
  const ring = [...points, points[0]].map((point) => [point.lon, point.lat]);
  const worst = Math.max(...points.map((point) => point.accuracy));
  const properties = {
    名称: form.name.value, 采集方式: "手机走界", 点数: points.length, 断开次数: gaps(), 最差精度_米: Math.round(worst),
    开始时间: new Date(walk.started).toISOString(), 结束时间: new Date(points.at(-1).at).toISOString(),
  };
  // Nothing is said of the coordinate system: some browsers in China give shifted degrees, so the detective has to look.
  const feature = { type: "Feature", properties, geometry: { type: "Polygon", coordinates: [ring] } };
  const text = JSON.stringify({ type: "FeatureCollection", features: [feature] });
  return new Blob([text], { type: "application/geo+json" });
}

async function finish(event) {
  event.preventDefault();
  const form = event.target;
  const asked = Object.fromEntries(["unit", "season", "kind"].map((key) => [key, form[key].value]));
  // The upload bears the id of the walk, so that sending it twice gives one.
  const job = { id: walk.id, name: `走界 ${form.name.value || new Date(walk.started).toLocaleString("zh-CN")}.geojson`, blob: file(form), asked };
  await keep(job);
  await dropWalk(walk.id);
  walk = null;
  form.hidden = true;
  say("已存在这台设备上，正在发送……");
  try {
    await send(job);
    await drop(job.id);
    location.assign(`/uploads/${job.id}`);
  } catch (error) {
    say(`${error.message}。走的边界已存在这台设备上，有网后打开首页会自动发出。`);
    get("go").hidden = false;
    get("go").textContent = "走下一块";
  }
}

async function around() {
  try {
    const box = map.getBounds().pad(1);
    const told = await (await fetch(`/api/plots?bbox=${box.toBBoxString()}`)).json();
    for (const other of told.near) draw(other.rings, NEIGHBOUR, map).bindPopup(`已认定地块`);
  } catch { /* without a network the walk goes on */ }
}

const net = () => { get("net").textContent = navigator.onLine ? "有网" : "没有网，先存在手机上"; };
addEventListener("online", net);
addEventListener("offline", net);
net();
get("go").addEventListener("click", go);
get("pause").addEventListener("click", pause);
get("end").addEventListener("click", end);
get("more").addEventListener("click", go);
get("finish").addEventListener("submit", finish);
document.addEventListener("visibilitychange", () => { if (!document.hidden && walk && !walk.paused) awake(); });
[walk] = (await walks()).filter((row) => row.points).sort((a, b) => b.started - a.started);
if (walk) {
  shown();
  get("go").textContent = `接着上次的 ${walk.points.length} 个点走`;
  get("end").hidden = false;
}
if ("serviceWorker" in navigator) navigator.serviceWorker.register("/worker.js").catch(() => {});
