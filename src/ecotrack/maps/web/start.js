// The start: reads the inert data, fills the frame, draws the layers.
(function () {
  'use strict';

  const eco = window.ecotrack;
  const byId = function (id) { return document.getElementById(id); };

  function frame(definition, scoreboard) {
    const register = scoreboard.register || {};
    eco.paint(function () {
      const title = eco.pick(definition.title);
      document.title = title;
      eco.empty(byId('eco-title')).appendChild(eco.name(title, 120));
      const version = register.head
        ? eco.word('version') + ' ' + register.seq + '-' + String(register.head).slice(0, 8) : '';
      const known = scoreboard.as_known ? eco.word('asKnown') + ' ' + scoreboard.as_known : '';
      const facts = [eco.word('asOf') + ' ' + scoreboard.as_of, known, version].filter(Boolean);
      eco.empty(byId('eco-state')).appendChild(document.createTextNode(facts.join(' · ')));
      marks(definition, scoreboard);
      byId('eco-lang').textContent = eco.word('other');
      byId('eco-layers').setAttribute('aria-label', eco.word('layers'));
      byId('eco-panel').setAttribute('aria-label', eco.word('panel'));
      document.querySelector('.folium-map').setAttribute('aria-label', title);
      const notes = [eco.el('span', 'eco-about', eco.word('about') + ' · ')];
      if (scoreboard.sketch) {
        notes.push(eco.el('span', '', eco.word('sketchNote')));
      }
      eco.empty(byId('eco-note')).appendChild(eco.el('span', '', notes));
      byId('eco-level').textContent = eco.word('level') + ' ' + eco.level(definition.classification);
    });
    byId('eco-lang').addEventListener('click', function () {
      eco.speak(eco.lang === 'en' ? 'zh' : 'en');
    });
  }

  function marks(definition, scoreboard) {
    const list = eco.empty(byId('eco-marks'));
    const keys = ['sketch', 'sample'].filter(function (key) { return scoreboard[key]; });
    keys.forEach(function (key) { list.appendChild(eco.el('li', '', eco.mark(key))); });
    if (definition.classification === '公开') {
      const text = eco.word('approval') + ' ' + eco.clip(definition.approval_number, 60);
      list.appendChild(eco.el('li', '', eco.el('span', 'eco-mark eco-mark-level', text)));
    } else {
      list.appendChild(eco.el('li', '', eco.el('span', 'eco-mark eco-mark-level', eco.word('internal'))));
      list.appendChild(eco.el('li', '', eco.el('span', 'eco-mark eco-mark-level', eco.level(definition.classification))));
    }
  }

  function panels(definition, scoreboard) {
    const box = byId('eco-panel');
    if (!definition.panels.length) {
      document.body.classList.add('eco-without-panel');
      return;
    }
    let chosen = definition.panels[0];
    function show() {
      const tabs = eco.el('div', 'eco-panel-tabs');
      definition.panels.forEach(function (key) {
        const tab = eco.el('button', key === chosen ? 'eco-on' : '', eco.word(key));
        tab.type = 'button';
        tab.dataset.panel = key;
        tab.setAttribute('aria-pressed', String(key === chosen));
        tab.addEventListener('click', function () { chosen = key; show(); });
        tabs.appendChild(tab);
      });
      const cards = eco[chosen](scoreboard);
      const body = eco.el('div', 'eco-panel-body', cards.length ? cards : eco.el('p', 'eco-none', eco.word('none')));
      eco.empty(box).appendChild(tabs);
      box.appendChild(body);
    }
    eco.paint(show);
  }

  // On a phone one thing at a time stands under the map, and the map shrinks: nothing covers anything.
  function phone(definition, map) {
    const nav = byId('eco-tabs');
    const body = document.body;
    const keys = ['map', 'layers'].concat(definition.panels.length ? ['panel'] : []);
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
        eco.empty(box);
        box.appendChild(eco.el('b', '', '▲'));
        box.appendChild(eco.el('span', '', eco.word('north')));
      });
      return box;
    };
    north.addTo(map);
  }

  function drawAll(definition, map) {
    const renderer = eco.canvas();
    const entries = {};
    const hidden = [].concat.apply([], definition.groups.map(function (group) { return group.hidden; }));
    const drawn = eco.read('layers').map(function (layer) {
      const visible = layer.style.show && hidden.indexOf(layer.id) < 0;
      const entry = { layer: layer, group: eco.draw(layer, renderer, map), visible: visible };
      entries[layer.id] = entry;
      return entry;
    }).sort(function (a, b) { return a.layer.order - b.layer.order; });
    drawn.forEach(function (entry) {
      if (entry.visible) {
        entry.group.addTo(map);
      }
    });
    const labelled = definition.labels.map(function (id) { return entries[id]; }).filter(function (entry) {
      return entry && entry.layer.labels;
    });
    const settle = eco.label(labelled, map);
    eco.legend(byId('eco-layers'), definition.groups, entries, function (entry, wanted) {
      entry.visible = wanted;
      map[wanted ? 'addLayer' : 'removeLayer'](entry.group);
      raise(drawn, entry);
      settle();
      eco.speak(eco.lang);
    });
    settle();
  }

  // What was switched on goes under the layers above it again.
  function raise(drawn, entry) {
    if (entry.visible) {
      drawn.slice(drawn.indexOf(entry) + 1).forEach(function (above) {
        if (above.visible) {
          above.group.bringToFront();
        }
      });
    }
  }

  eco.start = function (map) {
    const definition = eco.read('map');
    const scoreboard = eco.read('scoreboard');
    const bounds = definition.bounds;
    eco.speak(definition.lang);
    frame(definition, scoreboard);
    panels(definition, scoreboard);
    phone(definition, map);
    map.invalidateSize();
    map.fitBounds([[bounds[1], bounds[0]], [bounds[3], bounds[2]]], { animate: false });
    furnish(map);
    drawAll(definition, map);
    window.addEventListener('resize', function () { map.invalidateSize(); });
    document.documentElement.dataset.ecotrack = 'ready';
  };
})();
