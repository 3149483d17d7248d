// The link: view, day, layers, filters in the address after #, so that sending the address sends the view.
(function () {
  'use strict';

  const eco = window.ecotrack;

  // A damaged link says something else; it breaks nothing.
  function plain(text) {
    try {
      return decodeURIComponent(text);
    } catch (_error) {
      return text;
    }
  }

  function lists(text) {
    return text ? text.split(',').map(plain) : [];
  }

  function listText(values) {
    return values.map(function (value) { return value.replace(/[%,]/g, encodeURIComponent); }).join(',');
  }

  // What the address says; what it does not say is not in the result. Nothing in it is trusted.
  eco.readLink = function () {
    const said = new URLSearchParams(location.hash.slice(1));
    const found = { filters: {}, hidden: {} };
    const view = (said.get('v') || '').split('/').map(Number);
    if (view.length === 3 && view.every(Number.isFinite) && Math.abs(view[1]) <= 90 && Math.abs(view[2]) <= 180) {
      found.view = view;
    }
    ['t', 'c', 'lang', 'p'].forEach(function (key) {
      if (said.has(key)) {
        found[key] = said.get(key);
      }
    });
    if (said.has('l')) {
      found.layers = lists(said.get('l'));
    }
    said.forEach(function (value, key) {
      if (key.slice(0, 2) === 'f.') {
        found.filters[key.slice(2)] = lists(value);
      } else if (key.slice(0, 2) === 'h.') {
        found.hidden[key.slice(2)] = new Set(lists(value));
      }
    });
    return found;
  };

  eco.linkText = function (map, drawn, days) {
    const said = new URLSearchParams();
    const centre = map.getCenter();
    said.set('v', [Math.round(map.getZoom() * 100) / 100, centre.lat.toFixed(5), centre.lng.toFixed(5)].join('/'));
    if (eco.view.period !== days.length - 1) {
      said.set('t', days[eco.view.period]);
    }
    if (eco.view.other !== null) {
      said.set('c', days[eco.view.other]);
    }
    const off = drawn.some(function (entry) { return entry.visible !== entry.opening; });
    if (off) {
      said.set('l', listText(drawn.filter(function (entry) { return entry.visible; }).map(function (entry) { return entry.layer.id; })));
    }
    Object.keys(eco.view.filters).forEach(function (key) { said.set('f.' + key, listText(eco.view.filters[key])); });
    Object.keys(eco.view.hidden).forEach(function (id) {
      if (eco.view.hidden[id].size) {
        said.set('h.' + id, listText(Array.from(eco.view.hidden[id])));
      }
    });
    if (eco.view.panel) {
      said.set('p', eco.view.panel);
    }
    said.set('lang', eco.lang);
    return '#' + said.toString();
  };

  eco.writeLink = function (map, drawn, days) {
    const text = eco.linkText(map, drawn, days);
    if (text !== location.hash) {
      try {
        history.replaceState(null, '', text);
      } catch (_error) {
        // Inside a notebook's frame the address is not ours to change.
      }
    }
  };
})();
