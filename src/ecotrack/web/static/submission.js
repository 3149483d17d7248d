// One submission before its reviewer: before and after side by side, plots in pages, a verdict on those chosen.
import { call, make, say } from "./common.js";
import { shown as photo } from "./photos.js";
import { around, draw, plain } from "./shapes.js";

const PAGE = 50;
const WORDS = { accept: "已通过", return: "已退回", strike: "已核销", withdraw: "已撤回" };
const read = (id) => JSON.parse(document.getElementById(id).textContent);
const get = (id) => document.getElementById(id);
const one = read("one");
const own = read("own");
const plots = one.plots_list;
const open = (plot) => !plot.verdict && !own;
// What a check asks about, and a boundary that is not as it was drawn, is chosen by hand only.
const chosen = new Set(plots.filter((plot) => open(plot) && !plot.held && !plot.findings.length).map((plot) => plot.version_id));
const form = get("verdict");
let proposals = {};
let page = 0;

// The two maps move together.
const before = plain("before");
const map = plain("map");
function follow(from, to) {
  from.on("move", () => { if (!from.led) { to.led = true; to.setView(from.getCenter(), from.getZoom(), { animate: false }); to.led = false; } });
}
around(before, one);
around(map, one);
for (const old of one.before) {
  draw(old.rings, { color: "#6a3d9a", weight: 2, dashArray: "6 4", fillOpacity: 0.08 }, before).bindPopup(() => make("div", "", `${old.name} 上一版，${old.measured_mu} 亩`));
}
const group = L.featureGroup().addTo(map);
const shapes = plots.map((plot) => draw(plot.rings, { color: plot.held ? "#c47a00" : "#1f6b3b", weight: 2, fillOpacity: 0.25 }, group)
  .bindPopup(() => make("div", "", `${plot.feature_id} ${plot.name} ${plot.measured_mu} 亩`)));
if (!one.near.length && !one.before.length) get("before").append(make("p", "nothing", "周围没有已认定的地块，也没有上一版"));
follow(before, map);
follow(map, before);
const waiting = L.featureGroup(shapes.filter((_, n) => open(plots[n])));
map.fitBounds((waiting.getLayers().length ? waiting : group).getBounds().pad(0.3), { maxZoom: 18, animate: false });
const proposed = L.layerGroup().addTo(map);

function see(plot) {
  const shape = shapes[plots.indexOf(plot)];
  proposed.clearLayers();
  for (const offer of proposals[plot.version_id] || []) draw(offer.rings, { color: "#b3261e", weight: 2, dashArray: "4 3", fill: false, interactive: false }, proposed);
  map.fitBounds(shape.getBounds().pad(0.6), { maxZoom: 18, animate: false });
  shape.openPopup();
  get("map").scrollIntoView({ block: "nearest" });
}

const filters = {
  waiting: ["待审", (plot) => !plot.verdict], all: ["全部", () => true],
  held: ["有问题，不能直接通过", (plot) => plot.held], warns: ["要核对", (plot) => plot.findings.length && !plot.held],
  clean: ["没有问题", (plot) => !plot.findings.length && !plot.held], offer: ["有修复建议", (plot) => proposals[plot.version_id]],
  done: ["已审", (plot) => plot.verdict],
};
function offerFilters() {
  const last = get("show").value;
  get("show").replaceChildren(...Object.entries(filters).map(([key, [words, test]]) => {
    const option = make("option", "", `${words}（${plots.filter(test).length}）`);
    option.value = key;
    return option;
  }));
  get("show").value = last || (one.waiting ? "waiting" : "all");
}
function fitting() {
  const text = get("find").value.trim().toLowerCase();
  const test = filters[get("show").value][1];
  return plots.filter((plot) => test(plot) && `${plot.feature_id} ${plot.name}`.toLowerCase().includes(text));
}

function repairLines(plot) {
  return (proposals[plot.version_id] || []).map((offer) => {
    const line = make("p", "found notes", `修复建议：${offer.zh}，${offer.before_mu} 亩改为 ${offer.after_mu} 亩 `);
    if (open(plot)) {
      const button = make("button", "", "请提交人这样改");
      button.type = "button";
      button.addEventListener("click", () => rule({ ids: [plot.version_id], verdict: "repair", repair: offer.id }));
      line.append(button);
    }
    return line;
  });
}

function card(plot) {
  const node = make("div", `plot${plot.held ? " held" : ""}`);
  const button = make("button", "see", "看图上");
  button.type = "button";
  button.addEventListener("click", () => see(plot));
  const label = make("label", "check");
  if (open(plot)) {
    const box = make("input");
    box.type = "checkbox";
    box.name = "plot";
    box.checked = chosen.has(plot.version_id);
    box.addEventListener("change", () => { chosen[box.checked ? "add" : "delete"](plot.version_id); count(); });
    label.append(box);
  }
  label.append(make("b", "", `${plot.feature_id} ${plot.name}`));
  const change = plot.before_mu && plot.before_mu !== plot.measured_mu ? `，上一版 ${plot.before_mu} 亩` : "";
  const claim = plot.claimed_mu ? `，上报 ${plot.claimed_mu} 亩` : "";
  node.append(button, label, make("span", "quiet", `${plot.unit} ${plot.season_words} ${plot.kind}，实测 ${plot.measured_mu} 亩${change}${claim}`));
  if (plot.verdict) node.append(make("span", "tag", WORDS[plot.verdict]), make("p", "quiet", plot.decided));
  for (const found of plot.findings) node.append(make("p", `found ${found.level}`, found.zh));
  node.append(...repairLines(plot));
  return node;
}

function count() {
  const label = get("chosen");
  if (!label) return;
  const waiting = plots.filter(open).length;
  label.textContent = `已选 ${chosen.size} / ${waiting} 块`;
  const boxes = [...form.querySelectorAll("[name=plot]")];
  get("every").checked = boxes.length > 0 && boxes.every((box) => box.checked);
  const some = fitting().filter(open).length;
  get("all-shown").textContent = `选上“${get("show").selectedOptions[0].textContent.replace(/（.*/, "")}”的全部 ${some} 块`;
  offerRepairs();
}

// One button for each kind of repair that is proposed for plots that are chosen.
function offerRepairs() {
  const kinds = new Map();
  for (const id of chosen) {
    for (const offer of proposals[id] || []) kinds.set(offer.id, [...(kinds.get(offer.id) || []), { id, zh: offer.zh }]);
  }
  get("repairs").replaceChildren(...[...kinds].map(([repair, found]) => {
    const button = make("button", "", `请提交人修复：${found[0].zh}（选中的 ${found.length} 块）`);
    button.type = "button";
    button.addEventListener("click", () => rule({ ids: found.map((item) => item.id), verdict: "repair", repair }));
    return button;
  }));
}

function list() {
  const found = fitting();
  const pages = Math.max(1, Math.ceil(found.length / PAGE));
  page = Math.min(Math.max(page, 0), pages - 1);
  get("plots").replaceChildren(...found.slice(page * PAGE, (page + 1) * PAGE).map(card));
  get("page").textContent = `第 ${page + 1} / ${pages} 页，${found.length} 块`;
  get("previous").disabled = page === 0;
  get("next").disabled = page === pages - 1;
  document.querySelector(".pager").hidden = pages === 1;
  count();
}

async function rule(wish) {
  const buttons = [...form.querySelectorAll("button")];
  for (const button of buttons) button.disabled = true;
  try {
    const told = await call("POST", "/api/review", { reason: form.reason?.value || "", despite: Boolean(form.despite?.checked), ...wish });
    say(`已处理 ${told.decided} 块。`);
    location.reload();
  } catch (error) {
    const box = get("told");
    box.hidden = false;
    box.querySelector("span").textContent = error.message;
    box.scrollIntoView({ block: "center" });
    for (const button of buttons) button.disabled = false;
    list();
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!event.submitter?.value) return;
  if (!chosen.size) return say("请至少选一块。");
  if (event.submitter.value === "return" && !form.reason.value.trim()) { form.reason.focus(); return say("退回要写明理由，提交人才知道怎么改。"); }
  rule({ ids: [...chosen], verdict: event.submitter.value });
});
get("show").addEventListener("change", () => { page = 0; list(); });
get("find").addEventListener("input", () => { page = 0; list(); });
get("find").addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
const turn = (step) => () => { page += step; list(); get("plots").scrollIntoView({ block: "start" }); };
get("previous").addEventListener("click", turn(-1));
get("next").addEventListener("click", turn(1));
get("reload").addEventListener("click", () => location.reload());
get("every")?.addEventListener("change", (event) => {
  for (const plot of fitting().slice(page * PAGE, (page + 1) * PAGE).filter(open)) chosen[event.target.checked ? "add" : "delete"](plot.version_id);
  list();
});
get("all-shown")?.addEventListener("click", () => { for (const plot of fitting().filter(open)) chosen.add(plot.version_id); list(); });
get("none")?.addEventListener("click", () => { chosen.clear(); list(); });

offerFilters();
list();
// Until here a press would have gone nowhere, or taken the reason with it.
for (const button of form.querySelectorAll("button[value]")) button.disabled = false;
if (one.waiting) {
  call("GET", `/api/review/${one.submission_id}/proposals`).then((told) => { proposals = told; offerFilters(); list(); }).catch(() => {});
}
call("GET", `/api/review/${one.submission_id}/photos`).then((found) => {
  if (!found.length) return;
  get("photos").hidden = false;
  get("photos").querySelector(".album").replaceChildren(...found.map((each) => {
    const node = photo(each);
    const plot = plots.find((item) => item.version_id === each.plot);
    if (plot) node.prepend(make("b", "", `${plot.feature_id} ${plot.name}`));
    if (each.lon !== null) L.circleMarker([each.lat, each.lon], { radius: 6, color: "#0b5cad", fillOpacity: 0.7 }).addTo(map).bindPopup(() => make("div", "", "照片位置"));
    return node;
  }));
}).catch(() => {});
