import { csrf, make, say } from "./common.js";

const form = document.getElementById("records");
const marked = document.getElementById("marked");
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const file = form.file.files[0];
  const button = form.querySelector("button");
  button.disabled = true;
  marked.hidden = true;
  document.getElementById("errors").replaceChildren();
  try {
    const answer = await fetch(`/api/records?name=${encodeURIComponent(file.name)}`, { method: "PUT", headers: { "X-CSRF-Token": csrf }, body: file });
    const told = await answer.json();
    if (!answer.ok) throw new Error(told.zh || "没有办成，请稍后再试。");
    const lines = told.errors.length ? told.errors : told.doubts;
    document.getElementById("errors").replaceChildren(...lines.map((line) => make("li", "", line)));
    say(told.errors.length ? `有 ${told.errors.length} 处错误，什么也没有登记。改好后重新上传。` : `登记了 ${told.added} 条，已有 ${told.already} 条。${told.doubts.length ? "请核对下面几处：" : ""}`);
    if (told.marked) {
      const bytes = Uint8Array.from(atob(told.marked), (char) => char.charCodeAt(0));
      marked.href = URL.createObjectURL(new Blob([bytes]));
      marked.download = told.marked_name;
      marked.hidden = false;
    }
  } catch (error) { say(error.message); }
  button.disabled = false;
});
