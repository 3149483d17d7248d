// The swipe: left of the line the day of the slider, right of it another day.
(function () {
  'use strict';

  const eco = window.ecotrack;

  function badge(day, drawn, period) {
    const parts = [eco.el('b', '', day)];
    drawn.filter(function (entry) { return entry.visible && !entry.packed; }).forEach(function (entry) {
      const readings = eco.nowOf(entry.layer, period).readings || [];
      readings.forEach(function (reading, k) {
        if (reading) {
          parts.push(eco.el('span', '', eco.clip(eco.at(entry.layer.names, k), 20) + ' ' + eco.readingText(reading)));
        }
      });
    });
    return parts;
  }

  // Draws the layers a second time in panes of their own, as of the other day.
  function otherScene(map, drawn, panes) {
    const renderers = eco.renderers(panes);
    const layers = L.layerGroup().addTo(map);
    drawn.filter(function (entry) { return entry.visible; }).forEach(function (entry) {
      if (!entry.packed) {
        layers.addLayer(eco.draw(entry.layer, renderers[entry.above ? 'above' : 'vector'], eco.view.other));
      } else if (entry.client) {
        entry.client.ask(eco.sceneOf(entry, 'other', eco.view.other)).then(function () {
          layers.addLayer(new window.ecotrackPlots.Tiles(entry.client, { pane: panes.plots, scene: 'other' }));
        });
      }
    });
    return layers;
  }

  eco.compare = function (map, drawn, days) {
    if (days.length < 2) {
      return { set: function () {}, refresh: function () {} };
    }
    const left = ['eco-vector-main', 'eco-plots-main', 'eco-above-main'];
    const panes = eco.panes(map, 'other', 4);
    const bar = eco.el('div', 'eco-swipe');
    const range = eco.el('input', 'eco-swipe-range');
    const select = eco.el('select', 'eco-swipe-day');
    const badges = [eco.el('div', 'eco-badge eco-badge-left'), eco.el('div', 'eco-badge eco-badge-right')];
    let scene = null;
    let share = 0.5;
    range.type = 'range';
    range.min = '0';
    range.max = '1000';
    range.value = '500';
    days.forEach(function (day, place) {
      const option = eco.el('option', '', day);
      option.value = String(place);
      select.appendChild(option);
    });
    [range, select].forEach(function (part) { L.DomEvent.disableClickPropagation(part); });

    function cut() {
      if (!scene) {
        return;
      }
      const size = map.getSize();
      const corner = map.containerPointToLayerPoint([0, 0]);
      const end = map.containerPointToLayerPoint(size);
      const at = corner.x + size.x * share;
      left.forEach(function (name) { clip(name, [corner.y, at, end.y, corner.x]); });
      [panes.vector, panes.plots, panes.above].forEach(function (name) { clip(name, [corner.y, end.x, end.y, at]); });
      bar.style.left = 100 * share + '%';
    }
    function clip(name, box) {
      map.getPane(name).style.clip = box ? 'rect(' + box.map(function (edge) { return edge + 'px'; }).join(',') + ')' : '';
    }
    function words() {
      if (!scene) {
        return;
      }
      range.setAttribute('aria-label', eco.word('swipe'));
      select.setAttribute('aria-label', eco.word('otherDay'));
      select.value = String(eco.view.other);
      eco.fill(badges[0], badge(days[eco.view.period], drawn, eco.view.period));
      eco.fill(badges[1], [select].concat(badge(days[eco.view.other], drawn, eco.view.other).slice(1)));
    }
    function build() {
      if (scene) {
        scene.remove();
      }
      scene = otherScene(map, drawn, panes);
      cut();
      words();
    }
    function set(other) {
      eco.view.other = other;
      eco.press(button, other !== null);
      document.body.classList.toggle('eco-comparing', other !== null);
      if (other !== null) {
        [bar, range, badges[0], badges[1]].forEach(function (part) { map.getContainer().appendChild(part); });
        build();
      } else if (scene) {
        scene.remove();
        scene = null;
        left.concat([panes.vector, panes.plots, panes.above]).forEach(function (name) { clip(name, null); });
        [bar, range, badges[0], badges[1]].forEach(function (part) { part.remove(); });
      }
      eco.changed();
    }
    const button = eco.tool('compare', '◫', function () {
      set(eco.view.other === null ? Math.max(0, eco.view.period === 0 ? days.length - 1 : eco.earlier(eco.view.period)) : null);
    });
    eco.press(button, false);
    // A year before, where there is one.
    eco.earlier = function (period) {
      const year = String(Number(days[period].slice(0, 4)) - 1) + days[period].slice(4);
      const found = days.findIndex(function (day) { return day >= year; });
      return found >= 0 && found < period ? found : 0;
    };
    range.addEventListener('input', function () {
      share = Number(range.value) / 1000;
      cut();
    });
    select.addEventListener('change', function () { set(Number(select.value)); });
    map.on('move zoomend resize viewreset', cut);
    eco.paint(words);
    return { set: set, refresh: function () { if (scene) { build(); } } };
  };
})();
