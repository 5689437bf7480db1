// SPDX-License-Identifier: MIT
/**
 * Raw deflate (RFC 1951) with the verdicts of lib/zlib_inflate, Linux 6.12: which damaged streams
 * it takes, which it refuses, and where a stream that stops too early leaves the output.
 */

import type { Bytes } from '../base/index.ts';
import { DeflateCode, ROOT_MASK } from './deflate-codes.ts';
import type { ImageBuffer } from './image-buffer.ts';

/** `end`: last block complete. `invalid`: bad data. `short`: input used up. `full`: limit met. */
export type InflateVerdict = 'end' | 'invalid' | 'short' | 'full';

const LENGTH_BASE = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131,
  163, 195, 227, 258,
];
const LENGTH_EXTRA = [
  0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
];
const DISTANCE_BASE = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049,
  3073, 4097, 6145, 8193, 12289, 16385, 24577,
];
const DISTANCE_EXTRA = [
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
];
const CODE_LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

const END_OF_BLOCK = 256;
const MAX_MATCH = 258;

export class Inflater {
  readonly #source: Uint8Array;
  readonly #sink: ImageBuffer;
  readonly #limit: Bytes;
  /** Next input byte; runs past the end when bits were asked for that are not there. */
  #at: number;
  #hold = 0;
  #bits = 0;
  readonly #lengths = new Uint8Array(320);
  readonly #literals = new DeflateCode(288);
  readonly #distances = new DeflateCode(32);

  /** Decodes `source` from byte `start` into `sink`, which may not grow above `limit` bytes. */
  constructor(source: Uint8Array, start: number, sink: ImageBuffer, limit: Bytes) {
    this.#source = source;
    this.#at = start;
    this.#sink = sink;
    this.#limit = limit;
  }

  /** Where the input goes on behind the last whole byte taken; after `run` has said `end`. */
  get inputAt(): number {
    return this.#at - (this.#bits >> 3);
  }

  run(): InflateVerdict {
    for (;;) {
      const header = this.#take(3);
      if (this.#overdrawn()) return 'short';
      const kind = header >> 1;
      let verdict: InflateVerdict | null;
      if (kind === 0) verdict = this.#stored();
      else if (kind === 3) verdict = 'invalid';
      else verdict = (kind === 1 ? this.#fixedCodes() : this.#dynamicCodes()) ?? this.#compressed();
      if (verdict) return verdict;
      if (header & 1) return 'end';
    }
  }

  /** Takes `count` (at most 16) bits; zeros where the input has ended. */
  #take(count: number): number {
    while (this.#bits < count) {
      this.#hold |= (this.#at < this.#source.length ? this.#source[this.#at]! : 0) << this.#bits;
      this.#at++;
      this.#bits += 8;
    }
    const value = this.#hold & ((1 << count) - 1);
    this.#hold >>>= count;
    this.#bits -= count;
    return value;
  }

  /** True when bits were taken that the input does not have. */
  #overdrawn(): boolean {
    return (this.#at - this.#source.length) * 8 > this.#bits;
  }

  #takeSymbol(code: DeflateCode): number {
    while (this.#bits < 15) {
      this.#hold |= (this.#at < this.#source.length ? this.#source[this.#at]! : 0) << this.#bits;
      this.#at++;
      this.#bits += 8;
    }
    const entry = code.root[this.#hold & ROOT_MASK]! || code.find(this.#hold);
    this.#hold >>>= entry & 15;
    this.#bits -= entry & 15;
    return entry >> 4;
  }

  #stored(): InflateVerdict | null {
    this.#at -= this.#bits >> 3;
    this.#hold = 0;
    this.#bits = 0;
    const length = this.#take(16);
    const complement = this.#take(16);
    if (this.#overdrawn()) return 'short';
    if (length !== (complement ^ 0xffff)) return 'invalid';
    const sink = this.#sink;
    const available = Math.min(length, this.#source.length - this.#at);
    const copied = Math.min(available, this.#limit - sink.length);
    sink
      .reserve(sink.length + copied)
      .set(this.#source.subarray(this.#at, this.#at + copied), sink.length);
    sink.length += copied;
    this.#at += copied;
    if (copied < available) return 'full';
    return copied < length ? 'short' : null;
  }

  #fixedCodes(): null {
    const lengths = this.#lengths.fill(8, 0, 144).fill(9, 144, 256).fill(7, 256, 280);
    this.#literals.build(lengths.fill(8, 280, 288), 0, 288, true);
    this.#distances.build(lengths.fill(5, 288, 320), 288, 32, true);
    return null;
  }

  #dynamicCodes(): InflateVerdict | null {
    const counts = this.#take(14);
    const literals = (counts & 31) + 257;
    const distances = ((counts >> 5) & 31) + 1;
    const codeLengths = (counts >> 10) + 4;
    if (this.#overdrawn()) return 'short';
    if (literals > 286 || distances > 30) return 'invalid';

    const lengths = this.#lengths.fill(0);
    for (let index = 0; index < codeLengths; index++) {
      lengths[CODE_LENGTH_ORDER[index]!] = this.#take(3);
    }
    if (this.#overdrawn()) return 'short';
    // The literal table is free until its own lengths are known.
    if (!this.#literals.build(lengths, 0, 19, false)) return 'invalid';

    lengths.fill(0);
    const total = literals + distances;
    for (let have = 0; have < total; ) {
      const symbol = this.#takeSymbol(this.#literals);
      // A set without codes reads as length 0, one bit each.
      if (symbol < 16) {
        if (this.#overdrawn()) return 'short';
        lengths[have++] = Math.max(symbol, 0);
        continue;
      }
      const extra = symbol === 16 ? 2 : symbol === 17 ? 3 : 7;
      const repeat = this.#take(extra) + (symbol === 18 ? 11 : 3);
      if (this.#overdrawn()) return 'short';
      if ((symbol === 16 && have === 0) || have + repeat > total) return 'invalid';
      lengths.fill(symbol === 16 ? lengths[have - 1]! : 0, have, have + repeat);
      have += repeat;
    }
    if (!this.#literals.build(lengths, 0, literals, true)) return 'invalid';
    return this.#distances.build(lengths, literals, distances, true) ? null : 'invalid';
  }

  /** One block of literals and matches. */
  #compressed(): InflateVerdict | null {
    const source = this.#source;
    const sink = this.#sink;
    const literalRoot = this.#literals.root;
    const distanceRoot = this.#distances.root;
    const safeEnd = source.length - 8;
    let out = sink.reserve(sink.length + 4 * MAX_MATCH);
    let length = sink.length;
    let at = this.#at;
    let hold = this.#hold;
    let bits = this.#bits;
    let verdict: InflateVerdict | null = null;

    for (;;) {
      if (at > safeEnd || length + MAX_MATCH > this.#limit) {
        this.#at = at;
        this.#hold = hold;
        this.#bits = bits;
        sink.length = length;
        return this.#carefully();
      }
      if (length + MAX_MATCH > out.length) {
        sink.length = length;
        out = sink.reserve(length + 4 * MAX_MATCH);
      }
      while (bits < 15) {
        hold |= source[at++]! << bits;
        bits += 8;
      }
      let entry = literalRoot[hold & ROOT_MASK]! || this.#literals.find(hold);
      hold >>>= entry & 15;
      bits -= entry & 15;
      const symbol = entry >> 4;
      if (symbol >= 0 && symbol < END_OF_BLOCK) {
        out[length++] = symbol;
        continue;
      }
      if (symbol === END_OF_BLOCK) break;
      if (symbol < 0 || symbol > 285) {
        verdict = 'invalid';
        break;
      }
      while (bits < 20) {
        hold |= source[at++]! << bits;
        bits += 8;
      }
      const lengthExtra = LENGTH_EXTRA[symbol - 257]!;
      let copy = LENGTH_BASE[symbol - 257]! + (hold & ((1 << lengthExtra) - 1));
      hold >>>= lengthExtra;
      bits -= lengthExtra;
      entry = distanceRoot[hold & ROOT_MASK]! || this.#distances.find(hold);
      hold >>>= entry & 15;
      bits -= entry & 15;
      const distanceSymbol = entry >> 4;
      if (distanceSymbol < 0 || distanceSymbol > 29) {
        verdict = 'invalid';
        break;
      }
      while (bits < 13) {
        hold |= source[at++]! << bits;
        bits += 8;
      }
      const distanceExtra = DISTANCE_EXTRA[distanceSymbol]!;
      const distance = DISTANCE_BASE[distanceSymbol]! + (hold & ((1 << distanceExtra) - 1));
      hold >>>= distanceExtra;
      bits -= distanceExtra;
      if (distance > length) {
        verdict = 'invalid';
        break;
      }
      for (let from = length - distance; copy > 0; copy--) out[length++] = out[from++]!;
    }
    this.#at = at;
    this.#hold = hold;
    this.#bits = bits;
    sink.length = length;
    return verdict;
  }

  /** The same as `#compressed` near the end of the input or of the room, symbol by symbol. */
  #carefully(): InflateVerdict | null {
    const sink = this.#sink;
    for (;;) {
      const symbol = this.#takeSymbol(this.#literals);
      if (this.#overdrawn()) return 'short';
      if (symbol === END_OF_BLOCK) return null;
      if (symbol < 0 || symbol > 285) return 'invalid';
      if (symbol < END_OF_BLOCK) {
        if (sink.length >= this.#limit) return 'full';
        sink.reserve(sink.length + 1)[sink.length++] = symbol;
        continue;
      }
      const length = LENGTH_BASE[symbol - 257]! + this.#take(LENGTH_EXTRA[symbol - 257]!);
      if (this.#overdrawn()) return 'short';
      const distanceSymbol = this.#takeSymbol(this.#distances);
      if (this.#overdrawn()) return 'short';
      if (distanceSymbol < 0 || distanceSymbol > 29) return 'invalid';
      const distance = DISTANCE_BASE[distanceSymbol]! + this.#take(DISTANCE_EXTRA[distanceSymbol]!);
      if (this.#overdrawn()) return 'short';
      if (distance > sink.length) return 'invalid';
      const copied = Math.min(length, this.#limit - sink.length);
      const out = sink.reserve(sink.length + copied);
      for (let left = copied; left > 0; left--) {
        out[sink.length] = out[sink.length - distance]!;
        sink.length++;
      }
      if (copied < length) return 'full';
    }
  }
}
