import { call, say } from "./common.js";

const work = document.getElementById("work");
const at = `/api/uploads/${work.dataset.id}`;
const state = work.dataset.state;

async function follow() {
  try {
    const told = await call("GET", at);
    if (told.state !== state) return location.reload();
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
  for (const key of ["read_as", "unit", "season", "kind", "programme"]) body[key] = data.get(key) || "";
  try {
    await call("POST", `${at}/check`, body);
    location.reload();
  } catch (error) { say(error.message); }
});
