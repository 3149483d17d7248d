"use strict";
(function () {
  const data = JSON.parse(document.getElementById("ecotrack-intake").textContent);
  const words = data.words;
  const colours = data.colours;
  const make = (name, style, text) => {
    const node = document.createElement(name);
    if (style) node.className = style;
    if (text !== undefined) node.textContent = text;
    return node;
  };
  if (!document.getElementById("map")) return;  // nothing could be read: there is nothing to draw or to list
  const map = L.map("map", { attributionControl: false, zoomSnap: 0.25, maxZoom: 24 });
  map.setView([37.7, 115.8], 9);
  const box = L.featureGroup().addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  const draw = (rings, style, group) =>
    L.polygon(rings.map((part) => part.map((ring) => ring.map(([x, y]) => [y, x]))), style).addTo(group || map);
  for (const cell of data.counties) {
    draw(cell.rings, { color: "#8a7f72", weight: 1, dashArray: "4 4", fill: false, interactive: false })
      .bindTooltip(make("span", "", cell.name), { permanent: true, direction: "center", className: "county" });
  }
  for (const line of data.lines) {
    const drawn = L.polyline(line.paths.map((path) => path.map(([x, y]) => [y, x])), { color: "#2f7fa8", weight: 2 });
    drawn.bindTooltip(make("span", "", line.name), { permanent: true, direction: "center", className: "county" });
    drawn.addTo(map);
  }
  for (const other of data.accepted) {
    const shape = draw(other.rings, { color: colours.accepted, weight: 1, fillOpacity: 0.15 });
    shape.bindPopup(() => make("div", "", words.accepted + " " + other.name));
  }
  const shapes = new Map();
  for (const plot of data.plots) {
    if (!plot.rings) continue;
    const shape = draw(plot.rings, { color: colours[plot.state], weight: 2, fillOpacity: data.readings.length ? 0 : 0.25 }, box);
    shape.bindPopup(() => make("div", "", plot.title));
    shapes.set(plot.number, shape);
  }
  for (const option of data.readings) {
    const shape = draw(option.rings, { color: option.colour, weight: 2, fillOpacity: 0.08, dashArray: "6 3" }, box);
    shape.bindPopup(() => make("div", "", option.title));
    const label = make("span", "", option.label);
    label.style.color = option.colour;
    shape.bindTooltip(label, { permanent: true, direction: "top", className: "reading" });
  }
  for (const mended of data.repairs) {
    const shape = draw(mended.rings, { color: colours.repair, weight: 3, fill: false, dashArray: "4 4" });
    shape.bindPopup(() => make("div", "", mended.title));
  }
  const goto = (lonlat, text) => {
    map.setView([lonlat[1], lonlat[0]], 19);
    L.popup().setLatLng([lonlat[1], lonlat[0]]).setContent(make("div", "", text)).openOn(map);
  };
  const list = document.getElementById("plots");
  let number = 0;
  const taken = new Map();
  for (const plot of data.plots) {
    if (!plot.findings.length) continue;
    const card = make("div", "plot " + plot.state);
    const head = make("h3", "", plot.title);
    head.addEventListener("click", () => { const s = shapes.get(plot.number); if (s) map.fitBounds(s.getBounds(), { maxZoom: 18 }); });
    card.appendChild(head);
    for (const found of plot.findings) {
      const row = make("div", "find");
      row.appendChild(make("span", "tag " + found.level, found.word));
      row.appendChild(make("span", "", found.what));
      if (found.mend) row.appendChild(make("div", "mend", found.mend));
      for (const [k, place] of found.places.entries()) {
        number += 1;
        // Marks of one place stand side by side.
        const spot = place[0].toFixed(5) + " " + place[1].toFixed(5);
        const before = taken.get(spot) || 0;
        taken.set(spot, before + 1);
        const anchor = [10 - 20 * before, 10];
        const icon = L.divIcon({ className: "mark " + found.level, iconSize: [20, 20], iconAnchor: anchor, html: String(number) });
        const text = found.what;
        L.marker([place[1], place[0]], { icon: icon, keyboard: false }).bindPopup(() => make("div", "", text)).addTo(map);
        if (k < 8) {
          const button = make("button", "goto", words.goto + " " + number);
          button.addEventListener("click", () => goto(place, text));
          row.appendChild(button);
        }
      }
      card.appendChild(row);
    }
    list.appendChild(card);
  }
  const legend = L.control({ position: "bottomleft" });
  legend.onAdd = () => {
    const node = make("div", "legend");
    for (const [colour, text] of data.legend) {
      const row = make("div");
      const swatch = make("i");
      swatch.style.background = colour;
      row.append(swatch, document.createTextNode(text));
      node.appendChild(row);
    }
    return node;
  };
  // On a phone the legend would cover the plots: it stands under the map there.
  if (matchMedia("(max-width: 900px)").matches) document.getElementById("map").after(legend.onAdd());
  else legend.addTo(map);
  if (data.view) map.fitBounds(L.latLngBounds(data.view).pad(0.2), { maxZoom: 18 });
  else if (box.getLayers().length) map.fitBounds(box.getBounds().pad(0.15), { maxZoom: 18 });
  else if (data.counties.length) map.fitBounds(data.extent);
})();
