import { call, copying, say } from "./common.js";

// The one-time link of an account, with the name under which its owner signs in afterwards.
function shown(login, secret) {
  const box = document.getElementById("link");
  box.querySelector(".whose").textContent = login;
  box.hidden = false;
  box.querySelector("code").textContent = `${location.origin}/start#${secret}`;
  box.scrollIntoView({ block: "center" });
}
function rolesIn(place) {
  return [...place.querySelectorAll(".role")].map((row) => [...row.querySelectorAll("select")].map((one) => one.value));
}
document.addEventListener("click", (event) => {
  if (event.target.matches("[data-drop]")) event.target.closest(".role").remove();
  if (event.target.matches("[data-add]")) {
    const place = event.target.closest("form, details").querySelector("[data-roles]");
    place.append(document.getElementById("role").content.cloneNode(true));
  }
});
document.getElementById("find").addEventListener("input", (event) => {
  const wanted = event.target.value.trim().toLowerCase();
  for (const card of document.querySelectorAll(".person")) card.hidden = !card.dataset.find.toLowerCase().includes(wanted);
});
document.getElementById("add").addEventListener("submit", async (event) => {
  event.preventDefault();
  const data = Object.fromEntries(new FormData(event.target));
  const roles = rolesIn(event.target);
  try {
    if (roles.some(([, unit]) => unit === "?")) return say("请给每个角色选一个单位；管所有单位的选“全部单位”。");
    const told = await call("POST", "/api/accounts", { login: data.login, name: data.name, phone: data.phone, roles });
    shown(data.login, told.secret);
    say(`已新增 ${data.login}。`);
    event.target.reset();
  } catch (error) { say(error.message); }
});
const doing = {
  link: async (id, button) => shown(button.closest(".card").dataset.login, (await call("POST", `/api/accounts/${id}/link`)).secret),
  disable: async (id) => { await call("PUT", `/api/accounts/${id}/disabled`, { disabled: true }); location.reload(); },
  enable: async (id) => { await call("PUT", `/api/accounts/${id}/disabled`, { disabled: false }); location.reload(); },
  roles: async (id, button) => {
    const roles = rolesIn(button.closest(".card"));
    if (roles.some(([, unit]) => unit === "?")) return say("请给每个角色选一个单位；管所有单位的选“全部单位”。");
    await call("PUT", `/api/accounts/${id}/roles`, { roles });
    location.reload();
  },
  revoke: async (id, button) => { await call("DELETE", `/api/accounts/${id}/tokens/${button.dataset.token}`); location.reload(); },
  erase: async (id) => {
    if (!confirm("删除后不能恢复：姓名、电话、密码、口令都会清除，工号保留。确定吗？")) return;
    await call("DELETE", `/api/accounts/${id}/person`);
    location.reload();
  },
};
document.addEventListener("click", async (event) => {
  const what = event.target.dataset?.do;
  if (!what) return;
  try { await doing[what](event.target.closest(".card").dataset.id, event.target); } catch (error) { say(error.message); }
});
copying(document.getElementById("copy"), document.querySelector("#link code"));
