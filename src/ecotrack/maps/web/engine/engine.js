// The engine: answers the page's questions about the plots. It runs in a worker, or in the page where there is none.
(function (scope) {
  'use strict';

  const plots = scope.ecotrackPlots;
  const FOUND = 30;

  function rgb(color) {
    const value = parseInt(color.slice(1), 16);
    return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
  }

  function darker(color) {
    return 'rgb(' + rgb(color).map(function (part) { return Math.round(part * 0.62); }).join(',') + ')';
  }

  function lookOf(header) {
    // Class 0 is not drawn; the last class is every state without a colour.
    const colors = ['#000000'].concat(header.palette.map(function (one) { return one.color; }));
    return { fill: colors, line: colors.map(darker), rgb: colors.map(rgb), alpha: header.style.alpha, width: header.style.width };
  }

  plots.createEngine = function () {
    const engine = { scenes: {} };
    const rest = new Promise(function (resolve) { engine.giveRest = resolve; });

    function scene(name) {
      if (!engine.scenes[name]) {
        engine.scenes[name] = { period: engine.header.periods.length - 1, classes: new Uint8Array(engine.table.count) };
      }
      return engine.scenes[name];
    }

    // Which rows the filters let through: column name to the values that stay; null where none filters.
    function passing(filters) {
      // A link can name columns that this map does not have.
      const known = Object.keys(filters).filter(function (name) {
        return Object.prototype.hasOwnProperty.call(engine.table.columns, name);
      });
      const tests = known.map(function (name) {
        const column = engine.table.columns[name];
        const wanted = new Set(filters[name]);
        if (column.codes) {
          const allowed = column.words.map(function (word) { return wanted.has(word); });
          return function (row) { return allowed[column.codes[row]]; };
        }
        return function (row) { return wanted.has(column.at(row)); };
      });
      return tests.length ? function (row) { return tests.every(function (test) { return test(row); }); } : null;
    }

    const answer = {};

    function take(table) {
      engine.table = table;
      engine.index = plots.index(table);
      engine.median = plots.medianExtent(table);
    }

    // Reads where the plots are and in which state, which is enough for a first view; the rest when it is asked for.
    answer.load = function (message) {
      engine.header = message.header;
      engine.letters = message.letters;
      engine.look = lookOf(message.header);
      const few = message.header.count <= plots.SKETCH;
      return (few ? finish() : plots.readSketch(message.header, message.letters).then(take)).then(function () {
        const set = { scene: 'main', period: message.header.periods.length - 1, hidden: [], filters: {} };
        return { bounds: engine.index.bounds, summary: answer.set(set) };
      });
    };

    // The whole table, read once.
    function finish() {
      if (!engine.whole) {
        engine.whole = rest.then(function (late) { return plots.readTable(engine.header, engine.letters, late); }).then(function (table) {
          engine.letters = null;
          take(table);
          engine.finished = true;
        });
      }
      return engine.whole;
    }

    // The second text, which stands at the end of the page.
    answer.rest = function (message) {
      engine.giveRest(message.letters);
    };


    // What the reading of the whole table brings for the page.
    answer.finish = function () {
      const samples = engine.table.columns['#sample'];
      return { sampled: Boolean(samples && samples.words && samples.words.indexOf(true) >= 0), bounds: engine.index.bounds };
    };

    // Whether a question can be answered before the whole table is read.
    function early(message) {
      if (message.ask === 'load' || message.ask === 'rest') {
        return true;
      }
      if (message.ask === 'set') {
        return !Object.keys(message.filters || {}).length;
      }
      return Boolean(message.tile) && engine.table && plots.sketches(engine, message.tile);
    }

    // Sets period, hidden classes and filters of a scene; tells how many plots of each class there are.
    answer.set = function (message) {
      const found = scene(message.scene);
      const counts = new Array(engine.look.fill.length).fill(0);
      const shown = counts.map(function (_none, state) { return message.hidden.indexOf(state) < 0; });
      const passes = passing(message.filters || {});
      for (let row = 0; row < engine.table.count; row += 1) {
        const state = engine.table.stateAt(row, message.period);
        const stays = state > 0 && (!passes || passes(row));
        if (stays) {
          counts[state] += 1;
        }
        found.classes[row] = stays && shown[state] ? state : 0;
      }
      found.period = message.period;
      return { counts: counts };
    };

    answer.tile = function (message) {
      const side = Math.round(message.tile.size * message.tile.ratio);
      // One canvas for all tiles: what it held goes away with the picture.
      if (!engine.canvas || engine.canvas.width !== side) {
        engine.canvas = new OffscreenCanvas(side, side);
      }
      const count = plots.paint(engine.canvas.getContext('2d'), engine, scene(message.scene).classes, message.tile);
      return { count: count, picture: count ? engine.canvas.transferToImageBitmap() : null };
    };

    // The same without OffscreenCanvas, into a canvas of the page.
    answer.paintInto = function (message) {
      const context = message.canvas.getContext('2d');
      context.clearRect(0, 0, message.canvas.width, message.canvas.height);
      return { count: plots.paint(context, engine, scene(message.scene).classes, message.tile), picture: null };
    };

    // Part of a printed sheet: any box, at any size.
    answer.sheet = function (message) {
      const table = engine.table;
      const unit = table.step / message.metres;
      const frame = {
        unit: unit, cx: -message.west / message.metres, cy: message.north / message.metres, pixels: message.width,
        box: [message.west / table.step, (message.north - message.height * message.metres) / table.step,
          (message.west + message.width * message.metres) / table.step, message.north / table.step]
      };
      const canvas = message.canvas || new OffscreenCanvas(message.width, message.height);
      const look = { ratio: message.ratio, frame: frame };
      const count = plots.paint(canvas.getContext('2d'), engine, scene(message.scene).classes, look);
      return { count: count, picture: message.canvas ? null : canvas.transferToImageBitmap() };
    };

    // Rows under a point, the topmost first; where plots are smaller than their dot, the nearest dot.
    answer.hit = function (message) {
      const table = engine.table;
      const classes = scene(message.scene).classes;
      const x = message.x / table.step;
      const y = message.y / table.step;
      const reach = message.metresPerPixel / table.step * 2.5;
      const near = engine.index.within(x - reach, y - reach, x + reach, y + reach).filter(function (row) {
        return classes[row] > 0;
      });
      const under = near.filter(function (row) { return plots.covers(table, row, x, y); });
      const found = under.length ? under : near.filter(function (row) { return plots.extent(table, row) < reach; });
      found.sort(function (a, b) { return classes[b] - classes[a] || b - a; });
      return found;
    };

    function values(columns, row) {
      const out = {};
      Object.keys(columns).forEach(function (name) { out[name] = columns[name].at(row); });
      return out;
    }

    // Everything that a card says of one plot.
    answer.card = function (message) {
      const table = engine.table;
      const row = message.row;
      const first = table.columns['#first'] ? table.columns['#first'].at(row) : 0;
      const shown = table.columns['#shown'] ? table.columns['#shown'].at(row) : 0;
      const records = [];
      for (let k = 0; k < shown; k += 1) {
        records.push(values(table.records, first + k));
      }
      return { row: row, values: values(table.columns, row), state: table.stateAt(row, scene(message.scene).period), records: records };
    };

    // Outline of a plot: rings of x and y in Mercator metres, and its box.
    answer.shape = function (message) {
      const table = engine.table;
      const row = message.row;
      const rings = [];
      for (let ring = table.ringOf[row]; ring < table.ringOf[row + 1]; ring += 1) {
        const points = [];
        for (let at = 2 * table.pointOf[ring]; at < 2 * table.pointOf[ring + 1]; at += 2) {
          points.push([(table.x[row] + table.corners[at]) * table.step, (table.y[row] + table.corners[at + 1]) * table.step]);
        }
        rings.push(points);
      }
      return { rings: rings, box: Array.from(table.boxes.slice(4 * row, 4 * row + 4)).map(function (part) { return part * table.step; }) };
    };

    // Values of the columns that filter, with the number of plots of each.
    answer.facets = function (message) {
      return message.names.map(function (name) {
        const column = engine.table.columns[name];
        const counts = new Map();
        for (let row = 0; row < engine.table.count; row += 1) {
          const value = column.at(row);
          counts.set(value, (counts.get(value) || 0) + 1);
        }
        return { name: name, values: Array.from(counts) };
      });
    };

    // Plots whose id, name or searched columns hold a text; those that begin with it first.
    answer.search = function (message) {
      const table = engine.table;
      const wanted = message.text.toLowerCase();
      const columns = message.names.map(function (name) { return table.columns[name]; });
      const classes = scene('main').classes;
      const heads = [];
      const rest = [];
      for (let row = 0; row < table.count && heads.length < FOUND; row += 1) {
        let best = -1;
        for (let k = 0; k < columns.length && best !== 0; k += 1) {
          const value = columns[k].at(row);
          const at = value === null || value === undefined ? -1 : String(value).toLowerCase().indexOf(wanted);
          best = at < 0 ? best : at === 0 ? 0 : best < 0 ? 1 : best;
        }
        if (best === 0) {
          heads.push(row);
        } else if (best > 0 && rest.length < FOUND) {
          rest.push(row);
        }
      }
      return heads.concat(rest).slice(0, FOUND).map(function (row) {
        return { row: row, shown: classes[row] > 0, values: message.names.map(function (name) { return table.columns[name].at(row); }) };
      });
    };

    // Row of a plot by its id, or -1.
    answer.find = function (message) {
      const ids = engine.table.columns['#id'];
      for (let row = 0; row < engine.table.count; row += 1) {
        if (ids.at(row) === message.id) {
          return row;
        }
      }
      return -1;
    };

    // Box of all plots with one value, Mercator metres; null where there is none.
    answer.boxOf = function (message) {
      const column = engine.table.columns[message.name];
      const box = [Infinity, Infinity, -Infinity, -Infinity];
      for (let row = 0; row < engine.table.count; row += 1) {
        const at = 4 * row;
        if (column.at(row) === message.value && engine.table.boxes[at] <= engine.table.boxes[at + 2]) {
          box[0] = Math.min(box[0], engine.table.boxes[at]);
          box[1] = Math.min(box[1], engine.table.boxes[at + 1]);
          box[2] = Math.max(box[2], engine.table.boxes[at + 2]);
          box[3] = Math.max(box[3], engine.table.boxes[at + 3]);
        }
      }
      return box[0] <= box[2] ? box.map(function (part) { return part * engine.table.step; }) : null;
    };

    answer.extra = function (message) {
      return engine.table.extra[message.name];
    };

    engine.ask = function (message) {
      const ready = engine.finished || early(message) ? Promise.resolve() : finish();
      return ready.then(function () { return answer[message.ask](message); });
    };
    return engine;
  };

  // In a worker: one message, one answer.
  plots.serve = function () {
    const engine = plots.createEngine();
    scope.onmessage = function (event) {
      engine.ask(event.data).then(function (result) {
        const moved = result && result.picture ? [result.picture] : [];
        scope.postMessage({ number: event.data.number, result: result }, moved);
      }).catch(function (error) {
        scope.postMessage({ number: event.data.number, error: String(error && error.message || error) });
      });
    };
  };
})(self);
