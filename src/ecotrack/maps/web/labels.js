// Names on the map; a name that would cover one before it stays hidden at this zoom.
(function () {
  'use strict';

  const eco = window.ecotrack;
  const SMALL_PX = 44;

  // What was last read of a feature, such as a lake's surface, in words.
  eco.readingText = function (reading) {
    const parts = [eco.quantity(reading.value, reading.unit)];
    if (reading.level_m !== null) {
      parts.push(eco.word('waterLevel') + ' ' + eco.quantity(reading.level_m, 'm'));
    }
    return parts.join(' · ') + ' (' + reading.day + ')';
  };

  function fill(label) {
    const box = eco.empty(label.html);
    box.appendChild(document.createTextNode(eco.clip(label.name, 20)));
    const readings = eco.now(label.entry.layer).readings;
    const reading = readings && readings[label.row];
    const figures = eco.figuresOf(label.entry.layer, label.entry.layer.ids[label.row]).filter(function (row) { return row[0] === 'spongeShare'; });
    if (reading || figures.length) {
      box.appendChild(eco.el('small', '', reading ? eco.readingText(reading) : eco.word('passes') + ' ' + figures[0][1]));
    }
  }

  function spanOf(parts) {
    const latitudes = [].concat.apply([], parts.map(function (rings) { return rings[0].map(function (point) { return point[0]; }); }));
    return [Math.min.apply(null, latitudes), Math.max.apply(null, latitudes)];
  }

  // The name of something smaller than itself stands below it.
  function under(label, map) {
    if (!label.span) {
      return 0;
    }
    const low = map.latLngToLayerPoint([label.span[0], label.point[1]]).y;
    const size = low - map.latLngToLayerPoint([label.span[1], label.point[1]]).y;
    return size < SMALL_PX ? low - map.latLngToLayerPoint(label.point).y + 10 : 0;
  }

  eco.label = function (layers, map) {
    const labels = [];
    layers.forEach(function (entry) {
      const layer = entry.layer;
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
            span: layer.geometry === 'Polygon' ? spanOf(layer.shapes[k]) : null,
            marker: L.marker([point[1], point[0]], { icon: icon, interactive: false, keyboard: false }),
            html: html
          });
        }
      });
    });

    function settle() {
      const taken = [];
      labels.forEach(function (label) {
        const wanted = label.entry.visible;
        if (wanted !== map.hasLayer(label.marker)) {
          map[wanted ? 'addLayer' : 'removeLayer'](label.marker);
        }
        label.html.classList.remove('eco-hidden');
        label.html.style.marginTop = under(label, map) + 'px';
        const box = label.html.getBoundingClientRect();
        const covered = taken.some(function (other) {
          return box.left < other.right + 3 && box.right + 3 > other.left && box.top < other.bottom && box.bottom > other.top;
        });
        label.shown = wanted && !covered;
        if (wanted && covered) {
          label.html.classList.add('eco-hidden');
        } else if (wanted) {
          taken.push(box);
        }
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
