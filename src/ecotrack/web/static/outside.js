// Pages opened inside a chat app get no position and lose what they keep: says how to open them outside.
const inside = /MicroMessenger|DingTalk|QQ\//i.test(navigator.userAgent);
const apple = /iPhone|iPad/i.test(navigator.userAgent) || (navigator.platform === "MacIntel" && navigator.maxTouchPoints > 1);
for (const node of document.querySelectorAll(".wechat")) node.hidden = !inside;
for (const node of document.querySelectorAll(".apple")) node.hidden = !apple || inside || navigator.standalone === true;
for (const node of document.querySelectorAll(".address")) node.textContent = location.origin;
for (const button of document.querySelectorAll(".copy-address")) {
  button.addEventListener("click", async () => {
    try { await navigator.clipboard.writeText(location.origin); button.textContent = "已复制，请到浏览器里粘贴"; } catch { button.textContent = "请长按上面的网址复制"; }
  });
}
