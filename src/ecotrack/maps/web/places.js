// Where a name may stand on a board, best first: {x, y, turn} in pixels of the board. A board is the screen or a sheet
// of paper: it tells where a point is, how large a name is, how large its pixels are, and where it ends.
(function () {
  'use strict';

  const eco = window.ecotrack;
  const SMALL_PX = 44;
  const GAP_PX = 4;
  const STEEP = Math.PI / 3;
  const LATTICE = 7;
  const ALONG = [0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8, 0.12, 0.88];

  function boxOf(points) {
    const xs = points.map(function (point) { return point[0]; });
    const ys = points.map(function (point) { return point[1]; });
    return { left: Math.min.apply(null, xs), right: Math.max.apply(null, xs), top: Math.min.apply(null, ys), bottom: Math.max.apply(null, ys) };
  }

  function drawn(board, ring) {
    return ring.map(board.to);
  }

  function covers(rings, x, y) {
    let inside = false;
    rings.forEach(function (ring) {
      for (let k = 0, before = ring.length - 1; k < ring.length; before = k, k += 1) {
        const a = ring[k];
        const b = ring[before];
        if ((a[1] > y) !== (b[1] > y) && x < (b[0] - a[0]) * (y - a[1]) / (b[1] - a[1]) + a[0]) {
          inside = !inside;
        }
      }
    });
    return inside;
  }

  // The box of an area on a board.
  eco.areaBox = function (label, board) {
    return boxOf([].concat.apply([], label.parts.map(function (rings) { return drawn(board, rings[0]); })));
  };

  eco.isSmall = function (area, board) {
    return area.bottom - area.top < SMALL_PX * board.scale;
  };

  // On a large area: at its middle, else where the whole name lies on what is seen of it.
  function onArea(label, board, area, size) {
    const rings = [].concat.apply([], label.parts.map(function (part) { return part.map(function (ring) { return drawn(board, ring); }); }));
    const middle = board.to(label.point);
    const seen = {
      left: Math.max(area.left, board.box.left), right: Math.min(area.right, board.box.right),
      top: Math.max(area.top, board.box.top), bottom: Math.min(area.bottom, board.box.bottom)
    };
    const spots = [{ x: middle[0], y: middle[1], turn: 0 }];
    for (let row = 0; row < LATTICE; row += 1) {
      for (let column = 0; column < LATTICE; column += 1) {
        spots.push({
          x: seen.left + (seen.right - seen.left) * (column + 0.5) / LATTICE,
          y: seen.top + (seen.bottom - seen.top) * (row + 0.5) / LATTICE,
          turn: 0
        });
      }
    }
    function far(spot) {
      return Math.hypot(spot.x - middle[0], spot.y - middle[1]);
    }
    const whole = spots.filter(function (spot) {
      return [-0.5, -0.25, 0, 0.25, 0.5].every(function (part) { return covers(rings, spot.x + part * size.width, spot.y); });
    }).sort(function (a, b) { return far(a) - far(b); });
    // A name that is wider than its area stands across it.
    return whole.length ? whole : spots.slice(0, 1);
  }

  // A small area is named under, over or beside it; of two basins the eastern one in the east, and never beyond the
  // other, where the name would be taken for that one's.
  function byArea(label, board, area, size) {
    const x = (area.left + area.right) / 2;
    const y = (area.top + area.bottom) / 2;
    const gap = GAP_PX * board.scale;
    const away = (size.width + area.right - area.left) / 2 + gap;
    const sides = [label.side, -label.side].filter(function (side) {
      return !label.others.some(function (point) {
        const other = board.to(point);
        const apart = (other[0] - x) * side;
        return apart > 0 && apart < away + size.width / 2 && Math.abs(other[1] - y) < 2 * size.height;
      });
    }).map(function (side) { return { x: x + away * side, y: y, turn: 0 }; });
    const low = area.bottom + size.height / 2;
    const high = area.top - (size.height + gap) / 2;
    const spots = [{ x: x, y: low, turn: 0 }, { x: x, y: high, turn: 0 }].concat(sides);
    [low, high].forEach(function (level) {
      [-0.3, 0.3].forEach(function (part) { spots.push({ x: x + part * size.width, y: level, turn: 0 }); });
    });
    return spots;
  }

  // A point of a line by the distance from its beginning.
  function walker(points) {
    const ends = [0];
    for (let k = 1; k < points.length; k += 1) {
      ends.push(ends[k - 1] + Math.hypot(points[k][0] - points[k - 1][0], points[k][1] - points[k - 1][1]));
    }
    const total = ends[ends.length - 1];
    return {
      total: total,
      at: function (distance) {
        let k = 1;
        while (k < ends.length - 1 && ends[k] < distance) {
          k += 1;
        }
        const part = (distance - ends[k - 1]) / (ends[k] - ends[k - 1] || 1);
        return [0, 1].map(function (axis) { return points[k - 1][axis] + part * (points[k][axis] - points[k - 1][axis]); });
      }
    };
  }

  // A line is named along it, over or under where it runs straight; beside it where it is steep.
  function byLine(label, board, size) {
    const walks = label.parts.map(function (rings) { return walker(drawn(board, rings[0])); });
    const walk = walks.reduce(function (best, one) { return one.total > best.total ? one : best; });
    const away = size.height / 2 + (label.entry.layer.style.width / 2 + 1) * board.scale;
    const spots = [];
    ALONG.forEach(function (part) {
      const middle = part * walk.total;
      const from = walk.at(Math.max(0, middle - size.width / 2));
      const to = walk.at(Math.min(walk.total, middle + size.width / 2));
      const at = walk.at(middle);
      const chord = Math.hypot(to[0] - from[0], to[1] - from[1]);
      let turn = Math.atan2(to[1] - from[1], to[0] - from[0]);
      turn = turn > Math.PI / 2 ? turn - Math.PI : turn < -Math.PI / 2 ? turn + Math.PI : turn;
      if (Math.abs(turn) > STEEP || chord < 0.9 * size.width) {
        const side = size.width / 2 + away - size.height / 2 + GAP_PX * board.scale;
        spots.push({ x: at[0] + side, y: at[1], turn: 0 }, { x: at[0] - side, y: at[1], turn: 0 });
      } else {
        const x = (from[0] + to[0]) / 2 * 0.5 + at[0] * 0.5;
        const y = (from[1] + to[1]) / 2 * 0.5 + at[1] * 0.5;
        [1, -1].forEach(function (side) {
          spots.push({ x: x + side * away * Math.sin(turn), y: y - side * away * Math.cos(turn), turn: turn });
        });
      }
    });
    return spots;
  }

  function byPoint(label, board, size) {
    const at = board.to(label.point);
    const reach = (label.entry.layer.style.radius + GAP_PX) * board.scale;
    const over = reach + size.height / 2 - GAP_PX * board.scale;
    return [[reach + size.width / 2, 0], [-reach - size.width / 2, 0], [0, -over], [0, over]].map(function (aside) {
      return { x: at[0] + aside[0], y: at[1] + aside[1], turn: 0 };
    });
  }

  eco.spots = function (label, board) {
    const size = board.size(label);
    const geometry = label.entry.layer.geometry;
    if (geometry !== 'Polygon') {
      return geometry === 'Point' ? byPoint(label, board, size) : byLine(label, board, size);
    }
    const area = eco.areaBox(label, board);
    if (eco.isSmall(area, board)) {
      return byArea(label, board, area, size);
    }
    // What is too narrow for its name is named beside it, where there is room.
    const narrow = size.width > area.right - area.left;
    return onArea(label, board, area, size).concat(narrow ? byArea(label, board, area, size) : []);
  };

  // What a name covers, as boxes; one that is turned as a row of squares.
  eco.coveredBy = function (spot, size) {
    if (!spot.turn) {
      return [{ left: spot.x - size.width / 2, right: spot.x + size.width / 2, top: spot.y - size.height / 2, bottom: spot.y + size.height / 2 }];
    }
    const count = Math.max(1, Math.ceil(size.width / size.height));
    const reach = size.height / 2 * (Math.abs(Math.sin(spot.turn)) + Math.abs(Math.cos(spot.turn)));
    return Array.from({ length: count }, function (_none, k) {
      const along = (k + 0.5 - count / 2) * size.width / count;
      const x = spot.x + along * Math.cos(spot.turn);
      const y = spot.y + along * Math.sin(spot.turn);
      return { left: x - reach, right: x + reach, top: y - reach, bottom: y + reach };
    });
  };
})();
