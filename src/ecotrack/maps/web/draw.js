// Drawing of the reference layers on canvas, in the order that the layers' own definitions give, as of any day of the slider.
(function () {
  'use strict';

  const eco = window.ecotrack;
  const DOT_PX = 5;
  const BESIDE = '#eceee8';
  const NO_RECORD = { color: '#8d8d8d', fill: '#d5d5d5' };

  eco.NO_RECORD = NO_RECORD;

  // A layer as it is in one period: {states, has, readings, with_record, newest}. What did not change is not sent again.
  eco.nowOf = function (layer, period) {
    if (!layer.periods || !layer.periods.length || period >= layer.periods.length) {
      return layer;
    }
    let at = period;
    while (at > 0 && !layer.periods[at]) {
      at -= 1;
    }
    return layer.periods[at] || layer;
  };

  eco.now = function (layer) {
    return eco.nowOf(layer, eco.view.period);
  };

  // A feature's name in the language of the page: units have both, all others the one of their file.
  eco.nameOf = function (layer, k) {
    const units = eco.lang === 'en' && eco.view.last.units ? eco.view.last.units.territorial.concat(eco.view.last.units.responsible) : [];
    const unit = layer.id === 'counties' || layer.id === 'report_units' ? units.find(function (row) { return row.code === layer.ids[k]; }) : null;
    return unit && unit.name_en || eco.at(layer.names, k);
  };

  eco.stateOf = function (layer, k, now) {
    return eco.at((now || eco.now(layer)).states, k);
  };

  eco.colorOf = function (layer, state) {
    const colors = layer.paint.colors;
    return Object.prototype.hasOwnProperty.call(colors, state) ? colors[state] : layer.style.color;
  };

  // A feature that could have records and has none is drawn as such, never as the first of the states.
  eco.lacksRecord = function (layer, k, now) {
    const shown = now || eco.now(layer);
    const ofWhole = layer.records.all[layer.ids.length];
    return layer.recordable && !eco.at(shown.states, k) && !eco.at(shown.has, k) && ofWhole === 0;
  };

  eco.painted = function (layer) {
    return Object.keys(layer.paint.colors).length > 0;
  };

  eco.isHidden = function (layer, state) {
    const hidden = eco.view.hidden[layer.id];
    return Boolean(hidden && hidden.has(state));
  };

  // Leaflet's path options of one feature.
  eco.styleOf = function (layer, k, now) {
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
    const state = eco.stateOf(layer, k, now);
    const lacking = eco.lacksRecord(layer, k, now);
    // On the map of one unit the others step back.
    if (layer.id === 'counties' && layer.ids.indexOf(eco.view.unit) >= 0 && layer.ids[k] !== eco.view.unit) {
      options.fillColor = BESIDE;
    }
    if (lacking) {
      options.color = NO_RECORD.color;
      options.dashArray = '4 4';
      if (eco.painted(layer)) {
        options.fillColor = NO_RECORD.fill;
      }
    } else if (state && eco.painted(layer)) {
      const color = eco.colorOf(layer, state);
      options.fillColor = color;
      options.fillOpacity = layer.geometry === 'Point' ? 1 : 0.7;
      if (layer.geometry !== 'Point') {
        options.color = color;
      }
    }
    // Ground that would cover an online base is left out.
    if (eco.view.based && options.fillOpacity >= 1 && layer.geometry === 'Polygon') {
      options.fillOpacity = 0;
    }
    if (eco.isHidden(layer, lacking ? '' : state)) {
      options.opacity = 0;
      options.fillOpacity = 0;
    }
    return options;
  };

  // An area that is too small to be seen at this zoom is a dot. (Private members of Leaflet, which is pinned.)
  const Area = L.Polygon.extend({
    _updatePath: function () {
      const box = this._rawPxBounds;
      const size = box && box.isValid() ? box.getSize() : null;
      if (size && Math.max(size.x, size.y) < DOT_PX && this.options.fillOpacity > 0) {
        eco.dot(this._renderer._ctx, box.getCenter(), this.options.fillColor, 1);
      } else {
        L.Polygon.prototype._updatePath.call(this);
      }
    }
  });

  eco.DOT_PX = DOT_PX;

  eco.dot = function (pen, at, color, scale) {
    pen.globalAlpha = 1;
    pen.beginPath();
    pen.arc(at.x, at.y, DOT_PX / 2 * scale, 0, 2 * Math.PI);
    pen.fillStyle = color;
    pen.fill();
    pen.lineWidth = 0.8 * scale;
    pen.strokeStyle = '#ffffff';
    pen.setLineDash([]);
    pen.stroke();
  };

  function path(layer, parts, options) {
    if (layer.geometry === 'Point') {
      return L.circleMarker(parts[0][0][0], Object.assign({ radius: layer.style.radius }, options));
    }
    if (layer.geometry === 'LineString') {
      return L.polyline(parts.map(function (rings) { return rings[0]; }), options);
    }
    return new Area(parts, options);
  }

  // Panes of one scene: what the swipe cuts.
  eco.panes = function (map, scene, above) {
    const names = { vector: 'eco-vector-' + scene, plots: 'eco-plots-' + scene, above: 'eco-above-' + scene };
    Object.keys(names).forEach(function (kind, place) {
      const pane = map.createPane(names[kind]);
      pane.style.zIndex = String(400 + above + place);
      // The map itself is clicked; what lies there is looked up.
      pane.style.pointerEvents = 'none';
    });
    return names;
  };

  // What is pointed out or measured lies above all scenes.
  eco.marksPane = function (map) {
    const name = 'eco-marks';
    if (!map.getPane(name)) {
      const pane = map.createPane(name);
      pane.style.zIndex = '450';
      pane.style.pointerEvents = 'none';
    }
    return name;
  };

  // Under the plots and above them.
  eco.renderers = function (panes) {
    const options = { padding: 0.3, tolerance: 4 };
    return {
      vector: L.canvas(Object.assign({ pane: panes.vector }, options)),
      above: L.canvas(Object.assign({ pane: panes.above }, options))
    };
  };

  // A Leaflet group with one path per feature.
  eco.draw = function (layer, renderer, period) {
    const group = L.featureGroup();
    const now = eco.nowOf(layer, period);
    if (!layer.shapes) {
      layer.shapes = eco.unpackGeometries(layer.geometries);
      layer.firstRows = eco.firstRows(layer.records.shown);
      layer.geometries = null;
    }
    layer.shapes.forEach(function (parts, k) {
      if (parts.length) {
        const one = path(layer, parts, Object.assign(eco.styleOf(layer, k, now), { renderer: renderer }));
        one.ecotrackRow = k;
        group.addLayer(one);
      }
    });
    return group;
  };

  eco.restyle = function (layer, group, period) {
    const now = eco.nowOf(layer, period);
    group.eachLayer(function (one) { one.setStyle(eco.styleOf(layer, one.ecotrackRow, now)); });
  };
})();
