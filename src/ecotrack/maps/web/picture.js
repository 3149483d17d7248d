// The sheet: the map drawn anew at the size of paper, with title, legend, scale, day and marks; for print and as PNG.
(function () {
  'use strict';

  const eco = window.ecotrack;
  const FONT = '"Noto Sans SC", "Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", "WenQuanYi Micro Hei", sans-serif';
  const SIZES = { a4: [297, 210], a3: [420, 297] };
  const DOTS_PER_MM = 6;
  const INK = '#22302f';
  const SOFT = '#5a6866';

  function text(pen, words, x, y, size, how) {
    const look = how || {};
    pen.font = (look.italic ? 'italic ' : '') + (look.bold ? '600 ' : '') + size + 'px ' + FONT;
    pen.fillStyle = look.color || INK;
    pen.textAlign = look.align || 'left';
    pen.textBaseline = look.base || 'alphabetic';
    // Nothing on a sheet is longer, and each character would be measured.
    let shown = eco.clip(words, 160);
    if (look.most) {
      const points = Array.from(shown);
      while (points.length > 1 && pen.measureText(points.join('') + '…').width > look.most && pen.measureText(shown).width > look.most) {
        points.pop();
        shown = points.join('') + '…';
      }
    }
    if (look.halo) {
      pen.lineJoin = 'round';
      pen.lineWidth = size / 3;
      pen.strokeStyle = 'rgba(255,255,255,.9)';
      pen.strokeText(shown, x, y);
    }
    pen.fillText(shown, x, y);
    return pen.measureText(shown).width;
  }

  // The view that fills a frame of the sheet with at least what the screen shows: {zoom, origin, unit}.
  function viewOf(map, frame) {
    const bounds = map.getBounds();
    const nw = L.CRS.EPSG3857.project(bounds.getNorthWest());
    const se = L.CRS.EPSG3857.project(bounds.getSouthEast());
    const metres = Math.max((se.x - nw.x) / frame.w, (nw.y - se.y) / frame.h);
    const cx = (nw.x + se.x) / 2;
    const cy = (nw.y + se.y) / 2;
    return {
      metres: metres,
      west: cx - metres * frame.w / 2,
      north: cy + metres * frame.h / 2,
      lat: map.getCenter().lat,
      to: function (lat, lng) {
        const point = L.CRS.EPSG3857.project(L.latLng(lat, lng));
        return [(point.x - (cx - metres * frame.w / 2)) / metres, ((cy + metres * frame.h / 2) - point.y) / metres];
      }
    };
  }

  function endsOf(parts, view) {
    const box = L.bounds([]);
    parts.forEach(function (rings) {
      rings[0].forEach(function (point) { box.extend(view.to(point[0], point[1])); });
    });
    return { size: box.getSize(), middle: box.getCenter() };
  }

  function paintLayer(pen, layer, view, scale) {
    const now = eco.now(layer);
    layer.shapes.forEach(function (parts, k) {
      const style = eco.styleOf(layer, k, now);
      if (!parts.length || (style.opacity === 0 && style.fillOpacity === 0)) {
        return;
      }
      const ends = layer.geometry === 'Polygon' ? endsOf(parts, view) : null;
      if (ends && Math.max(ends.size.x, ends.size.y) < eco.DOT_PX * scale && style.fillOpacity > 0) {
        eco.dot(pen, ends.middle, style.fillColor, scale);
        return;
      }
      pen.beginPath();
      parts.forEach(function (rings) {
        rings.forEach(function (ring) {
          ring.forEach(function (point, place) {
            const at = view.to(point[0], point[1]);
            if (layer.geometry === 'Point') {
              pen.arc(at[0], at[1], layer.style.radius * scale, 0, 2 * Math.PI);
            } else {
              pen[place ? 'lineTo' : 'moveTo'](at[0], at[1]);
            }
          });
          if (layer.geometry === 'Polygon') {
            pen.closePath();
          }
        });
      });
      if (style.fill) {
        pen.globalAlpha = style.fillOpacity;
        pen.fillStyle = style.fillColor;
        pen.fill('evenodd');
      }
      pen.globalAlpha = style.opacity;
      pen.strokeStyle = style.color;
      pen.lineWidth = style.weight * scale;
      pen.setLineDash((style.dashArray ? String(style.dashArray).split(/[ ,]+/).map(Number) : []).map(function (part) { return part * scale; }));
      pen.stroke();
      pen.setLineDash([]);
      pen.globalAlpha = 1;
    });
  }

  // Plots in strips, so that no picture of the worker is larger than a screen.
  function paintPlots(pen, entry, view, frame, scale) {
    const side = 1024;
    const jobs = [];
    for (let y = 0; y < frame.h; y += side) {
      for (let x = 0; x < frame.w; x += side) {
        jobs.push([x, y]);
      }
    }
    return Promise.all(jobs.map(function (job) {
      const message = {
        ask: 'sheet', scene: 'main', ratio: scale, metres: view.metres,
        west: view.west + job[0] * view.metres, north: view.north - job[1] * view.metres,
        width: Math.min(side, Math.ceil(frame.w - job[0])), height: Math.min(side, Math.ceil(frame.h - job[1]))
      };
      if (entry.client.local) {
        message.canvas = document.createElement('canvas');
        message.canvas.width = message.width;
        message.canvas.height = message.height;
      }
      return entry.client.ask(message).then(function (answer) {
        const picture = answer.picture || message.canvas;
        if (picture && answer.count) {
          pen.drawImage(picture, job[0], job[1]);
        }
      });
    }));
  }

  const LINE = 1.35;

  // The look of a name on paper is its look on the screen.
  function nameLook(label, scale) {
    const own = getComputedStyle(label.html);
    const lines = label.terse ? [] : label.lines;
    const size = parseFloat(own.fontSize) * scale;
    return { color: own.color, italic: own.fontStyle === 'italic', size: size, name: eco.clip(label.name, 20), lines: lines, small: 0.85 * size };
  }

  // Names are placed anew: paper has more room than the screen.
  function paintLabels(pen, view, frame, scale) {
    const board = {
      scale: scale,
      box: { left: 0, top: 0, right: frame.w, bottom: frame.h },
      taken: [{ left: 0, right: 300 * scale, top: frame.h - 36 * scale, bottom: frame.h }, { left: frame.w - 40 * scale, right: frame.w, top: 0, bottom: 52 * scale }],
      to: function (point) { return view.to(point[0], point[1]); },
      size: function (label) {
        const look = nameLook(label, scale);
        const widths = [[look.name, look.size]].concat(look.lines.map(function (line) { return [line, look.small]; })).map(function (one) {
          pen.font = one[1] + 'px ' + FONT;
          return pen.measureText(one[0]).width;
        });
        return { width: Math.max.apply(null, widths), height: LINE * (look.size + look.lines.length * look.small) };
      },
      put: function (label, spot) {
        const look = nameLook(label, scale);
        let y = -LINE * look.lines.length * look.small / 2;
        pen.save();
        pen.translate(spot.x, spot.y);
        pen.rotate(spot.turn);
        text(pen, look.name, 0, y, look.size, { align: 'center', base: 'middle', halo: true, color: look.color, italic: look.italic });
        y += LINE * (look.size + look.small) / 2;
        look.lines.forEach(function (line, place) {
          text(pen, line, 0, y + LINE * place * look.small, look.small, { align: 'center', base: 'middle', halo: true, color: '#1d5a8a' });
        });
        pen.restore();
      }
    };
    eco.placeNames(eco.labels || [], eco.labelledPoints || [], board);
  }

  function scaleBar(pen, view, x, y, scale, paper) {
    const ground = view.metres * Math.cos(view.lat * Math.PI / 180);
    const wanted = 150 * scale * ground;
    const unit = Math.pow(10, Math.floor(Math.log10(wanted)));
    const length = [5, 2, 1].map(function (k) { return k * unit; }).find(function (one) { return one <= wanted; }) || unit;
    const width = length / ground;
    pen.lineWidth = 1 * scale;
    pen.strokeStyle = INK;
    [0, 1].forEach(function (half) {
      pen.fillStyle = half ? '#ffffff' : INK;
      pen.fillRect(x + half * width / 2, y, width / 2, 4 * scale);
      pen.strokeRect(x + half * width / 2, y, width / 2, 4 * scale);
    });
    const words = length >= 1000 ? eco.quantity(length / 1000, 'km') : eco.quantity(length, 'm');
    text(pen, '0', x, y - 4 * scale, 10 * scale, { halo: true });
    text(pen, words, x + width, y - 4 * scale, 10 * scale, { align: 'right', halo: true });
    // True on the paper that the sheet is made for.
    const ratio = Number((ground * DOTS_PER_MM * 1000).toPrecision(3));
    text(pen, '1:' + eco.number(ratio) + ' (' + paper.toUpperCase() + ')', x + width + 10 * scale, y + 4 * scale, 10 * scale, { halo: true });
  }

  function north(pen, x, y, scale) {
    pen.beginPath();
    pen.moveTo(x, y - 12 * scale);
    pen.lineTo(x + 6 * scale, y + 6 * scale);
    pen.lineTo(x, y + 2 * scale);
    pen.lineTo(x - 6 * scale, y + 6 * scale);
    pen.closePath();
    pen.fillStyle = INK;
    pen.fill();
    text(pen, eco.word('north'), x, y + 18 * scale, 11 * scale, { align: 'center', halo: true });
  }

  function legendColumn(pen, drawn, groups, x, y, width, bottom, scale) {
    const byId = {};
    drawn.forEach(function (entry) { byId[entry.layer.id] = entry; });
    let at = y;
    text(pen, eco.word('legend'), x, at, 13 * scale, { bold: true });
    text(pen, eco.word('legendCounts'), x + width, at, 9.5 * scale, { align: 'right', color: SOFT });
    at += 6 * scale;
    groups.forEach(function (group) {
      group.layers.map(function (id) { return byId[id]; }).filter(function (entry) { return entry && entry.visible; }).forEach(function (entry) {
        at += 19 * scale;
        if (at < bottom) {
          const rows = eco.legendRows(entry).filter(function (row) { return row.state === null || !eco.isHidden(entry.layer, row.state); });
          const own = !(Object.keys(entry.layer.paint.colors).length && rows.length);
          if (own) {
            swatch(pen, entry.layer, eco.legendSwatch(entry.layer), x, at, scale);
          }
          const marks = [entry.layer.sketch ? eco.word('sketch') : '', entry.sampled ? eco.word('sample') : ''].filter(Boolean).join('·');
          text(pen, eco.pick(entry.layer.title) + (marks ? '（' + marks + '）' : ''), x + (own ? 20 * scale : 0), at, 11 * scale, { bold: true, most: width - 20 * scale });
          if (rows.length && entry.layer.paint.title) {
            at += 13 * scale;
            text(pen, eco.pick(entry.layer.paint.title), x + 4 * scale, at, 10 * scale, { color: SOFT, most: width });
          }
          rows.forEach(function (row) {
            at += 14 * scale;
            if (at < bottom) {
              swatch(pen, entry.layer, row.color, x + 4 * scale, at, scale, row.dashed);
              text(pen, row.text, x + 24 * scale, at, 10.5 * scale, { most: width - 60 * scale });
              if (row.count !== undefined) {
                text(pen, eco.number(row.count), x + width, at, 10.5 * scale, { align: 'right', color: SOFT });
              }
            }
          });
        }
      });
    });
  }

  function swatch(pen, layer, color, x, y, scale, dashed) {
    const dash = dashed || layer.style.dash ? [4 * scale, 3 * scale] : [];
    pen.fillStyle = color;
    pen.strokeStyle = layer.geometry === 'LineString' || (layer.geometry === 'Polygon' && eco.painted(layer) && !dashed) ? color : layer.style.color;
    pen.lineWidth = (layer.geometry === 'LineString' ? 3 : 0.8) * scale;
    pen.setLineDash(dash);
    pen.beginPath();
    if (layer.geometry === 'LineString') {
      pen.moveTo(x, y - 4 * scale);
      pen.lineTo(x + 15 * scale, y - 4 * scale);
    } else if (layer.geometry === 'Point') {
      pen.arc(x + 7.5 * scale, y - 4 * scale, 4.5 * scale, 0, 2 * Math.PI);
    } else {
      pen.rect(x, y - 9 * scale, 15 * scale, 10 * scale);
    }
    if (layer.geometry !== 'LineString' && !dashed) {
      pen.fill();
    }
    pen.stroke();
    pen.setLineDash([]);
  }

  // A promise of a canvas that holds the whole sheet.
  eco.sheet = function (map, drawn, definition, paper) {
    const mm = SIZES[paper];
    const w = mm[0] * DOTS_PER_MM;
    const h = mm[1] * DOTS_PER_MM;
    const scale = DOTS_PER_MM / 4.2 * (paper === 'a3' ? 1.25 : 1);
    const canvas = document.createElement('canvas');
    canvas.width = w;
    canvas.height = h;
    const pen = canvas.getContext('2d');
    const edge = 12 * scale;
    const side = 200 * scale;
    const frame = { x: edge, y: 56 * scale, w: w - 2 * edge - side - 12 * scale, h: h - 56 * scale - 40 * scale };
    const board = eco.view.board;
    pen.fillStyle = '#ffffff';
    pen.fillRect(0, 0, w, h);
    const inner = document.createElement('canvas');
    inner.width = Math.round(frame.w);
    inner.height = Math.round(frame.h);
    const ink = inner.getContext('2d');
    const view = viewOf(map, frame);
    ink.fillStyle = '#e6ebe9';
    ink.fillRect(0, 0, inner.width, inner.height);
    const shown = drawn.filter(function (entry) { return entry.visible; });
    function paintDrawn(above) {
      shown.filter(function (entry) { return !entry.packed && entry.above === above; }).forEach(function (entry) { paintLayer(ink, entry.layer, view, scale); });
    }
    paintDrawn(false);
    const plots = shown.filter(function (entry) { return entry.client; });
    return Promise.all(plots.map(function (entry) { return paintPlots(ink, entry, view, frame, scale); })).then(function () {
      paintDrawn(true);
      paintLabels(ink, view, frame, scale);
      scaleBar(ink, view, 14 * scale, frame.h - 14 * scale, scale, paper);
      north(ink, frame.w - 22 * scale, 26 * scale, scale);
      pen.drawImage(inner, frame.x, frame.y);
      pen.strokeStyle = INK;
      pen.lineWidth = 1.2 * scale;
      pen.strokeRect(frame.x, frame.y, frame.w, frame.h);
      const marks = eco.markWords(definition, board);
      const right = marks.join(' · ');
      text(pen, eco.pick(definition.title), edge, 30 * scale, 21 * scale, { bold: true, most: w - 2 * edge - 260 * scale });
      text(pen, right, w - edge, 30 * scale, 12 * scale, { align: 'right', bold: true, color: '#8c3b12' });
      text(pen, eco.headline(definition), edge, 47 * scale, 11 * scale, { color: SOFT, most: w - 2 * edge });
      const filters = eco.filterText(drawn);
      text(pen, filters, w - edge, 47 * scale, 11 * scale, { align: 'right', color: SOFT, most: w / 2 });
      legendColumn(pen, drawn, definition.groups, frame.x + frame.w + 12 * scale, frame.y + 12 * scale, side, h - 44 * scale, scale);
      text(pen, eco.word('about'), edge, h - 22 * scale, 9.5 * scale, { color: SOFT });
      text(pen, eco.word(board.sketch ? 'sketchNote' : 'noBorder'), edge, h - 9 * scale, 9.5 * scale, { color: SOFT });
      text(pen, eco.word('level') + ' ' + eco.level(definition.classification), w - edge, h - 9 * scale, 11 * scale, { align: 'right', bold: true, color: '#8c3b12' });
      return canvas;
    });
  };

  eco.sheets = function (map, drawn, definition) {
    function save() {
      eco.sheet(map, drawn, definition, 'a4').then(function (canvas) {
        canvas.toBlob(function (blob) {
          const link = eco.el('a');
          link.href = URL.createObjectURL(blob);
          link.download = definition.id + '-' + eco.view.board.as_of + '.png';
          link.click();
          setTimeout(function () { URL.revokeObjectURL(link.href); }, 10000);
        }, 'image/png');
      });
    }
    function print(paper) {
      return eco.sheet(map, drawn, definition, paper).then(function (canvas) {
        const box = eco.empty(document.getElementById('eco-sheet'));
        box.className = 'eco-paper-' + paper;
        box.appendChild(canvas);
        document.documentElement.dataset.ecotrackSheet = paper;
        window.print();
      });
    }
    eco.tool('printA4', 'A4', function () { print('a4'); });
    eco.tool('printA3', 'A3', function () { print('a3'); });
    eco.tool('png', '⤓', save);
  };
})();
