// The layer control, which is the legend too: what is on shows its states.
(function () {
  'use strict';

  const eco = window.ecotrack;

  function swatch(layer, color, dashed) {
    const line = layer.geometry === 'LineString';
    const box = eco.el('i', 'eco-swatch eco-swatch-' + (line ? 'line' : layer.geometry === 'Point' ? 'point' : 'area'));
    if (line) {
      box.style.borderTopColor = color;
      box.style.borderTopStyle = dashed ? 'dashed' : 'solid';
    } else {
      box.style.backgroundColor = color;
      box.style.borderColor = dashed || layer.geometry === 'Point' ? layer.style.color : color;
      box.style.borderStyle = dashed ? 'dashed' : 'solid';
    }
    return box;
  }

  function row(layer, color, text, dashed) {
    return eco.el('li', '', [swatch(layer, color, dashed), eco.el('span', 'eco-data', text)]);
  }

  function plain(layer) {
    return layer.style.fill || (layer.geometry === 'LineString' ? layer.style.color : '#ffffff');
  }

  // The states that this map really shows, in the order of the colours; then what has no colour, then no record.
  function states(layer) {
    const seen = new Set();
    let lacking = false;
    layer.ids.forEach(function (_id, k) {
      if (eco.lacksRecord(layer, k)) {
        lacking = true;
      } else if (eco.stateOf(layer, k)) {
        seen.add(eco.stateOf(layer, k));
      }
    });
    const known = Object.keys(layer.paint.colors);
    const items = known.filter(function (state) { return seen.has(state); }).map(function (state) {
      return row(layer, layer.paint.colors[state], eco.state(state));
    });
    const others = Array.from(seen).some(function (state) { return known.indexOf(state) < 0; });
    if (known.length && others) {
      items.push(row(layer, plain(layer), eco.word('otherState')));
    }
    if (lacking) {
      const gray = layer.geometry === 'LineString' ? eco.NO_RECORD.color : known.length ? eco.NO_RECORD.fill : plain(layer);
      const item = row(layer, gray, eco.word('noRecord'), true);
      item.querySelector('i').style.borderColor = eco.NO_RECORD.color;
      items.push(item);
    }
    return items;
  }

  function counts(layer) {
    const parts = layer.recordable
      ? [eco.word('withRecord') + ' ' + eco.number(layer.with_record) + '/' + eco.number(layer.total)]
      : [eco.word('features') + ' ' + eco.number(layer.total)];
    if (layer.recordable && layer.newest) {
      parts.push(eco.word('newest') + ' ' + layer.newest);
    }
    return parts.map(function (part) { return eco.el('span', '', part); });
  }

  function entryRow(entry, toggle) {
    const layer = entry.layer;
    const box = document.createElement('input');
    box.type = 'checkbox';
    box.checked = entry.visible;
    box.addEventListener('change', function () { toggle(entry, box.checked); });
    const words = [eco.el('span', 'eco-layer-title', eco.pick(layer.title))];
    if (layer.sketch) {
      words.push(' ', eco.mark('sketch'));
    }
    if (layer.ids.some(function (_id, k) { return eco.at(layer.samples, k); })) {
      words.push(' ', eco.mark('sample'));
    }
    words.push(eco.el('small', 'eco-count', counts(layer)));
    const list = entry.visible ? states(layer) : [];
    // Where the states have colours of their own, the layer itself has none.
    const own = Object.keys(layer.paint.colors).length && list.length ? '' : swatch(layer, plain(layer), Boolean(layer.style.dash));
    const label = eco.el('label', 'eco-layer', [box, own, eco.el('span', '', words)]);
    const item = eco.el('li', 'eco-entry', label);
    if (list.length) {
      const title = layer.paint.title ? [eco.el('li', 'eco-legend-title', eco.pick(layer.paint.title))] : [];
      item.appendChild(eco.el('ul', 'eco-legend', title.concat(list)));
    }
    return item;
  }

  eco.legend = function (box, groups, entries, toggle) {
    eco.paint(function () {
      const top = box.scrollTop;
      eco.empty(box).appendChild(eco.el('h2', '', eco.word('layers')));
      groups.forEach(function (group) {
        const rows = group.layers.map(function (id) { return entryRow(entries[id], toggle); });
        box.appendChild(eco.el('h3', '', eco.pick(group.title)));
        box.appendChild(eco.el('ul', 'eco-group', rows));
      });
      box.scrollTop = top;
    });
  };
})();
