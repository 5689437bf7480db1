// SPDX-License-Identifier: MIT
/** LZMA symbols of one LZMA2 chunk, decoded with the adaptive binary range coder. */

const STATES = 12;
const LITERAL_STATES = 7;
const POS_STATES = 16;
const MIN_MATCH = 2;

/** Places of the probability groups in one flat table. */
const IS_MATCH = 0;
const IS_REP = IS_MATCH + STATES * POS_STATES;
const IS_REP0 = IS_REP + STATES;
const IS_REP1 = IS_REP0 + STATES;
const IS_REP2 = IS_REP1 + STATES;
const IS_REP0_LONG = IS_REP2 + STATES;
const DISTANCE_SLOT = IS_REP0_LONG + STATES * POS_STATES;
const DISTANCE_SPECIAL = DISTANCE_SLOT + 4 * 64;
const DISTANCE_ALIGN = DISTANCE_SPECIAL + 128;
const MATCH_LENGTH = DISTANCE_ALIGN + 16;
const LENGTH_LOW = 2;
const LENGTH_MID = LENGTH_LOW + POS_STATES * 8;
const LENGTH_HIGH = LENGTH_MID + POS_STATES * 8;
const LENGTH_GROUP = LENGTH_HIGH + 256;
const REP_LENGTH = MATCH_LENGTH + LENGTH_GROUP;
const LITERAL = REP_LENGTH + LENGTH_GROUP;
const LITERAL_GROUP = 0x300;
const PROBABILITIES = LITERAL + 16 * LITERAL_GROUP;

const HALF = 1024;
const TOP = 1 << 24;

/** Bytes the range coder starts with. */
export const RANGE_CODER_BYTES = 5;
/** Most input bytes that one symbol and the normalisation after it can take. */
export const SYMBOL_INPUT = 21;

/** States after a literal, a match, a repeated match and a one-byte repeat. */
const AFTER_LITERAL = [0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 4, 5];
const AFTER_MATCH = [7, 7, 7, 7, 7, 7, 7, 10, 10, 10, 10, 10];
const AFTER_REP = [8, 8, 8, 8, 8, 8, 8, 11, 11, 11, 11, 11];
const AFTER_SHORT_REP = [9, 9, 9, 9, 9, 9, 9, 11, 11, 11, 11, 11];

export class LzmaDecoder {
  /** Next input byte. */
  inAt = 0;
  /** Bytes of the last match that found no room yet. */
  pending = 0;
  readonly #probs = new Uint16Array(PROBABILITIES);
  /** The range coder's two numbers, as signed 32-bit integers: those are cheapest to keep. */
  #range = -1;
  #code = 0;
  #state = 0;
  #rep0 = 0;
  #rep1 = 0;
  #rep2 = 0;
  #rep3 = 0;
  #lc = 0;
  #literalPosMask = 0;
  #posMask = 0;

  /** Sets lc, lp and pb from their byte and resets the state; false when the byte is not allowed. */
  setProperties(byte: number): boolean {
    if (byte > 224) return false;
    const lc = byte % 9;
    const lp = Math.floor(byte / 9) % 5;
    if (lc + lp > 4) return false;
    this.#lc = lc;
    this.#literalPosMask = (1 << lp) - 1;
    this.#posMask = (1 << Math.floor(byte / 45)) - 1;
    this.reset();
    return true;
  }

  /** True when the range coder may be at the end of a chunk. */
  get finished(): boolean {
    return this.#code === 0;
  }

  /** Starts the range coder with the five bytes at `at`; the first of them is not looked at. */
  start(input: Uint8Array, at: number): void {
    this.#range = -1;
    this.#code =
      (input[at + 1]! << 24) | (input[at + 2]! << 16) | (input[at + 3]! << 8) | input[at + 4]!;
    this.inAt = at + RANGE_CODER_BYTES;
  }

  reset(): void {
    this.#state = 0;
    this.#rep0 = 0;
    this.#rep1 = 0;
    this.#rep2 = 0;
    this.#rep3 = 0;
    this.pending = 0;
    this.#probs.fill(HALF);
  }

  /**
   * Decodes into `out[at, limit)` while the next symbol starts at or before `inLast`; gives the new
   * end of output, or -1 for data that cannot be. `base` is where the dictionary was last reset and
   * `dictSize` its size. `input` must go on for `SYMBOL_INPUT` bytes after `inLast`.
   */
  decode(
    input: Uint8Array,
    inLast: number,
    out: Uint8Array,
    at: number,
    limit: number,
    base: number,
    dictSize: number,
  ): number {
    const probs = this.#probs;
    const posMask = this.#posMask;
    const literalPosMask = this.#literalPosMask;
    const lc = this.#lc;
    let state = this.#state;
    let rep0 = this.#rep0;
    let inAt = this.inAt;
    let range = this.#range >>> 0;
    let code = this.#code >>> 0;
    let length = this.pending;
    let pos = at;
    let bound = 0;
    let prob = 0;
    let index = 0;

    for (; length > 0 && pos < limit; length--, pos++) out[pos] = out[pos - rep0 - 1]!;

    while (pos < limit && inAt <= inLast) {
      const posState = (pos - base) & posMask;

      index = IS_MATCH + state * POS_STATES + posState;
      prob = probs[index]!;
      if (range < TOP) {
        range = (range << 8) >>> 0;
        code = ((code << 8) | input[inAt++]!) >>> 0;
      }
      bound = Math.imul(range >>> 11, prob) >>> 0;
      if (code < bound) {
        range = bound;
        probs[index] = prob + ((2048 - prob) >> 5);

        const previous = pos > base ? out[pos - 1]! : 0;
        const group =
          LITERAL +
          LITERAL_GROUP * ((((pos - base) & literalPosMask) << lc) + (previous >> (8 - lc)));
        let symbol = 1;
        if (state >= LITERAL_STATES) {
          let matched = (pos > base ? out[pos - rep0 - 1]! : 0) << 1;
          let offset = 0x100;
          do {
            const matchBit = matched & offset;
            matched <<= 1;
            index = group + offset + matchBit + symbol;
            prob = probs[index]!;
            if (range < TOP) {
              range = (range << 8) >>> 0;
              code = ((code << 8) | input[inAt++]!) >>> 0;
            }
            bound = Math.imul(range >>> 11, prob) >>> 0;
            if (code < bound) {
              range = bound;
              probs[index] = prob + ((2048 - prob) >> 5);
              symbol <<= 1;
              offset &= ~matchBit;
            } else {
              range = (range - bound) >>> 0;
              code = (code - bound) >>> 0;
              probs[index] = prob - (prob >> 5);
              symbol = (symbol << 1) | 1;
              offset &= matchBit;
            }
          } while (symbol < 0x100);
        } else {
          do {
            index = group + symbol;
            prob = probs[index]!;
            if (range < TOP) {
              range = (range << 8) >>> 0;
              code = ((code << 8) | input[inAt++]!) >>> 0;
            }
            bound = Math.imul(range >>> 11, prob) >>> 0;
            if (code < bound) {
              range = bound;
              probs[index] = prob + ((2048 - prob) >> 5);
              symbol <<= 1;
            } else {
              range = (range - bound) >>> 0;
              code = (code - bound) >>> 0;
              probs[index] = prob - (prob >> 5);
              symbol = (symbol << 1) | 1;
            }
          } while (symbol < 0x100);
        }
        out[pos++] = symbol;
        state = AFTER_LITERAL[state]!;
        continue;
      }
      range = (range - bound) >>> 0;
      code = (code - bound) >>> 0;
      probs[index] = prob - (prob >> 5);

      // The rarer choices go through the object, which keeps one copy of each in this file.
      this.inAt = inAt;
      this.#range = range | 0;
      this.#code = code | 0;
      this.#rep0 = rep0;
      length = this.#match(input, state, posState);
      state = this.#state;
      rep0 = this.#rep0;
      inAt = this.inAt;
      range = this.#range >>> 0;
      code = this.#code >>> 0;

      if (rep0 >= pos - base || rep0 >= dictSize) return -1;
      let from = pos - rep0 - 1;
      const end = Math.min(pos + length, limit);
      length -= end - pos;
      while (pos < end) out[pos++] = out[from++]!;
    }

    if (range < TOP) {
      range = (range << 8) >>> 0;
      code = ((code << 8) | input[inAt++]!) >>> 0;
    }
    this.#state = state;
    this.#rep0 = rep0;
    this.inAt = inAt;
    this.#range = range | 0;
    this.#code = code | 0;
    this.pending = length;
    return pos;
  }

  /** Length of a match, repeated match or one-byte repeat; leaves its distance - 1 in rep0. */
  #match(input: Uint8Array, state: number, posState: number): number {
    if (!this.#bit(input, IS_REP + state)) {
      this.#rep3 = this.#rep2;
      this.#rep2 = this.#rep1;
      this.#rep1 = this.#rep0;
      this.#state = AFTER_MATCH[state]!;
      const length = this.#length(input, MATCH_LENGTH, posState);
      this.#rep0 = this.#distance(input, length);
      return length;
    }
    if (!this.#bit(input, IS_REP0 + state)) {
      if (!this.#bit(input, IS_REP0_LONG + state * POS_STATES + posState)) {
        this.#state = AFTER_SHORT_REP[state]!;
        return 1;
      }
    } else {
      let distance = this.#rep1;
      if (this.#bit(input, IS_REP1 + state)) {
        distance = this.#rep2;
        if (this.#bit(input, IS_REP2 + state)) {
          distance = this.#rep3;
          this.#rep3 = this.#rep2;
        }
        this.#rep2 = this.#rep1;
      }
      this.#rep1 = this.#rep0;
      this.#rep0 = distance;
    }
    this.#state = AFTER_REP[state]!;
    return this.#length(input, REP_LENGTH, posState);
  }

  #length(input: Uint8Array, group: number, posState: number): number {
    if (!this.#bit(input, group)) {
      return MIN_MATCH + this.#tree(input, group + LENGTH_LOW + posState * 8, 3);
    }
    if (!this.#bit(input, group + 1)) {
      return MIN_MATCH + 8 + this.#tree(input, group + LENGTH_MID + posState * 8, 3);
    }
    return MIN_MATCH + 16 + this.#tree(input, group + LENGTH_HIGH, 8);
  }

  #distance(input: Uint8Array, length: number): number {
    const group = DISTANCE_SLOT + Math.min(length - MIN_MATCH, 3) * 64;
    const slot = this.#tree(input, group, 6);
    if (slot < 4) return slot;
    const bits = (slot >> 1) - 1;
    const high = 2 | (slot & 1);
    if (slot < 14) {
      const distance = high << bits;
      return distance + this.#reverseTree(input, DISTANCE_SPECIAL + distance - slot, bits);
    }
    const direct = ((high << (bits - 4)) | this.#directBits(input, bits - 4)) >>> 0;
    return ((direct << 4) + this.#reverseTree(input, DISTANCE_ALIGN, 4)) >>> 0;
  }

  #tree(input: Uint8Array, group: number, bits: number): number {
    let symbol = 1;
    for (let left = bits; left > 0; left--) symbol = symbol * 2 + this.#bit(input, group + symbol);
    return symbol - (1 << bits);
  }

  #reverseTree(input: Uint8Array, group: number, bits: number): number {
    let symbol = 1;
    let value = 0;
    for (let place = 0; place < bits; place++) {
      const bit = this.#bit(input, group + symbol);
      symbol = symbol * 2 + bit;
      value |= bit << place;
    }
    return value;
  }

  #bit(input: Uint8Array, index: number): number {
    const probs = this.#probs;
    let range = this.#range;
    let code = this.#code;
    if (range >>> 0 < TOP) {
      range <<= 8;
      code = (code << 8) | input[this.inAt++]!;
    }
    const prob = probs[index]!;
    const bound = Math.imul(range >>> 11, prob);
    if (code >>> 0 < bound >>> 0) {
      this.#range = bound;
      this.#code = code;
      probs[index] = prob + ((2048 - prob) >> 5);
      return 0;
    }
    this.#range = (range - bound) | 0;
    this.#code = (code - bound) | 0;
    probs[index] = prob - (prob >> 5);
    return 1;
  }

  /** Bits of even probability, highest first. */
  #directBits(input: Uint8Array, count: number): number {
    let value = 0;
    let range = this.#range >>> 0;
    let code = this.#code >>> 0;
    for (let left = count; left > 0; left--) {
      if (range < TOP) {
        range = (range << 8) >>> 0;
        code = ((code << 8) | input[this.inAt++]!) >>> 0;
      }
      range >>>= 1;
      // The sign decides, not the comparison: they differ on a damaged code above the range.
      const rest = (code - range) >>> 0;
      const bit = (rest >>> 31) ^ 1;
      if (bit) code = rest;
      value = (value << 1) | bit;
    }
    this.#range = range | 0;
    this.#code = code | 0;
    return value;
  }
}
