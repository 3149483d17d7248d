// Tools of the map: the toolbar, coordinates under the pointer, and measuring.
(function () {
  'use strict';

  const eco = window.ecotrack;

  // One button of the toolbar; `act` gets the button.
  eco.tool = function (key, sign, act) {
    const button = eco.el('button', 'eco-tool');
    button.type = 'button';
    button.dataset.tool = key;
    button.addEventListener('click', function () { act(button); });
    eco.paint(function () {
      eco.empty(button).appendChild(eco.el('span', 'eco-sign', sign));
      button.appendChild(eco.el('span', 'eco-tool-word', eco.word(key).replace(' ' + sign, '')));
      button.title = eco.word(key);
      button.setAttribute('aria-label', eco.word(key));
    });
    document.getElementById('eco-tools').appendChild(button);
    return button;
  };

  eco.press = function (button, on) {
    button.classList.toggle('eco-on', on);
    button.setAttribute('aria-pressed', String(on));
  };

  eco.coordinates = function (map) {
    const box = document.getElementById('eco-place');
    function show(latlng) { box.textContent = eco.placeText(latlng); }
    map.on('mousemove', function (event) { show(event.latlng); });
    // On a phone, and for the keyboard, the middle of the map.
    map.on('moveend', function () { show(map.getCenter()); });
    show(map.getCenter());
  };

  eco.measure = function (map) {
    const line = L.polygon([], { color: '#b3261e', weight: 2, dashArray: '5 4', fillOpacity: 0.08, interactive: false, pane: eco.marksPane(map) });
    const box = eco.el('div', 'eco-measure');
    let points = [];
    box.setAttribute('role', 'status');

    function show() {
      line.setLatLngs(points);
      const lonlat = points.map(function (point) { return [point.lng, point.lat]; });
      const length = eco.length_m(lonlat);
      const parts = [eco.word('length') + ' ' + (length < 10000 ? eco.quantity(length, 'm', 1) : eco.quantity(length / 1000, 'km', 3))];
      if (points.length > 2) {
        const area = eco.area_m2(lonlat);
        parts.push(eco.word('area') + ' ' + eco.quantity(area * 15 / 10000, 'mu') + ' = ' + (area < 1e6 ? eco.quantity(area, 'm2', 1) : eco.quantity(area / 1e6, 'km2', 4)));
      }
      box.textContent = points.length < 2 ? eco.word('measureHint') : parts.join(' · ');
      box.dataset.length = String(length);
      box.dataset.area = points.length > 2 ? String(eco.area_m2(lonlat)) : '';
    }
    function add(event) {
      points.push(event.latlng);
      show();
    }
    function back(event) {
      if (eco.measuring && event.key === 'Escape') {
        set(false);
      } else if (eco.measuring && event.key === 'Backspace' && event.target.tagName !== 'INPUT') {
        points.pop();
        show();
      }
    }
    const button = eco.tool('measure', '⟷', function () { set(!eco.measuring); });
    function set(on) {
      eco.measuring = on;
      points = [];
      eco.press(button, on);
      map.getContainer().classList.toggle('eco-measuring', on);
      map.closePopup();
      map.doubleClickZoom[on ? 'disable' : 'enable']();
      if (on) {
        line.addTo(map);
        map.on('click', add);
        map.getContainer().appendChild(box);
        show();
      } else {
        line.remove();
        map.off('click', add);
        box.remove();
      }
    }
    eco.press(button, false);
    document.addEventListener('keydown', back);
    eco.paint(function () {
      if (eco.measuring) {
        show();
      }
    });
  };

  // What a screen reader says.
  eco.say = function (text) {
    document.getElementById('eco-says').textContent = text;
  };
})();
