// The online base, where one was chosen: probed once, and silently absent without a network.
(function () {
  'use strict';

  const eco = window.ecotrack;
  const STORE = 'ecotrack-base-key';

  function keptKey() {
    try {
      return localStorage.getItem(STORE) || '';
    } catch (_error) {
      return '';
    }
  }

  function tileUrl(url, key, at) {
    return url.replace('{key}', encodeURIComponent(key)).replace('{z}', at.z).replace('{x}', at.x).replace('{y}', at.y);
  }

  // Whether one tile of the view arrives.
  function probe(url, key, map) {
    const zoom = Math.max(1, Math.min(16, Math.round(map.getZoom())));
    const point = map.project(map.getCenter(), zoom).divideBy(256).floor();
    return new Promise(function (resolve) {
      const picture = new Image();
      picture.onload = function () { resolve(true); };
      picture.onerror = function () { resolve(false); };
      picture.src = tileUrl(url, key, { z: zoom, x: point.x, y: point.y });
    });
  }

  eco.base = function (map, base, box, repaint) {
    if (!base) {
      return;
    }
    const input = eco.el('input');
    const check = eco.el('input');
    const state = eco.el('small');
    let group = null;
    check.type = 'checkbox';
    input.type = 'password';
    input.value = base.asks_key ? keptKey() : '';

    function remove() {
      if (group) {
        group.remove();
        group = null;
      }
      eco.view.based = false;
      repaint();
    }
    function add() {
      const key = input.value.trim();
      if (base.asks_key && !key) {
        state.textContent = eco.word('keyNeeded');
        return;
      }
      probe(base.urls[0], key, map).then(function (there) {
        check.checked = there;
        state.textContent = there ? base.by : eco.word('noBase');
        if (there) {
          try {
            localStorage.setItem(STORE, key);
          } catch (_error) {
            // A page of a file may be kept from storing anything; the key is then asked for again.
          }
          group = L.layerGroup(base.urls.map(function (url) {
            return L.tileLayer(url.replace('{key}', encodeURIComponent(key)), { maxNativeZoom: 18, maxZoom: 19 });
          })).addTo(map);
          eco.view.based = true;
          repaint();
        }
      });
    }
    check.addEventListener('change', function () {
      if (check.checked) {
        add();
      } else {
        remove();
      }
    });
    const name = eco.el('span');
    const row = eco.el('label', 'eco-layer', [check, eco.el('span', '', [name, eco.el('br'), state])]);
    box.appendChild(row);
    if (base.asks_key) {
      box.appendChild(input);
    }
    eco.paint(function () {
      name.textContent = eco.pick(base.title);
      input.placeholder = eco.word('baseKey');
      input.setAttribute('aria-label', eco.word('baseKey'));
    });
    if (!base.asks_key || input.value) {
      add();
    }
  };
})();
