// SPDX-License-Identifier: MIT
/** The codes of sequences and their tables (RFC 8878, section 3.1.1.3.2). */

import { buildFseTable, readFseDistribution } from './fse.ts';
import type { ZstdSource } from './zstd-source.ts';
import { BAD_SIZE, CORRUPTED } from './zstd-status.ts';

/** What one kind of code stands for: a base value and a number of extra bits per code. */
interface CodeSet {
  readonly base: readonly number[];
  readonly extra: readonly number[];
  readonly maxLog: number;
  readonly defaultLog: number;
  readonly defaultCounts: readonly number[];
}

function range(length: number, value: (index: number) => number): number[] {
  return Array.from({ length }, (_, index) => value(index));
}

/** Base values that follow each other without gap, from `first` on. */
function contiguous(first: number, extra: readonly number[]): number[] {
  let next = first;
  return extra.map((bits) => {
    const base = next;
    next += 2 ** bits;
    return base;
  });
}

const LITERAL_LENGTH_EXTRA = [
  ...range(16, () => 0),
  ...[1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
];
const MATCH_LENGTH_EXTRA = [
  ...range(32, () => 0),
  ...[1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
];

const LITERAL_LENGTHS: CodeSet = {
  base: contiguous(0, LITERAL_LENGTH_EXTRA),
  extra: LITERAL_LENGTH_EXTRA,
  maxLog: 9,
  defaultLog: 6,
  defaultCounts: [
    4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1,
    -1, -1, -1, -1,
  ],
};

const MATCH_LENGTHS: CodeSet = {
  base: contiguous(3, MATCH_LENGTH_EXTRA),
  extra: MATCH_LENGTH_EXTRA,
  maxLog: 9,
  defaultLog: 6,
  defaultCounts: [
    1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1,
  ],
};

/** Offset values have 3 taken off (values up to 3 name earlier offsets), so codes 0 and 1 differ. */
const OFFSETS: CodeSet = {
  base: range(32, (code) => (code < 2 ? code : 2 ** code - 3)),
  extra: range(32, (code) => code),
  maxLog: 8,
  defaultLog: 5,
  defaultCounts: [
    1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1,
  ],
};

/** A decoding table with the meaning of each state's code beside it. */
export interface SequenceTable {
  readonly log: number;
  /** By state: next state | bits to add to it << 16 | extra bits of the value << 24. */
  readonly step: Int32Array;
  readonly base: Uint32Array;
}

function sequenceTable(set: CodeSet, counts: ArrayLike<number>, log: number): SequenceTable {
  const table = buildFseTable(counts, counts.length, log);
  const step = new Int32Array(1 << log);
  const base = new Uint32Array(1 << log);
  for (let state = 0; state < step.length; state++) {
    const code = table.symbol[state]!;
    step[state] = table.next[state]! | (table.bits[state]! << 16) | (set.extra[code]! << 24);
    base[state] = set.base[code]!;
  }
  return { log, step, base };
}

function singleCodeTable(set: CodeSet, code: number): SequenceTable {
  return {
    log: 0,
    step: Int32Array.of(set.extra[code]! << 24),
    base: Uint32Array.of(set.base[code]!),
  };
}

const DEFAULT_TABLES = new Map(
  [LITERAL_LENGTHS, OFFSETS, MATCH_LENGTHS].map((set) => [
    set,
    sequenceTable(set, set.defaultCounts, set.defaultLog),
  ]),
);

const MODE_DEFAULT = 0;
const MODE_RLE = 1;
const MODE_REPEAT = 3;
const LONG_COUNT = 0x7f00;

export class SequenceTables {
  readonly #source: ZstdSource;
  literalLengths = DEFAULT_TABLES.get(LITERAL_LENGTHS)!;
  offsets = DEFAULT_TABLES.get(OFFSETS)!;
  matchLengths = DEFAULT_TABLES.get(MATCH_LENGTHS)!;
  /** True once a block with sequences was decoded: only then may tables be used again. */
  repeatable = false;
  /** Sequences of the block read last. */
  count = 0;
  /** Bytes the last table took. */
  #taken = 0;

  constructor(source: ZstdSource) {
    this.#source = source;
  }

  /** Reads the header and tables in `[start, start + size)`; gives their length or an error. */
  read(start: number, size: number): number {
    const source = this.#source;
    const end = start + size;
    if (size < 1) return BAD_SIZE;
    let at = start;
    let count = source.bytes[at++]!;
    if (count === 0) {
      this.count = 0;
      return size === 1 ? 1 : BAD_SIZE;
    }
    if (count === 0xff) {
      if (at + 2 > end) return BAD_SIZE;
      count = source.little16(at) + LONG_COUNT;
      at += 2;
    } else if (count > 0x7f) {
      if (at >= end) return BAD_SIZE;
      count = ((count - 0x80) << 8) + source.bytes[at++]!;
    }
    this.count = count;
    if (at >= end) return BAD_SIZE;
    const modes = source.bytes[at++]!;
    // Whatever is wrong with a table is reported as corruption.
    const literalLengths = this.#table(
      LITERAL_LENGTHS,
      modes >> 6,
      at,
      end - at,
      this.literalLengths,
    );
    if (!literalLengths) return CORRUPTED;
    this.literalLengths = literalLengths;
    at += this.#taken;
    const offsets = this.#table(OFFSETS, (modes >> 4) & 3, at, end - at, this.offsets);
    if (!offsets) return CORRUPTED;
    this.offsets = offsets;
    at += this.#taken;
    const matchLengths = this.#table(
      MATCH_LENGTHS,
      (modes >> 2) & 3,
      at,
      end - at,
      this.matchLengths,
    );
    if (!matchLengths) return CORRUPTED;
    this.matchLengths = matchLengths;
    return at + this.#taken - start;
  }

  #table(
    set: CodeSet,
    mode: number,
    start: number,
    size: number,
    former: SequenceTable,
  ): SequenceTable | null {
    this.#taken = 0;
    if (mode === MODE_DEFAULT) return DEFAULT_TABLES.get(set)!;
    if (mode === MODE_REPEAT) return this.repeatable ? former : null;
    if (mode === MODE_RLE) {
      const code = this.#source.bytes[start]!;
      if (size < 1 || code >= set.base.length) return null;
      this.#taken = 1;
      return singleCodeTable(set, code);
    }
    const distribution = readFseDistribution(this.#source, start, size, set.base.length);
    if (typeof distribution === 'number' || distribution.log > set.maxLog) return null;
    this.#taken = distribution.size;
    const counts = distribution.counts.subarray(0, distribution.symbols);
    return sequenceTable(set, counts, distribution.log);
  }
}
