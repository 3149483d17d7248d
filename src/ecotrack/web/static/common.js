export const csrf = document.querySelector("meta[name=csrf]").content;
export const account = document.querySelector("meta[name=account]").content;

export async function call(method, path, body) {
  const headers = { "X-CSRF-Token": csrf };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  if (answer.status === 204) return null;
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(told.zh || "没有办成，请稍后再试。");
  return told;
}

export function say(text) {
  const place = document.getElementById("said");
  if (place) place.textContent = text;
}

// Has a button copy what stands in a place.
export function copying(button, place) {
  button.addEventListener("click", async () => {
    try { await navigator.clipboard.writeText(place.textContent); button.textContent = "已复制"; } catch {
      getSelection().selectAllChildren(place); // without https a page may not copy by itself
      button.textContent = "已选中，请按 Ctrl+C";
    }
  });
}

export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  let now = Date.now();
  for (let k = 5; k >= 0; k--) { bytes[k] = now % 256; now = Math.floor(now / 256); }
  bytes[6] = (bytes[6] & 15) | 112;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

export function make(name, style, text) {
  const node = document.createElement(name);
  if (style) node.className = style;
  if (text !== undefined) node.textContent = text;
  return node;
}
