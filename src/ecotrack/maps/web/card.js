// Cards: what a tooltip and a popup say about one feature.
(function () {
  'use strict';

  const eco = window.ecotrack;

  function title(layer, k) {
    return eco.nameOf(layer, k) || layer.ids[k];
  }

  function shownValue(value, field) {
    const unit = field.unit;
    if (value === true || value === false) {
      return eco.word(value ? 'yes' : 'no');
    }
    const text = typeof value === 'number' ? eco.number(value) : eco.clip(eco.value(value, field), 500);
    return unit ? text + (unit === '%' ? '' : '\u202f') + eco.unit(unit) : text;
  }

  function pairs(fields, row) {
    const list = eco.el('dl', 'eco-pairs');
    fields.forEach(function (field) {
      const value = eco.at(field.column, row);
      if (value !== null) {
        list.appendChild(eco.el('dt', '', eco.pick(field.title)));
        list.appendChild(eco.el('dd', '', eco.el('bdi', 'eco-data', shownValue(value, field))));
      }
    });
    return list;
  }

  function record(layer, row) {
    const rows = layer.records;
    const head = [eco.el('time', '', eco.at(rows.day, row)), ' ', eco.pick(layer.kinds[eco.at(rows.kind, row)])];
    const state = eco.at(rows.state, row);
    if (state) {
      head.push(' ', eco.el('b', 'eco-record-state', eco.state(state)));
    }
    const value = eco.at(rows.value, row);
    if (value !== null) {
      head.push(' ', eco.el('b', 'eco-record-value', eco.quantity(value, eco.at(rows.value_unit, row), 4)));
    }
    if (eco.at(rows.sample, row)) {
      head.push(' ', eco.mark('sample'));
    }
    const item = eco.el('li', 'eco-record', eco.el('div', 'eco-record-head', head));
    item.appendChild(pairs(rows.fields, row));
    const source = [eco.at(rows.unit, row), eco.at(rows.document, row)].filter(Boolean);
    if (source.length) {
      item.appendChild(eco.el('div', 'eco-source', eco.el('bdi', 'eco-data', eco.clip(source.join(' · '), 300))));
    }
    return item;
  }

  function recordList(layer, k, title) {
    const shown = layer.records.shown[k];
    const all = layer.records.all[k];
    const more = all > shown ? ' ' + all + ' ' + eco.word('recordsShown') + ' ' + shown : '';
    const box = eco.el('div', 'eco-records', eco.el('h4', '', eco.word(title) + more));
    const list = eco.el('ul');
    for (let i = 0; i < shown; i += 1) {
      list.appendChild(record(layer, layer.firstRows[k] + i));
    }
    box.appendChild(list);
    return box;
  }

  eco.tooltip = function (layer, k) {
    const state = eco.stateOf(layer, k);
    const parts = [eco.name(title(layer, k), 60)];
    if (state || layer.recordable) {
      parts.push(eco.el('span', 'eco-tip-state', state ? eco.state(state) : eco.word('noRecord')));
    }
    return eco.el('div', 'eco-tip', parts);
  };

  eco.popup = function (layer, k) {
    const head = [eco.name(title(layer, k))];
    if (layer.sketch) {
      head.push(' ', eco.mark('sketch'));
    }
    if (eco.at(layer.samples, k)) {
      head.push(' ', eco.mark('sample'));
    }
    const state = eco.stateOf(layer, k);
    const sub = [eco.pick(layer.title), ' · ', eco.el('bdi', 'eco-data', eco.clip(layer.ids[k], 80))];
    const card = eco.el('article', 'eco-card', [eco.el('h3', '', head), eco.el('p', 'eco-sub', sub)]);
    if (state) {
      const swatch = eco.el('i', 'eco-dot');
      swatch.style.backgroundColor = eco.colorOf(layer, state);
      card.appendChild(eco.el('p', 'eco-now', [swatch, eco.el('b', '', eco.state(state))]));
    }
    card.appendChild(pairs(layer.fields, k));
    if (layer.id === 'verdicts') {
      eco.chipsOf(layer.ids[k]).forEach(function (part) { card.appendChild(part); });
    }
    const figures = eco.figuresOf(layer, layer.ids[k]);
    if (figures.length) {
      const list = eco.el('dl', 'eco-pairs');
      figures.forEach(function (row) {
        list.appendChild(eco.el('dt', '', eco.word(row[0])));
        list.appendChild(eco.el('dd', '', row[1]));
      });
      card.appendChild(eco.el('div', 'eco-records', [eco.el('h4', '', eco.word('figuresOf') + ' ' + eco.view.board.as_of), list]));
    }
    if (layer.recordable) {
      const whole = layer.ids.length;
      const has = layer.records.all[k] > 0;
      card.appendChild(has ? recordList(layer, k, 'records') : eco.el('p', 'eco-none', eco.word('noRecord')));
      if (layer.records.all[whole] > 0) {
        card.appendChild(recordList(layer, whole, 'wholeRecords'));
      }
    }
    return card;
  };
})();
