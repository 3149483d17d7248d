// Keeps the pages for the field and what they need on the device, so that they open without a signal. Nothing else is kept.
const CACHE = "ecotrack-field-4";
const SLOW_MS = 5000;
const PAGES = ["/", "/walk", "/draw", "/upload"];
const NO_NETWORK = "/static/offline.html";
const SCRIPTS = ["area", "camera", "common", "draw", "ground", "home", "outcome", "queue", "send", "shapes", "store", "upload", "walk", "outside"];
const NEEDED = [NO_NETWORK, "/static/portal.css", "/static/field.css", "/vendor/leaflet.css", "/vendor/leaflet.js", "/vendor/geoman.css",
  "/vendor/geoman.js", "/vendor/idb.js", ...SCRIPTS.map((name) => `/static/${name}.js`)];
const LAST = ["/api/ground", "/api/outcomes"];

// What one account may not see, or what is not there, is no reason to keep nothing.
async function fill() {
  const cache = await caches.open(CACHE);
  await Promise.all([...NEEDED, ...PAGES, ...LAST].map(async (path) => {
    if (await cache.match(path)) return;
    const answer = await fetch(path).catch(() => null);
    if (answer?.ok && !answer.redirected) await cache.put(path, answer);
  }));
}

async function tidy() {
  for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
  await self.clients.claim();
}

// The network comes first; where it is slow or gone, or the portal cannot answer, what was kept last.
async function answer(event, path) {
  const fresh = fetch(event.request).then(async (told) => {
    if (told.ok && !told.redirected) {
      const copy = told.clone();
      event.waitUntil(caches.open(CACHE).then((cache) => cache.put(path, copy)));
    }
    return told;
  });
  const slow = new Promise((resolve) => { setTimeout(resolve, SLOW_MS); }).then(() => caches.match(path));
  const first = await Promise.race([fresh.catch(() => null), slow]);
  if (first && first.status < 500) return first;
  return (await caches.match(path)) || first || fresh;
}

self.addEventListener("install", (event) => event.waitUntil(fill().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(tidy()));
self.addEventListener("message", (event) => {
  if (event.data === "forget") event.waitUntil(caches.delete(CACHE));
  if (event.data === "fill") event.waitUntil(fill());
});
self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  const known = NEEDED.includes(url.pathname) || LAST.includes(url.pathname) || (PAGES.includes(url.pathname) && !url.search);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  if (known) event.respondWith(answer(event, url.pathname));
  else if (event.request.mode === "navigate") event.respondWith(fetch(event.request).catch(() => caches.match(NO_NETWORK)));
});
