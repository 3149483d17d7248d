import { queue } from "./queue.js";
import { all, state, words } from "./outcome.js";

let gone = 0;
queue(document.getElementById("queue"), { sent: () => { clearTimeout(gone); gone = setTimeout(() => location.reload(), 400); } });
if (document.querySelector("#mine .state-received, #mine .state-submitting")) setTimeout(() => location.reload(), 2500);

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
const offline = document.getElementById("offline");
const net = () => { if (offline) offline.hidden = navigator.onLine; };
addEventListener("online", net);
addEventListener("offline", net);
net();
if ("serviceWorker" in navigator) navigator.serviceWorker.register("/worker.js").then(() => navigator.serviceWorker.ready).then((ready) => ready.active?.postMessage("fill")).catch(() => {});
