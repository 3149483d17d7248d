// Keeps the walking page and what it needs on the phone, so that it opens without a signal. Nothing else is kept.
const CACHE = "ecotrack-walk-1";
const NEEDED = ["/static/portal.css", "/vendor/leaflet.css", "/vendor/leaflet.js", "/static/walk.js", "/static/common.js",
  "/static/store.js", "/static/send.js", "/static/shapes.js", "/static/wechat.js"];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll([...NEEDED, "/walk"])).then(() => self.skipWaiting()));
});
self.addEventListener("activate", (event) => {
  event.waitUntil(caches.keys().then((names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name)))).then(() => self.clients.claim()));
});
self.addEventListener("message", (event) => { if (event.data === "forget") event.waitUntil(caches.delete(CACHE)); });
self.addEventListener("fetch", (event) => {
  const path = new URL(event.request.url).pathname;
  if (event.request.method !== "GET" || !(path === "/walk" || NEEDED.includes(path))) return;
  event.respondWith(fetch(event.request).then((answer) => {
    if (answer.ok && !answer.redirected) {
      const copy = answer.clone();
      event.waitUntil(caches.open(CACHE).then((cache) => cache.put(path, copy)));
    }
    return answer;
  }).catch(() => caches.match(path)));
});
