// What became of the plots of an upload: said in words, with what its sender can do about each.
import { call, make, newId, say } from "./common.js";
import { drop, keep } from "./store.js";
import { send } from "./send.js";

export const all = () => call("GET", "/api/outcomes");

export function words(told) {
  const said = [];
  if (told.accepted) said.push(`通过 ${told.accepted} 块`);
  if (told.open) said.push(`退回 ${told.open} 块，要您处理`);
  if (told.returned - told.open) said.push(`退回后已重报 ${told.returned - told.open} 块`);
  if (told.waiting) said.push(`${told.waiting} 块等审核`);
  return said.join("，");
}

export function state(told) {
  return told.open ? "failed" : told.waiting ? "waiting" : "submitted";
}

function repairedFile(plot) {
  const closed = plot.rings;
  const geometry = closed.length === 1 ? { type: "Polygon", coordinates: closed[0] } : { type: "MultiPolygon", coordinates: closed };
  const crs = { type: "name", properties: { name: "urn:ogc:def:crs:EPSG::4490" } };
  const properties = { ...plot.properties, 采集方式: "采用修复建议" };
  return new Blob([JSON.stringify({ type: "FeatureCollection", crs, features: [{ type: "Feature", properties, geometry }] })]);
}

// The repaired boundary goes in as an upload of its own, like any file, and is sent in at once.
async function agree(submission, plot, button) {
  button.disabled = true;
  try {
    const told = await call("GET", `/api/submissions/${submission}/plots/${plot.version_id}/repaired`);
    const words = `采用审核建议：${told.repaired.zh}，${told.repaired.before_mu} 亩改为 ${told.repaired.after_mu} 亩`;
    const asked = { ...told.asked, reason: words, submit: "true" };
    const job = { id: newId(), name: `采用修复建议 ${plot.label}.geojson`, blob: repairedFile(told), asked };
    await keep(job);
    await send(job);
    await drop(job.id);
    location.assign(`/uploads/${job.id}`);
  } catch (error) { say(error.message); button.disabled = false; }
}

export function card(submission, plot) {
  const node = make("div", `plot verdict-${plot.verdict || "none"}`);
  const tag = { "": "等审核", accept: "已通过", return: plot.newer ? "退回，已重报" : "已退回", strike: "已核销", withdraw: "已撤回" }[plot.verdict];
  node.append(make("b", "", plot.label), make("span", `tag ${plot.verdict === "return" && !plot.newer ? "bad" : plot.verdict === "accept" ? "fine" : ""}`, tag));
  node.append(make("span", "quiet", ` 实测 ${plot.measured_mu} 亩`));
  if (plot.reason) node.append(make("p", "found", `${plot.decided_on} ${plot.reviewer}：${plot.reason}`));
  if (plot.verdict !== "return" || plot.newer) return node;
  const bar = make("div", "bar");
  if (plot.repair) {
    const areas = make("p", "quiet", "");
    call("GET", `/api/submissions/${submission}/plots/${plot.version_id}/repaired`).then((told) => {
      areas.textContent = `${told.repaired.zh}：面积由 ${told.repaired.before_mu} 亩变为 ${told.repaired.after_mu} 亩`;
    }).catch((error) => { areas.textContent = error.message; });
    node.append(areas);
    const button = make("button", "main", "同意这样改，重新送审");
    button.addEventListener("click", () => agree(submission, plot, button));
    bar.append(button);
  }
  const link = make("a", "button", "自己在图上改边界");
  link.href = `/draw?submission=${encodeURIComponent(submission)}&plot=${encodeURIComponent(plot.version_id)}`;
  bar.append(link);
  node.append(bar);
  return node;
}
