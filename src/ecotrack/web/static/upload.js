import { newId, say } from "./common.js";
import { keep, drop } from "./store.js";
import { Refused, send, why } from "./send.js";

const form = document.getElementById("upload");
let job = null;
const size = (bytes) => (bytes < 1 << 20 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / (1 << 20)).toFixed(1)} MB`);
form.file.addEventListener("change", () => {
  const file = form.file.files[0];
  job = null;
  document.getElementById("picked").textContent = file ? `${file.name}（${size(file.size)}）` : "还没有选";
});
const bar = form.querySelector("progress");
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const data = new FormData(form);
  const file = data.get("file");
  if (!file?.name) return say("请先选一个文件。");
  if (!file.size) return say(`“${file.name}”是空的（0 字节），请重新导出再选。`);
  const asked = Object.fromEntries(["unit", "season", "kind", "programme"].map((key) => [key, data.get(key)]));
  // The same file is one upload, however often the button is pressed.
  job = { id: job?.id || newId(), name: file.name, blob: file, asked };
  const button = form.querySelector("button");
  button.disabled = true;
  bar.hidden = false;
  try {
    await keep(job);
    say("正在上传……");
    await send(job, (part) => { bar.value = part; });
    await drop(job.id);
    location.assign(`/uploads/${job.id}`);
  } catch (error) {
    if (error instanceof Refused) await drop(job.id); // the file itself is where it was chosen from
    say(why(error, "文件已存在这台设备上，连上网后会自动接着发，也可以在首页看到。"));
    button.disabled = false;
  }
});
form.querySelector("button").disabled = false;
