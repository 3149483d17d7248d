// Area on the ellipsoid of CGCS2000 of rings of [longitude, latitude], edges straight in degrees: as the register measures.
const B = 6356752.314140356;
const E2 = 0.0066943800229008;
const E = Math.sqrt(E2);
const RAD = Math.PI / 180;
export const MU_M2 = 2000 / 3;
// Gauss-Legendre, five points: exact far below a square metre for edges of a plot.
const KNOTS = [[0, 128 / 225], [Math.sqrt(5 - 2 * Math.sqrt(10 / 7)) / 3, (322 + 13 * Math.sqrt(70)) / 900],
  [Math.sqrt(5 + 2 * Math.sqrt(10 / 7)) / 3, (322 - 13 * Math.sqrt(70)) / 900]];

// Area of the zone between the equator and a latitude, for one radian of longitude, m2.
function zone(latitude) {
  const sine = Math.sin(latitude * RAD);
  return (B * B / 2) * (sine / (1 - E2 * sine * sine) + Math.log((1 + E * sine) / (1 - E * sine)) / (2 * E));
}

export function ringM2(ring) {
  const base = zone(ring[0][1]);
  let sum = 0;
  for (let k = 0; k < ring.length; k++) {
    const [x1, y1] = ring[k], [x2, y2] = ring[(k + 1) % ring.length];
    const middle = (y1 + y2) / 2, half = (y2 - y1) / 2;
    let mean = 0;
    for (const [knot, weight] of KNOTS) {
      mean += knot ? weight * (zone(middle + half * knot) + zone(middle - half * knot)) : weight * zone(middle);
    }
    sum += (x2 - x1) * RAD * (mean / 2 - base);
  }
  return Math.abs(sum);
}

export function polygonsMu(parts) {
  return parts.reduce((sum, [outer, ...holes]) => sum + ringM2(outer) - holes.reduce((a, hole) => a + ringM2(hole), 0), 0) / MU_M2;
}
