import { call, say } from "./common.js";
import { ground, neighbours } from "./ground.js";
import { album } from "./photos.js";
import { all, card, words } from "./outcome.js";
import { draw, plain } from "./shapes.js";

const work = document.getElementById("work");
const at = `/api/uploads/${work.dataset.id}`;
const state = work.dataset.state;

async function follow() {
  try {
    const told = await call("GET", at);
    if (told.state !== state) return location.reload();
    const place = document.querySelector("#work > .wait");
    place.dataset.words ??= place.textContent;
    place.textContent = told.ahead ? `排队中，前面还有 ${told.ahead} 份。可以先做别的，回头在首页看结果。` : place.dataset.words;
    say("");
  } catch { say("暂时连不上，正在重试……"); }
  setTimeout(follow, 1200);
}
if (state === "received" || state === "submitting") follow();

const press = (id, path, body) => document.getElementById(id)?.addEventListener("click", async (event) => {
  event.target.disabled = true;
  try {
    await call("POST", at + path, body);
    location.reload();
  } catch (error) { say(error.message); event.target.disabled = false; }
});
press("submit", "/submit");
press("again", "/check", {});
document.getElementById("mend")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const data = new FormData(event.target);
  const body = { repairs: data.getAll("repairs") };
  for (const key of ["read_as", "crs", "encoding", "reason", "unit", "season", "kind", "programme"]) body[key] = data.get(key) || "";
  try {
    await call("POST", `${at}/check`, body);
    location.reload();
  } catch (error) { say(error.message); }
});

// Where the plots lie under each reading of their degrees, on the ground that is known.
function where(place) {
  const map = plain(place);
  const group = L.featureGroup().addTo(map);
  for (const one of JSON.parse(document.getElementById("readings").textContent)) {
    draw(one.rings.map((part) => [part[0]]), { color: one.colour, weight: 3, fillOpacity: 0.2, interactive: false }, group)
      .bindTooltip(one.title[0], { permanent: true, direction: "top", className: "letter" });
  }
  map.fitBounds(group.getBounds().pad(0.3), { maxZoom: 17, animate: false });
  ground(map, "", { show: () => false });
  neighbours(map);
}
if (document.getElementById("where")) where("where");

async function outcome(place) {
  try {
    const told = (await all())[work.dataset.id];
    if (!told) return;
    const said = document.getElementById("outcome-words");
    said.textContent = words(told);
    said.className = told.open ? "error" : told.waiting ? "wait" : "good";
    place.replaceChildren(...[...told.plots].sort((a, b) => (b.verdict === "return") - (a.verdict === "return")).map((plot) => card(work.dataset.submission, plot)));
    offer(told.plots);
    const last = document.querySelector(".steps li:last-child");
    if (!told.waiting) { last.textContent = told.open ? "退回" : "审核完"; last.className = told.open ? "now bad" : "done"; }
  } catch (error) { say(error.message); }
}
const place = document.getElementById("outcome");
if (place) outcome(place);

// A photograph may be of one plot; with one plot there is nothing to choose.
function offer(plots) {
  const select = document.querySelector("#which select");
  if (!select || plots.length < 2) return;
  for (const plot of plots) {
    const option = document.createElement("option");
    option.value = plot.version_id;
    option.textContent = plot.label;
    select.append(option);
  }
  document.getElementById("which").hidden = false;
}
const box = document.getElementById("photos");
if (box) album(box, { upload: work.dataset.id, submitted: state === "submitted" });
// Until here a press would have gone nowhere.
for (const id of ["submit", "again", "recheck"]) {
  const button = document.getElementById(id);
  if (button) button.disabled = false;
}
