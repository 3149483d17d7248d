// The layer control, which is the legend and the filter of states too: what is on shows its states, each a switch.
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

  function plain(layer) {
    return layer.style.fill || (layer.geometry === 'LineString' ? layer.style.color : '#ffffff');
  }

  // Rows of the legend as values: {state, color, text, count, dashed}; the sheet that is printed draws the same ones.
  function packedStates(entry) {
    if (!entry.client) {
      return [];
    }
    return entry.client.header.palette.map(function (one, place) {
      return { state: one.state, color: one.color, text: one.state ? eco.state(one.state) : eco.word('otherState'), count: entry.counts[place + 1] };
    }).filter(function (row) { return row.count > 0; });
  }

  function drawnStates(layer) {
    const seen = new Map();
    let lacking = 0;
    layer.ids.forEach(function (_id, k) {
      const state = eco.stateOf(layer, k);
      if (eco.lacksRecord(layer, k)) {
        lacking += 1;
      } else if (state) {
        seen.set(state, (seen.get(state) || 0) + 1);
      }
    });
    const known = Object.keys(layer.paint.colors);
    const rows = known.filter(function (state) { return seen.has(state); }).map(function (state) {
      return { state: state, color: layer.paint.colors[state], text: eco.state(state), count: seen.get(state) };
    });
    const others = Array.from(seen.keys()).filter(function (state) { return known.indexOf(state) < 0; });
    if (known.length && others.length) {
      rows.push({ state: null, color: plain(layer), text: eco.word('otherState') });
    }
    if (lacking) {
      const gray = layer.geometry === 'LineString' ? eco.NO_RECORD.color : known.length ? eco.NO_RECORD.fill : plain(layer);
      rows.push({ state: '', color: gray, text: eco.word('noRecord'), count: lacking, dashed: true });
    }
    return rows;
  }

  eco.legendRows = function (entry) {
    return entry.packed ? packedStates(entry) : drawnStates(entry.layer);
  };

  eco.legendSwatch = plain;

  function row(entry, one, change) {
    const layer = entry.layer;
    const box = swatch(layer, one.color, one.dashed);
    if (one.dashed) {
      box.style.borderColor = eco.NO_RECORD.color;
    }
    const words = [box, eco.el('span', 'eco-data', eco.clip(one.text, 60))];
    if (one.count !== undefined) {
      words.push(eco.el('small', 'eco-many', eco.number(one.count)));
    }
    if (one.state === null) {
      return eco.el('li', '', words);
    }
    const hidden = eco.isHidden(layer, one.state);
    const button = eco.el('button', 'eco-switch' + (hidden ? ' eco-off' : ''), words);
    button.type = 'button';
    button.title = eco.word(hidden ? 'showState' : 'hideState');
    button.setAttribute('aria-pressed', String(!hidden));
    button.addEventListener('click', function () { change(entry, one.state); });
    return eco.el('li', '', button);
  }

  function counts(layer) {
    const now = eco.now(layer);
    const parts = layer.recordable
      ? [eco.word('withRecord') + ' ' + eco.number(now.with_record) + '/' + eco.number(layer.total)]
      : [eco.word('features') + ' ' + eco.number(layer.total)];
    if (layer.recordable && now.newest) {
      parts.push(eco.word('newest') + ' ' + now.newest);
    }
    return parts.map(function (part) { return eco.el('span', '', part); });
  }

  function packedCounts(entry) {
    const shown = entry.counts.reduce(function (sum, count) { return sum + count; }, 0);
    // At the end and without filters the number of plots stands beside those with a record.
    return entry.atEnd() ? counts(entry.layer) : [eco.el('span', '', eco.number(shown) + '\u202f' + eco.word('plots'))];
  }

  function entryRow(entry, toggle, change) {
    const layer = entry.layer;
    const box = document.createElement('input');
    box.type = 'checkbox';
    box.checked = entry.visible;
    box.addEventListener('change', function () { toggle(entry, box.checked); });
    const words = [eco.el('span', 'eco-layer-title', eco.pick(layer.title))];
    if (layer.sketch) {
      words.push(' ', eco.mark('sketch'));
    }
    if (entry.sampled) {
      words.push(' ', eco.mark('sample'));
    }
    words.push(eco.el('small', 'eco-count', entry.packed ? packedCounts(entry) : counts(layer)));
    const list = entry.visible ? eco.legendRows(entry) : [];
    // Where the states have colours of their own, the layer itself has none.
    const own = Object.keys(layer.paint.colors).length && list.length ? '' : swatch(layer, plain(layer), Boolean(layer.style.dash));
    if (own && layer.geometry === 'Polygon') {
      own.style.borderColor = layer.style.color;
    }
    const label = eco.el('label', 'eco-layer', [box, own, eco.el('span', '', words)]);
    const item = eco.el('li', 'eco-entry', label);
    item.dataset.layer = layer.id;
    if (list.length) {
      const title = layer.paint.title ? [eco.el('li', 'eco-legend-title', eco.pick(layer.paint.title))] : [];
      item.appendChild(eco.el('ul', 'eco-legend', title.concat(list.map(function (one) { return row(entry, one, change); }))));
    }
    return item;
  }

  eco.legend = function (box, groups, entries, toggle, change) {
    const head = eco.el('div');
    const filters = eco.el('div', 'eco-filters');
    const body = eco.el('div');
    const base = eco.el('div', 'eco-base');
    [head, filters, body, base].forEach(function (part) { box.appendChild(part); });
    eco.paint(function () {
      const top = box.scrollTop;
      eco.empty(head).appendChild(eco.el('h2', '', eco.word('layers')));
      eco.empty(body);
      groups.forEach(function (group) {
        const rows = group.layers.map(function (id) { return entryRow(entries[id], toggle, change); });
        body.appendChild(eco.el('h3', '', eco.pick(group.title)));
        body.appendChild(eco.el('ul', 'eco-group', rows));
      });
      box.scrollTop = top;
    });
    return { filters: filters, base: base };
  };
})();
