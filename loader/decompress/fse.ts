// SPDX-License-Identifier: MIT
/** Finite State Entropy: distributions and decoding tables (RFC 8878, section 4.1). */

import type { ZstdSource } from './zstd-source.ts';
import { CORRUPTED } from './zstd-status.ts';

const MIN_TABLE_LOG = 5;
const MAX_TABLE_LOG = 15;
const SHORTEST_HEADER = 8;

/** A distribution read from a stream: how often of `1 << log` each symbol stands, -1 for "rare". */
export interface FseDistribution {
  readonly log: number;
  /** Counts of symbols 0 to `symbols - 1`. */
  readonly counts: Int16Array;
  readonly symbols: number;
  /** Bytes it took. */
  readonly size: number;
}

/**
 * Reads a distribution over at most `maxSymbols` symbols from `[start, start + size)`. The reading
 * of a header that runs into the end of its bytes, and which of these pass, are as in
 * FSE_readNCount (lib/zstd/common/entropy_common.c, Linux 6.12).
 */
export function readFseDistribution(
  source: ZstdSource,
  start: number,
  size: number,
  maxSymbols: number,
): FseDistribution | number {
  const bytes = new Uint8Array(Math.max(size, SHORTEST_HEADER));
  bytes.set(source.bytes.subarray(start, start + size));
  const header = new HeaderBits(bytes);
  const log = (header.bits & 15) + MIN_TABLE_LOG;
  if (log > MAX_TABLE_LOG) return CORRUPTED;
  header.skip(4);

  const counts = new Int16Array(maxSymbols);
  let symbol = 0;
  let remaining = (1 << log) + 1;
  let threshold = 1 << log;
  let width = log + 1;
  let afterZero = false;
  for (;;) {
    if (afterZero) {
      symbol += header.zeroRun();
      if (symbol >= maxSymbols) break;
      header.refill();
    }
    const spare = 2 * threshold - 1 - remaining;
    let count = header.bits & (threshold - 1);
    if (count < spare) {
      header.skip(width - 1);
    } else {
      count = header.bits & (2 * threshold - 1);
      if (count >= threshold) count -= spare;
      header.skip(width);
    }
    count--;
    remaining -= Math.abs(count);
    counts[symbol++] = count;
    afterZero = count === 0;
    if (remaining < threshold) {
      if (remaining <= 1) break;
      width = 32 - Math.clz32(remaining);
      threshold = 1 << (width - 1);
    }
    if (symbol >= maxSymbols) break;
    header.refill();
  }
  if (remaining !== 1 || symbol > maxSymbols || header.taken > 32) return CORRUPTED;
  const read = header.size;
  return read > size ? CORRUPTED : { log, counts, symbols: symbol, size: read };
}

/** The 32 bits a header is read through; near the end of the bytes it stops moving. */
class HeaderBits {
  readonly #view: DataView;
  readonly #end: number;
  #at = 0;
  /** Bits of the word taken so far; above 32 when they run past the end. */
  taken = 0;
  bits = 0;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer);
    this.#end = bytes.length;
    this.bits = this.#view.getUint32(0, true);
  }

  /** Bytes read, the last one partly. */
  get size(): number {
    return this.#at + ((this.taken + 7) >> 3);
  }

  skip(count: number): void {
    this.bits = count < 32 ? this.bits >>> count : 0;
    this.taken += count;
  }

  refill(): void {
    const next = this.#at + (this.taken >> 3);
    if (this.#at <= this.#end - 7 || next <= this.#end - 4) {
      this.#at = next;
      this.taken &= 7;
    } else {
      this.#stopAtEnd(4);
    }
    this.bits = this.#view.getUint32(this.#at, true) >>> this.taken;
  }

  /** Number of symbols skipped by a run of two-bit codes, in which 3 means "three and go on". */
  zeroRun(): number {
    let skipped = 0;
    let threes = this.#threes();
    while (threes >= 12) {
      skipped += 36;
      if (this.#at <= this.#end - 7) this.#at += 3;
      else this.#stopAtEnd(7);
      this.bits = this.#view.getUint32(this.#at, true) >>> this.taken;
      threes = this.#threes();
    }
    this.skip(2 * threes);
    skipped += 3 * threes + (this.bits & 3);
    // The code that ends the run counts as taken, its bits are dropped by the refill.
    this.taken += 2;
    return skipped;
  }

  #threes(): number {
    const other = ~this.bits | 0x80000000;
    return (31 - Math.clz32(other & -other)) >> 1;
  }

  #stopAtEnd(distance: number): void {
    this.taken = (this.taken - 8 * (this.#end - distance - this.#at)) & 31;
    this.#at = this.#end - 4;
  }
}

/** A decoding table: for each state its symbol, the bits to take, and what they are added to. */
export interface FseTable {
  readonly symbol: Uint8Array;
  readonly bits: Uint8Array;
  readonly next: Uint16Array;
}

/** Builds the table of `1 << log` states of a distribution. */
export function buildFseTable(counts: ArrayLike<number>, symbols: number, log: number): FseTable {
  const size = 1 << log;
  const symbol = new Uint8Array(size);
  const stateOf = new Uint16Array(symbols);
  let top = size - 1;
  for (let index = 0; index < symbols; index++) {
    const rare = counts[index] === -1;
    if (rare) symbol[top--] = index;
    stateOf[index] = rare ? 1 : counts[index]!;
  }
  const step = (size >> 1) + (size >> 3) + 3;
  let place = 0;
  for (let index = 0; index < symbols; index++) {
    for (let copy = counts[index]!; copy > 0; copy--) {
      symbol[place] = index;
      do place = (place + step) & (size - 1);
      while (place > top);
    }
  }
  const bits = new Uint8Array(size);
  const next = new Uint16Array(size);
  for (let state = 0; state < size; state++) {
    const number = stateOf[symbol[state]!]!++;
    bits[state] = log - (31 - Math.clz32(number));
    next[state] = (number << bits[state]!) - size;
  }
  return { symbol, bits, next };
}
