import { call, make, say } from "./common.js";
import { around, draw, plain } from "./shapes.js";

const one = JSON.parse(document.getElementById("one").textContent);
const map = plain("map");
around(map, one);
for (const old of one.before) {
  draw(old.rings, { color: "#6a3d9a", weight: 2, dashArray: "6 4", fill: false }, map)
    .bindPopup(() => make("div", "", `${old.name} 原来的边界`));
}
const group = L.featureGroup().addTo(map);
const shapes = one.plots_list.map((plot) => draw(plot.rings, { color: plot.held ? "#d98a00" : "#1f6b3b", weight: 2, fillOpacity: 0.25 }, group)
  .bindPopup(() => make("div", "", `${plot.feature_id} ${plot.name} ${plot.measured_mu} 亩`)));
map.fitBounds(group.getBounds().pad(0.3), { maxZoom: 18 });
for (const card of document.querySelectorAll(".plot")) {
  card.querySelector(".see").addEventListener("click", () => {
    const shape = shapes[Number(card.dataset.n)];
    map.fitBounds(shape.getBounds().pad(0.5), { maxZoom: 18 });
    shape.openPopup();
  });
}

const form = document.getElementById("verdict");
const boxes = [...form.querySelectorAll("[name=plot]")];
const every = document.getElementById("every");
const chosen = document.getElementById("chosen");
const count = () => { if (chosen) chosen.textContent = `已选 ${boxes.filter((box) => box.checked).length} / ${boxes.length} 块`; };
every?.addEventListener("change", () => { for (const box of boxes) box.checked = every.checked; count(); });
form.addEventListener("change", count);
count();
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const ids = boxes.filter((box) => box.checked).map((box) => box.value);
  if (!ids.length) return say("请至少选一块。");
  const buttons = [...form.querySelectorAll("button.main, button.stop")];
  for (const button of buttons) button.disabled = true;
  try {
    const told = await call("POST", "/api/review", {
      ids, verdict: event.submitter.value, reason: form.reason.value, despite: Boolean(form.despite?.checked),
    });
    say(`已处理 ${told.decided} 块。`);
    location.reload();
  } catch (error) {
    say(error.message);
    for (const button of buttons) button.disabled = false;
  }
});
