// Names on the map. A name that would cover one before it moves aside; where there is no room it stays hidden at this zoom.
(function () {
  'use strict';

  const eco = window.ecotrack;
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
    label.name = eco.nameOf(label.entry.layer, label.row);
    box.appendChild(document.createTextNode(eco.clip(label.name, 20)));
    const readings = eco.now(label.entry.layer).readings;
    const reading = readings && readings[label.row];
    label.read = Boolean(reading);
    label.lines = [];
    const figures = eco.figuresOf(label.entry.layer, label.entry.layer.ids[label.row]).filter(function (row) { return row[0] === 'spongeShare'; });
    if (reading || figures.length) {
      label.lines = reading ? readingLines(reading) : [eco.word('passes') + ' ' + figures[0][1]];
      label.lines.forEach(function (line) { box.appendChild(eco.el('small', '', line)); });
    }
  }

  function free(box, others, gap) {
    return !others.some(function (other) {
      return box.left < other.right + gap && box.right + gap > other.left && box.top < other.bottom && box.bottom > other.top;
    });
  }

  function within(box, edge) {
    return box.left >= edge.left && box.right <= edge.right && box.top >= edge.top && box.bottom <= edge.bottom;
  }

  // What a name should not cover, as boxes of the board: marks, and small areas that have a name themselves.
  function marks(labels, points, board) {
    const found = [];
    points.filter(function (entry) { return entry.visible; }).forEach(function (entry) {
      const reach = (entry.layer.style.radius || MARK_PX) * board.scale;
      entry.layer.shapes.filter(function (parts) { return parts.length; }).forEach(function (parts) {
        const at = board.to(parts[0][0][0]);
        found.push({ left: at[0] - reach, right: at[0] + reach, top: at[1] - reach, bottom: at[1] + reach });
      });
    });
    labels.filter(function (label) { return label.entry.layer.geometry === 'Polygon' && label.entry.visible; }).forEach(function (label) {
      const area = eco.areaBox(label, board);
      if (eco.isSmall(area, board)) {
        found.push(area);
      }
    });
    return found;
  }

  // A reading is for who has come near: it shows where it is no wider than what was read.
  function mayTell(label, board) {
    if (!label.read || label.entry.layer.geometry !== 'Polygon') {
      return true;
    }
    const area = eco.areaBox(label, board);
    return board.size(label).width <= area.right - area.left && !eco.isSmall(area, board);
  }

  // Sets the place of a name on a board: with what it tells, else alone; off marks where it can, else over one.
  function place(label, board, taken, kept) {
    const tries = [[false, taken.concat(kept)], [true, taken.concat(kept)], [true, taken]];
    return tries.slice(label.lines.length ? 0 : 1).some(function (one) {
      label.terse = one[0];
      if (!label.terse && !mayTell(label, board)) {
        return false;
      }
      const size = board.size(label);
      return eco.spots(label, board).some(function (spot) {
        const boxes = eco.coveredBy(spot, size);
        const fits = boxes.every(function (box) { return within(box, board.box) && free(box, one[1], 3 * board.scale); });
        if (fits) {
          Array.prototype.push.apply(taken, boxes);
          board.put(label, spot);
        }
        return fits;
      });
    });
  }

  // Puts every name that is wanted and has room on a board; returns the others.
  eco.placeNames = function (labels, points, board) {
    const taken = board.taken.slice();
    const kept = marks(labels, points, board);
    return labels.filter(function (label) { return label.entry.visible && !place(label, board, taken, kept); });
  };

  // The screen as a board.
  function screen(map) {
    const corner = map.getContainer().getBoundingClientRect();
    const to = function (point) {
      const at = map.latLngToContainerPoint(point);
      return [at.x, at.y];
    };
    return {
      scale: 1,
      box: { left: 0, top: 0, right: corner.width, bottom: corner.height },
      // A name never stands under the scale, the zoom or the north.
      taken: Array.from(map.getContainer().querySelectorAll('.leaflet-control')).map(function (one) {
        const box = one.getBoundingClientRect();
        return { left: box.left - corner.left, right: box.right - corner.left, top: box.top - corner.top, bottom: box.bottom - corner.top };
      }),
      to: to,
      size: function (label) {
        label.html.classList.toggle('eco-terse', Boolean(label.terse));
        return { width: label.html.offsetWidth, height: label.html.offsetHeight };
      },
      put: function (label, spot) {
        const at = to(label.point);
        label.html.style.marginLeft = spot.x - at[0] + 'px';
        label.html.style.marginTop = spot.y - at[1] + 'px';
        label.html.style.transform = 'translate(-50%, -50%) rotate(' + spot.turn + 'rad)';
      }
    };
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
            lines: [],
            point: [point[1], point[0]],
            side: point[0] < middle ? -1 : 1,
            others: named.filter(function (other) { return other !== point; }).map(function (other) { return [other[1], other[0]]; }),
            parts: layer.shapes[k],
            marker: L.marker([point[1], point[0]], { icon: icon, interactive: false, keyboard: false }),
            html: html
          });
        }
      });
    });

    function settle() {
      labels.forEach(function (label) {
        if (label.entry.visible !== map.hasLayer(label.marker)) {
          map[label.entry.visible ? 'addLayer' : 'removeLayer'](label.marker);
        }
      });
      const left = new Set(eco.placeNames(labels, points, screen(map)));
      labels.forEach(function (label) { label.html.classList.toggle('eco-hidden', left.has(label)); });
    }

    function write() {
      labels.forEach(fill);
      settle();
    }
    eco.paint(write);
    map.on('zoomend moveend resize', settle);
    eco.labels = labels;
    eco.labelledPoints = points;
    return settle;
  };
})();
