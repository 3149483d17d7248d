// Puts the new map in the place of the old one as soon as it is drawn.
const note = document.querySelector(".wait");
const frame = document.querySelector("iframe.live");

async function look() {
  try {
    const page = await (await fetch("/map")).text();
    if (!new DOMParser().parseFromString(page, "text/html").querySelector(".wait")) {
      frame.src = "/map/live";
      note.remove();
      return;
    }
  } catch { /* asked again */ }
  setTimeout(look, 4000);
}
setTimeout(look, 3000);
