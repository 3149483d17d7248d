import { call, make, say } from "./common.js";

const confirmation = document.getElementById("confirm");
const rows = document.getElementById("rows");
const every = document.getElementById("every");
const maps = document.getElementById("maps");
let shown = null;

document.getElementById("day").addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = event.target.querySelector("button");
  button.disabled = true;
  say("正在计算……");
  try {
    shown = await call("GET", `/api/publishable?as_of=${event.target.as_of.value}`);
    rows.replaceChildren(...shown.figures.map((one) => choice(one.figure, true, make("span", "", one.title), make("b", "n", one.value))));
    maps.replaceChildren(maps.querySelector("legend"), ...shown.maps.map((one) => choice(one.map, one.first, make("span", "", one.title))));
    maps.hidden = !shown.maps.length;
    document.getElementById("state").textContent = `截至 ${shown.as_of}，登记序号 ${shown.seq}，链尾 ${shown.head.slice(0, 12)}。请逐项核对：`;
    confirmation.hidden = false;
    say("");
  } catch (error) { say(error.message); }
  button.disabled = false;
});
function choice(value, checked, ...words) {
  const label = make("label", "check row");
  const box = make("input");
  Object.assign(box, { type: "checkbox", checked, value });
  label.append(box, ...words);
  return label;
}
const chosen = (place) => [...place.querySelectorAll("input:checked")].map((box) => box.value);
every.addEventListener("change", () => { for (const box of rows.querySelectorAll("input")) box.checked = every.checked; });

confirmation.addEventListener("submit", async (event) => {
  event.preventDefault();
  const figures = chosen(rows);
  if (!figures.length) { say("请至少选一个指标。"); return; }
  const button = confirmation.querySelector("button");
  button.disabled = true;
  say("正在发布，请不要关闭页面……");
  try {
    await call("POST", "/api/receipts", { as_of: shown.as_of, seq: shown.seq, figures, maps: chosen(maps) });
    location.reload();
  } catch (error) { say(error.message); button.disabled = false; }
});

const CAUSES = { correction: "更正", record: "补登记录", version: "新边界", decision: "审核决定" };
function restated(one) {
  const card = make("div", "card");
  card.append(make("b", "", `${one.title}　截至 ${one.as_of}`));
  if (one.superseded) card.append(make("span", "tag", "已有更新的凭证"));
  const why = Object.entries(one.causes).map(([kind, count]) => `${CAUSES[kind]} ${count} 条`).join("，");
  card.append(make("span", "quiet", `凭证 ${one.receipt.slice(0, 8)}。起因：${why || "没有找到"}`));
  const table = make("table");
  const head = make("tr");
  head.append(...["单位", "项目", "发布时", "现在", "变动"].map((text) => make("th", "", text)));
  table.append(head);
  for (const line of one.differences.slice(0, 30)) {
    const row = make("tr");
    row.append(...[line.row_zh, line.column_zh, line.published_zh, line.found_zh, line.by_zh].map((text, place) => make("td", place > 1 ? "n" : "", text)));
    table.append(row);
  }
  card.append(table);
  return card;
}
document.getElementById("look").addEventListener("click", async (event) => {
  const checking = document.getElementById("checking");
  event.target.disabled = true;
  checking.hidden = false;
  try {
    const found = await call("GET", "/api/restated");
    const place = document.getElementById("restated");
    place.replaceChildren(...found.map(restated));
    if (!found.length) place.append(make("p", "good", "发布过的数都没有变动。"));
  } catch (error) { say(error.message); }
  checking.hidden = true;
  event.target.disabled = false;
});
