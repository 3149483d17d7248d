// Walking a boundary: every good fix is in the browser's database before it is drawn; a gap is told, never bridged silently.
import { newId, say } from "./common.js";
import { drop, dropWalk, keep, keepWalk, walks } from "./store.js";
import { send, why } from "./send.js";
import { queue } from "./queue.js";
import { ground, neighbours } from "./ground.js";
import { photographing } from "./camera.js";
import { polygonsMu } from "./area.js";

const WORST_M = 15;
const APART_M = 2;
// Two fixes further apart than this leave a side of the plot unseen; after a break or a silence, and between the ends, much less does.
const FAR_M = 60;
const SILENT_S = 20;
const BROKEN_M = 15;
const get = (id) => document.getElementById(id);
const form = get("finish");
const map = L.map("map", { attributionControl: false, maxZoom: 22 }).setView([37.7, 115.8], 9);
L.control.scale({ imperial: false }).addTo(map);
const lines = L.layerGroup().addTo(map);
const start = L.circleMarker([37.7, 115.8], { radius: 6, color: "#1f6b3b", fillColor: "#fff", fillOpacity: 1, weight: 3 });
const here = L.circleMarker([37.7, 115.8], { radius: 8, color: "#0b5cad" });
let walk = null;
let watch = null;
let lock = null;
let followed = false;
let saving = Promise.resolve();

const metres = (a, b) => map.distance([a.lat, a.lon], [b.lat, b.lon]);
const gaps = () => walk.points.filter((point) => point.gap).length;
const at = (point) => [point.lat, point.lon];

// Walked ground is a green line; where nothing was seen, a red dashed one.
function drawn() {
  lines.clearLayers();
  if (walk.points.length) start.setLatLng(at(walk.points[0])).addTo(lines);
  let piece = [];
  const close = () => { if (piece.length) L.polyline(piece, { color: "#1f6b3b", weight: 4 }).addTo(lines); };
  for (const [k, point] of walk.points.entries()) {
    if (point.gap) {
      close();
      L.polyline([at(walk.points[k - 1]), at(point)], { color: "#a92219", weight: 3, dashArray: "4 8" }).addTo(lines);
      piece = [];
    }
    piece.push(at(point));
  }
  close();
}

// The side between the last and the first point: nobody saw it where they are apart.
function closed(open) {
  const side = [at(walk.points.at(-1)), at(walk.points[0])];
  L.polyline(side, open ? { color: "#a92219", weight: 3, dashArray: "4 8" } : { color: "#1f6b3b", weight: 4 }).addTo(lines);
}

// The map goes with the walker, who may look closer or wider meanwhile.
function follow(place) {
  if (!followed) map.setView(place, Math.max(map.getZoom(), 17), { animate: false });
  else if (!map.getBounds().pad(-0.25).contains(place)) map.panTo(place, { animate: false });
  followed = true;
}

function shown() {
  drawn();
  const { points } = walk;
  const mu = points.length > 2 ? polygonsMu([[points.map((point) => [point.lon, point.lat])]]).toFixed(1) : "0.0";
  const back = points.length > 2 ? Math.round(metres(points[0], points.at(-1))) : 0;
  const parts = [`${points.length} 个点`, walk.refused ? `不收 ${walk.refused} 个（精度差）` : "", mu === "0.0" ? "" : `围起来约 ${mu} 亩`, back ? `离起点 ${back} 米` : ""];
  get("count").textContent = parts.filter(Boolean).join("，");
  get("gap").hidden = !gaps();
  get("gap").textContent = `中间断了 ${gaps()} 次（红虚线），没有走到。不对就暂停、退点重走。`;
  get("take").hidden = get("scrap").hidden = false;
  get("take").textContent = walk.photos ? `拍照（${walk.photos}）` : "拍照";
}

function store() {
  const copy = structuredClone(walk);
  saving = saving.then(() => keepWalk(copy)).catch(() => say("这台手机的空间不够，点没有存下，请先停一停。"));
}

function took(position) {
  const { longitude: lon, latitude: lat, accuracy } = position.coords;
  get("no-gps").hidden = true;
  here.setLatLng([lat, lon]).addTo(map);
  if (!walk || walk.paused) return;
  get("fix").textContent = accuracy > WORST_M ? `精度 ${Math.round(accuracy)} 米，太差，没有收：请到开阔处停一停` : `定位好，精度 ${Math.round(accuracy)} 米`;
  get("fix").className = `fix ${accuracy > WORST_M ? "poor" : "fine"}`;
  if (!followed || accuracy <= WORST_M) follow([lat, lon]);
  if (accuracy > WORST_M) { walk.refused += 1; shown(); return; }
  const point = { lon, lat, accuracy, at: position.timestamp };
  const last = walk.points.at(-1);
  const away = last ? metres(last, point) : 0;
  if (last && !walk.resumed && away < APART_M) return;
  const broken = walk.resumed || (last && point.at - last.at > SILENT_S * 1000);
  if (last && away > (broken ? BROKEN_M : FAR_M)) point.gap = true;
  walk.resumed = false;
  walk.points.push(point);
  store();
  shown();
}

// Back along the way, a point at a time, while the walk stands still.
function undo() {
  walk.points.pop();
  store();
  shown();
  get("undo").hidden = !walk.points.length;
}

function failed(error) {
  const words = { 1: "没有定位权限：请在浏览器设置里允许本网站使用位置。", 2: "收不到卫星信号，请到开阔处。", 3: "定位太慢，正在重试。" };
  get("no-gps").hidden = false;
  get("no-gps").textContent = (isSecureContext ? "" : "本网页不是 https，手机不给定位，请找管理员。") + (words[error.code] || "");
}

async function awake() {
  try {
    lock = await navigator.wakeLock.request("screen");
    get("awake").hidden = true;
  } catch {
    get("awake").hidden = false;
    get("awake").textContent = "这台手机不能保持亮屏：请把自动锁屏调到最长，走的时候别锁屏；锁屏时走过的会标成断开。";
  }
}

async function go() {
  walk ??= { id: newId(), points: [], refused: 0, started: Date.now() };
  walk.paused = false;
  walk.resumed = walk.points.length > 0;
  get("go").hidden = get("undo").hidden = form.hidden = true;
  get("pause").hidden = get("end").hidden = get("take").hidden = false;
  get("fix").textContent = "正在定位……";
  get("fix").className = "fix";
  say("");
  drawn();
  await keepWalk(structuredClone(walk));
  await awake();
  watch ??= navigator.geolocation.watchPosition(took, failed, { enableHighAccuracy: true, maximumAge: 0, timeout: 30000 });
}

function pause() {
  walk.paused = true;
  lock?.release();
  get("fix").textContent = "已暂停，走动不会记下";
  get("fix").className = "fix";
  get("pause").hidden = true;
  get("go").hidden = false;
  get("undo").hidden = !walk.points.length;
  get("go").textContent = "接着走";
}

function end() {
  if (walk.points.length < 3) return say("点太少，围不成地块，请接着走。");
  pause();
  const first = walk.points[0], last = walk.points.at(-1);
  const closing = metres(first, last);
  const open = closing > BROKEN_M;
  get("result").textContent = `${walk.points.length} 个点，首尾相距 ${Math.round(closing)} 米。`;
  get("sure").hidden = !gaps() && !open;
  const parts = [gaps() ? `${gaps()} 处断开` : "", open ? `首尾 ${Math.round(closing)} 米` : ""].filter(Boolean).join("、");
  get("sure").querySelector("span").textContent = `${parts}没有走到。我看过图，这些地方就是直线，可以按直线连上。`;
  get("sure").className = "check wait";
  closed(open);
  get("go").hidden = get("end").hidden = get("undo").hidden = true;
  form.hidden = false;
  map.fitBounds(L.latLngBounds(walk.points.map(at)).pad(0.2), { animate: false });
}

function file() {
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
  if (!get("sure").hidden && !form.sure.checked) {
    get("sure").className = "check error";
    get("sure").scrollIntoView({ block: "center" });
    form.sure.focus({ preventScroll: true });
    return say("有断开的地方：请勾上确认，或者点“接着走”补上。");
  }
  const asked = Object.fromEntries(["unit", "season", "kind"].map((key) => [key, form[key].value]));
  // The upload bears the id of the walk, so that sending it twice gives one.
  const job = { id: walk.id, name: `走界 ${form.name.value || new Date(walk.started).toLocaleString("zh-CN")}.geojson`, blob: file(), asked };
  try {
    await saving;
    await keep(job);
    await dropWalk(walk.id);
  } catch { return say("这台手机的空间不够，没有存下；走的点还在，请腾出空间再试。"); }
  reset();
  say("已存在这台手机上，正在发送……");
  try {
    await send(job);
    await drop(job.id);
    location.assign(`/uploads/${job.id}`);
  } catch (error) {
    say(why(error, "走的边界已存在这台手机上，有网后会自动发出。"));
    flush();
  }
}

function reset() {
  walk = null;
  lines.clearLayers();
  form.hidden = get("end").hidden = get("pause").hidden = get("gap").hidden = get("take").hidden = get("scrap").hidden = get("undo").hidden = true;
  form.sure.checked = false;
  get("count").textContent = "0 个点";
  get("go").hidden = false;
  get("go").textContent = "走下一块";
}

async function scrap() {
  if (!confirm(`作废已经走的 ${walk.points.length} 个点？作废后找不回来。`)) return;
  await saving;
  await dropWalk(walk.id);
  reset();
  get("go").textContent = "开始走";
}

const net = () => { get("net").textContent = navigator.onLine ? "有网" : "没有网，先存在手机上"; };
addEventListener("online", net);
addEventListener("offline", net);
net();
get("go").addEventListener("click", go);
get("pause").addEventListener("click", pause);
get("end").addEventListener("click", end);
get("undo").addEventListener("click", undo);
get("more").addEventListener("click", go);
get("scrap").addEventListener("click", scrap);
form.addEventListener("submit", finish);
document.addEventListener("visibilitychange", () => { if (!document.hidden && walk && !walk.paused) awake(); });
const flush = queue(get("queue"));
photographing({ button: get("take"), files: get("files"), target: () => ({ upload: walk.id, plot: "" }), taken: () => {
  say("照片已存在这台手机上，会和边界一起发出。");
  walk.photos = (walk.photos || 0) + 1;
  store();
  shown();
  flush();
} });
[walk = null] = (await walks()).filter((row) => row.points).sort((a, b) => b.started - a.started);
if (walk) {
  walk.paused = true;
  get("fix").textContent = "上次没有走完，走过的点都在";
  shown();
  if (walk.points.length) map.fitBounds(L.latLngBounds(walk.points.map(at)).pad(0.5), { maxZoom: 17, animate: false });
  get("go").textContent = `接着上次的 ${walk.points.length} 个点走`;
  get("end").hidden = false;
  get("undo").hidden = !walk.points.length;
}
get("go").disabled = false;
ground(map, form.unit.value, { show: () => !walk });
neighbours(map);
if ("serviceWorker" in navigator) navigator.serviceWorker.register("/worker.js").catch(() => {});
