// A layer of plots on a map that is not ours: its legend, its slider and its cards.
(function () {
  'use strict';

  const plots = window.ecotrackPlots;
  const WORDS = {
    zh: { none: '无', also: '此处还有', plots: '块', play: '播放', pause: '暂停', time: '时期' },
    en: { none: 'none', also: 'also here:', plots: 'plots', play: 'Play', pause: 'Pause', time: 'Period' }
  };

  function el(name, className, text) {
    const element = document.createElement(name);
    element.className = className || '';
    if (text !== undefined && text !== null) {
      element.textContent = Array.from(String(text)).slice(0, 500).join('');
    }
    return element;
  }

  function cardOf(client, card, look, others) {
    const box = el('div', 'ecoplots-card');
    box.appendChild(el('b', '', card.values['#name'] || card.values['#id']));
    box.appendChild(el('div', 'ecoplots-soft', card.values['#id']));
    const state = client.header.palette[card.state - 1];
    if (state && state.state) {
      box.appendChild(el('div', '', state.state));
    }
    const list = el('dl');
    client.header.fields.forEach(function (field) {
      const value = card.values[field.key];
      if (value !== null) {
        list.appendChild(el('dt', '', look.lang === 'en' ? field.title.en : field.title.zh));
        list.appendChild(el('dd', '', value + (field.unit ? ' ' + field.unit : '')));
      }
    });
    box.appendChild(list);
    if (others) {
      const words = WORDS[look.lang] || WORDS.zh;
      box.appendChild(el('div', 'ecoplots-soft', words.also + ' ' + others + ' ' + words.plots));
    }
    return box;
  }

  function legend(client, look, shown, change) {
    const control = L.control({ position: 'topright' });
    control.onAdd = function () {
      const box = el('div', 'ecoplots-legend leaflet-bar');
      L.DomEvent.disableClickPropagation(box);
      if (look.title) {
        box.appendChild(el('b', '', look.title));
      }
      client.header.palette.forEach(function (one, place) {
        const row = el('label');
        const input = el('input');
        const swatch = el('i');
        input.type = 'checkbox';
        input.checked = true;
        input.addEventListener('change', function () {
          shown.hidden = shown.hidden.filter(function (code) { return code !== place + 1; }).concat(input.checked ? [] : [place + 1]);
          change();
        });
        swatch.style.backgroundColor = one.color;
        row.appendChild(input);
        row.appendChild(swatch);
        row.appendChild(el('span', '', one.state || '–'));
        box.appendChild(row);
      });
      return box;
    };
    return control;
  }

  function slider(client, look, shown, change) {
    const control = L.control({ position: 'bottomleft' });
    const words = WORDS[look.lang] || WORDS.zh;
    control.onAdd = function () {
      const box = el('div', 'ecoplots-time leaflet-bar');
      L.DomEvent.disableClickPropagation(box);
      const button = el('button', '', '▶');
      const range = el('input');
      const label = el('output');
      let timer = 0;
      function show() {
        label.textContent = client.header.periods[shown.period];
        range.value = String(shown.period);
        change();
      }
      button.type = 'button';
      button.setAttribute('aria-label', words.play);
      button.addEventListener('click', function () {
        if (timer) {
          clearInterval(timer);
          timer = 0;
        } else {
          timer = setInterval(function () {
            shown.period = (shown.period + 1) % client.header.periods.length;
            show();
          }, 900);
        }
        button.textContent = timer ? '❚❚' : '▶';
        button.setAttribute('aria-label', timer ? words.pause : words.play);
      });
      range.type = 'range';
      range.min = '0';
      range.max = String(client.header.periods.length - 1);
      range.setAttribute('aria-label', words.time);
      range.addEventListener('input', function () {
        shown.period = Number(range.value);
        show();
      });
      [button, range, label].forEach(function (part) { box.appendChild(part); });
      label.textContent = client.header.periods[shown.period];
      range.value = String(shown.period);
      return box;
    };
    return control;
  }

  // A Leaflet layer at once; the plots come into it when they are read.
  plots.alone = function (map, key) {
    const group = L.layerGroup().addTo(map);
    const look = JSON.parse(document.getElementById(key + '-look').textContent);
    if (look.bounds.length) {
      const b = look.bounds;
      map.fitBounds([[b[1], b[0]], [b[3], b[2]]], { animate: false });
    }
    group.ready = plots.open(key).then(function (client) {
      const tiles = new plots.Tiles(client);
      const whole = plots.finish(client, tiles, true);
      tiles.addTo(group);
      const shown = { period: client.header.periods.length - 1, hidden: [] };
      function change() {
        client.ask({ ask: 'set', scene: 'main', period: shown.period, hidden: shown.hidden, filters: {} }).then(function () {
          tiles.repaint();
        });
      }
      if (client.header.palette.length > 1 || look.title) {
        legend(client, look, shown, change).addTo(map);
      }
      if (client.header.periods.length > 1) {
        slider(client, look, shown, change).addTo(map);
      }
      map.on('click', function (event) {
        if (!map.hasLayer(group)) {
          return;
        }
        plots.hit(client, map, event.latlng).then(function (rows) {
          if (rows.length) {
            client.ask({ ask: 'card', scene: 'main', row: rows[0] }).then(function (card) {
              L.popup({ maxHeight: 260 }).setLatLng(event.latlng).setContent(cardOf(client, card, look, rows.length - 1)).openOn(map);
            });
          }
        });
      });
      group.client = client;
      group.tiles = tiles;
      return whole;
    });
    return group;
  };
})();
