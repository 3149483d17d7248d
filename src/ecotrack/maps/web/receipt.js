// Of which state the figures are, and which of them have a receipt: what it takes to compute each again.
(function () {
  'use strict';

  const eco = window.ecotrack;

  function fact(key, text) {
    return eco.el('p', '', [eco.word(key) + ' ', eco.el('bdi', 'eco-data eco-digits', text)]);
  }

  // Exact text, not rounded: a receipt is compared digit for digit. A table has many numbers and shows none here.
  function value(row) {
    const step = row.figure.indexOf('/') > 0;
    const unit = /^value_/.test(row.column || '') ? row.column.slice(6) : step ? (row.column || '').split('_').pop() : null;
    if (unit === null) {
      return '';
    }
    if (row.value === null) {
      return eco.word('notAssessed');
    }
    return row.value + (unit === 'pct' ? '%' : '\u202f' + eco.unit(unit));
  }

  function line(row) {
    const marks = ['sample', 'sketch'].filter(function (key) { return row[key]; }).map(eco.mark);
    const item = eco.el('li', '', [eco.name(eco.pickKey(row, 'title'), 120), ' '].concat(marks, [
      ' ', eco.el('span', 'eco-digits', value(row)), eco.el('br'),
      row.receipt ? eco.el('bdi', 'eco-data eco-digits', row.receipt) : eco.word('noReceipt')
    ]));
    item.dataset.figure = row.figure;
    item.dataset.receipt = row.receipt || '';
    return item;
  }

  eco.receipt = function () {
    const block = eco.maybe('receipt');
    if (!block) {
      return [];
    }
    const parts = [
      eco.el('summary', '', eco.word('receipt')),
      eco.el('p', '', eco.word('receiptDay') + block.as_of),
      fact('receiptKnown', block.as_known), fact('receiptState', String(block.register.seq)),
      fact('receiptHead', block.register.head), fact('definitions', block.definition + ' · ecotrack ' + block.version),
      eco.el('ul', '', block.figures.map(line))
    ];
    if (block.figures.some(function (row) { return row.receipt; })) {
      parts.push(eco.el('p', '', eco.word('receiptHow')));
    }
    return [eco.el('details', 'eco-receipt', parts)];
  };
})();
