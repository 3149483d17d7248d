// What lies under the pointer: plots first, since they are drawn above, then the reference layers.
(function () {
  'use strict';

  const eco = window.ecotrack;
  const NARROW_PX = 480;
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
    const look = { color: '#111111', weight: 2.5, fill: false, interactive: false, pane: eco.marksPane(map) };
    if (!found.entry.client) {
      return Promise.resolve(L.polygon(found.entry.layer.shapes[found.row], look));
    }
    return found.entry.client.ask({ ask: 'shape', row: found.row }).then(function (shape) {
      const rings = shape.rings.map(function (ring) { return ring.map(window.ecotrackPlots.toLatLng); });
      return L.polygon(rings, look);
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
        // Off the controls in the corners.
        autoPanPaddingTopLeft: [size.x > NARROW_PX ? 54 : 5, 8],
        autoPanPaddingBottomRight: [size.x > NARROW_PX ? 48 : 5, 8],
        className: 'eco-popup'
      }).setLatLng(latlng).setContent(content);
      if (made[1]) {
        made[1].addTo(map);
        popup.on('remove', function () { made[1].remove(); });
      }
      // Leaflet moves a popup into view when it opens, and leaves its head above the edge after a zoom.
      const intoView = function () { if (map.getBounds().contains(latlng)) { popup.update(); } };
      map.on('zoomend', intoView);
      popup.on('remove', function () { map.off('zoomend', intoView); });
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

  // Features of the reference layers under a place, the topmost first. (A private member of Leaflet, which is pinned:
  // canvases that lie above one another would keep the pointer from each other.)
  function drawnAt(drawn, map, latlng) {
    const point = map.latLngToLayerPoint(latlng);
    const found = [];
    drawn.filter(function (entry) { return entry.visible && !entry.packed; }).forEach(function (entry) {
      entry.group.eachLayer(function (path) {
        const row = path.ecotrackRow;
        const state = eco.lacksRecord(entry.layer, row) ? '' : eco.stateOf(entry.layer, row);
        if (path._containsPoint(point) && !eco.isHidden(entry.layer, state)) {
          found.unshift({ entry: entry, row: row });
        }
      });
    });
    return found;
  }

  // Everything under a place as it is seen, the topmost first.
  eco.under = function (drawn, map, latlng) {
    const vector = drawnAt(drawn, map, latlng);
    return plotsAt(drawn, map, latlng).then(function (plots) {
      const above = vector.filter(function (found) { return found.entry.above; });
      const below = vector.filter(function (found) { return !found.entry.above; });
      return above.concat(plots, below);
    });
  };

  eco.startPicking = function (map, drawn) {
    const tip = L.tooltip({ direction: 'top', className: 'eco-tipbox' });
    const box = map.getContainer();
    let asked = 0;

    map.on('click', function (event) {
      if (eco.measuring) {
        return;
      }
      eco.under(drawn, map, event.latlng).then(function (all) {
        if (all.length) {
          tip.remove();
          eco.openCard(map, event.latlng, all, 0);
        }
      });
    });

    // One tooltip, and only where something can hover.
    function show(latlng, found) {
      box.classList.toggle('eco-over', Boolean(found));
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
    if (hovers) {
      map.on('mousemove', function (event) {
        asked += 1;
        const mine = asked;
        if (eco.measuring || eco.moving) {
          return;
        }
        // The next frame asks for the last of the moves before it.
        requestAnimationFrame(function () {
          if (mine === asked) {
            eco.under(drawn, map, event.latlng).then(function (all) {
              if (mine === asked) {
                show(event.latlng, all[0]);
              }
            });
          }
        });
      });
      map.on('mouseout movestart', function () {
        asked += 1;
        show(null, null);
      });
    }

    // Where there is no room beside them, the controls make way for a card.
    map.on('popupopen popupclose', function (event) { box.classList.toggle('eco-carded', event.type === 'popupopen'); });
    document.addEventListener('keydown', function (event) {
      if (event.key === 'Escape' && !eco.measuring) {
        map.closePopup();
      }
    });

    // Enter on the map tells what lies in its middle.
    box.addEventListener('keydown', function (event) {
      if (event.key === 'Enter' && event.target === box) {
        eco.under(drawn, map, map.getCenter()).then(function (all) {
          if (all.length) {
            eco.openCard(map, map.getCenter(), all, 0);
          }
        });
      }
    });
  };
})();
