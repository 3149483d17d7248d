// Finding and painting: which plots lie in a box or under a point, and how a tile of them looks.
(function (scope) {
  'use strict';

  const plots = scope.ecotrackPlots;
  const EARTH = Math.PI * 6378137;
  const PER_CELL = 6;
  const MOST_CELLS = 24;

  // More plots than this are drawn as density where they are below a pixel or two.
  plots.CROWD = 20000;

  // More plots than this are first shown from their places and sizes alone, while their outlines are still read.
  plots.SKETCH = 2000;
  const SKETCH_PX = 5;

  function boundsOf(boxes) {
    const out = [Infinity, Infinity, -Infinity, -Infinity];
    for (let at = 0; at < boxes.length; at += 4) {
      if (boxes[at] <= boxes[at + 2]) {
        out[0] = boxes[at] < out[0] ? boxes[at] : out[0];
        out[1] = boxes[at + 1] < out[1] ? boxes[at + 1] : out[1];
        out[2] = boxes[at + 2] > out[2] ? boxes[at + 2] : out[2];
        out[3] = boxes[at + 3] > out[3] ? boxes[at + 3] : out[3];
      }
    }
    return out;
  }

  // A uniform grid over the boxes; a plot of many cells stands in a list of its own.
  plots.index = function (table) {
    const boxes = table.boxes;
    const bounds = boundsOf(boxes);
    const west = bounds[0];
    const south = bounds[1];
    const east = bounds[2];
    const north = bounds[3];
    const span = Math.max(east - west, north - south, 1);
    const cell = Math.max(1, Math.ceil(span / Math.max(1, Math.sqrt(table.count / PER_CELL))));
    const columns = Math.max(1, Math.floor((east - west) / cell) + 1) || 1;
    const rows = Math.max(1, Math.floor((north - south) / cell) + 1) || 1;
    const counts = new Uint32Array(columns * rows + 1);
    const large = [];

    // Once to count the members of each cell, once to write them down.
    let members = null;
    function eachRow(next) {
      for (let row = 0, at = 0; row < table.count; row += 1, at += 4) {
        if (boxes[at] <= boxes[at + 2]) {
          const x0 = Math.floor((boxes[at] - west) / cell);
          const y0 = Math.floor((boxes[at + 1] - south) / cell);
          const x1 = Math.floor((boxes[at + 2] - west) / cell);
          const y1 = Math.floor((boxes[at + 3] - south) / cell);
          const many = (x1 - x0 + 1) * (y1 - y0 + 1) > MOST_CELLS;
          if (many && !members) {
            large.push(row);
          }
          for (let y = many ? y1 + 1 : y0; y <= y1; y += 1) {
            for (let k = y * columns + x0; k <= y * columns + x1; k += 1) {
              if (members) {
                members[next[k]] = row;
              }
              next[k] += 1;
            }
          }
        }
      }
    }

    eachRow(counts.subarray(1));
    for (let k = 1; k < counts.length; k += 1) {
      counts[k] += counts[k - 1];
    }
    members = new Uint32Array(counts[counts.length - 1]);
    eachRow(counts.slice());
    const seen = new Uint32Array(table.count);
    let turn = 0;

    // Rows whose boxes touch a box, each once, in no order.
    function within(left, bottom, right, top) {
      const found = [];
      turn += 1;
      function take(row) {
        const at = 4 * row;
        if (seen[row] !== turn && boxes[at] <= right && boxes[at + 2] >= left && boxes[at + 1] <= top && boxes[at + 3] >= bottom) {
          seen[row] = turn;
          found.push(row);
        }
      }
      const x0 = Math.max(0, Math.floor((left - west) / cell));
      const x1 = Math.min(columns - 1, Math.floor((right - west) / cell));
      const y0 = Math.max(0, Math.floor((bottom - south) / cell));
      const y1 = Math.min(rows - 1, Math.floor((top - south) / cell));
      for (let y = y0; y <= y1; y += 1) {
        for (let x = x0; x <= x1; x += 1) {
          for (let k = counts[y * columns + x]; k < counts[y * columns + x + 1]; k += 1) {
            take(members[k]);
          }
        }
      }
      large.forEach(take);
      return found;
    }

    return { within: within, bounds: [west, south, east, north] };
  };

  // Whether a point (units of the grid, not rounded) lies in a plot: even-odd over all its rings.
  plots.covers = function (table, row, x, y) {
    const corners = table.corners;
    const px = x - table.x[row];
    const py = y - table.y[row];
    let inside = false;
    for (let ring = table.ringOf[row]; ring < table.ringOf[row + 1]; ring += 1) {
      const first = 2 * table.pointOf[ring];
      const end = 2 * table.pointOf[ring + 1];
      for (let at = first, before = end - 2; at < end; before = at, at += 2) {
        const ay = corners[at + 1];
        const by = corners[before + 1];
        if ((ay > py) !== (by > py) &&
            px < (corners[before] - corners[at]) * (py - ay) / (by - ay) + corners[at]) {
          inside = !inside;
        }
      }
    }
    return inside;
  };

  function extent(table, row) {
    const at = 4 * row;
    return Math.max(table.boxes[at + 2] - table.boxes[at], table.boxes[at + 3] - table.boxes[at + 1]);
  }

  plots.extent = extent;

  plots.medianExtent = function (table) {
    const some = [];
    const stride = Math.max(1, Math.floor(table.count / 2000));
    for (let row = 0; row < table.count; row += stride) {
      some.push(extent(table, row));
    }
    some.sort(function (a, b) { return a - b; });
    return some[some.length >> 1] || 1;
  };

  // From units of the grid to pixels of one tile, with the tile's box in units.
  plots.frame = function (table, tile) {
    const perMetre = 256 * Math.pow(2, tile.z) / (2 * EARTH);
    const unit = table.step * perMetre * tile.ratio;
    const cx = (EARTH * perMetre - tile.x * tile.size) * tile.ratio;
    const cy = (EARTH * perMetre - tile.y * tile.size) * tile.ratio;
    const pixels = Math.round(tile.size * tile.ratio);
    const pad = 3 * tile.ratio;
    return {
      unit: unit, cx: cx, cy: cy, pixels: pixels,
      box: [(-pad - cx) / unit, (cy - pixels - pad) / unit, (pixels + pad - cx) / unit, (cy + pad) / unit]
    };
  };

  // Adds the rings of a plot to the path; corners nearer than `least` pixels to the one before are left out.
  function trace(context, table, row, frame, least) {
    const corners = table.corners;
    const ox = table.x[row] * frame.unit + frame.cx;
    const oy = frame.cy - table.y[row] * frame.unit;
    const unit = frame.unit;
    for (let ring = table.ringOf[row]; ring < table.ringOf[row + 1]; ring += 1) {
      const first = 2 * table.pointOf[ring];
      const end = 2 * table.pointOf[ring + 1];
      let lastX = ox + corners[first] * unit;
      let lastY = oy - corners[first + 1] * unit;
      context.moveTo(lastX, lastY);
      for (let at = first + 2; at < end; at += 2) {
        const x = ox + corners[at] * unit;
        const y = oy - corners[at + 1] * unit;
        if (Math.abs(x - lastX) + Math.abs(y - lastY) >= least) {
          context.lineTo(x, y);
          lastX = x;
          lastY = y;
        }
      }
      context.closePath();
    }
  }

  let sums = null;

  // Plots far below a pixel in great number: each pixel gets the mean colour of the ground in it.
  function splat(context, table, rows, classes, frame, look) {
    const side = frame.pixels;
    // Kept from tile to tile: it is several megabytes.
    if (!sums || sums.length !== 4 * side * side) {
      sums = new Float32Array(4 * side * side);
    }
    sums.fill(0);
    rows.forEach(function (row) {
      const at = 4 * row;
      const x = Math.floor((table.boxes[at] + table.boxes[at + 2]) / 2 * frame.unit + frame.cx);
      const y = Math.floor(frame.cy - (table.boxes[at + 1] + table.boxes[at + 3]) / 2 * frame.unit);
      if (x >= 0 && y >= 0 && x < side && y < side) {
        const wide = (table.boxes[at + 2] - table.boxes[at]) * frame.unit;
        const weight = Math.max(0.2, 0.75 * wide * (table.boxes[at + 3] - table.boxes[at + 1]) * frame.unit);
        const color = look.rgb[classes[row]];
        const put = 4 * (y * side + x);
        sums[put] += color[0] * weight;
        sums[put + 1] += color[1] * weight;
        sums[put + 2] += color[2] * weight;
        sums[put + 3] += weight;
      }
    });
    const picture = context.createImageData(side, side);
    for (let put = 0; put < sums.length; put += 4) {
      const weight = sums[put + 3];
      if (weight > 0) {
        picture.data[put] = sums[put] / weight;
        picture.data[put + 1] = sums[put + 1] / weight;
        picture.data[put + 2] = sums[put + 2] / weight;
        picture.data[put + 3] = 255 * Math.min(1, 0.4 + 0.6 * weight);
      }
    }
    context.putImageData(picture, 0, 0);
  }

  function byClass(rows, classes, count) {
    const lists = [];
    for (let k = 0; k <= count; k += 1) {
      lists.push([]);
    }
    // Inside a class a later plot lies above an earlier one.
    Uint32Array.from(rows).sort().forEach(function (row) { lists[classes[row]].push(row); });
    return lists;
  }

  // Whether a tile is drawn as density.
  plots.splats = function (engine, tile) {
    if (tile.frame || engine.table.count <= plots.CROWD) {
      return false;
    }
    return engine.median * plots.frame(engine.table, tile).unit / tile.ratio < 2;
  };

  // Whether a tile can be drawn before the outlines are read: plots so small that a box does for them.
  plots.sketches = function (engine, tile) {
    return engine.median * plots.frame(engine.table, tile).unit / tile.ratio < SKETCH_PX;
  };

  // Paints one tile; returns how many plots it shows.
  plots.paint = function (context, engine, classes, tile) {
    const table = engine.table;
    const look = engine.look;
    const frame = tile.frame || plots.frame(table, tile);
    const rows = engine.index.within.apply(null, frame.box).filter(function (row) { return classes[row] > 0; });
    if (!rows.length) {
      return 0;
    }
    const typical = engine.median * frame.unit / tile.ratio;
    if (!plots.splats(engine, tile)) {
      sums = null;
    }
    if (plots.splats(engine, tile)) {
      splat(context, table, rows, classes, frame, look);
      return rows.length;
    }
    const dot = tile.ratio * (table.count > plots.CROWD ? 1.5 : table.count > 4000 ? 2 : 3);
    byClass(rows, classes, look.fill.length).forEach(function (list, k) {
      if (list.length) {
        fillClass(context, table, list, frame, { dot: dot, fill: look.fill[k], line: look.line[k], outline: typical > 10, tile: tile, look: look });
      }
    });
    return rows.length;
  };

  function fillClass(context, table, list, frame, how) {
    context.globalAlpha = how.outline ? how.look.alpha : 0.95;
    context.fillStyle = how.fill;
    context.beginPath();
    list.forEach(function (row) {
      const at = 4 * row;
      const boxes = table.boxes;
      const wide = boxes[at + 2] - boxes[at];
      const high = boxes[at + 3] - boxes[at + 1];
      const size = (wide > high ? wide : high) * frame.unit;
      if (size < how.dot || !table.corners) {
        const side = 0.8 * size > how.dot ? 0.8 * size : how.dot;
        const x = (boxes[at] + boxes[at + 2]) / 2 * frame.unit + frame.cx;
        const y = frame.cy - (boxes[at + 1] + boxes[at + 3]) / 2 * frame.unit;
        context.fillRect(x - side / 2, y - side / 2, side, side);
      } else {
        trace(context, table, row, frame, 0.6 * how.tile.ratio);
      }
    });
    // Outer rings and holes run in opposite directions, so that plots that overlap do not cut holes into each other.
    context.fill('nonzero');
    if (how.outline) {
      context.globalAlpha = 1;
      context.strokeStyle = how.line;
      context.lineWidth = how.look.width * how.tile.ratio;
      context.lineJoin = 'round';
      context.stroke();
    }
    context.globalAlpha = 1;
  }
})(self);
