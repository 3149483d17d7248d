// What is still on this device: shown with its state, sent by itself as soon as there is a network.
import { make } from "./common.js";
import { drop, dropPhoto, jobs, keep, keepPhoto, photos } from "./store.js";
import { Refused, send, sendPhoto, SignedOut } from "./send.js";

const kinds = [
  { all: jobs, keep, drop, send, name: (job) => job.name },
  { all: photos, keep: keepPhoto, drop: dropPhoto, send: sendPhoto, name: (photo) => `照片 ${new Date(photo.kept).toLocaleString("zh-CN")}` },
];

function saved(row, name) {
  const link = make("a", "button", "存成文件");
  link.href = URL.createObjectURL(row.blob);
  link.download = name.endsWith("json") || name.includes(".") ? name : `${name}.jpg`;
  return link;
}

function card(kind, row, notes, again) {
  const name = kind.name(row);
  const node = make("div", `card ${row.refused ? "state-failed" : "state-checked"}`);
  node.append(make("b", "", name), make("span", "tag", row.refused ? "没有被收下" : "在这台设备上，还没发出"));
  node.append(make("span", "quiet", notes.get(row.id) || row.note || "等待发送，连上网后自动发出"));
  if (!row.refused) return node;
  const bar = make("span", "bar");
  const retry = make("button", "", "再发一次");
  retry.addEventListener("click", async () => { await kind.keep({ ...row, refused: false, note: "" }); again(); });
  const gone = make("button", "stop", "删掉");
  gone.addEventListener("click", async () => {
    if (!confirm(`“${name}”还没有发出。删掉后找不回来，确定吗？`)) return;
    await kind.drop(row.id);
    again();
  });
  bar.append(retry, saved(row, name), gone);
  node.append(bar);
  return node;
}

// Shows the queue in a place and keeps sending; calls `sent` whenever something has gone out.
export function queue(box, { sent = () => {} } = {}) {
  const list = box.querySelector(".queued");
  const notes = new Map();
  let busy = false;

  async function show() {
    const cards = [];
    for (const kind of kinds) for (const row of await kind.all()) cards.push(card(kind, row, notes, flush));
    box.hidden = !cards.length;
    list.replaceChildren(...cards);
  }

  // Tells whether sending goes on with the next one.
  async function one(kind, row) {
    try {
      await kind.send(row, (part) => { notes.set(row.id, `正在发送 ${Math.round(part * 100)} %`); show(); });
      await kind.drop(row.id);
      sent(row);
      return true;
    } catch (error) {
      notes.set(row.id, `没有发出：${error.message}`);
      if (error instanceof Refused) await kind.keep({ ...row, refused: true, note: `没有被收下：${error.message}` });
      const link = box.querySelector(".signin");
      if (link) link.hidden = !(error instanceof SignedOut);
      return error instanceof Refused;
    }
  }

  async function rounds() {
    for (const kind of kinds) {
      for (const row of await kind.all()) if (!row.refused && !(await one(kind, row))) return;
    }
  }

  async function flush() {
    if (busy) return;
    busy = true;
    try {
      await show();
      // One page at a time sends; the others only show.
      if (navigator.locks) await navigator.locks.request("ecotrack-send", { ifAvailable: true }, (lock) => lock && rounds());
      else await rounds();
    } finally {
      busy = false;
      await show();
    }
  }

  addEventListener("online", flush);
  setInterval(() => { if (navigator.onLine) flush(); }, 20000);
  flush();
  return flush;
}
