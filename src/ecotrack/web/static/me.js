import { call, copying, say } from "./common.js";

copying(document.getElementById("copy"), document.querySelector("#link code"));

document.getElementById("token").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const told = await call("POST", "/api/tokens", { label: new FormData(event.target).get("label") });
    const box = document.getElementById("link");
    box.hidden = false;
    box.querySelector("code").textContent = told.secret;
  } catch (error) { say(error.message); }
});
document.addEventListener("click", async (event) => {
  const id = event.target.dataset?.token;
  if (!id) return;
  try { await call("DELETE", `/api/tokens/${id}`); location.reload(); } catch (error) { say(error.message); }
});
