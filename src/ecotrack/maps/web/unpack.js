// Unpacking of what ecotrack.maps.pack packed.
(function () {
  'use strict';

  const eco = window.ecotrack;
  const SCALE = 1e6;

  // Value of a packed column in one row.
  eco.at = function (column, row) {
    if (column.d) {
      return column.d[column.i[row]];
    }
    return column.v ? column.v[row] : column.c;
  };

  // Latitude and longitude of every feature: feature, part, ring, [lat, lon].
  eco.unpackGeometries = function (packed) {
    let x = 0;
    let y = 0;
    function ring(steps) {
      const points = new Array(steps.length / 2);
      for (let i = 0; i < points.length; i += 1) {
        x += steps[2 * i];
        y += steps[2 * i + 1];
        points[i] = [y / SCALE, x / SCALE];
      }
      return points;
    }
    return packed.map(function (parts) {
      return parts.map(function (rings) {
        return rings.map(ring);
      });
    });
  };

  // Row of each feature's first record.
  eco.firstRows = function (shown) {
    let row = 0;
    return shown.map(function (count) {
      const first = row;
      row += count;
      return first;
    });
  };
})();
