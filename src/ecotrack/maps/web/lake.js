// The lake through the years: what was observed, and each year's median and range. Every number is Python's own.
(function () {
  'use strict';

  const eco = window.ecotrack;
  const SVG = 'http://www.w3.org/2000/svg';
  const BOX = { width: 320, height: 196, left: 30, right: 6, top: 18, bottom: 18 };
  const COLORS = { '敞水面': '#2b6ca3', '含挺水植物': '#4d7c2f' };
  // Half the height of the mark of each basis, as corners round its middle; a circle is imagery's.
  const MARKS = { '实测': [[-1, -1], [1, -1], [1, 1], [-1, 1]], '水位-面积曲线': [[0, -1.4], [1.4, 0], [0, 1.4], [-1.4, 0]] };
  const RADIUS = 2.6;
  const LISTED = 60;

  function shape(name, attributes, text) {
    const element = document.createElementNS(SVG, name);
    Object.keys(attributes).forEach(function (key) { element.setAttribute(key, String(attributes[key])); });
    if (text !== undefined) {
      element.textContent = text;
    }
    return element;
  }

  function color(one) {
    return Object.prototype.hasOwnProperty.call(COLORS, one.surface_kind) ? COLORS[one.surface_kind] : '#6b5b95';
  }

  function corners(one) {
    return Object.prototype.hasOwnProperty.call(MARKS, one.basis) ? MARKS[one.basis] : null;
  }

  function mark(one, x, y) {
    const round = corners(one);
    if (!round) {
      return shape('circle', { cx: x, cy: y, r: RADIUS });
    }
    const points = round.map(function (corner) { return (x + corner[0] * RADIUS) + ',' + (y + corner[1] * RADIUS); });
    return shape('polygon', { points: points.join(' ') });
  }

  function seriesOf(one) {
    return eco.state(one.basis) + ' · ' + eco.state(one.surface_kind);
  }

  // Years as a fraction: 2016-07-01 is 2016.5.
  function time(day) {
    const year = Number(day.slice(0, 4));
    const start = Date.UTC(year, 0, 1);
    return year + (Date.parse(day) - start) / (Date.UTC(year + 1, 0, 1) - start);
  }

  function scales(lake, last) {
    const values = lake.surfaces.map(function (one) { return one.km2; });
    const step = Math.max.apply(null, values) - Math.min.apply(null, values) > 30 ? 10 : 5;
    const low = Math.floor(Math.min.apply(null, values) / step) * step;
    const high = Math.max(low + step, Math.ceil(Math.max.apply(null, values) / step) * step);
    const first = Math.floor(time(lake.surfaces[0].on));
    const end = Math.max(Math.ceil(time(last)), first + 1);
    return {
      first: first, end: end, low: low, high: high, step: step,
      x: function (at) { return BOX.left + (at - first) / (end - first) * (BOX.width - BOX.left - BOX.right); },
      y: function (km2) { return BOX.height - BOX.bottom - (km2 - low) / (high - low) * (BOX.height - BOX.top - BOX.bottom); }
    };
  }

  function axes(chart, at) {
    for (let km2 = at.low; km2 <= at.high; km2 += at.step) {
      chart.appendChild(shape('line', { x1: BOX.left, x2: BOX.width - BOX.right, y1: at.y(km2), y2: at.y(km2), stroke: '#e3e7e3' }));
      chart.appendChild(shape('text', { x: BOX.left - 4, y: at.y(km2) + 3.5, 'text-anchor': 'end', class: 'eco-axis' }, km2));
    }
    const every = Math.ceil((at.end - at.first) / 8);
    for (let year = at.first; year < at.end; year += every) {
      chart.appendChild(shape('text', { x: at.x(year + 0.5), y: BOX.height - 5, 'text-anchor': 'middle', class: 'eco-axis' }, year));
    }
    chart.appendChild(shape('text', { x: 2, y: 9, class: 'eco-axis' }, 'km²'));
  }

  function years(chart, lake, at) {
    lake.years.forEach(function (one) {
      const left = at.x(one.year + 0.08);
      const width = at.x(one.year + 0.92) - left;
      const range = shape('rect', { x: left, width: width, y: at.y(one.most_km2), height: Math.max(1, at.y(one.least_km2) - at.y(one.most_km2)), fill: color(one), opacity: 0.14 });
      chart.appendChild(range);
      const median = shape('line', { x1: left, x2: left + width, y1: at.y(one.median_km2), y2: at.y(one.median_km2), stroke: color(one), 'stroke-width': 2, 'data-year': one.year });
      if (corners(one)) {
        median.setAttribute('stroke-dasharray', '5 2');
      }
      chart.appendChild(median);
    });
  }

  function points(chart, lake, at, day) {
    lake.surfaces.forEach(function (one) {
      const waits = one.state !== '采用';
      const dot = mark(one, at.x(time(one.on)), at.y(one.km2));
      const told = {
        stroke: color(one), 'stroke-width': 1.2, fill: waits ? '#ffffff' : color(one), opacity: one.on > day ? 0.25 : 1,
        'data-state': one.state, 'data-on': one.on, 'data-basis': one.basis
      };
      Object.keys(told).forEach(function (name) { dot.setAttribute(name, String(told[name])); });
      if (waits) {
        dot.setAttribute('stroke-dasharray', '1.6 1.2');
      }
      dot.appendChild(shape('title', {}, one.on + ' ' + eco.quantity(one.km2, 'km2') + ' ' + seriesOf(one) + ' ' + eco.state(one.state)));
      chart.appendChild(dot);
    });
  }

  function chartOf(lake, board) {
    const at = scales(lake, eco.view.last.as_of);
    const chart = shape('svg', { viewBox: '0 0 ' + BOX.width + ' ' + BOX.height, class: 'eco-chart', role: 'img', 'aria-label': eco.word('lakeSeries') });
    axes(chart, at);
    years(chart, lake, at);
    points(chart, lake, at, board.as_of);
    const now = at.x(Math.min(time(board.as_of), at.end));
    chart.appendChild(shape('line', { x1: now, x2: now, y1: BOX.top, y2: BOX.height - BOX.bottom, stroke: '#22302f', 'stroke-dasharray': '2 3' }));
    return chart;
  }

  function key(lake) {
    const seen = new Map();
    lake.surfaces.forEach(function (one) { seen.set(seriesOf(one), one); });
    const items = Array.from(seen).map(function (pair) {
      const dot = shape('svg', { viewBox: '-5 -5 10 10', class: 'eco-lake-mark', 'aria-hidden': 'true' });
      const inner = mark(pair[1], 0, 0);
      inner.setAttribute('fill', color(pair[1]));
      dot.appendChild(inner);
      return eco.el('li', '', [dot, eco.el('span', 'eco-data', eco.clip(pair[0], 40))]);
    });
    ['lakeAdopted', 'lakeWaits', 'lakeYear'].forEach(function (word) {
      items.push(eco.el('li', 'eco-key-' + word, eco.word(word)));
    });
    return eco.el('ul', 'eco-chart-key', items);
  }

  function allSample(lake) {
    return lake.years.length > 0 && lake.years.every(function (one) { return one.sample; });
  }

  function yearTable(lake, board) {
    const heads = ['year', 'lakeSeriesName', 'times', 'median', 'range'].map(function (word, place) {
      const cell = eco.el('th', place > 1 ? 'eco-number' : '', eco.word(word));
      cell.scope = 'col';
      return cell;
    });
    const rows = lake.years.slice().reverse().map(function (one) {
      const year = eco.el('th', '', one.sample && !allSample(lake) ? [one.year + ' ', eco.mark('sample')] : one.year);
      year.scope = 'row';
      const line = eco.el('tr', String(one.year) === board.as_of.slice(0, 4) ? 'eco-own' : '', [
        year, eco.el('td', 'eco-data', eco.clip(seriesOf(one), 40)), eco.el('td', 'eco-number', one.observations),
        eco.el('td', 'eco-number', eco.number(one.median_km2, 2, true)),
        eco.el('td', 'eco-number', eco.number(one.least_km2, 1, true) + '–' + eco.number(one.most_km2, 1, true))
      ]);
      line.dataset.year = one.year;
      return line;
    });
    return eco.el('table', 'eco-ranking', [eco.el('thead', '', eco.el('tr', '', heads)), eco.el('tbody', '', rows)]);
  }

  function observation(one) {
    const head = [eco.el('time', '', one.on), ' ', eco.el('b', 'eco-record-state', eco.state(one.state)), ' ', eco.el('b', 'eco-record-value', eco.quantity(one.km2, 'km2', 2))];
    if (one.sample) {
      head.push(' ', eco.mark('sample'));
    }
    const level = one.level_m === null ? '' : eco.word('waterLevel') + ' ' + one.level_m + '\u202f' + eco.unit('m') + (one.datum ? ' (' + one.datum + ')' : '');
    const clear = one.clear_share_pct === null ? '' : eco.word('clearShare') + ' ' + one.clear_share_pct + '%';
    const facts = [one.basin || eco.word('wholeLake'), seriesOf(one), level, clear, one.method, one.scene_id].filter(Boolean);
    const item = eco.el('li', 'eco-record' + (one.state === '采用' ? '' : ' eco-waits'), [
      eco.el('div', 'eco-record-head', head), eco.el('div', 'eco-source', eco.el('bdi', 'eco-data', eco.clip(facts.join(' · '), 240)))
    ]);
    if (one.doubts || one.doubted_km2) {
      const km2 = one.doubted_km2 ? ' ' + eco.quantity(Number(one.doubted_km2), 'km2', 2) : '';
      // Records of before, and those of a spreadsheet, have their doubts in Chinese alone.
      const said = (eco.lang === 'en' && one.doubts_en) || one.doubts || '';
      item.appendChild(eco.el('div', 'eco-doubt', [eco.el('b', '', eco.word('inDoubt') + km2), ' ', eco.el('span', 'eco-data', eco.clip(said, 300))]));
    }
    item.dataset.state = one.state;
    return item;
  }

  // Observations up to the day of the slider; medians and ranges are of the map's own day.
  eco.lake = function (board) {
    const lake = eco.maybe('lake');
    if (!lake || !lake.total) {
      return [];
    }
    const until = lake.observations.filter(function (one) { return one.on <= board.as_of; });
    const title = eco.el('h3', '', allSample(lake) ? [eco.word('lakeSeries') + ' ', eco.mark('sample')] : eco.word('lakeSeries'));
    const parts = [eco.el('header', '', title)];
    if (lake.surfaces.length) {
      parts.push(chartOf(lake, board), key(lake));
    }
    parts.push(yearTable(lake, board), eco.el('p', 'eco-sub', eco.word('yearsAsOf') + ' ' + eco.view.last.as_of + eco.word('onlyAdopted')));
    const more = until.length > LISTED ? ' ' + until.length + ' ' + eco.word('recordsShown') + ' ' + LISTED : ' ' + until.length;
    const list = eco.el('ul', '', until.slice(0, LISTED).map(observation));
    const listed = eco.el('div', 'eco-records', [eco.el('h4', '', eco.word('lakeObservations') + more), list]);
    const card = eco.el('article', 'eco-task eco-lake', parts);
    return [card, listed];
  };
})();
