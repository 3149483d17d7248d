// Search over plots and features, and filters of the plots.
(function () {
  'use strict';

  const eco = window.ecotrack;
  const WAIT_MS = 180;
  const MOST = 12;

  // Features of the reference layers whose name or id holds the text.
  function features(entries, text) {
    const wanted = text.toLowerCase();
    const found = [];
    entries.filter(function (entry) { return !entry.packed; }).forEach(function (entry) {
      entry.layer.ids.forEach(function (id, k) {
        const name = eco.at(entry.layer.names, k) || '';
        if ((String(name) + '\n' + id).toLowerCase().indexOf(wanted) >= 0) {
          found.push({ entry: entry, row: k, title: name || id, note: eco.pick(entry.layer.title) });
        }
      });
    });
    return found;
  }

  function unitKey(entry) {
    const field = entry.client.header.fields.find(function (one) { return one.title.zh === '责任单位'; });
    return field ? field.key : null;
  }

  function plots(entry, text) {
    const unit = unitKey(entry);
    const names = ['#id', '#name'].concat(unit ? [unit] : []);
    return entry.client.ask({ ask: 'search', text: text, names: names }).then(function (rows) {
      return rows.map(function (one) {
        const note = [one.values[1] ? one.values[0] : '', one.values[2]].filter(Boolean).join(' · ');
        return { entry: entry, row: one.row, title: one.values[1] || one.values[0], note: note };
      });
    });
  }

  eco.search = function (entries, text) {
    const packed = entries.filter(function (entry) { return entry.client; });
    return Promise.all(packed.map(function (entry) { return plots(entry, text); })).then(function (found) {
      return features(entries, text).slice(0, 5).concat([].concat.apply([], found)).slice(0, MOST);
    });
  };

  eco.finder = function (box, entries, go) {
    const input = eco.el('input');
    const list = eco.el('ul', 'eco-found');
    let timer = 0;
    let at = -1;
    input.type = 'search';
    input.id = 'eco-search';
    input.autocomplete = 'off';
    input.setAttribute('role', 'combobox');
    input.setAttribute('aria-controls', 'eco-found');
    input.setAttribute('aria-expanded', 'false');
    list.id = 'eco-found';
    list.setAttribute('role', 'listbox');
    list.hidden = true;

    function close() {
      list.hidden = true;
      at = -1;
      input.setAttribute('aria-expanded', 'false');
    }
    function mark() {
      Array.from(list.children).forEach(function (item, place) { item.classList.toggle('eco-on', place === at); });
      if (at >= 0) {
        list.children[at].scrollIntoView({ block: 'nearest' });
      }
    }
    function show(found) {
      eco.empty(list);
      found.forEach(function (one) {
        const item = eco.el('li', '', [eco.name(one.title, 40), eco.el('small', 'eco-data', eco.clip(one.note, 60))]);
        item.setAttribute('role', 'option');
        item.addEventListener('click', function () {
          close();
          go(one);
        });
        list.appendChild(item);
      });
      if (!found.length) {
        list.appendChild(eco.el('li', 'eco-nothing', eco.word('nothingFound')));
      }
      list.hidden = false;
      at = -1;
      input.setAttribute('aria-expanded', 'true');
    }
    function look() {
      const text = input.value.trim();
      if (!text) {
        close();
        return;
      }
      eco.search(entries, text).then(function (found) {
        if (input.value.trim() === text) {
          show(found);
        }
      });
    }
    input.addEventListener('input', function () {
      clearTimeout(timer);
      timer = setTimeout(look, WAIT_MS);
    });
    input.addEventListener('keydown', function (event) {
      const count = list.children.length;
      if (event.key === 'Escape') {
        close();
      } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
        event.preventDefault();
        at = count ? (at + (event.key === 'ArrowDown' ? 1 : count - 1) + (at < 0 && event.key === 'ArrowUp' ? 1 : 0)) % count : -1;
        mark();
      } else if (event.key === 'Enter' && !list.hidden && count) {
        list.children[Math.max(0, at)].click();
      }
    });
    document.addEventListener('click', function (event) {
      if (!box.contains(event.target)) {
        close();
      }
    });
    eco.paint(function () {
      input.placeholder = eco.word('searchHint');
      input.setAttribute('aria-label', eco.word('search'));
    });
    box.appendChild(input);
    box.appendChild(list);
  };

  // One choice for each field that filters; the counts are of all plots of the table.
  eco.filterPanel = function (box, entry, change) {
    const fields = entry.client.header.fields.filter(function (field) { return field.filters; });
    if (!fields.length) {
      return;
    }
    entry.client.ask({ ask: 'facets', names: fields.map(function (field) { return field.key; }) }).then(function (facets) {
      eco.paint(function () {
        const rows = fields.map(function (field, place) { return choice(field, facets[place].values, change); });
        const reset = eco.el('button', 'eco-small', eco.word('allPlots'));
        const active = Object.keys(eco.view.filters).length;
        reset.type = 'button';
        reset.disabled = !active;
        reset.addEventListener('click', function () { change(null); });
        const title = eco.el('summary', '', eco.word('filter') + (active ? ' (' + active + ')' : ''));
        const details = eco.el('details', '', [title].concat(rows, [reset]));
        const before = box.querySelector('details');
        details.open = before ? before.open : active > 0;
        eco.empty(box).appendChild(details);
      });
    });
  };

  function choice(field, values, change) {
    const select = eco.el('select');
    select.dataset.filter = field.key;
    select.appendChild(option('', eco.word('all'), true));
    values.filter(function (one) { return one[0] !== null; }).sort(function (a, b) { return b[1] - a[1]; }).forEach(function (one) {
      const text = eco.clip(eco.value(String(one[0]), field), 40) + ' (' + eco.number(one[1]) + ')';
      select.appendChild(option(String(one[0]), text, (eco.view.filters[field.key] || [])[0] === one[0]));
    });
    select.addEventListener('change', function () { change(field.key, select.selectedIndex ? select.value : null); });
    return eco.el('label', 'eco-filter', [eco.el('span', '', eco.pick(field.title)), select]);
  }

  function option(value, text, chosen) {
    const one = eco.el('option', '', text);
    one.value = value;
    one.selected = chosen;
    return one;
  }
})();
