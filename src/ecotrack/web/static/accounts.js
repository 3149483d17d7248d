import { call, say } from "./common.js";

function shown(secret) {
  const box = document.getElementById("link");
  box.hidden = false;
  box.querySelector("code").textContent = `${location.origin}/start#${secret}`;
  box.scrollIntoView({ block: "center" });
}
document.getElementById("add").addEventListener("submit", async (event) => {
  event.preventDefault();
  const data = Object.fromEntries(new FormData(event.target));
  try {
    const told = await call("POST", "/api/accounts", { login: data.login, name: data.name, phone: data.phone, roles: [[data.role, data.unit]] });
    shown(told.secret);
    say(`已新增 ${data.login}。`);
  } catch (error) { say(error.message); }
});
const doing = {
  link: async (id) => shown((await call("POST", `/api/accounts/${id}/link`)).secret),
  disable: async (id) => { await call("PUT", `/api/accounts/${id}/disabled`, { disabled: true }); location.reload(); },
  enable: async (id) => { await call("PUT", `/api/accounts/${id}/disabled`, { disabled: false }); location.reload(); },
  erase: async (id) => {
    if (!confirm("删除后不能恢复：姓名、电话、密码、口令都会清除，工号保留。确定吗？")) return;
    await call("DELETE", `/api/accounts/${id}/person`);
    location.reload();
  },
};
document.addEventListener("click", async (event) => {
  const what = event.target.dataset?.do;
  if (!what) return;
  try { await doing[what](event.target.closest(".card").dataset.id); } catch (error) { say(error.message); }
});
