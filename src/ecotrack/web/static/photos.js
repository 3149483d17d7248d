// The photographs of one upload: those that arrived with what is said of them, and taking more.
import { call, make, say } from "./common.js";
import { photographing } from "./camera.js";
import { queue } from "./queue.js";

export function shown(photo, { remove } = {}) {
  const card = make("figure", "photo");
  if (photo.state === "looked") {
    const link = make("a");
    const picture = make("img");
    link.href = picture.src = `/api/photos/${photo.photo_id}`;
    link.target = "_blank";
    picture.alt = "现场照片";
    picture.loading = "lazy";
    link.append(picture);
    card.append(link);
  } else card.append(make("div", "empty", { received: "正在处理……", refused: "照片打不开", erased: "已删除" }[photo.state]));
  const words = make("figcaption");
  for (const remark of photo.state === "received" ? [] : photo.remarks) words.append(make("p", `found ${remark.level}`, remark.zh));
  card.append(words);
  if (remove && photo.state !== "erased") {
    const button = make("button", "stop", "删除");
    button.addEventListener("click", () => remove(photo));
    card.append(button);
  }
  return card;
}

export function album(box, { upload, submitted }) {
  const list = box.querySelector(".album");
  const plot = box.querySelector("[name=plot]");
  let wait = 0;
  async function look() {
    clearTimeout(wait);
    let found;
    try { found = await call("GET", `/api/photos?upload=${upload}`); } catch { return; }
    list.replaceChildren(...found.map((photo) => shown(photo, { remove: submitted ? null : erase })));
    if (found.some((photo) => photo.state === "received")) wait = setTimeout(look, 1500);
  }
  async function erase(photo) {
    if (!confirm("删掉这张照片？删掉后找不回来。")) return;
    try { await call("DELETE", `/api/photos/${photo.photo_id}`); look(); } catch (error) { say(error.message); }
  }
  const flush = queue(box.querySelector(".waiting"), { sent: look });
  photographing({
    button: box.querySelector(".take"), files: box.querySelector("input[type=file]"),
    target: () => ({ upload, plot: plot?.value || "" }), taken: flush,
  });
  look();
}
