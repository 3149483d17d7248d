// What imagery says of plots, for reviewers: how many of each verdict, the contradictions, pictures before and after.
(function () {
  'use strict';

  const eco = window.ecotrack;
  const COLORS = { supports: '#2456a6', contradicts: '#c2185b', cannot_tell: '#8d8d8d', not_run: '#c9c9c9' };
  const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

  // Small pictures of one plot; an empty list without any.
  eco.chipsOf = function (id) {
    const block = eco.maybe('satellite');
    const chips = block && Object.prototype.hasOwnProperty.call(block.chips, id) ? block.chips[id] : [];
    const figures = chips.filter(function (chip) { return BASE64.test(chip.jpeg); }).map(function (chip, place) {
      const picture = eco.el('img');
      picture.src = 'data:image/jpeg;base64,' + chip.jpeg;
      picture.alt = eco.word(place === 0 && chips.length > 1 ? 'chipBefore' : 'chipAfter') + ' ' + chip.day;
      return eco.el('figure', '', [picture, eco.el('figcaption', '', picture.alt)]);
    });
    return figures.length ? [eco.el('div', 'eco-chips', figures), eco.el('p', 'eco-sub', eco.word('chipColours'))] : [];
  };

  function summary(block) {
    const head = [eco.el('h3', '', eco.word('satellite'))];
    if (block.sample) {
      head.push(eco.mark('sample'));
    }
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
    const facts = [one.unit, one.days.join(' ')].filter(Boolean).join(' · ');
    const item = eco.el('article', 'eco-finding', [
      eco.el('header', '', eco.el('h3', 'eco-data', eco.word('contradicts') + eco.clip(eco.pick(one), 300))),
      eco.el('ul', 'eco-ids', eco.el('li', '', go)), eco.el('p', 'eco-sub eco-data', eco.clip(facts, 200))
    ].concat(eco.chipsOf(one.id)));
    item.dataset.check = 'satellite';
    return item;
  }

  eco.satellite = function () {
    const block = eco.maybe('satellite');
    return block ? [summary(block)].concat(block.contradictions.map(card)) : [];
  };
})();
