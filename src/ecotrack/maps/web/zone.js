// The ellipsoid: 3-degree Gauss-Kruger coordinates, lengths and areas on CGCS2000.
(function () {
  'use strict';

  const eco = window.ecotrack;
  const A = 6378137;
  const F = 1 / 298.257222101;
  const E2 = F * (2 - F);
  const E = Math.sqrt(E2);
  const B = A * (1 - F);
  const N = F / (2 - F);
  const RADIANS = Math.PI / 180;
  // Kruger's series in the third flattening to the fourth order: 0.1 mm inside a zone.
  const MERIDIAN = A / (1 + N) * (1 + N * N / 4 + Math.pow(N, 4) / 64);
  const SERIES = [
    N / 2 - 2 * N * N / 3 + 5 * Math.pow(N, 3) / 16 + 41 * Math.pow(N, 4) / 180,
    13 * N * N / 48 - 3 * Math.pow(N, 3) / 5 + 557 * Math.pow(N, 4) / 1440,
    61 * Math.pow(N, 3) / 240 - 103 * Math.pow(N, 4) / 140,
    49561 * Math.pow(N, 4) / 161280
  ];

  // {zone, north_m, east_m}: the 3-degree zone's number, metres north of the equator, metres east with 500 km added.
  eco.toZone = function (lon, lat) {
    const zone = Math.round(lon / 3);
    const from = (lon - 3 * zone) * RADIANS;
    const sine = Math.sin(lat * RADIANS);
    const t = Math.sinh(Math.atanh(sine) - E * Math.atanh(E * sine));
    const xi = Math.atan2(t, Math.cos(from));
    const eta = Math.atanh(Math.sin(from) / Math.sqrt(1 + t * t));
    let north = xi;
    let east = eta;
    SERIES.forEach(function (factor, k) {
      const turn = 2 * (k + 1);
      north += factor * Math.sin(turn * xi) * Math.cosh(turn * eta);
      east += factor * Math.cos(turn * xi) * Math.sinh(turn * eta);
    });
    return { zone: zone, north_m: MERIDIAN * north, east_m: 500000 + MERIDIAN * east };
  };

  // Length of a line of [lon, lat]: with the radii of curvature at the middle of each edge, below 1e-6 for edges of 20 km.
  eco.length_m = function (points) {
    let sum = 0;
    for (let k = 1; k < points.length; k += 1) {
      const middle = (points[k][1] + points[k - 1][1]) / 2 * RADIANS;
      const w = Math.sqrt(1 - E2 * Math.sin(middle) * Math.sin(middle));
      const north = (points[k][1] - points[k - 1][1]) * RADIANS * A * (1 - E2) / (w * w * w);
      const east = (points[k][0] - points[k - 1][0]) * RADIANS * A * Math.cos(middle) / w;
      sum += Math.hypot(north, east);
    }
    return sum;
  };

  // Area between the equator and a latitude, one radian wide.
  function strip(lat) {
    const sine = Math.sin(lat * RADIANS);
    return B * B / 2 * (sine / (1 - E2 * sine * sine) + Math.atanh(E * sine) / E);
  }

  // Area of a ring whose edges are straight in longitude/latitude; Simpson's rule along each edge.
  eco.area_m2 = function (points) {
    let sum = 0;
    points.forEach(function (point, k) {
      const next = points[(k + 1) % points.length];
      const mean = (strip(point[1]) + 4 * strip((point[1] + next[1]) / 2) + strip(next[1])) / 6;
      sum += (next[0] - point[0]) * RADIANS * mean;
    });
    return Math.abs(sum);
  };

  function angle(value, digits, marks) {
    return Math.abs(value).toFixed(digits) + '°' + (value < 0 ? marks[1] : marks[0]);
  }

  eco.placeText = function (latlng) {
    const at = eco.toZone(latlng.lng, latlng.lat);
    const degrees = angle(latlng.lng, 5, 'EW') + ' ' + angle(latlng.lat, 5, 'NS');
    return degrees + ' · ' + eco.word('zone') + ' ' + at.zone + '  X ' + at.north_m.toFixed(0) + '  Y ' + at.zone + at.east_m.toFixed(0).padStart(6, '0') + ' m';
  };
})();
