// The page's side of the plots: the worker that does the work, and the layer of canvas tiles that shows it.
(function () {
  'use strict';

  const plots = window.ecotrackPlots;
  const AT_ONCE = 3;

  function workerOf() {
    if (typeof Worker !== 'function' || typeof OffscreenCanvas !== 'function' || window.ecotrackNoWorker) {
      return null;
    }
    try {
      const code = document.getElementById('ecotrack-plots-engine').textContent + '\nself.ecotrackPlots.serve();';
      const address = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
      const worker = new Worker(address);
      return worker;
    } catch (_error) {
      return null;
    }
  }

  function here() {
    const engine = plots.createEngine();
    return { local: true, ask: function (message) { return engine.ask(message); } };
  }

  function there(worker) {
    const waiting = new Map();
    let number = 0;
    worker.onmessage = function (event) {
      const promise = waiting.get(event.data.number);
      waiting.delete(event.data.number);
      if (event.data.error) {
        promise.reject(new Error(event.data.error));
      } else {
        promise.resolve(event.data.result);
      }
    };
    return {
      local: false,
      broken: new Promise(function (resolve) { worker.onerror = resolve; }),
      ask: function (message) {
        number += 1;
        return new Promise(function (resolve, reject) {
          waiting.set(number, { resolve: resolve, reject: reject });
          // Letters change hands: a copy of them would be megabytes.
          worker.postMessage(Object.assign({ number: number }, message), message.letters ? [message.letters.buffer] : []);
        });
      }
    };
  }

  // A promise of a client that has read the table under `key`: {ask, header, bounds, counts}.
  plots.open = function (key) {
    const header = JSON.parse(document.getElementById(key + '-header').textContent);
    // A text stands in pieces with breaks between them.
    function pieces(id) {
      return Array.from(document.getElementById(id).content.childNodes).filter(function (part) { return part.nodeType === Node.TEXT_NODE; });
    }
    function letters(id) {
      const parts = pieces(id);
      const bytes = new Uint8Array(parts.reduce(function (sum, part) { return sum + part.length; }, 0));
      const encoder = new TextEncoder();
      let at = 0;
      parts.forEach(function (part) { at += encoder.encodeInto(part.data, bytes.subarray(at)).written; });
      return bytes;
    }
    // Each text is let go once somebody has read it.
    function forget(id) {
      pieces(id).forEach(function (part) { part.data = ''; });
    }
    const whole = new Promise(function (resolve) {
      if (document.readyState !== 'loading') {
        resolve();
      } else {
        document.addEventListener('DOMContentLoaded', resolve);
      }
    });
    function load(client) {
      whole.then(function () { return client.ask({ ask: 'rest', letters: letters(key + '-rest') }); }).then(function () { forget(key + '-rest'); });
      return client.ask({ ask: 'load', header: header, letters: letters(key + '-data') }).then(function (loaded) {
        forget(key + '-data');
        return Object.assign(client, { header: header, bounds: loaded.bounds, counts: loaded.summary.counts });
      });
    }
    const worker = workerOf();
    if (!worker) {
      return load(here());
    }
    const client = there(worker);
    // A browser that keeps workers from files tells so only after the worker was made.
    return Promise.race([load(client), client.broken.then(function () { return load(here()); })]);
  };

  // Once there is a first view: a promise of the whole table, drawn.
  plots.finish = function (client, tiles, shown) {
    return new Promise(function (resolve) {
      // A layer that is switched off draws no first view, and one that is out of sight none soon.
      const timer = setTimeout(resolve, shown ? 3000 : 0);
      tiles.once('painted', function () {
        clearTimeout(timer);
        resolve();
      });
    }).then(function () { return client.ask({ ask: 'finish' }); }).then(function (found) {
      client.sampled = found.sampled;
      client.bounds = found.bounds;
      if (tiles._map) {
        tiles.repaint();
      }
      return client;
    });
  };

  plots.toLatLng = function (point) {
    return L.CRS.EPSG3857.unproject(L.point(point[0], point[1]));
  };

  plots.Tiles = L.GridLayer.extend({
    options: { tileSize: 512, keepBuffer: 1, updateWhenZooming: false, updateWhenIdle: false, pane: 'overlayPane', scene: 'main', className: 'eco-tiles' },

    initialize: function (client, options) {
      L.setOptions(this, options);
      this.client = client;
      this._queue = [];
      this._asked = 0;
      this.on('tileunload', function (event) { event.tile.gone = true; });
    },

    onAdd: function (map) {
      L.GridLayer.prototype.onAdd.call(this, map);
      map.on('zoomend', this._sharpen, this);
      return this;
    },

    onRemove: function (map) {
      map.off('zoomend', this._sharpen, this);
      L.GridLayer.prototype.onRemove.call(this, map);
    },

    // Pixels of the screen per pixel of a tile: between two whole zooms tiles are drawn in another size.
    _ratio: function (zoom) {
      const scale = this._map ? this._map.getZoomScale(this._map.getZoom(), zoom) : 1;
      return Math.min(2, window.devicePixelRatio || 1) * Math.max(0.7, Math.min(1.5, scale));
    },

    _sharpen: function () {
      if (this._tileZoom !== undefined && this._drawnRatio !== this._ratio(this._tileZoom)) {
        this.repaint();
      }
    },

    createTile: function (coords, done) {
      const canvas = document.createElement('canvas');
      canvas.style.pointerEvents = 'none';
      this._enqueue(canvas, coords, done);
      return canvas;
    },

    _enqueue: function (canvas, coords, done) {
      this._queue.push({ canvas: canvas, coords: coords, done: done });
      this._pump();
    },

    _pump: function () {
      while (this._asked < AT_ONCE && this._queue.length) {
        const job = this._queue.shift();
        if (!job.canvas.gone) {
          this._asked += 1;
          this._ask(job);
        }
      }
      if (!this._asked && !this._queue.length) {
        this.fire('painted');
      }
    },

    _ask: function (job) {
      const layer = this;
      const ratio = this._ratio(job.coords.z);
      const tile = { x: job.coords.x, y: job.coords.y, z: job.coords.z, size: this.options.tileSize, ratio: ratio };
      const side = Math.round(tile.size * ratio);
      this._drawnRatio = ratio;
      function size(pixels) {
        if (job.canvas.width !== pixels) {
          job.canvas.width = pixels;
          job.canvas.height = pixels;
        }
      }
      if (this.client.local) {
        size(side);
      }
      const message = this.client.local
        ? { ask: 'paintInto', scene: this.options.scene, tile: tile, canvas: job.canvas }
        : { ask: 'tile', scene: this.options.scene, tile: tile };
      this.client.ask(message).then(function (answer) {
        layer._asked -= 1;
        if (!layer.client.local) {
          // A tile without plots holds no pixels.
          size(answer.picture ? side : 1);
          job.canvas.getContext('bitmaprenderer').transferFromImageBitmap(answer.picture);
        }
        if (answer.count && !plots.drawn) {
          plots.drawn = true;
          performance.mark('ecotrack-plots-drawn');
          document.documentElement.dataset.ecotrackPlots = 'drawn';
        }
        if (job.done) {
          job.done(null, job.canvas);
        }
        layer._pump();
      });
    },

    // Draws every tile again in place: after a step of time or another filter.
    repaint: function () {
      const layer = this;
      this._queue = this._queue.filter(function (job) { return job.done; });
      Object.keys(this._tiles).forEach(function (key) {
        const tile = layer._tiles[key];
        if (tile.loaded && !tile.el.gone) {
          layer._queue.push({ canvas: tile.el, coords: layer._wrapCoords(tile.coords), done: null });
        }
      });
      this._pump();
    }
  });

  // Rows under a place of the map, the topmost first.
  plots.hit = function (client, map, latlng, scene) {
    const point = L.CRS.EPSG3857.project(latlng);
    const metres = 2 * Math.PI * 6378137 / (256 * Math.pow(2, map.getZoom()));
    return client.ask({ ask: 'hit', scene: scene || 'main', x: point.x, y: point.y, metresPerPixel: metres });
  };
})();
