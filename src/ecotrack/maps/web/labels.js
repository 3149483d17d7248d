// Names on the map; a name that would cover one before it stays hidden at this zoom.
(function () {
  'use strict';

  const eco = window.ecotrack;

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
    if (reading) {
      box.appendChild(eco.el('small', '', eco.readingText(reading)));
    }
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
