import { inside, lead } from "./outside.js";

const secret = location.hash.slice(1) || sessionStorage.getItem("start") || "";
if (secret) {
  sessionStorage.setItem("start", secret);
  document.querySelector("#start [name=secret]").value = secret;
  // Inside a chat app the address keeps the secret, since that address is what is opened in the browser outside.
  history.replaceState(null, "", inside ? `/start#${secret}` : "/start");
  if (inside) lead(location.href);
} else document.getElementById("no-link").hidden = false;
