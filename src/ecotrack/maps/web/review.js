// What a reviewer looks at: the findings of the scoreboard, each with the plots that it names.
(function () {
  'use strict';

  const eco = window.ecotrack;
  // What these name are tasks and records, which have no place on the map.
  const PLACELESS = ['step_above', 'report_falls', 'same_second', 'unknown_feature'];

  function idButton(id) {
    const button = eco.el('button', 'eco-go', eco.clip(id, 60));
    button.type = 'button';
    button.addEventListener('click', function () { eco.goToPlot(id); });
    return button;
  }

  function card(finding) {
    const head = [eco.el('h3', 'eco-data', eco.clip(eco.pick(finding), 300))];
    ['sample', 'sketch'].forEach(function (mark) {
      if (finding[mark]) {
        head.push(eco.mark(mark));
      }
    });
    const unit = eco.view.last.units.responsible.find(function (row) { return finding.unit && row.code === finding.unit; });
    if (unit) {
      head.push(eco.el('p', 'eco-sub', eco.pick({ zh: unit.name_zh, en: unit.name_en })));
    }
    const ids = (finding.ids || []).map(function (id) {
      return eco.el('li', '', PLACELESS.indexOf(finding.check) < 0 ? idButton(id) : eco.el('span', 'eco-sub', eco.clip(id, 60)));
    });
    const one = eco.el('article', 'eco-finding', [eco.el('header', '', head), eco.el('ul', 'eco-ids', ids)]);
    one.dataset.check = finding.check;
    return one;
  }

  // Findings are of the map's own day, wherever the slider stands.
  eco.findings = function () {
    const found = eco.view.last.findings;
    return eco.satellite().concat(found ? found.anomalies.map(card) : []);
  };

  // Figures that the scoreboard has for one feature: a county's ground, a town's sponge share.
  eco.figuresOf = function (layer, id) {
    const board = eco.view.board;
    const rows = [];
    const ground = board.units && layer.id === 'counties' ? board.units.territorial.find(function (row) { return row.code === id; }) : null;
    if (ground) {
      rows.push(['accepted', eco.quantity(ground.net_accepted_mu, 'mu')], ['qualified', eco.quantity(ground.net_qualified_mu, 'mu')]);
    }
    if (layer.id === 'counties') {
      Array.prototype.push.apply(rows, eco.besideCounty(id));
    }
    board.targets.forEach(function (target) {
      const cities = layer.id === 'builtup' && target.details && target.details.cities;
      const city = cities && cities.find(function (one) { return String(id).indexOf(one.code) >= 0; });
      if (city) {
        rows.push(['spongeShare', eco.cityShare(city)], ['zonesPassed', eco.number(city.zones_passed) + '/' + eco.number(city.zones)]);
      }
    });
    return rows;
  };
})();
