const secret = location.hash.slice(1) || sessionStorage.getItem("start") || "";
if (secret) {
  sessionStorage.setItem("start", secret);
  document.querySelector("#start [name=secret]").value = secret;
  history.replaceState(null, "", "/start");
} else document.getElementById("no-link").hidden = false;
