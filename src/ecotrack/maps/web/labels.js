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
    label.lines = [];
    const figures = eco.figuresOf(label.entry.layer, label.entry.layer.ids[label.row]).filter(function (row) { return row[0] === 'spongeShare'; });
    if (reading || figures.length) {
      label.lines = reading ? readingLines(reading) : [eco.word('passes') + ' ' + figures[0][1]];
      label.lines.forEach(function (line) { box.appendChild(eco.el('small', '', line)); });
    }
  }

  function spanOf(parts) {
    const latitudes = [].concat.apply([], parts.map(function (rings) { return rings[0].map(function (point) { return point[0]; }); }));
    return [Math.min.apply(null, latitudes), Math.max.apply(null, latitudes)];
  }

  // Where a name may stand, best first, in pixels from its point: on a large feature; under, over or beside a small one.
  // A board tells where a point is, how large a name is, and how large its pixels are.
  function places(label, board) {
    if (!label.span) {
      const line = board.size(label).height;
      return [[0, 0], [0, -line], [0, line]];
    }
    const middle = board.to(label.point);
    const low = board.to([label.span[0], label.point[1]])[1] - middle[1];
    const high = board.to([label.span[1], label.point[1]])[1] - middle[1];
    const size = low - high;
    // A reading is for who has come near.
    label.terse = label.read && size < READING_PX * board.scale;
    const box = board.size(label);
    const away = (box.width + size) / 2 + GAP_PX * board.scale;
    // Of two basins the eastern one is named in the east, and never beyond the other, where it would be taken for that.
    const beside = [label.side, -label.side].filter(function (side) {
      return !label.others.some(function (point) {
        const other = board.to(point);
        const apart = (other[0] - middle[0]) * side;
        return apart > 0 && apart < away + box.width / 2 && Math.abs(other[1] - middle[1]) < 2 * box.height;
      });
    }).map(function (side) { return [away * side, 0]; });
    if (size >= SMALL_PX * board.scale) {
      return [[0, 0], [0, size / 4], [0, -size / 4]].concat(size < READING_PX * board.scale ? beside : []);
    }
    return [[0, low + box.height / 2], [0, high - (box.height + GAP_PX * board.scale) / 2]].concat(beside);
  }

  function free(box, taken, gap) {
    return !taken.some(function (other) {
      return box.left < other.right + gap && box.right + gap > other.left && box.top < other.bottom && box.bottom > other.top;
    });
  }

  // What a name should not cover, as boxes of the board: marks, and small features that have a name themselves.
  function marks(labels, points, board) {
    const found = [];
    function keep(at, reach) {
      found.push({ left: at[0] - reach, right: at[0] + reach, top: at[1] - reach, bottom: at[1] + reach });
    }
    points.filter(function (entry) { return entry.visible; }).forEach(function (entry) {
      const reach = (entry.layer.style.radius || MARK_PX) * board.scale;
      entry.layer.shapes.filter(function (parts) { return parts.length; }).forEach(function (parts) {
        keep(board.to(parts[0][0][0]), reach);
      });
    });
    labels.filter(function (label) { return label.span && label.entry.visible; }).forEach(function (label) {
      const size = board.to([label.span[0], label.point[1]])[1] - board.to([label.span[1], label.point[1]])[1];
      if (size < SMALL_PX * board.scale) {
        keep(board.to(label.point), size / 3);
      }
    });
    return found;
  }

  // Sets the place of a name on a board; names keep off marks where they can, and cover one rather than vanish.
  function place(label, board, taken, kept) {
    const point = board.to(label.point);
    const spots = places(label, board);
    const size = board.size(label);
    return [taken.concat(kept), taken].some(function (others) {
      return spots.some(function (aside) {
        const x = point[0] + aside[0];
        const y = point[1] + aside[1];
        const box = { left: x - size.width / 2, right: x + size.width / 2, top: y - size.height / 2, bottom: y + size.height / 2 };
        const fits = free(box, others, 3 * board.scale);
        if (fits) {
          taken.push(box);
          board.put(label, aside, [x, y]);
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
    return {
      scale: 1,
      // A name never stands under the scale, the zoom or the north.
      taken: Array.from(map.getContainer().querySelectorAll('.leaflet-control')).map(function (one) {
        const box = one.getBoundingClientRect();
        return { left: box.left - corner.left, right: box.right - corner.left, top: box.top - corner.top, bottom: box.bottom - corner.top };
      }),
      to: function (point) {
        const at = map.latLngToContainerPoint(point);
        return [at.x, at.y];
      },
      size: function (label) {
        label.html.classList.toggle('eco-terse', Boolean(label.terse));
        return label.html.getBoundingClientRect();
      },
      put: function (label, aside) {
        label.html.style.marginLeft = aside[0] + 'px';
        label.html.style.marginTop = aside[1] + 'px';
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
