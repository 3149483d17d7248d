// The start: reads the inert data, fills the frame, draws the layers, and holds what the page shows.
(function () {
  'use strict';

  const eco = window.ecotrack;
  const byId = function (id) { return document.getElementById(id); };

  // What the page shows; the link says the same.
  eco.view = { period: 0, other: null, hidden: {}, filters: {}, panel: null, board: null };

  eco.headline = function (definition) {
    const board = eco.view.board;
    const register = eco.view.register || {};
    const version = register.head ? eco.word('version') + ' ' + register.seq + '-' + String(register.head).slice(0, 8) : '';
    const known = eco.view.asKnown ? eco.word('asKnown') + ' ' + eco.view.asKnown : '';
    return [eco.word('asOf') + ' ' + board.as_of, known, version].filter(Boolean).join(' · ');
  };

  eco.markWords = function (definition, board) {
    const marks = ['sketch', 'sample'].filter(function (key) { return board[key]; }).map(eco.word);
    if (definition.classification === '公开') {
      return marks.concat([eco.word('approval') + ' ' + eco.clip(definition.approval_number, 60)]);
    }
    return marks.concat([eco.word('internal'), eco.level(definition.classification)]);
  };

  // The filters in words; empty without any.
  eco.filterText = function (drawn) {
    const entry = drawn.find(function (one) { return one.client; });
    const keys = Object.keys(eco.view.filters);
    if (!entry || !keys.length) {
      return '';
    }
    const fields = entry.client.header.fields;
    return eco.word('filter') + ' ' + keys.map(function (key) {
      const field = fields.find(function (one) { return one.key === key; });
      return (field ? eco.pick(field.title) : '') + '=' + eco.view.filters[key].map(function (value) { return eco.clip(eco.value(value, field), 30); }).join('/');
    }).join(' · ');
  };

  function frame(definition) {
    eco.paint(function () {
      const title = eco.pick(definition.title);
      document.title = title;
      eco.empty(byId('eco-title')).appendChild(eco.name(title, 120));
      const facts = [].concat.apply([], eco.headline(definition).split(' · ').map(function (fact, place) {
        return (place ? [document.createTextNode(' · ')] : []).concat(eco.el('span', '', fact));
      }));
      eco.fill(byId('eco-state'), facts);
      marks(definition);
      byId('eco-lang').textContent = eco.word('other');
      byId('eco-layers').setAttribute('aria-label', eco.word('layers'));
      byId('eco-panel').setAttribute('aria-label', eco.word('panel'));
      byId('eco-time').setAttribute('aria-label', eco.word('time'));
      byId('eco-tools').setAttribute('aria-label', eco.word('tools'));
      const drawn = document.querySelector('.folium-map');
      drawn.setAttribute('role', 'application');
      drawn.setAttribute('aria-label', title);
      const notes = [eco.el('span', 'eco-about', eco.word('about') + ' · ')];
      if (eco.view.board.sketch) {
        notes.push(eco.el('span', '', eco.word('sketchNote')));
      }
      eco.empty(byId('eco-note')).appendChild(eco.el('span', '', notes));
      byId('eco-level').textContent = eco.word('level') + ' ' + eco.level(definition.classification);
    });
    byId('eco-lang').addEventListener('click', function () {
      eco.speak(eco.lang === 'en' ? 'zh' : 'en');
      eco.changed();
    });
  }

  function marks(definition) {
    const words = eco.markWords(definition, eco.view.board);
    const own = ['sketch', 'sample'].filter(function (key) { return eco.view.board[key]; });
    eco.fill(byId('eco-marks'), words.map(function (word, place) {
      return eco.el('li', '', eco.el('span', 'eco-mark eco-mark-' + (own[place] || 'level'), word));
    }));
  }

  function panels(definition) {
    const box = byId('eco-panel');
    if (!definition.panels.length) {
      document.body.classList.add('eco-without-panel');
      return;
    }
    function show() {
      const chosen = definition.panels.indexOf(eco.view.panel) >= 0 ? eco.view.panel : definition.panels[0];
      const before = box.querySelector('.eco-panel-body');
      const top = before && before.dataset.panel === chosen ? before.scrollTop : 0;
      const tabs = eco.el('div', 'eco-panel-tabs');
      definition.panels.forEach(function (key) {
        const tab = eco.el('button', key === chosen ? 'eco-on' : '', eco.word(key));
        tab.type = 'button';
        tab.dataset.panel = key;
        tab.setAttribute('aria-pressed', String(key === chosen));
        tab.addEventListener('click', function () {
          eco.view.panel = key;
          show();
          eco.changed();
        });
        tabs.appendChild(tab);
      });
      const cards = eco[chosen](eco.view.board, definition);
      const shown = cards.length ? cards : [eco.el('p', 'eco-none', eco.word('none'))];
      const body = eco.el('div', 'eco-panel-body', shown.concat(eco.receipt()));
      body.dataset.panel = chosen;
      // What holds nothing to press can still be scrolled with the keyboard.
      if (!body.querySelector('button, summary')) {
        body.tabIndex = 0;
      }
      eco.fill(box, [tabs, body]);
      body.scrollTop = top;
    }
    eco.paint(show);
  }

  // On a phone one thing at a time stands under the map, and the map shrinks: nothing covers anything.
  function phone(definition, map) {
    const nav = byId('eco-tabs');
    const body = document.body;
    const keys = ['map', 'layers'].concat(definition.panels.length ? ['panel'] : [], ['extras']);
    let chosen = 'map';
    function show() {
      eco.empty(nav);
      keys.forEach(function (key) {
        body.classList.toggle('eco-show-' + key, key === chosen);
        const tab = eco.el('button', key === chosen ? 'eco-on' : '', eco.word(key));
        tab.type = 'button';
        tab.dataset.show = key;
        tab.setAttribute('aria-pressed', String(key === chosen));
        tab.addEventListener('click', function () {
          chosen = key;
          map.closePopup();
          show();
          map.invalidateSize();
        });
        nav.appendChild(tab);
      });
    }
    eco.paint(show);
  }

  function furnish(map) {
    // A popup speaks the language in which it was opened.
    eco.paint(function () { map.closePopup(); });
    L.control.scale({ imperial: false, position: 'bottomleft', maxWidth: 140 }).addTo(map);
    const north = L.control({ position: 'topright' });
    north.onAdd = function () {
      const box = eco.el('div', 'eco-north');
      eco.paint(function () {
        eco.fill(box, [eco.el('b', '', '▲'), eco.el('span', '', eco.word('north'))]);
      });
      return box;
    };
    north.addTo(map);
    const words = { '.leaflet-control-zoom-in': 'zoomIn', '.leaflet-control-zoom-out': 'zoomOut' };
    eco.paint(function () {
      Object.keys(words).forEach(function (part) {
        const button = map.getContainer().querySelector(part);
        if (button) {
          button.title = eco.word(words[part]);
          button.setAttribute('aria-label', eco.word(words[part]));
        }
      });
    });
    map.on('movestart zoomstart', function () { eco.moving = true; });
    map.on('moveend zoomend', function () { eco.moving = false; });
  }

  // ---- layers

  function entriesOf(definition, link) {
    const hidden = [].concat.apply([], definition.groups.map(function (group) { return group.hidden; }));
    let packed = 0;
    return eco.read('layers').map(function (layer) {
      const opening = layer.style.show && hidden.indexOf(layer.id) < 0;
      const entry = {
        layer: layer,
        opening: opening,
        visible: link.layers ? link.layers.indexOf(layer.id) >= 0 : opening,
        packed: !layer.geometries
      };
      if (entry.packed) {
        entry.key = 'ecotrack-plots-' + packed;
        entry.counts = [];
        packed += 1;
      } else {
        entry.sampled = layer.ids.some(function (_id, k) { return eco.at(layer.samples, k); });
      }
      return entry;
    });
  }

  eco.sceneOf = function (entry, scene, period) {
    const header = entry.client.header;
    const hidden = [];
    header.palette.forEach(function (one, place) {
      if (eco.isHidden(entry.layer, one.state)) {
        hidden.push(place + 1);
      }
    });
    // A day of the map is a period of the plots; a map without a slider has one of each.
    return { ask: 'set', scene: scene, period: Math.min(period, header.periods.length - 1), hidden: hidden, filters: eco.view.filters };
  };

  function openPlots(entry, map, panes, settle) {
    return window.ecotrackPlots.open(entry.key).then(function (client) {
      entry.client = client;
      entry.counts = client.counts;
      entry.colors = {};
      client.header.palette.forEach(function (one) { entry.colors[one.state] = one.color; });
      entry.atEnd = function () { return eco.view.period >= client.header.periods.length - 1 && !Object.keys(eco.view.filters).length; };
      entry.tiles = new window.ecotrackPlots.Tiles(client, { pane: panes.plots });
      return settle(entry);
    }, function (error) {
      entry.atEnd = function () { return true; };
      byId('eco-says').textContent = eco.word('noPlots') + ' ' + String(error.message).slice(0, 200);
      byId('eco-says').classList.add('eco-wrong');
    });
  }

  function drawAll(definition, map, days, link) {
    const panes = eco.panes(map, 'main', 0);
    const renderers = eco.renderers(panes);
    const entries = entriesOf(definition, link);
    const byLayer = {};
    entries.forEach(function (entry) { byLayer[entry.layer.id] = entry; });
    const drawn = entries.slice().sort(function (a, b) { return a.layer.order - b.layer.order; });
    drawn.forEach(function (entry) {
      entry.atEnd = function () { return true; };
      if (entry.packed) {
        entry.group = L.layerGroup();
      } else {
        entry.above = drawn.slice(0, drawn.indexOf(entry)).some(function (other) { return other.packed; });
        entry.group = eco.draw(entry.layer, renderers[entry.above ? 'above' : 'vector'], eco.view.period);
      }
      if (entry.visible) {
        entry.group.addTo(map);
      }
    });
    const labelled = definition.labels.map(function (id) { return byLayer[id]; }).filter(function (entry) {
      return entry && entry.layer.labels;
    });
    labelled.forEach(function (entry, place) { entry.drawnRank = place; });
    const points = drawn.filter(function (entry) { return entry.layer.geometry === 'Point'; });
    const settle = eco.label(labelled, map, points);
    return { entries: entries, drawn: drawn, byLayer: byLayer, settle: settle, panes: panes };
  }

  // What was switched on goes under the layers above it again.
  function raise(drawn, entry) {
    if (entry.visible && !entry.packed) {
      drawn.slice(drawn.indexOf(entry) + 1).forEach(function (above) {
        if (above.visible && !above.packed) {
          above.group.bringToFront();
        }
      });
    }
  }

  // Where a click on a unit or a found thing leads.
  function goTo(map, scene, found) {
    const entry = found.entry;
    if (!entry.visible) {
      scene.toggle(entry, true);
    }
    if (entry.client) {
      return entry.client.ask({ ask: 'shape', row: found.row }).then(function (shape) {
        const box = [window.ecotrackPlots.toLatLng(shape.box.slice(0, 2)), window.ecotrackPlots.toLatLng(shape.box.slice(2))];
        map.fitBounds(box, { animate: false, maxZoom: 16 });
        return eco.openCard(map, map.getCenter(), [found], 0);
      });
    }
    const bounds = L.latLngBounds([]);
    JSON.stringify(entry.layer.shapes[found.row], function (_key, value) {
      if (Array.isArray(value) && typeof value[0] === 'number') {
        bounds.extend(value);
      }
      return value;
    });
    map.fitBounds(bounds.pad(0.05), { animate: false, maxZoom: 15 });
    return eco.openCard(map, entry.layer.geometry === 'Point' ? bounds.getCenter() : map.getCenter(), [found], 0);
  }

  function restore(link, days) {
    const at = days.indexOf(link.t);
    eco.view.period = at >= 0 ? at : days.length - 1;
    eco.view.hidden = link.hidden;
    eco.view.filters = link.filters;
    eco.view.panel = link.p || null;
  }

  eco.start = function (map) {
    const definition = eco.read('map');
    const scoreboard = eco.read('scoreboard');
    const packed = eco.read('boards');
    const days = definition.days;
    const link = eco.readLink();
    const bounds = definition.bounds;
    let boards = days.map(function () { return null; });
    let ready = false;
    eco.view.unit = definition.unit;
    // What was issued later moves no figure: the data are named by what was last said, as receipts name them.
    eco.view.register = (eco.maybe('receipt') || scoreboard).register;
    eco.view.asKnown = scoreboard.as_known;
    eco.view.board = scoreboard;
    eco.view.last = scoreboard;
    restore(link, days);
    boards[days.length - 1] = scoreboard;
    eco.speak(link.lang === 'en' || link.lang === 'zh' ? link.lang : definition.lang);
    eco.changed = function () {
      if (ready) {
        eco.writeLink(map, scene.drawn, days);
      }
    };
    frame(definition);
    panels(definition);
    phone(definition, map);
    map.invalidateSize();
    if (link.view) {
      map.setView([link.view[1], link.view[2]], link.view[0], { animate: false });
    } else {
      map.fitBounds([[bounds[1], bounds[0]], [bounds[3], bounds[2]]], { animate: false });
    }
    furnish(map);
    const scene = drawAll(definition, map, days, link);
    eco.entries = scene.drawn;
    const swipe = eco.compare(map, scene.drawn, days);

    function plotsAgain() {
      return Promise.all(scene.drawn.filter(function (entry) { return entry.client; }).map(function (entry) {
        return entry.client.ask(eco.sceneOf(entry, 'main', eco.view.period)).then(function (summary) {
          entry.counts = summary.counts;
          if (map.hasLayer(entry.tiles)) {
            entry.tiles.repaint();
          }
        });
      }));
    }

    function refresh() {
      scene.drawn.filter(function (entry) { return !entry.packed; }).forEach(function (entry) {
        eco.restyle(entry.layer, entry.group, eco.view.period);
      });
      return plotsAgain().then(function () {
        eco.speak(eco.lang);
        swipe.refresh();
        eco.changed();
      });
    }

    scene.toggle = function (entry, wanted) {
      entry.visible = wanted;
      map[wanted ? 'addLayer' : 'removeLayer'](entry.group);
      raise(scene.drawn, entry);
      scene.settle();
      eco.speak(eco.lang);
      swipe.refresh();
      eco.changed();
    };

    function changeState(entry, state) {
      const hidden = eco.view.hidden[entry.layer.id] || new Set();
      if (!hidden.delete(state)) {
        hidden.add(state);
      }
      eco.view.hidden[entry.layer.id] = hidden;
      refresh();
    }

    function changeFilter(key, value) {
      if (key === null) {
        eco.view.filters = {};
      } else if (value === null) {
        delete eco.view.filters[key];
      } else {
        eco.view.filters[key] = [value];
      }
      refresh();
    }

    // The day of the slider: status, panels, gauges and the head move together.
    eco.goToPeriod = function (period) {
      eco.view.period = period;
      eco.view.board = boards[period] || eco.view.board;
      return refresh();
    };

    eco.goToUnit = function (code, name) {
      const place = ['counties', 'report_units'].map(function (id) { return scene.byLayer[id]; }).filter(Boolean).map(function (entry) {
        return { entry: entry, row: entry.layer.ids.indexOf(code) };
      }).find(function (found) { return found.row >= 0; });
      if (place) {
        goTo(map, scene, place);
        return;
      }
      scene.drawn.filter(function (entry) { return entry.client; }).forEach(function (entry) {
        const field = entry.client.header.fields.find(function (one) { return one.title.zh === '责任单位'; });
        if (field) {
          entry.client.ask({ ask: 'boxOf', name: field.key, value: name }).then(function (box) {
            if (box) {
              map.fitBounds([window.ecotrackPlots.toLatLng(box.slice(0, 2)), window.ecotrackPlots.toLatLng(box.slice(2))], { animate: false });
            }
          });
        }
      });
    };

    eco.goToPlot = function (id) {
      scene.drawn.filter(function (entry) { return entry.client; }).forEach(function (entry) {
        entry.client.ask({ ask: 'find', id: id }).then(function (row) {
          if (row >= 0) {
            goTo(map, scene, { entry: entry, row: row });
          } else {
            eco.say(eco.word('nothingFound'));
          }
        });
      });
    };

    const boxes = eco.legend(byId('eco-layers'), definition.groups, scene.byLayer, scene.toggle, changeState);
    eco.base(map, definition.base, boxes.base, function () {
      scene.drawn.filter(function (entry) { return !entry.packed; }).forEach(function (entry) {
        eco.restyle(entry.layer, entry.group, eco.view.period);
      });
    });
    eco.finder(byId('eco-find'), scene.drawn, function (found) { goTo(map, scene, found); });
    eco.measure(map);
    eco.sheets(map, scene.drawn, definition);
    eco.coordinates(map);
    eco.startPicking(map, scene.drawn);
    eco.slider(byId('eco-time'), days, eco.goToPeriod);
    map.invalidateSize();
    map.on('moveend', function () { eco.changed(); });
    const resized = function () { map.invalidateSize(); };
    window.addEventListener('resize', resized);

    const opened = scene.drawn.filter(function (entry) { return entry.packed; }).map(function (entry) {
      return openPlots(entry, map, scene.panes, function () {
        const asked = eco.sceneOf(entry, 'main', eco.view.period);
        const same = asked.period === entry.client.header.periods.length - 1 && !asked.hidden.length && !Object.keys(asked.filters).length;
        const set = same ? Promise.resolve({ counts: entry.counts }) : entry.client.ask(asked);
        return set.then(function (summary) {
          entry.counts = summary.counts;
          const whole = window.ecotrackPlots.finish(entry.client, entry.tiles, entry.visible);
          entry.group.addLayer(entry.tiles);
          return whole;
        }).then(function () {
          entry.sampled = entry.client.sampled;
          eco.filterPanel(boxes.filters, entry, changeFilter);
        });
      });
    });
    Promise.all([eco.boards(packed, scoreboard)].concat(opened)).then(function (made) {
      boards = made[0];
      eco.view.board = boards[eco.view.period];
      eco.speak(eco.lang);
      ready = true;
      if (link.c && days.indexOf(link.c) >= 0) {
        swipe.set(days.indexOf(link.c));
      }
      document.documentElement.dataset.ecotrack = 'ready';
    });
  };
})();
