import { make } from "./common.js";
import { drop, jobs } from "./store.js";
import { all, state, words } from "./outcome.js";
import { Refused, send } from "./send.js";

const box = document.getElementById("queue");
const list = document.getElementById("queued");
let busy = false;

async function show(notes = new Map()) {
  const waiting = await jobs();
  box.hidden = !waiting.length;
  list.replaceChildren(...waiting.map((job) => {
    const card = make("div", "card state-failed");
    card.append(make("b", "", job.name), make("span", "quiet", notes.get(job.id) || "等待发送，连上网后自动发出"));
    return card;
  }));
  return waiting;
}

async function flush() {
  if (busy) return;
  busy = true;
  const notes = new Map();
  let sent = 0;
  try {
    for (const job of await show()) {
      try {
        await send(job, (part) => { notes.set(job.id, `正在发送 ${Math.round(part * 100)} %`); });
        await drop(job.id);
        sent += 1;
      } catch (error) {
        notes.set(job.id, `没有发出：${error.message}`);
        if (!(error instanceof Refused)) break;
      }
    }
  } finally {
    busy = false;
    await show(notes);
    if (sent) location.reload();
  }
}

addEventListener("online", flush);
setInterval(() => { if (navigator.onLine) flush(); }, 30000);
show().then(flush);
if (document.querySelector(".state-received, .state-submitting")) setTimeout(() => location.reload(), 2500);

async function outcomes() {
  let told = {};
  try { told = await all(); } catch { return; }
  for (const node of document.querySelectorAll("#mine [data-id]")) {
    const one = told[node.dataset.id];
    if (!one) continue;
    node.querySelector(".tag").textContent = words(one) || "已提交";
    node.className = `card state-${state(one)}`;
  }
}
if (document.querySelector(".state-submitted")) outcomes();
