// Time: one slider over the days of the map. Every number of a day comes from the scoreboard of that day.
(function () {
  'use strict';

  const eco = window.ecotrack;
  const PAUSE_MS = 1100;
  const YEAR_PX = 40;

  // Rows that are null stand as they stood on the day before.
  function filled(list) {
    let before = {};
    return list.map(function (board) {
      Object.keys(board).forEach(function (key) {
        if (Array.isArray(board[key])) {
          board[key] = board[key].map(function (one, place) { return one === null ? before[key][place] : one; });
        }
      });
      before = board;
      return board;
    });
  }

  // A promise of the scoreboards of all days, the page's own last.
  eco.boards = function (packed, last) {
    if (!packed) {
      return Promise.resolve([last]);
    }
    const bytes = window.ecotrackPlots.fromLetters(new TextEncoder().encode(packed.text), packed.packed);
    return window.ecotrackPlots.unpackStream(bytes, packed.size).then(function (plain) {
      return filled(JSON.parse(new TextDecoder().decode(plain))).concat([last]);
    });
  };

  eco.dayText = function (day, step) {
    const parts = day.split('-');
    if (step === 'month') {
      return parts[0] + '-' + parts[1];
    }
    const quarter = Math.ceil(Number(parts[1]) / 3);
    return eco.lang === 'en' ? parts[0] + ' Q' + quarter : parts[0] + '年' + quarter + '季度';
  };

  // Months where two days stand within one quarter, else quarters.
  function stepOf(days) {
    return days.length > 2 && (new Date(days[1]) - new Date(days[0])) / 864e5 < 45 ? 'month' : 'quarter';
  }

  eco.slider = function (box, days, go) {
    if (days.length < 2) {
      return;
    }
    const step = stepOf(days);
    const play = eco.el('button', 'eco-play', '▶');
    const range = eco.el('input');
    const label = eco.el('output', 'eco-day');
    const ticks = eco.el('div', 'eco-ticks');
    let timer = 0;
    // Years stand as close as their text allows: on a phone every second or third, and none at a first quarter that
    // would run into the year behind it.
    function thin() {
      const all = Array.from(ticks.children);
      const at = all.map(function (tick) { return parseFloat(tick.style.left) / 100 * ticks.clientWidth; });
      const apart = all.length > 2 ? Math.max(1, Math.ceil(YEAR_PX / (at[2] - at[1]))) : 1;
      const first = all.length > 2 && at[apart] - at[0] < Math.max(YEAR_PX, 0.8 * apart * (at[2] - at[1])) ? 1 : 0;
      all.forEach(function (tick, place) { tick.hidden = place < first || (place - first) % apart > 0; });
    }
    box.hidden = false;
    document.body.classList.add('eco-with-time');
    play.type = 'button';
    range.type = 'range';
    range.min = '0';
    range.max = String(days.length - 1);
    range.step = '1';
    days.forEach(function (day, place) {
      const first = place === 0 || days[place - 1].slice(0, 4) !== day.slice(0, 4);
      if (first) {
        const tick = eco.el('span', '', day.slice(0, 4));
        tick.style.left = 100 * place / (days.length - 1) + '%';
        ticks.appendChild(tick);
      }
    });
    function stop() {
      clearTimeout(timer);
      timer = 0;
      words();
    }
    function next() {
      Promise.resolve(go((eco.view.period + 1) % days.length)).then(function () {
        if (timer) {
          timer = setTimeout(next, PAUSE_MS);
        }
      });
    }
    function words() {
      play.textContent = timer ? '❚❚' : '▶';
      play.setAttribute('aria-label', eco.word(timer ? 'pause' : 'play'));
      range.setAttribute('aria-label', eco.word('time'));
      range.value = String(eco.view.period);
      const day = days[eco.view.period];
      range.setAttribute('aria-valuetext', day);
      eco.empty(label).appendChild(eco.el('b', '', eco.dayText(day, step)));
      label.appendChild(eco.el('span', '', day));
    }
    play.addEventListener('click', function () {
      if (timer) {
        stop();
      } else {
        timer = setTimeout(next, 0);
        words();
      }
    });
    range.addEventListener('input', function () {
      // Read before the words are written anew, which put the thumb where the map still stands.
      const wanted = Number(range.value);
      stop();
      go(wanted);
    });
    eco.paint(words);
    box.appendChild(play);
    box.appendChild(eco.el('div', 'eco-range', [range, ticks]));
    box.appendChild(label);
    thin();
    window.addEventListener('resize', thin);
  };
})();
