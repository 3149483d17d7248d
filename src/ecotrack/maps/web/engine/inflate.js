// Unpacking of compressed streams: by the browser where it can, by our own reader of RFC 1950/1951 where it cannot.
(function (scope) {
  'use strict';

  const plots = scope.ecotrackPlots || (scope.ecotrackPlots = {});
  const LENGTH_BASE = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
  const LENGTH_BITS = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
  const REACH_BASE = [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097,
    6145, 8193, 12289, 16385, 24577];
  const REACH_BITS = [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];
  const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
  const MOST = 15;

  // A table of all 2^15 next bits: symbol * 16 + length of its code.
  function codeTable(lengths) {
    const count = new Uint16Array(MOST + 2);
    lengths.forEach(function (length) { count[length] += 1; });
    count[0] = 0;
    const next = new Uint16Array(MOST + 2);
    for (let bits = 1; bits <= MOST; bits += 1) {
      next[bits + 1] = (next[bits] + count[bits]) << 1;
    }
    const table = new Uint16Array(1 << MOST);
    lengths.forEach(function (length, symbol) {
      if (length) {
        let code = next[length];
        next[length] += 1;
        let mirrored = 0;
        for (let bit = 0; bit < length; bit += 1) {
          mirrored = (mirrored << 1) | (code & 1);
          code >>= 1;
        }
        for (let place = mirrored; place < 1 << MOST; place += 1 << length) {
          table[place] = (symbol << 4) | length;
        }
      }
    });
    return table;
  }

  function fixedTables() {
    const lengths = [];
    for (let symbol = 0; symbol < 288; symbol += 1) {
      lengths.push(symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8);
    }
    return [codeTable(lengths), codeTable(new Array(30).fill(5))];
  }

  // Unpacks one zlib stream that holds `size` bytes.
  plots.inflate = function (input, size) {
    const out = new Uint8Array(size);
    let at = 2;
    let held = 0;
    let bits = 0;
    let done = 0;

    function need(count) {
      while (bits < count) {
        held |= (at < input.length ? input[at] : 0) << bits;
        at += 1;
        bits += 8;
      }
    }

    function take(count) {
      need(count);
      const value = held & ((1 << count) - 1);
      held >>>= count;
      bits -= count;
      return value;
    }

    function symbol(table) {
      need(MOST);
      const entry = table[held & 32767];
      held >>>= entry & 15;
      bits -= entry & 15;
      return entry >> 4;
    }

    function ownTables() {
      const literals = take(5) + 257;
      const reaches = take(5) + 1;
      const known = take(4) + 4;
      const first = new Array(19).fill(0);
      for (let k = 0; k < known; k += 1) {
        first[ORDER[k]] = take(3);
      }
      const table = codeTable(first);
      const lengths = [];
      while (lengths.length < literals + reaches) {
        const found = symbol(table);
        if (found < 16) {
          lengths.push(found);
        } else {
          const value = found === 16 ? lengths[lengths.length - 1] : 0;
          const times = found === 16 ? take(2) + 3 : found === 17 ? take(3) + 3 : take(7) + 11;
          for (let k = 0; k < times; k += 1) {
            lengths.push(value);
          }
        }
      }
      return [codeTable(lengths.slice(0, literals)), codeTable(lengths.slice(literals, literals + reaches))];
    }

    function copyPlain() {
      // Whole bytes that were read ahead go back.
      at -= bits >> 3;
      held = 0;
      bits = 0;
      const length = input[at] | (input[at + 1] << 8);
      out.set(input.subarray(at + 4, at + 4 + length), done);
      at += 4 + length;
      done += length;
    }

    function copyCoded(tables) {
      for (;;) {
        const found = symbol(tables[0]);
        if (found < 256) {
          out[done] = found;
          done += 1;
        } else if (found === 256) {
          return;
        } else {
          const length = LENGTH_BASE[found - 257] + take(LENGTH_BITS[found - 257]);
          const code = symbol(tables[1]);
          const from = done - REACH_BASE[code] - take(REACH_BITS[code]);
          for (let k = 0; k < length; k += 1) {
            out[done + k] = out[from + k];
          }
          done += length;
        }
        if (at > input.length + 8) {
          throw new Error('ecotrack: a stream ends too early');
        }
      }
    }

    let last = 0;
    while (!last) {
      last = take(1);
      const kind = take(2);
      if (kind === 0) {
        copyPlain();
      } else {
        copyCoded(kind === 1 ? fixedTables() : ownTables());
      }
    }
    return out;
  };

  // Piece by piece into one array of the size that is known: nothing is copied twice.
  function native(input, size) {
    const stream = new DecompressionStream('deflate');
    const writer = stream.writable.getWriter();
    const reader = stream.readable.getReader();
    const out = new Uint8Array(size);
    let at = 0;
    function next(piece) {
      if (piece.done) {
        return out;
      }
      out.set(piece.value, at);
      at += piece.value.length;
      return reader.read().then(next);
    }
    const written = Promise.all([writer.write(input), writer.close()]);
    return Promise.all([reader.read().then(next), written]).then(function (both) { return both[0]; });
  }

  // Lets go of bytes that were read, at once where the browser can: nothing makes it tidy up soon after a map is drawn.
  plots.release = function (bytes) {
    if (typeof bytes.buffer.transfer === 'function') {
      bytes.buffer.transfer(0);
    }
  };

  // A promise of the bytes of one stream.
  plots.unpackStream = function (input, size) {
    if (typeof DecompressionStream === 'function' && !scope.ecotrackOwnInflate) {
      return native(input, size);
    }
    return Promise.resolve(plots.inflate(input, size));
  };

  // Bytes `start` to `start + size` of the letters (UTF-8) of ecotrack.maps.base91: 16 of them are 13 bytes.
  plots.fromLetters = function (letters, size, start) {
    const first = Math.floor((start || 0) / 13);
    const value = new Uint8Array(128);
    let count = 0;
    for (let code = 32; code < 127; code += 1) {
      if ('<>&\\'.indexOf(String.fromCharCode(code)) < 0) {
        value[code] = count;
        count += 1;
      }
    }
    const skipped = (start || 0) - 13 * first;
    const blocks = Math.ceil((skipped + size) / 13);
    const out = new Uint8Array(blocks * 13);
    function word(at) {
      return value[letters[at]] * 91 + value[letters[at + 1]];
    }
    for (let block = 0, from = 16 * first, to = 0; block < blocks; block += 1, from += 16, to += 13) {
      // Eight words of 13 bits, the highest bit first.
      const a = word(from);
      const b = word(from + 2);
      const c = word(from + 4);
      const d = word(from + 6);
      const e = word(from + 8);
      const f = word(from + 10);
      const g = word(from + 12);
      const h = word(from + 14);
      out[to] = a >> 5;
      out[to + 1] = a << 3 | b >> 10;
      out[to + 2] = b >> 2;
      out[to + 3] = b << 6 | c >> 7;
      out[to + 4] = c << 1 | d >> 12;
      out[to + 5] = d >> 4;
      out[to + 6] = d << 4 | e >> 9;
      out[to + 7] = e >> 1;
      out[to + 8] = e << 7 | f >> 6;
      out[to + 9] = f << 2 | g >> 11;
      out[to + 10] = g >> 3;
      out[to + 11] = g << 5 | h >> 8;
      out[to + 12] = h;
    }
    return out.subarray(skipped, skipped + size);
  };
})(self);
