// Pages opened inside a chat app get no position and lose what they keep: says how to open them outside.
const APPS = [["企业微信", /wxwork/i], ["微信", /MicroMessenger/i], ["钉钉", /DingTalk/i], ["QQ", /QQ\//], ["飞书", /Lark\/|Feishu/i], ["支付宝", /AlipayClient/i]];
export const inside = APPS.find(([, mark]) => mark.test(navigator.userAgent))?.[0];
const apple = /iPhone|iPad/i.test(navigator.userAgent) || (navigator.platform === "MacIntel" && navigator.maxTouchPoints > 1);
let address = "";

// Says which address is to be opened outside.
export function lead(to) {
  address = to;
  for (const node of document.querySelectorAll(".address")) node.textContent = to;
}

for (const node of document.querySelectorAll(".wechat")) node.hidden = !inside;
for (const node of document.querySelectorAll(".chat-app")) node.textContent = inside || "";
for (const node of document.querySelectorAll(".apple")) node.hidden = !apple || inside || navigator.standalone === true;
for (const button of document.querySelectorAll(".copy-address")) {
  button.addEventListener("click", async () => {
    try { await navigator.clipboard.writeText(address); button.textContent = "已复制，请到浏览器里粘贴"; } catch { button.textContent = "请长按上面的网址复制"; }
  });
}
lead(location.origin);
