// Draws rings of [longitude, latitude]; whatever text comes with them stays text.
import { make } from "./common.js";

export const NEIGHBOUR = { color: "#4d6480", weight: 1, fillOpacity: 0.15 };

export function draw(rings, style, target) {
  return L.polygon(rings.map((part) => part.map((ring) => ring.map(([x, y]) => [y, x]))), style).addTo(target);
}

export function plain(id) {
  const map = L.map(id, { attributionControl: false, maxZoom: 22, zoomSnap: 0.5 }).setView([37.7, 115.8], 9);
  L.control.scale({ imperial: false }).addTo(map);
  return map;
}

export function around(map, told, words = "已认定地块 ") {
  for (const cell of told.counties || []) {
    draw(cell.rings, { color: "#8a7f72", weight: 1, dashArray: "4 4", fill: false, interactive: false }, map)
      .bindTooltip(make("span", "", cell.name), { permanent: true, direction: "center", className: "county" });
  }
  for (const other of told.near || []) {
    draw(other.rings, NEIGHBOUR, map).bindPopup(() => make("div", "", words + other.name + (other.sample ? "（示例）" : "")));
  }
}
