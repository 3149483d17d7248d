// Drawing of the layers on one canvas, in the order that the layers' own definitions give.
(function () {
  'use strict';

  const eco = window.ecotrack;
  const NO_RECORD = { color: '#8d8d8d', fill: '#d5d5d5' };
  const hovers = window.matchMedia('(hover: hover)').matches;

  const DOT = 3;

  // At small scales a plot is less than a pixel and its outline a stray stroke: it becomes a dot of its colour.
  // (Private members of Leaflet, which is pinned.)
  const Canvas = L.Canvas.extend({
    _updatePoly: function (path, closed) {
      const size = path._rawPxBounds && path._rawPxBounds.getSize();
      if (!closed || !size || Math.max(size.x, size.y) > DOT) {
        L.Canvas.prototype._updatePoly.call(this, path, closed);
      } else if (this._drawing && path._parts.length) {
        const middle = path._rawPxBounds.getCenter();
        this._ctx.globalAlpha = 0.85;
        this._ctx.fillStyle = path.options.fillColor || path.options.color;
        this._ctx.fillRect(middle.x - DOT / 2, middle.y - DOT / 2, DOT, DOT);
        this._ctx.globalAlpha = 1;
      }
    }
  });

  eco.canvas = function () {
    return new Canvas({ padding: 0.3, tolerance: 4 });
  };

  eco.NO_RECORD = NO_RECORD;

  eco.stateOf = function (layer, k) {
    return eco.at(layer.states, k);
  };

  eco.colorOf = function (layer, state) {
    const colors = layer.paint.colors;
    return Object.prototype.hasOwnProperty.call(colors, state) ? colors[state] : layer.style.color;
  };

  // A feature that could have records and has none is drawn as such, never as the first of the states.
  eco.lacksRecord = function (layer, k) {
    const ofWhole = layer.records.all[layer.ids.length];
    return layer.recordable && !eco.stateOf(layer, k) && layer.records.all[k] === 0 && ofWhole === 0;
  };

  function painted(layer) {
    return Object.keys(layer.paint.colors).length > 0;
  }

  // Leaflet's path options of one feature.
  eco.styleOf = function (layer, k) {
    const style = layer.style;
    const line = layer.geometry === 'LineString';
    const options = {
      color: style.color,
      weight: style.width,
      opacity: 0.9,
      fill: !line && (style.fill !== null || layer.geometry === 'Point'),
      fillColor: style.fill || style.color,
      fillOpacity: style.fill_opacity,
      dashArray: style.dash
    };
    const state = eco.stateOf(layer, k);
    if (eco.lacksRecord(layer, k)) {
      options.color = NO_RECORD.color;
      options.dashArray = '4 4';
      if (painted(layer)) {
        options.fillColor = NO_RECORD.fill;
      }
    } else if (state && painted(layer)) {
      const color = eco.colorOf(layer, state);
      options.fillColor = color;
      options.fillOpacity = layer.geometry === 'Point' ? 1 : 0.7;
      if (layer.geometry !== 'Point') {
        options.color = color;
      }
    }
    return options;
  };

  function shape(layer, parts, options) {
    if (layer.geometry === 'Point') {
      return L.circleMarker(parts[0][0][0], Object.assign({ radius: layer.style.radius }, options));
    }
    if (layer.geometry === 'LineString') {
      return L.polyline(parts.map(function (rings) { return rings[0]; }), options);
    }
    return L.polygon(parts, options);
  }

  // A Leaflet group with one path per feature; tooltips and popups are made when they are asked for.
  eco.draw = function (layer, renderer, map) {
    const group = L.featureGroup();
    const geometries = eco.unpackGeometries(layer.geometries);
    layer.firstRows = eco.firstRows(layer.records.shown);
    geometries.forEach(function (parts, k) {
      if (parts.length) {
        const path = shape(layer, parts, Object.assign(eco.styleOf(layer, k), { renderer: renderer }));
        path.ecotrackRow = k;
        group.addLayer(path);
      }
    });
    layer.geometries = null;
    if (hovers) {
      group.bindTooltip(function (path) { return eco.tooltip(layer, path.ecotrackRow); }, { sticky: true, direction: 'top' });
    }
    group.on('click', function (event) {
      group.closeTooltip();
      open(layer, event.layer, event.latlng, map);
    });
    return group;
  };

  function open(layer, path, latlng, map) {
    const size = map.getSize();
    const weight = path.options.weight;
    path.setStyle({ weight: weight + 2 });
    L.popup({
      maxWidth: Math.min(320, size.x - 60),
      minWidth: Math.min(220, size.x - 60),
      maxHeight: Math.max(120, size.y - 110),
      className: 'eco-popup'
    })
      .setLatLng(latlng)
      .setContent(eco.popup(layer, path.ecotrackRow))
      .on('remove', function () { path.setStyle({ weight: weight }); })
      .openOn(map);
  }

  // Names on the map; a name that would cover one before it stays hidden at this zoom.
  eco.label = function (layers, map) {
    const labels = [];
    layers.forEach(function (entry) {
      const layer = entry.layer;
      layer.labels.forEach(function (point, k) {
        const name = eco.at(layer.names, k);
        if (point && name) {
          const html = eco.el('span', 'eco-label eco-label-' + layer.geometry, eco.clip(name, 20));
          const icon = L.divIcon({ html: html, className: 'eco-label-box', iconSize: [0, 0] });
          labels.push({
            entry: entry,
            marker: L.marker([point[1], point[0]], { icon: icon, interactive: false, keyboard: false }),
            html: html
          });
        }
      });
    });
    function settle() {
      const taken = [];
      labels.forEach(function (label) {
        const wanted = label.entry.visible;
        if (wanted !== map.hasLayer(label.marker)) {
          map[wanted ? 'addLayer' : 'removeLayer'](label.marker);
        }
        label.html.classList.remove('eco-hidden');
        const box = label.html.getBoundingClientRect();
        const covered = taken.some(function (other) {
          return box.left < other.right + 3 && box.right + 3 > other.left && box.top < other.bottom && box.bottom > other.top;
        });
        if (wanted && covered) {
          label.html.classList.add('eco-hidden');
        } else if (wanted) {
          taken.push(box);
        }
      });
    }
    map.on('zoomend moveend resize', settle);
    return settle;
  };
})();
