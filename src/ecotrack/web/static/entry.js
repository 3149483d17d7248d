import { call, make } from "./common.js";

const choice = document.getElementById("kind");
const form = document.getElementById("entry");
const entered = document.getElementById("entered");
let kinds = [];

function question(one) {
  const label = make("label", "", one.title + (one.required ? "（必填）" : ""));
  const input = make(one.kind === "choice" ? "select" : "input");
  if (one.kind === "choice") {
    for (const value of ["", ...one.choices]) {
      const option = make("option", "", value);
      option.value = value;
      input.append(option);
    }
  } else if (one.kind === "date") input.type = "date";
  else if (one.kind === "number") input.inputMode = "decimal";
  input.name = one.name;
  input.required = one.required;
  if (one.name === "unit" && form.dataset.unit) input.value = form.dataset.unit;
  label.append(input, make("span", "wrong"));
  return label;
}

choice.addEventListener("change", () => {
  const one = kinds[choice.value];
  entered.textContent = "";
  form.hidden = !one;
  if (!one) return;
  document.getElementById("questions").replaceChildren(...one.fields.filter((field) => !field.seldom).map(question));
  document.getElementById("seldom").replaceChildren(...one.fields.filter((field) => field.seldom).map(question));
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const one = kinds[choice.value];
  const button = form.querySelector("button");
  button.disabled = true;
  entered.className = "";
  entered.textContent = "";
  for (const place of form.querySelectorAll(".wrong")) place.textContent = "";
  try {
    const told = await call("POST", `/api/records/${one.layer}/${one.kind}`, { values: Object.fromEntries(new FormData(form)) });
    const rest = [];
    for (const error of told.fields) {
      const input = error.name && form.elements.namedItem(error.name);
      const place = input?.closest("label").querySelector(".wrong");
      if (place) place.textContent = error.zh; else rest.push(error.zh);
    }
    if (told.fields.length) {
      entered.className = "error";
      entered.textContent = `没有登记，请改正后再按一次。${rest.join("；")}`;
    } else {
      entered.className = "good";
      entered.textContent = (told.added ? "已登记。" : "这一条以前登记过，没有重复登记。") + (told.doubts.length ? `请核对：${told.doubts.join("；")}` : "");
    }
  } catch (error) { entered.className = "error"; entered.textContent = error.message; }
  button.disabled = false;
});

call("GET", "/api/records/forms").then((found) => {
  kinds = found;
  choice.append(...found.map((one, place) => {
    const option = make("option", "", one.title);
    option.value = place;
    return option;
  }));
}).catch((error) => { entered.textContent = error.message; });
