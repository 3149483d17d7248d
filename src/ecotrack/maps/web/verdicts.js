// What imagery says: verdicts on plots for reviewers, with pictures before and after; land cover beside the figures.
(function () {
  'use strict';

  const eco = window.ecotrack;
  const COLORS = { supports: '#2456a6', contradicts: '#c2185b', cannot_tell: '#8d8d8d', not_run: '#c9c9c9' };
  const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

  // Small pictures of one plot; an empty list without any.
  eco.chipsOf = function (id) {
    const block = eco.maybe('satellite');
    const chips = block && Object.prototype.hasOwnProperty.call(block.chips, id) ? block.chips[id] : [];
    const figures = chips.filter(function (chip) { return BASE64.test(chip.jpeg); }).map(function (chip) {
      const picture = eco.el('img');
      picture.src = 'data:image/jpeg;base64,' + chip.jpeg;
      picture.alt = eco.word(chip.before ? 'chipBefore' : 'chipAfter') + ' ' + chip.day;
      return eco.el('figure', '', [picture, eco.el('figcaption', '', picture.alt)]);
    });
    return figures.length ? [eco.el('div', 'eco-chips', figures), eco.el('p', 'eco-sub', eco.word('chipColours'))] : [];
  };

  function summary(block) {
    const head = eco.el('h3', '', block.sample ? [eco.word('satellite') + ' ', eco.mark('sample')] : eco.word('satellite'));
    const items = block.counts.map(function (one) {
      const item = eco.el('li', '', [eco.el('b', '', eco.number(one.plots)), eco.pick(one)]);
      item.style.borderTopColor = COLORS[one.answer];
      item.dataset.answer = one.answer;
      return item;
    });
    const run = block.as_of
      ? eco.word('asOf') + ' ' + block.as_of + ' · ' + block.scenes + ' ' + eco.word('scenes')
      : block.later ? eco.word('verdictsLater') + ' ' + block.later : eco.word('neverRun');
    return eco.el('article', 'eco-task eco-satellite', [
      eco.el('header', '', head), eco.el('ul', 'eco-verdicts', items), eco.el('p', 'eco-sub', run), eco.el('p', 'eco-sub', eco.word('noFigure'))
    ]);
  }

  function card(one) {
    const go = eco.el('button', 'eco-go', eco.clip(one.id, 60));
    go.type = 'button';
    go.addEventListener('click', function () { eco.goToPlot(one.id); });
    const facts = [eco.pick(one.unit), one.days.join(' ')].filter(Boolean).join(' · ');
    const item = eco.el('article', 'eco-finding', [
      eco.el('header', '', eco.el('h3', 'eco-data', eco.word('contradicts') + eco.clip(eco.pick(one), 300))),
      eco.el('ul', 'eco-ids', eco.el('li', '', go)), eco.el('p', 'eco-sub eco-data', eco.clip(facts, 200))
    ].concat(eco.chipsOf(one.id)));
    item.dataset.check = 'satellite';
    return item;
  }

  // Land cover beside the figure that it could be taken for, and feeding it nowhere.
  const BESIDE = { cover: 'forest', sponge: 'built' };

  function share(row, name) {
    const value = row.shares_pct[name];
    return value === null ? eco.word('notAssessed') : eco.number(value, 1, true) + '%';
  }

  eco.beside = function (target) {
    const cover = eco.maybe('landcover');
    const name = Object.prototype.hasOwnProperty.call(BESIDE, target.id) ? BESIDE[target.id] : null;
    if (!cover || !name || !(name in cover.total.shares_pct)) {
      return null;
    }
    const words = [eco.word('byImagery') + ' ' + eco.word(name) + ' ', eco.el('b', '', share(cover.total, name))];
    if (cover.sample) {
      words.push(' ', eco.mark('sample'));
    }
    words.push(eco.el('span', 'eco-data', ' · ' + cover.date + ' · ' + eco.clip(cover.source, 80) + eco.word('inNoFigure')));
    return eco.el('p', 'eco-beside', words);
  };

  // The same of one county, for its card.
  eco.besideCounty = function (code) {
    const cover = eco.maybe('landcover');
    const row = cover && cover.counties.find(function (one) { return one.code === code; });
    return row ? ['forest', 'built'].filter(function (name) { return name in row.shares_pct; }).map(function (name) {
      return [name === 'forest' ? 'imageryForest' : 'imageryBuilt', share(row, name)];
    }) : [];
  };

  eco.satellite = function () {
    const block = eco.maybe('satellite');
    return block ? [summary(block)].concat(block.contradictions.map(card)) : [];
  };
})();
