// Names on the map. A name that would cover one before it moves aside; where there is no room it stays hidden at this zoom.
(function () {
  'use strict';

  const eco = window.ecotrack;
  const SMALL_PX = 44;
  const READING_PX = 90;
  const GAP_PX = 4;
  const MARK_PX = 6;

  // What was last read of a feature, such as a lake's surface, in words.
  eco.readingText = function (reading) {
    const parts = [eco.quantity(reading.value, reading.unit)];
    if (reading.level_m !== null) {
      parts.push(eco.word('waterLevel') + ' ' + eco.quantity(reading.level_m, 'm'));
    }
    return parts.join(' · ') + ' (' + reading.day + ')';
  };

  // The same in two lines, for a name that should stay narrow.
  function readingLines(reading) {
    const rest = [reading.day];
    if (reading.level_m !== null) {
      rest.unshift(eco.word('waterLevel') + ' ' + eco.quantity(reading.level_m, 'm'));
    }
    return [eco.quantity(reading.value, reading.unit), rest.join(' · ')];
  }

  function fill(label) {
    const box = eco.empty(label.html);
    box.appendChild(document.createTextNode(eco.clip(label.name, 20)));
    const readings = eco.now(label.entry.layer).readings;
    const reading = readings && readings[label.row];
    label.read = Boolean(reading);
    const figures = eco.figuresOf(label.entry.layer, label.entry.layer.ids[label.row]).filter(function (row) { return row[0] === 'spongeShare'; });
    if (reading || figures.length) {
      const lines = reading ? readingLines(reading) : [eco.word('passes') + ' ' + figures[0][1]];
      lines.forEach(function (line) { box.appendChild(eco.el('small', '', line)); });
    }
  }

  function spanOf(parts) {
    const latitudes = [].concat.apply([], parts.map(function (rings) { return rings[0].map(function (point) { return point[0]; }); }));
    return [Math.min.apply(null, latitudes), Math.max.apply(null, latitudes)];
  }

  // Where a name may stand, best first, in pixels from its point: on a large feature; under, over or beside a small one.
  function places(label, map) {
    if (!label.span) {
      const line = label.html.getBoundingClientRect().height;
      return [[0, 0], [0, -line], [0, line]];
    }
    const middle = map.latLngToLayerPoint(label.point).y;
    const low = map.latLngToLayerPoint([label.span[0], label.point[1]]).y - middle;
    const high = map.latLngToLayerPoint([label.span[1], label.point[1]]).y - middle;
    const size = low - high;
    // A reading is for who has come near.
    label.html.classList.toggle('eco-terse', label.read && size < READING_PX);
    const box = label.html.getBoundingClientRect();
    const away = (box.width + size) / 2 + GAP_PX;
    const x = map.latLngToLayerPoint(label.point).x;
    // Of two basins the eastern one is named in the east, and never beyond the other, where it would be taken for that.
    const beside = [label.side, -label.side].filter(function (side) {
      return !label.others.some(function (point) {
        const apart = (map.latLngToLayerPoint(point).x - x) * side;
        return apart > 0 && apart < away + box.width / 2;
      });
    }).map(function (side) { return [away * side, 0]; });
    if (size >= SMALL_PX) {
      return [[0, 0], [0, size / 4], [0, -size / 4]].concat(size < READING_PX ? beside : []);
    }
    return [[0, low + box.height / 2], [0, high - box.height / 2 - GAP_PX / 2]].concat(beside);
  }

  function free(box, taken) {
    return !taken.some(function (other) {
      return box.left < other.right + 3 && box.right + 3 > other.left && box.top < other.bottom && box.bottom > other.top;
    });
  }

  // Marks that a name should not cover, as boxes on the screen.
  function marks(points, map) {
    const corner = map.getContainer().getBoundingClientRect();
    const found = [];
    points.filter(function (entry) { return entry.visible; }).forEach(function (entry) {
      entry.layer.shapes.forEach(function (parts) {
        const at = map.latLngToContainerPoint(parts[0][0][0]);
        const x = corner.left + at.x;
        const y = corner.top + at.y;
        const reach = entry.layer.style.radius || MARK_PX;
        found.push({ left: x - reach, right: x + reach, top: y - reach, bottom: y + reach });
      });
    });
    return found;
  }

  // Names keep off marks where they can, and cover one rather than vanish.
  function place(label, map, taken, kept) {
    const spots = places(label, map);
    return [taken.concat(kept), taken].some(function (others) {
      return spots.some(function (at) {
        label.html.style.marginLeft = at[0] + 'px';
        label.html.style.marginTop = at[1] + 'px';
        const box = label.html.getBoundingClientRect();
        const fits = free(box, others);
        if (fits) {
          taken.push(box);
        }
        return fits;
      });
    });
  }

  eco.label = function (layers, map, points) {
    const labels = [];
    layers.forEach(function (entry) {
      const layer = entry.layer;
      const named = layer.labels.filter(Boolean);
      const middle = named.reduce(function (sum, point) { return sum + point[0]; }, 0) / named.length;
      layer.labels.forEach(function (point, k) {
        const name = eco.at(layer.names, k);
        if (point && name) {
          const html = eco.el('span', 'eco-label eco-label-' + layer.geometry + (entry.drawnRank ? '' : ' eco-label-first'));
          const icon = L.divIcon({ html: html, className: 'eco-label-box', iconSize: [0, 0] });
          labels.push({
            entry: entry,
            row: k,
            name: name,
            point: [point[1], point[0]],
            side: point[0] < middle ? -1 : 1,
            others: named.filter(function (other) { return other !== point; }).map(function (other) { return [other[1], other[0]]; }),
            span: layer.geometry === 'Polygon' ? spanOf(layer.shapes[k]) : null,
            marker: L.marker([point[1], point[0]], { icon: icon, interactive: false, keyboard: false }),
            html: html
          });
        }
      });
    });

    function settle() {
      // A name never stands under the scale, the zoom or the north.
      const taken = Array.from(map.getContainer().querySelectorAll('.leaflet-control')).map(function (one) { return one.getBoundingClientRect(); });
      const kept = marks(points, map);
      labels.forEach(function (label) {
        const wanted = label.entry.visible;
        if (wanted !== map.hasLayer(label.marker)) {
          map[wanted ? 'addLayer' : 'removeLayer'](label.marker);
        }
        label.shown = wanted && place(label, map, taken, kept);
        label.html.classList.toggle('eco-hidden', wanted && !label.shown);
      });
    }

    function write() {
      labels.forEach(fill);
      settle();
    }
    eco.paint(write);
    map.on('zoomend moveend resize', settle);
    eco.labels = labels;
    return settle;
  };
})();
