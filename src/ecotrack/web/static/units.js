import { call, say } from "./common.js";

const spellings = (text) => text.split(/[、,，;；]/).map((one) => one.trim()).filter(Boolean);
const place = (card) => `/api/units/${encodeURIComponent(card.dataset.code)}`;

const doing = {
  add: (form) => call("POST", "/api/units", {
    code: form.code.value.trim(), name_zh: form.name_zh.value, name_en: form.name_en.value, kind: form.kind.value,
    reports: form.reports.checked, aliases: spellings(form.aliases.value), basis: form.basis.value,
  }),
  rename: (form, card) => call("PUT", `${place(card)}/name`, {
    name_zh: form.name_zh.value, name_en: form.name_en.value, aliases: spellings(form.aliases.value),
    since: form.why.value === "since" && form.since.value ? form.since.value : null, basis: form.basis.value, seen: card.dataset.seen,
  }),
  close: (form, card) => call("PUT", `${place(card)}/until`, { until: form.until.value, basis: form.basis.value, seen: card.dataset.seen }),
  open: (form, card) => call("PUT", `${place(card)}/until`, { until: null, basis: form.basis.value, seen: card.dataset.seen }),
};
document.addEventListener("submit", async (event) => {
  const form = event.target, what = form.dataset.form;
  if (!what) return;
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  form.querySelector(".error")?.remove();
  say("");
  try {
    await doing[what](form, form.closest(".unit"));
    location.reload();
  } catch (error) {
    const told = document.createElement("p");
    told.className = "error";
    told.setAttribute("role", "alert");
    told.textContent = error.message;
    form.append(told);
    told.scrollIntoView({ block: "nearest" });
    button.disabled = false;
  }
});
// A change of the day means that the unit was renamed then.
for (const day of document.querySelectorAll("[name=since]")) day.addEventListener("input", () => { day.form.why.value = "since"; });
