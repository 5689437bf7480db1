// SPDX-License-Identifier: MIT
/**
 * Huffman-coded literals (RFC 8878, section 4.2). lib/zstd decodes one or two symbols at a time,
 * and near the end of a damaged stream the two kinds of table do not refuse the same ones, so both
 * are kept (lib/zstd/decompress/huf_decompress.c, Linux 6.12).
 */

import { type HuffmanWeights, readHuffmanWeights } from './huffman-weights.ts';
import type { ZstdSource } from './zstd-source.ts';

const FAST_LOG = 11;
const MIN_FOUR_STREAMS = 10;
const JUMP_TABLE = 6;

/**
 * Estimated cost of the two kinds of table, by sixteenths of compressed to decoded size: to build
 * it, and to decode 256 bytes with it (algoTime in huf_decompress.c).
 */
const SINGLE_COST = [
  [0, 0],
  [0, 0],
  [150, 216],
  [170, 205],
  [177, 199],
  [197, 194],
  [221, 192],
  [256, 189],
  [359, 188],
  [582, 187],
  [688, 187],
  [825, 186],
  [976, 185],
  [1180, 186],
  [1377, 185],
  [1412, 185],
] as const;
const DOUBLE_COST = [
  [1, 1],
  [1, 1],
  [381, 119],
  [514, 112],
  [539, 110],
  [644, 107],
  [735, 107],
  [881, 106],
  [1167, 109],
  [1570, 114],
  [1712, 122],
  [1965, 136],
  [2131, 150],
  [2070, 175],
  [1731, 202],
  [1695, 202],
] as const;

/** True when the table of two symbols is expected to be faster (HUF_selectDecoder). */
function prefersDouble(decoded: number, compressed: number): boolean {
  const ratio = compressed >= decoded ? 15 : Math.floor((compressed * 16) / decoded);
  const blocks = decoded >> 8;
  const [singleBuild, singleStep] = SINGLE_COST[ratio]!;
  const [doubleBuild, doubleStep] = DOUBLE_COST[ratio]!;
  const double = doubleBuild + doubleStep * blocks;
  return double + (double >> 5) < singleBuild + singleStep * blocks;
}

export class HuffmanDecoder {
  readonly #source: ZstdSource;
  readonly #wordBits: 32 | 64;
  #log = 0;
  #double = false;
  /** By the next `#log` bits: symbol, and code length above it. */
  readonly #single = new Uint16Array(1 << 12);
  /** The same for two symbols: first, second << 8, bits of both << 16, number of symbols << 24. */
  readonly #pairs = new Uint32Array(1 << 12);

  constructor(source: ZstdSource, wordBits: 32 | 64) {
    this.#source = source;
    this.#wordBits = wordBits;
  }

  /**
   * Reads a tree at `start` and decodes with it into `out[0, decoded)`; `size` counts the tree and
   * the streams. False when anything is wrong.
   */
  readAndDecode(
    start: number,
    size: number,
    out: Uint8Array,
    decoded: number,
    fourStreams: boolean,
  ): boolean {
    if (fourStreams && (decoded === 0 || size === 0)) return false;
    const weights = readHuffmanWeights(this.#source, start, size, this.#wordBits);
    if (typeof weights === 'number' || weights.size >= size) return false;
    this.#double = fourStreams && prefersDouble(decoded, size);
    this.#buildSingle(weights);
    if (this.#double) this.#buildPairs();
    return this.decode(start + weights.size, size - weights.size, out, decoded, fourStreams);
  }

  /** Decodes with the tree read last. */
  decode(
    start: number,
    size: number,
    out: Uint8Array,
    decoded: number,
    fourStreams: boolean,
  ): boolean {
    if (!fourStreams) return this.#stream(start, size, out, 0, decoded);
    if (size < MIN_FOUR_STREAMS) return false;
    const source = this.#source;
    const sizes = [0, 2, 4].map((at) => source.little16(start + at));
    sizes.push(size - JUMP_TABLE - sizes[0]! - sizes[1]! - sizes[2]!);
    const segment = (decoded + 3) >> 2;
    if (sizes[3]! < 0 || 3 * segment > decoded) return false;
    let at = start + JUMP_TABLE;
    for (let stream = 0; stream < 4; stream++) {
      const end = stream < 3 ? (stream + 1) * segment : decoded;
      if (!this.#stream(at, sizes[stream]!, out, stream * segment, end)) return false;
      at += sizes[stream]!;
    }
    return true;
  }

  #buildSingle({ weights, symbols, log }: HuffmanWeights): void {
    this.#log = Math.max(log, FAST_LOG);
    let at = 0;
    for (let weight = 1; weight <= log; weight++) {
      const span = (1 << (this.#log - log + weight)) >> 1;
      const bits = log + 1 - weight;
      for (let symbol = 0; symbol < symbols; symbol++) {
        if (weights[symbol] !== weight) continue;
        this.#single.fill(symbol | (bits << 8), at, at + span);
        at += span;
      }
    }
  }

  #buildPairs(): void {
    const log = this.#log;
    const mask = (1 << log) - 1;
    for (let index = 0; index <= mask; index++) {
      const first = this.#single[index]!;
      const second = this.#single[(index << (first >> 8)) & mask]!;
      const bits = (first >> 8) + (second >> 8);
      this.#pairs[index] =
        bits <= log
          ? (first & 0xff) | ((second & 0xff) << 8) | (bits << 16) | (2 << 24)
          : (first & 0xff) | ((first >> 8) << 16) | (1 << 24);
    }
  }

  #stream(start: number, size: number, out: Uint8Array, from: number, to: number): boolean {
    const last = size > 0 ? this.#source.bytes[start + size - 1]! : 0;
    if (last === 0) return false;
    const left = size * 8 - (Math.clz32(last) - 23);
    return this.#double
      ? this.#pairStream(start, size, left, out, from, to)
      : this.#singleStream(start, left, out, from, to);
  }

  #singleStream(
    start: number,
    bitsLeft: number,
    out: Uint8Array,
    from: number,
    to: number,
  ): boolean {
    const { view } = this.#source;
    const table = this.#single;
    const log = this.#log;
    const mask = (1 << log) - 1;
    let left = bitsLeft;
    let at = from;
    while (at < to && left >= log) {
      const low = left - log;
      const entry = table[(view.getUint32(start + (low >>> 3), true) >>> (low & 7)) & mask]!;
      out[at++] = entry;
      left -= entry >> 8;
    }
    while (at < to && left > 0) {
      const entry = table[this.#lastBits(start, left)]!;
      out[at++] = entry;
      left -= entry >> 8;
    }
    return at === to && left === 0;
  }

  #pairStream(
    start: number,
    size: number,
    bitsLeft: number,
    out: Uint8Array,
    from: number,
    to: number,
  ): boolean {
    const { view } = this.#source;
    const table = this.#pairs;
    const log = this.#log;
    const mask = (1 << log) - 1;
    let left = bitsLeft;
    let at = from;
    while (at + 2 <= to && left >= log) {
      const low = left - log;
      const entry = table[(view.getUint32(start + (low >>> 3), true) >>> (low & 7)) & mask]!;
      out[at] = entry;
      out[at + 1] = entry >>> 8;
      left -= (entry >>> 16) & 0xff;
      at += entry >>> 24;
    }
    while (at + 2 <= to && left > 0) {
      const entry = table[this.#lastBits(start, left)]!;
      out[at] = entry;
      out[at + 1] = entry >>> 8;
      left -= (entry >>> 16) & 0xff;
      at += entry >>> 24;
    }
    if (at + 2 <= to || left < 0) return false;
    return at === to ? left === 0 : this.#lastOfPairs(start, size, left, out, at);
  }

  /**
   * The single symbol at the end of a stream read by pairs. The table does not tell the length of a
   * pair's first code alone, so a pair there passes when it takes at least what is left; with
   * nothing left, the register still shows the first bits of the stream, and a pair passes too.
   */
  #lastOfPairs(start: number, size: number, left: number, out: Uint8Array, at: number): boolean {
    let index: number;
    if (left >= this.#log) {
      const low = left - this.#log;
      index = (this.#source.little32(start + (low >>> 3)) >>> (low & 7)) & ((1 << this.#log) - 1);
    } else {
      index = left > 0 ? this.#lastBits(start, left) : this.#registerTop(start, size);
    }
    const entry = this.#pairs[index]!;
    const bits = (entry >>> 16) & 0xff;
    out[at] = entry;
    return entry >>> 24 === 1 ? left === bits : left <= bits;
  }

  /** The `left` bits at the beginning of the stream, zeros after them. */
  #lastBits(start: number, left: number): number {
    const missing = Math.max(0, this.#log - left);
    return (this.#source.little32(start) & ((1 << left) - 1)) << missing;
  }

  /** The highest bits of a word whose lowest byte is the first of the stream. */
  #registerTop(start: number, size: number): number {
    const word = this.#wordBits / 8;
    const byte = (place: number) => (place < size ? this.#source.bytes[start + place]! : 0);
    return ((byte(word - 1) << 8) | byte(word - 2)) >>> (16 - this.#log);
  }
}
