// SPDX-License-Identifier: MIT
/** Sequences read from the bit stream of a block (RFC 8878, section 3.1.1.3.2.1.2). */

import { BITS_NONE, BITS_OVERDRAWN, ReverseBits } from './reverse-bits.ts';
import type { SequenceTable, SequenceTables } from './zstd-sequence-tables.ts';
import type { ZstdSource } from './zstd-source.ts';

/** More bits than one sequence can take; with them left, the register needs no watching. */
const AMPLE_BITS = 96;
/** Most bits that can always be taken after a reload of the register. */
const SURE_BITS = { 32: 25, 64: 57 } as const;
const LONG_OFFSET_SPARE_32 = 5;
/** Bits of the three table logs at their largest. */
const STATE_BITS = 9 + 9 + 8;

export class SequenceReader {
  literalLength = 0;
  matchLength = 0;
  offset = 0;
  readonly #view: DataView;
  readonly #wordBits: 32 | 64;
  readonly #longOffsets: boolean;
  readonly #literalLengths: SequenceTable;
  readonly #offsets: SequenceTable;
  readonly #matchLengths: SequenceTable;
  readonly #repeats: Float64Array;
  readonly #bits: ReverseBits;
  readonly #start: number;
  /** Bits left while there are plenty, -1 once the register is watched. */
  #left: number;
  #literalState: number;
  #offsetState: number;
  #matchState: number;

  /** Opens the stream `[start, start + size)`; null when it has no end mark. */
  static open(
    source: ZstdSource,
    start: number,
    size: number,
    tables: SequenceTables,
    repeats: Float64Array,
    wordBits: 32 | 64,
    longOffsets: boolean,
  ): SequenceReader | null {
    const bits = ReverseBits.open(source, start, size, wordBits);
    if (!bits) return null;
    return new SequenceReader(source, start, bits, tables, repeats, wordBits, longOffsets);
  }

  private constructor(
    source: ZstdSource,
    start: number,
    bits: ReverseBits,
    tables: SequenceTables,
    repeats: Float64Array,
    wordBits: 32 | 64,
    longOffsets: boolean,
  ) {
    this.#view = source.view;
    this.#start = start;
    this.#bits = bits;
    this.#wordBits = wordBits;
    this.#longOffsets = longOffsets;
    this.#literalLengths = tables.literalLengths;
    this.#offsets = tables.offsets;
    this.#matchLengths = tables.matchLengths;
    this.#repeats = repeats;
    this.#literalState = this.#firstState(tables.literalLengths);
    this.#offsetState = this.#firstState(tables.offsets);
    this.#matchState = this.#firstState(tables.matchLengths);
    this.#left = bits.left >= AMPLE_BITS ? bits.left : -1;
  }

  #firstState(table: SequenceTable): number {
    const state = this.#bits.take(table.log);
    this.#bits.reload();
    return state;
  }

  /** Reloads the register as before every sequence; true when more was taken than there is. */
  reloadOverdrawn(): boolean {
    return this.#left < 0 && this.#bits.reload() === BITS_OVERDRAWN;
  }

  /** True when nothing is left, or less than nothing: lib/zstd accepts both as the end. */
  atEnd(): boolean {
    return this.#left < 0 && this.#bits.reload() >= BITS_NONE;
  }

  /** Decodes the next sequence into the fields. */
  next(): void {
    if (this.#left >= 0) {
      const wide = this.#offsets.step[this.#offsetState]! >>> 24 > SURE_BITS[32];
      const risky = wide && this.#wordBits === 32 && !this.#longOffsets;
      if (this.#left >= AMPLE_BITS && !risky) {
        this.#nextAmple();
        return;
      }
      this.#bits.left = this.#left;
      this.#left = -1;
    }
    this.#nextWatched();
  }

  #nextAmple(): void {
    const view = this.#view;
    const start = this.#start;
    const literalStep = this.#literalLengths.step[this.#literalState]!;
    const offsetStep = this.#offsets.step[this.#offsetState]!;
    const matchStep = this.#matchLengths.step[this.#matchState]!;
    const literalBase = this.#literalLengths.base[this.#literalState]!;
    const offsetBase = this.#offsets.base[this.#offsetState]!;
    let left = this.#left;

    let extra = offsetStep >>> 24;
    let value = 0;
    if (extra > 16) {
      left -= extra - 16;
      value =
        ((view.getUint32(start + (left >>> 3), true) >>> (left & 7)) & ((1 << (extra - 16)) - 1)) *
        65536;
      extra = 16;
    }
    left -= extra;
    value += (view.getUint32(start + (left >>> 3), true) >>> (left & 7)) & ((1 << extra) - 1);
    this.#setOffset(offsetStep >>> 24, offsetBase, value, literalBase);

    extra = matchStep >>> 24;
    left -= extra;
    this.matchLength =
      this.#matchLengths.base[this.#matchState]! +
      ((view.getUint32(start + (left >>> 3), true) >>> (left & 7)) & ((1 << extra) - 1));
    extra = literalStep >>> 24;
    left -= extra;
    this.literalLength =
      literalBase +
      ((view.getUint32(start + (left >>> 3), true) >>> (left & 7)) & ((1 << extra) - 1));

    let count = (literalStep >>> 16) & 0xff;
    left -= count;
    this.#literalState =
      (literalStep & 0xffff) +
      ((view.getUint32(start + (left >>> 3), true) >>> (left & 7)) & ((1 << count) - 1));
    count = (matchStep >>> 16) & 0xff;
    left -= count;
    this.#matchState =
      (matchStep & 0xffff) +
      ((view.getUint32(start + (left >>> 3), true) >>> (left & 7)) & ((1 << count) - 1));
    count = (offsetStep >>> 16) & 0xff;
    left -= count;
    this.#offsetState =
      (offsetStep & 0xffff) +
      ((view.getUint32(start + (left >>> 3), true) >>> (left & 7)) & ((1 << count) - 1));
    this.#left = left;
  }

  /**
   * The same near the end of the stream, with the register reloaded at the points where lib/zstd
   * reloads it (ZSTD_decodeSequence, lib/zstd/decompress/zstd_decompress_block.c, Linux 6.12).
   */
  #nextWatched(): void {
    const bits = this.#bits;
    const narrow = this.#wordBits === 32;
    const literalStep = this.#literalLengths.step[this.#literalState]!;
    const offsetStep = this.#offsets.step[this.#offsetState]!;
    const matchStep = this.#matchLengths.step[this.#matchState]!;
    const literalBase = this.#literalLengths.base[this.#literalState]!;
    const literalExtra = literalStep >>> 24;
    const matchExtra = matchStep >>> 24;
    const offsetExtra = offsetStep >>> 24;

    let value = 0;
    if (offsetExtra > 1 && narrow && this.#longOffsets && offsetExtra >= SURE_BITS[32]) {
      const rest = offsetExtra - Math.min(offsetExtra, bits.inRegister);
      value = (bits.takeZeroFilled(offsetExtra - rest) << rest) >>> 0;
      bits.reload();
      if (rest > 0) value += bits.takeZeroFilled(rest);
    } else if (offsetExtra > 0) {
      value = bits.takeZeroFilled(offsetExtra);
      if (offsetExtra > 1 && narrow) bits.reload();
    }
    this.#setOffset(offsetExtra, this.#offsets.base[this.#offsetState]!, value, literalBase);

    this.matchLength = this.#matchLengths.base[this.#matchState]!;
    if (matchExtra > 0) this.matchLength += bits.takeZeroFilled(matchExtra);
    const reloadBetween = narrow
      ? matchExtra + literalExtra >= SURE_BITS[32] - LONG_OFFSET_SPARE_32
      : literalExtra + matchExtra + offsetExtra >= SURE_BITS[64] - STATE_BITS;
    if (reloadBetween) bits.reload();
    this.literalLength = literalBase;
    if (literalExtra > 0) this.literalLength += bits.takeZeroFilled(literalExtra);
    if (narrow) bits.reload();

    this.#literalState = (literalStep & 0xffff) + bits.take((literalStep >>> 16) & 0xff);
    this.#matchState = (matchStep & 0xffff) + bits.take((matchStep >>> 16) & 0xff);
    if (narrow) bits.reload();
    this.#offsetState = (offsetStep & 0xffff) + bits.take((offsetStep >>> 16) & 0xff);
  }

  /** Offset from its code's extra bits; values up to 3 name one of the last three offsets. */
  #setOffset(extra: number, base: number, value: number, literalBase: number): void {
    const repeats = this.#repeats;
    if (extra > 1) {
      repeats[2] = repeats[1]!;
      repeats[1] = repeats[0]!;
      repeats[0] = (base + value) >>> 0;
    } else {
      const shift = literalBase === 0 ? 1 : 0;
      const index = extra === 0 ? shift : base + shift + value;
      if (index > 0) {
        // An offset of 0 would be no offset; the decoder makes it 1.
        const offset = (index === 3 ? repeats[0]! - 1 : repeats[index]!) || 1;
        if (index !== 1) repeats[2] = repeats[1]!;
        repeats[1] = repeats[0]!;
        repeats[0] = offset;
      }
    }
    this.offset = repeats[0]!;
  }
}
