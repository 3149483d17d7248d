// The table of plots: rings, columns and states of all periods, as ecotrack.maps.rings and columns packed them.
(function (scope) {
  'use strict';

  const plots = scope.ecotrackPlots;
  const DIRECTIONS = 9;
  const ESCAPE = 255;

  // Whole numbers from planes of bytes, the lowest plane first. Multiplied, since seven planes pass 32 bits.
  function planes(bytes, width, count, Kind) {
    if (width === 1 && Kind === Uint8Array) {
      return bytes.subarray(0, count);
    }
    const out = new Kind(count);
    const top = (width - 1) * count;
    for (let row = 0; row < count; row += 1) {
      let value = 0;
      for (let at = top + row; at >= 0; at -= count) {
        value = value * 256 + bytes[at];
      }
      out[row] = value;
    }
    plots.release(bytes);
    return out;
  }

  function signed(value) {
    return value % 2 ? -(value + 1) / 2 : value / 2;
  }

  function smallKind(width) {
    return width === 1 ? Uint8Array : width === 2 ? Uint16Array : width <= 4 ? Uint32Array : Float64Array;
  }

  // ---- columns: {at(row)} and, for words, {words, codes}

  function column(packed, streams, count, before) {
    const make = { const: constant, dict: words, int: numbers, gaps: gaps, join: joined, json: plain, raw: raw }[packed.k];
    return make(packed, streams, count, before);
  }

  function constant(packed, _streams, count) {
    return { words: [packed.v], codes: new Uint8Array(count), at: function () { return packed.v; } };
  }

  function words(packed, streams, count) {
    const codes = planes(streams[packed.s], packed.w, count, smallKind(packed.w));
    return { words: packed.t, codes: codes, at: function (row) { return packed.t[codes[row]]; } };
  }

  function numbers(packed, streams, count, before) {
    const values = planes(streams[packed.s], packed.w, count, Float64Array);
    const lean = packed.r === undefined ? null : before[packed.r].values;
    let sum = 0;
    for (let row = 0; row < count; row += 1) {
      if (packed.d) {
        sum += signed(values[row]);
        values[row] = sum;
      } else {
        values[row] = lean ? signed(values[row]) + lean[row] : values[row] + packed.m;
      }
    }
    const scale = Math.pow(10, packed.q);
    const whole = values.every(function (value) { return value === (value | 0); });
    const narrow = whole ? Int32Array.from(values) : values;
    if (whole) {
      plots.release(values);
    }
    const result = { values: narrow, at: function (row) { return narrow[row] / scale; } };
    before.push(result);
    return result;
  }

  function raw(packed, streams, count) {
    const bytes = new Uint8Array(8 * count);
    const given = streams[packed.s];
    for (let plane = 0; plane < 8; plane += 1) {
      for (let row = 0; row < count; row += 1) {
        bytes[8 * row + plane] = given[plane * count + row];
      }
    }
    // Every machine that runs a browser keeps the low byte first, as the pack does.
    const values = new Float64Array(bytes.buffer);
    return { at: function (row) { return values[row]; } };
  }

  function gaps(packed, streams, count) {
    const bits = streams[packed.b];
    const rank = new Uint32Array(count);
    let seen = 0;
    for (let row = 0; row < count; row += 1) {
      rank[row] = seen;
      seen += (bits[row >> 3] >> (7 - (row & 7))) & 1;
    }
    const inner = column(packed.c, streams, seen, []);
    return {
      at: function (row) { return (bits[row >> 3] >> (7 - (row & 7))) & 1 ? inner.at(rank[row]) : null; }
    };
  }

  // A function of its own: what `joined` returns must not keep the streams alive.
  function groupsOf(packed, streams, count) {
    return packed.g.map(function (group) { return column(group, streams, count, []); });
  }

  function joined(packed, streams, count) {
    const groups = groupsOf(packed, streams, count);
    return {
      at: function (row) {
        return packed.p.reduce(function (text, part, place) {
          const digits = place ? String(groups[place - 1].at(row)).padStart(packed.z[place - 1], '0') : '';
          return text + digits + part;
        }, '');
      }
    };
  }

  // One JSON value after another, read again whenever somebody asks: as strings, names would be the heaviest column.
  function plain(packed, streams, count) {
    const bytes = streams[packed.s];
    const begins = new Uint32Array(count + 1);
    const decoder = new TextDecoder();
    let row = 0;
    let depth = 0;
    let quoted = false;
    for (let at = 0; at < bytes.length; at += 1) {
      const sign = String.fromCharCode(bytes[at]);
      if (quoted) {
        at += sign === '\\' ? 1 : 0;
        quoted = sign !== '"';
      } else if (sign === '"') {
        quoted = true;
      } else if (sign === '[' || sign === '{') {
        depth += 1;
      } else if (sign === ']' || sign === '}') {
        depth -= 1;
      } else if (sign === ',' && depth === 1) {
        row += 1;
        begins[row] = at;
      }
    }
    begins[count] = bytes.length - 1;
    return { at: function (k) { return JSON.parse(decoder.decode(bytes.subarray(begins[k] + 1, begins[k + 1]))); } };
  }

  // ---- states

  function states(packed, streams, count, periods) {
    if (packed.k === 'sequences') {
      const table = streams[packed.t];
      const codes = planes(streams[packed.s], packed.w, count, smallKind(packed.w));
      return function (row, period) { return table[period * packed.n + codes[row]]; };
    }
    const all = streams[packed.s];
    for (let period = 0; period < periods; period += 1) {
      for (let row = 0, at = period * count; row < count; row += 1, at += 1) {
        all[at] = signed(all[at]) + (period ? all[at - count] : 0);
      }
    }
    return function (row, period) { return all[period * count + row]; };
  }

  // ---- rings

  function whole(part, streams, Kind) {
    return planes(streams[part[0]], part[1], part[2], Kind || smallKind(part[1]));
  }

  function starts(counts) {
    const out = new Uint32Array(counts.length + 1);
    for (let k = 0; k < counts.length; k += 1) {
      out[k + 1] = out[k] + counts[k];
    }
    return out;
  }

  function anchors(part, streams, ringOf) {
    const steps = whole(part, streams, Float64Array);
    const out = new Int32Array(steps.length);
    let first = 0;
    for (let plot = 0; plot + 1 < ringOf.length; plot += 1) {
      for (let ring = ringOf[plot]; ring < ringOf[plot + 1]; ring += 1) {
        out[ring] = signed(steps[ring]) + first;
        if (ring === ringOf[plot]) {
          first = out[ring];
        }
      }
    }
    return out;
  }

  function cursors(counts) {
    return starts(counts).slice(0, counts.length);
  }

  // Corners of all rings, x and y in turn, from the first corner of the plot's first ring.
  function corners(packed, streams, table, size, x, y) {
    const out = new (packed.far ? Int32Array : Int16Array)(2 * table.pointOf[size.length]);
    const dx = streams[packed.dx[0]];
    const dy = streams[packed.dy[0]];
    const next = cursors(packed.dx[1]);
    const wideBytes = streams[packed.wide];
    const wide = planes(wideBytes, 4, wideBytes.length / 4, Float64Array);
    let wideAt = 0;
    for (let plot = 0; plot < table.count; plot += 1) {
      const first = table.ringOf[plot];
      for (let ring = first; ring < table.ringOf[plot + 1]; ring += 1) {
        const base = size[ring] * DIRECTIONS;
        let px = x[ring] - x[first];
        let py = y[ring] - y[first];
        let kind = DIRECTIONS - 1;
        for (let at = 2 * table.pointOf[ring], end = 2 * table.pointOf[ring + 1]; at < end; at += 2) {
          if (at > 2 * table.pointOf[ring]) {
            const place = next[base + kind];
            next[base + kind] = place + 1;
            let zx = dx[place];
            let zy = dy[place];
            if (zx === ESCAPE) {
              zx = wide[wideAt];
              wideAt += 1;
            }
            if (zy === ESCAPE) {
              zy = wide[wideAt];
              wideAt += 1;
            }
            const sx = (zx >>> 1) ^ -(zx & 1);
            const sy = (zy >>> 1) ^ -(zy & 1);
            px += sx;
            py += sy;
            const ax = sx < 0 ? -sx : sx;
            const ay = sy < 0 ? -sy : sy;
            kind = ax + ay === 0 ? 8 : (sx < 0 ? 1 : 0) + (sy < 0 ? 2 : 0) + (ay > ax ? 4 : 0);
          }
          out[at] = px;
          out[at + 1] = py;
        }
      }
    }
    return out;
  }

  function boxes(table) {
    const out = new Int32Array(4 * table.count);
    for (let plot = 0; plot < table.count; plot += 1) {
      let west = Infinity;
      let south = Infinity;
      let east = -Infinity;
      let north = -Infinity;
      const end = 2 * table.pointOf[table.ringOf[plot + 1]];
      for (let at = 2 * table.pointOf[table.ringOf[plot]]; at < end; at += 2) {
        const x = table.corners[at];
        const y = table.corners[at + 1];
        west = x < west ? x : west;
        east = x > east ? x : east;
        south = y < south ? y : south;
        north = y > north ? y : north;
      }
      const some = west <= east;
      out[4 * plot] = some ? table.x[plot] + west : 1;
      out[4 * plot + 1] = some ? table.y[plot] + south : 1;
      out[4 * plot + 2] = some ? table.x[plot] + east : 0;
      out[4 * plot + 3] = some ? table.y[plot] + north : 0;
    }
    return out;
  }

  function rings(packed, streams, count) {
    const table = { count: count, step: packed.step };
    table.ringOf = starts(whole(packed.rings, streams));
    table.pointOf = starts(whole(packed.count, streams));
    const x = anchors(packed.x, streams, table.ringOf);
    const y = anchors(packed.y, streams, table.ringOf);
    table.x = new Int32Array(count);
    table.y = new Int32Array(count);
    for (let plot = 0; plot < count; plot += 1) {
      table.x[plot] = x[table.ringOf[plot]] || 0;
      table.y[plot] = y[table.ringOf[plot]] || 0;
    }
    table.corners = corners(packed, streams, table, whole(packed.size, streams), x, y);
    table.boxes = boxes(table);
    return table;
  }

  // A promise of some streams by their numbers; the letters hold the streams from number `first` on.
  function read(header, letters, first, numbers) {
    const begins = [];
    let at = 0;
    header.streams.forEach(function (stream, number) {
      at = number === first ? 0 : at;
      begins.push(at);
      at += stream[0];
    });
    const streams = [];
    // One after the other: packed bytes of all of them at once would be megabytes more.
    return numbers.reduce(function (before, number) {
      return before.then(function () {
        const stream = header.streams[number];
        const packed = plots.fromLetters(letters, stream[0], begins[number]);
        return plots.unpackStream(packed, stream[1]).then(function (bytes) {
          plots.release(packed);
          streams[number] = bytes;
        });
      });
    }, Promise.resolve()).then(function () { return streams; });
  }

  function numbersOf(header, early) {
    return header.streams.map(function (_stream, number) { return number; }).filter(function (number) {
      return (number < header.early) === early;
    });
  }

  // A promise of what a first view of very many plots needs: where they are, about how large, in which state.
  plots.readSketch = function (header, letters) {
    return read(header, letters, 0, numbersOf(header, true)).then(function (streams) {
      const table = { count: header.count, step: header.rings.step };
      const ringOf = starts(whole(header.rings.rings, streams));
      const corners = whole(header.rings.count, streams);
      const size = whole(header.rings.size, streams);
      const x = anchors(header.rings.x, streams, ringOf);
      const y = anchors(header.rings.y, streams, ringOf);
      table.boxes = new Int32Array(4 * table.count);
      for (let plot = 0; plot < table.count; plot += 1) {
        const ring = ringOf[plot];
        const some = ring < ringOf[plot + 1];
        const radius = some ? (Math.pow(2, size[ring] / 3) - 1) * corners[ring] / (2 * Math.PI) : 0;
        table.boxes.set(some ? [x[ring] - radius, y[ring] - radius, x[ring] + radius, y[ring] + radius] : [1, 1, 0, 0], 4 * plot);
      }
      table.stateAt = states(header.states, streams, header.count, header.periods.length);
      return table;
    });
  };

  // A promise of the whole table, from the letters of both texts.
  plots.readTable = function (header, letters, rest) {
    return Promise.all([
      read(header, letters, 0, numbersOf(header, true)), read(header, rest, header.early, numbersOf(header, false))
    ]).then(function (both) {
      const streams = Object.assign(both[1], both[0]);
      const table = rings(header.rings, streams, header.count);
      // The outlines are made.
      [letters, rest, streams[header.rings.dx[0]], streams[header.rings.dy[0]]].forEach(plots.release);
      const before = [];
      const beforeRecords = [];
      table.columns = {};
      header.columns.forEach(function (one) { table.columns[one.name] = column(one.packed, streams, header.count, before); });
      table.stateAt = states(header.states, streams, header.count, header.periods.length);
      table.records = {};
      header.records.forEach(function (one) {
        table.records[one.name] = column(one.packed, streams, header.recordCount, beforeRecords);
      });
      table.extra = {};
      Object.keys(header.extra).forEach(function (key) {
        table.extra[key] = JSON.parse(new TextDecoder().decode(streams[header.extra[key].s]));
      });
      return table;
    });
  };
})(self);
