// Targets as gauges. Every number is the scoreboard's own: nothing is computed here.
(function () {
  'use strict';

  const eco = window.ecotrack;
  const SIGNS = { met: '✓', on_course: '→', missed: '✕', not_assessed: '–' };

  function number(className, value, text) {
    const element = eco.el('span', className, text);
    element.dataset.value = value === null || value === undefined ? '' : String(value);
    return element;
  }

  function bar(target) {
    const share = target.share_pct;
    const track = eco.el('div', 'eco-track');
    if (share !== null && share !== undefined) {
      const fill = eco.el('div', 'eco-fill');
      fill.style.width = Math.max(0, Math.min(100, share)) + '%';
      track.appendChild(fill);
    }
    return track;
  }

  function reasons(target) {
    return (target.reasons || []).map(function (reason) {
      return eco.el('li', '', eco.pick(reason));
    });
  }

  // How the figure is taken, and what to know of it.
  function notes(target) {
    return ['basis', 'note'].map(function (key) { return eco.pickKey(target, key); }).filter(Boolean).map(function (line) {
      return eco.el('p', 'eco-basis', line);
    });
  }

  // Cities that are judged one by one.
  function cities(target, open) {
    const rows = target.details && target.details.cities;
    if (!rows || !rows.length) {
      return [];
    }
    const heads = ['city', 'spongeShare', 'zonesPassed'].map(function (key, place) {
      const cell = eco.el('th', place ? 'eco-number' : '', eco.word(key));
      cell.scope = 'col';
      return cell;
    });
    const lines = rows.map(function (one) {
      const name = eco.el('th', 'eco-data', eco.clip(eco.pickKey(one, 'name'), 40));
      name.scope = 'row';
      const line = eco.el('tr', '', [
        name, eco.el('td', 'eco-number', eco.cityShare(one)), eco.el('td', 'eco-number', eco.number(one.zones_passed) + '/' + eco.number(one.zones))
      ]);
      line.dataset.city = one.code;
      return line;
    });
    const table = eco.el('table', 'eco-ranking', [eco.el('thead', '', eco.el('tr', '', heads)), eco.el('tbody', '', lines)]);
    const box = eco.el('details', '', [eco.el('summary', '', eco.word('eachCity')), table]);
    box.open = open;
    return [box];
  }

  eco.cityShare = function (city) {
    return city.share_pct === null || city.share_pct === undefined ? eco.word('notAssessed') : eco.number(city.share_pct, 1, true) + '%';
  };

  eco.gauge = function (target, chosen) {
    const assessed = target.status !== 'not_assessed';
    const status = eco.el('span', 'eco-status', SIGNS[target.status] + ' ' + eco.pickKey(target, 'status'));
    const head = [eco.el('h3', '', eco.pickKey(target, 'title'))];
    ['sample', 'sketch'].forEach(function (mark) {
      if (target[mark]) {
        head.push(eco.mark(mark));
      }
    });
    head.push(status);
    const value = target['value_' + target.unit];
    const goal = target['target_' + target.unit];
    const sign = target.direction === '<=' ? '≤' : '≥';
    const figures = [
      number('eco-value', value, value === null || value === undefined ? eco.word('notAssessed') : eco.quantity(value, target.unit)),
      number('eco-goal', goal, eco.word('target') + ' ' + sign + ' ' + eco.quantity(goal, target.unit))
    ];
    if (target.share_pct !== null && target.share_pct !== undefined) {
      figures.splice(1, 0, number('eco-share', target.share_pct, eco.number(target.share_pct, 1, true) + '%'));
    }
    if (target.deadline) {
      figures.push(eco.el('span', 'eco-deadline', eco.word('deadline') + ' ' + target.deadline));
    }
    const card = eco.el('article', 'eco-gauge eco-is-' + target.status, [
      eco.el('header', '', head), bar(target), eco.el('div', 'eco-figures', figures)
    ]);
    card.dataset.target = target.id;
    const why = reasons(target);
    if (why.length) {
      card.appendChild(eco.el('ul', assessed ? 'eco-reasons' : 'eco-reasons eco-why', why));
    }
    notes(target).concat(cities(target, chosen)).forEach(function (part) { card.appendChild(part); });
    const beside = eco.beside(target);
    if (beside) {
      card.appendChild(beside);
    }
    return card;
  };

  // Kilometres of rivers and canals treated: no target and no percentage, since the line is a drawn one.
  eco.kilometres = function (treated) {
    const head = [eco.el('h3', '', eco.word('kmTreated'))];
    if (treated.sample) {
      head.push(eco.mark('sample'));
    }
    if (!treated.calibrated) {
      head.push(eco.mark('sketch'));
    }
    const rows = treated.works.map(function (row) {
      const km = number('eco-value', row.km, eco.quantity(row.km, 'km'));
      km.dataset.work = row.work;
      return eco.el('div', 'eco-figures', [eco.el('span', '', row.work), km]);
    });
    if (!rows.length) {
      rows.push(eco.el('div', 'eco-figures', [number('eco-value', null, eco.word(treated.records ? 'noneDone' : 'noRecord'))]));
    }
    const card = eco.el('article', 'eco-gauge', [eco.el('header', '', head)].concat(rows));
    card.dataset.indicator = 'km_treated';
    if (!treated.calibrated) {
      card.appendChild(eco.el('ul', 'eco-reasons', [eco.el('li', '', eco.word('drawnLine'))]));
    }
    return card;
  };

  eco.targets = function (scoreboard, definition) {
    const treated = scoreboard.indicators && scoreboard.indicators.km_treated;
    const chosen = definition.targets;
    const shown = scoreboard.targets.filter(function (target) { return !chosen.length || chosen.indexOf(target.id) >= 0; });
    const works = !chosen.length || definition.groups.some(function (group) { return group.layers.indexOf('reaches') >= 0; });
    return shown.map(function (target) { return eco.gauge(target, chosen.length > 0); }).concat(treated && works ? [eco.kilometres(treated)] : []);
  };
})();
