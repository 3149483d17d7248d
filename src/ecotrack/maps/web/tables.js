// The funnel of each task and the ranking of its units, as the scoreboard gives them.
(function () {
  'use strict';

  const eco = window.ecotrack;

  function widest(task) {
    return task.steps.reduce(function (most, step) { return Math.max(most, step.area_mu || 0); }, 0);
  }

  function stepRow(step, most) {
    const head = [eco.el('span', 'eco-step-title', eco.pickKey(step, 'title'))];
    const assessed = step.area_mu !== null && step.area_mu !== undefined;
    const value = eco.el('b', 'eco-step-value', assessed ? eco.quantity(step.area_mu, 'mu') : eco.word('notAssessed'));
    value.dataset.value = assessed ? String(step.area_mu) : '';
    head.push(value);
    if (step.plots !== null && step.plots !== undefined) {
      head.push(eco.el('small', '', eco.number(step.plots) + '\u202f' + eco.word('plots')));
    }
    const fill = eco.el('div', 'eco-fill');
    fill.style.width = assessed && most > 0 ? 100 * step.area_mu / most + '%' : '0';
    const item = eco.el('li', 'eco-step' + (assessed ? '' : ' eco-open'), [
      eco.el('div', 'eco-step-head', head), eco.el('div', 'eco-track', fill)
    ]);
    item.dataset.step = step.step;
    if (step.flag === 'above_previous') {
      item.appendChild(eco.el('p', 'eco-flag', '▲ ' + eco.word('above')));
    }
    (step.reasons || []).forEach(function (reason) {
      item.appendChild(eco.el('p', 'eco-reason', eco.pick(reason)));
    });
    (step.losses || []).forEach(function (loss) {
      // A negative loss is ground that came back.
      const text = loss.area_mu < 0
        ? '+' + eco.quantity(String(loss.area_mu).slice(1), 'mu') : '−' + eco.quantity(loss.area_mu, 'mu');
      item.appendChild(eco.el('p', 'eco-loss', eco.pick(loss) + ' ' + text));
    });
    return item;
  }

  function taskHead(task) {
    const facts = [task.kind, task.level, task.season && eco.season(task.season)].filter(Boolean).join(' · ');
    const head = [eco.name(eco.pickKey(task, 'title') || task.task_id, 80)];
    if (task.sample) {
      head.push(' ', eco.mark('sample'));
    }
    const lines = [eco.el('h3', '', head), eco.el('p', 'eco-sub eco-data', facts)];
    if (task.document) {
      lines.push(eco.el('p', 'eco-sub eco-data', eco.word('document2') + ' ' + eco.clip(task.document, 200)));
    }
    return eco.el('header', '', lines);
  }

  eco.funnel = function (scoreboard) {
    return scoreboard.funnel.map(function (task) {
      const most = widest(task);
      const steps = task.steps.map(function (step) { return stepRow(step, most); });
      const card = eco.el('article', 'eco-task', [taskHead(task), eco.el('ol', 'eco-steps', steps)]);
      card.dataset.task = task.task_id;
      return card;
    });
  };

  function cells(row, rank, name) {
    const rate = row.rate_pct === null || row.rate_pct === undefined ? '–' : eco.number(row.rate_pct, 1, true) + '%';
    const line = eco.el('tr', '', [
      eco.el('td', 'eco-number', rank), eco.el('th', 'eco-data', name),
      eco.el('td', 'eco-number', eco.number(row.assigned_mu, 1)), eco.el('td', 'eco-number', eco.number(row.reported_mu, 1)),
      eco.el('td', 'eco-number', rate)
    ]);
    line.querySelector('th').scope = 'row';
    return line;
  }

  function ranking(task) {
    const heads = ['rank', 'unit', 'assigned', 'done', 'rate'].map(function (key) {
      const cell = eco.el('th', key === 'unit' ? '' : 'eco-number', eco.word(key));
      cell.scope = 'col';
      return cell;
    });
    const rows = task.units.map(function (unit) {
      const line = cells(unit, unit.rank === null || unit.rank === undefined ? '–' : unit.rank, eco.clip(eco.pickKey(unit, 'name'), 40));
      line.dataset.unit = unit.code;
      line.className = unit.code === eco.view.unit ? 'eco-own' : '';
      const go = eco.el('button', 'eco-go', eco.clip(eco.pickKey(unit, 'name'), 40));
      go.type = 'button';
      go.title = eco.word('goThere');
      go.addEventListener('click', function () { eco.goToUnit(unit.code, unit.name_zh); });
      eco.fill(line.querySelector('th'), [go]);
      return line;
    });
    const foot = task.total ? eco.el('tfoot', '', cells(task.total, '', eco.word('total'))) : '';
    return eco.el('table', 'eco-ranking', [
      eco.el('thead', '', eco.el('tr', '', heads)), eco.el('tbody', '', rows), foot
    ]);
  }

  eco.units = function (scoreboard) {
    return scoreboard.funnel.filter(function (task) { return task.units && task.units.length; }).map(function (task) {
      const card = eco.el('article', 'eco-task', [taskHead(task), ranking(task)]);
      card.dataset.task = task.task_id;
      return card;
    });
  };
})();
