// What lies under the pointer: plots first, since they are drawn above, then the reference layers.
(function () {
  'use strict';

  const eco = window.ecotrack;
  const hovers = window.matchMedia('(hover: hover)').matches;

  // One plot as a layer of one feature, so that cards need to know one form only.
  eco.plotLayer = function (entry, card) {
    const layer = entry.layer;
    const values = card.values;
    const state = card.state ? entry.client.header.palette[card.state - 1].state : null;
    const constant = function (value) { return { c: value }; };
    const rows = card.records;
    const column = function (key) { return { v: rows.map(function (row) { return row[key]; }) }; };
    const known = rows.length ? rows[0] : {};
    return {
      id: layer.id,
      title: layer.title,
      geometry: layer.geometry,
      style: layer.style,
      paint: { colors: entry.colors },
      kinds: layer.kinds,
      recordable: layer.recordable,
      sketch: layer.sketch,
      ids: [values['#id']],
      names: constant(values['#name']),
      samples: constant(values['#sample'] === true),
      states: constant(state),
      has: constant(values['#all'] > 0),
      fields: entry.client.header.fields.map(function (field) {
        return { title: field.title, unit: field.unit, column: constant(values[field.key]) };
      }),
      firstRows: [0, 0],
      records: {
        shown: [rows.length, 0],
        all: [values['#all'] || 0, 0],
        kind: column('kind'), day: column('day'), state: column('state'), value: column('value'),
        value_unit: column('value_unit'), unit: column('unit'), document: column('document'), sample: column('sample'),
        fields: layer.record_fields.filter(function (field) { return field.key in known; }).map(function (field) {
          return { title: field.title, unit: field.unit, column: column(field.key) };
        })
      }
    };
  };

  // Whatever a popup shows: {layer, row}; a promise, since plots are asked for.
  function cardOf(found) {
    if (!found.entry.client) {
      return Promise.resolve({ layer: found.entry.layer, row: found.row });
    }
    return found.entry.client.ask({ ask: 'card', scene: 'main', row: found.row }).then(function (card) {
      return { layer: eco.plotLayer(found.entry, card), row: 0 };
    });
  }

  eco.outline = function (map, found) {
    if (!found.entry.client) {
      return Promise.resolve(L.polygon(found.entry.layer.shapes[found.row], { color: '#111111', weight: 2.5, fill: false, interactive: false }));
    }
    return found.entry.client.ask({ ask: 'shape', row: found.row }).then(function (shape) {
      const rings = shape.rings.map(function (ring) { return ring.map(window.ecotrackPlots.toLatLng); });
      return L.polygon(rings, { color: '#111111', weight: 2.5, fill: false, interactive: false });
    });
  };

  // Opens a popup for one of the things found at a place; the others are one press away.
  eco.openCard = function (map, latlng, all, place) {
    const found = all[place];
    const size = map.getSize();
    return Promise.all([cardOf(found), found.entry.layer.geometry === 'Polygon' ? eco.outline(map, found) : null]).then(function (made) {
      const content = eco.popup(made[0].layer, made[0].row);
      if (all.length > 1) {
        content.appendChild(pager(map, latlng, all, place));
      }
      const popup = L.popup({
        maxWidth: Math.min(320, size.x - 60),
        minWidth: Math.min(220, size.x - 60),
        maxHeight: Math.max(120, size.y - 110),
        className: 'eco-popup'
      }).setLatLng(latlng).setContent(content);
      if (made[1]) {
        made[1].addTo(map);
        popup.on('remove', function () { made[1].remove(); });
      }
      popup.openOn(map);
      eco.say(content.querySelector('h3').textContent);
    });
  };

  function pager(map, latlng, all, place) {
    const text = eco.word('here') + ' ' + (place + 1) + '/' + all.length;
    const next = eco.el('button', 'eco-small', eco.word('next'));
    next.type = 'button';
    next.addEventListener('click', function () { eco.openCard(map, latlng, all, (place + 1) % all.length); });
    return eco.el('p', 'eco-pager', [eco.el('span', '', text), next]);
  }

  // Plots under a place, of every packed layer that is on, topmost first.
  function plotsAt(entries, map, latlng) {
    const packed = entries.filter(function (entry) { return entry.client && entry.visible; });
    return Promise.all(packed.map(function (entry) {
      return window.ecotrackPlots.hit(entry.client, map, latlng).then(function (rows) {
        return rows.map(function (row) { return { entry: entry, row: row }; });
      });
    })).then(function (found) { return [].concat.apply([], found); });
  }

  eco.startPicking = function (map, drawn) {
    let under = null;

    drawn.filter(function (entry) { return !entry.packed; }).forEach(function (entry) {
      entry.group.on('click', function (event) {
        const row = event.layer.ecotrackRow;
        const state = eco.lacksRecord(entry.layer, row) ? '' : eco.stateOf(entry.layer, row);
        if (!eco.isHidden(entry.layer, state)) {
          under = { entry: entry, row: row, stamp: event.originalEvent };
        }
      });
      if (hovers) {
        entry.group.on('mouseover', function (event) { entry.over = event.layer.ecotrackRow; });
        entry.group.on('mouseout', function () { entry.over = null; });
      }
    });

    map.on('click', function (event) {
      if (eco.measuring) {
        return;
      }
      const vector = under && under.stamp === event.originalEvent ? [{ entry: under.entry, row: under.row }] : [];
      under = null;
      plotsAt(drawn, map, event.latlng).then(function (plots) {
        const all = plots.concat(vector);
        if (all.length) {
          tip.remove();
          eco.openCard(map, event.latlng, all, 0);
        }
      });
    });

    // ---- the tooltip: one, and only where something can hover
    const tip = L.tooltip({ direction: 'top', className: 'eco-tipbox' });
    let asked = 0;
    if (hovers) {
      map.on('mousemove', function (event) {
        asked += 1;
        const mine = asked;
        if (mine % 2 || eco.measuring || eco.moving) {
          return;
        }
        plotsAt(drawn, map, event.latlng).then(function (plots) {
          if (mine + 1 >= asked) {
            show(event.latlng, plots[0]);
          }
        });
      });
      map.on('mouseout movestart', function () { tip.remove(); });
    }

    function show(latlng, plot) {
      const entry = drawn.slice().reverse().find(function (one) { return one.visible && typeof one.over === 'number'; });
      const found = plot || (entry && { entry: entry, row: entry.over });
      if (!found) {
        tip.remove();
        return;
      }
      cardOf(found).then(function (card) {
        tip.setLatLng(latlng).setContent(eco.tooltip(card.layer, card.row));
        if (!map.hasLayer(tip)) {
          tip.addTo(map);
        }
      });
    }
  };
})();
