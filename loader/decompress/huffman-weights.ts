// SPDX-License-Identifier: MIT
/** Huffman tree descriptions (RFC 8878, section 4.2.1), checked as lib/zstd of Linux 6.12 does. */

import { buildFseTable, readFseDistribution } from './fse.ts';
import { BITS_OVERDRAWN, ReverseBits } from './reverse-bits.ts';
import type { ZstdSource } from './zstd-source.ts';
import { CORRUPTED } from './zstd-status.ts';

const MAX_HUFFMAN_LOG = 12;
const MAX_SYMBOLS = 256;
const MAX_WEIGHT_LOG = 6;
/** Words of scratch memory the kernel has for reading compressed weights. */
const SCRATCH_WORDS = 218;

export interface HuffmanWeights {
  /** Weight of each symbol, the implied last one included; code length is `log + 1 - weight`. */
  readonly weights: Uint8Array;
  readonly symbols: number;
  /** Length of the longest code. */
  readonly log: number;
  /** Bytes of the description. */
  readonly size: number;
}

/** Reads the description at `[start, start + size)`. */
export function readHuffmanWeights(
  source: ZstdSource,
  start: number,
  size: number,
  wordBits: 32 | 64,
): HuffmanWeights | number {
  if (size < 1) return CORRUPTED;
  const head = source.bytes[start]!;
  const weights = new Uint8Array(MAX_SYMBOLS);
  let given: number;
  let used: number;
  if (head >= 128) {
    given = head - 127;
    used = 1 + ((given + 1) >> 1);
    if (used > size) return CORRUPTED;
    for (let index = 0; index < given; index++) {
      const pair = source.bytes[start + 1 + (index >> 1)]!;
      weights[index] = index & 1 ? pair & 15 : pair >> 4;
    }
  } else {
    used = 1 + head;
    if (used > size) return CORRUPTED;
    given = readCompressedWeights(source, start + 1, head, weights, wordBits);
    if (given < 0) return given;
  }
  return completeWeights(weights, given, used);
}

/** Adds the weight that is left out and checks that the tree is whole. */
function completeWeights(
  weights: Uint8Array,
  given: number,
  size: number,
): HuffmanWeights | number {
  let total = 0;
  let lowest = 0;
  for (let symbol = 0; symbol < given; symbol++) {
    const weight = weights[symbol]!;
    if (weight > MAX_HUFFMAN_LOG) return CORRUPTED;
    total += (1 << weight) >> 1;
    if (weight === 1) lowest++;
  }
  if (total === 0) return CORRUPTED;
  const log = 32 - Math.clz32(total);
  if (log > MAX_HUFFMAN_LOG) return CORRUPTED;
  const rest = (1 << log) - total;
  if ((rest & (rest - 1)) !== 0) return CORRUPTED;
  const last = 32 - Math.clz32(rest);
  if (last === 1) lowest++;
  if (lowest < 2 || lowest & 1) return CORRUPTED;
  weights[given] = last;
  return { weights, symbols: given + 1, log, size };
}

/** Weights as an FSE stream of two interleaved states; gives their number. */
function readCompressedWeights(
  source: ZstdSource,
  start: number,
  size: number,
  weights: Uint8Array,
  wordBits: 32 | 64,
): number {
  const distribution = readFseDistribution(source, start, size, MAX_SYMBOLS);
  if (typeof distribution === 'number') return CORRUPTED;
  const { counts, symbols, log } = distribution;
  if (log > MAX_WEIGHT_LOG || scratchWords(log, symbols) > SCRATCH_WORDS) return CORRUPTED;
  const table = buildFseTable(counts, symbols, log);
  const bits = ReverseBits.open(
    source,
    start + distribution.size,
    size - distribution.size,
    wordBits,
  );
  if (!bits) return CORRUPTED;

  const states = [0, 0];
  for (let which = 0; which < 2; which++) {
    states[which] = bits.take(log);
    bits.reload();
  }
  const room = MAX_SYMBOLS - 1;
  for (let count = 0, which = 0; ; which ^= 1) {
    if (count > room - 2) return CORRUPTED;
    const state = states[which]!;
    weights[count++] = table.symbol[state]!;
    states[which] = table.next[state]! + bits.take(table.bits[state]!);
    if (bits.reload() === BITS_OVERDRAWN) {
      weights[count++] = table.symbol[states[which ^ 1]!]!;
      return count;
    }
  }
}

/** FSE_DECOMPRESS_WKSP_SIZE_U32, lib/zstd/common/fse.h: rare symbols may ask for too much. */
function scratchWords(log: number, symbols: number): number {
  const build = 2 * symbols + (1 << log) + 8;
  return 1 + (1 << log) + Math.ceil(build / 4) + 128 + 1;
}
