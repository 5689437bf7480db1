// SPDX-License-Identifier: MIT
/** Carrying out the sequences of one block: literals, matches and the checks between them. */

import type { Bytes } from '../base/index.ts';
import type { ZstdHistory } from './zstd-history.ts';
import { LITERAL_BUFFER, OVERRUN, type ZstdLiterals } from './zstd-literals.ts';
import { CORRUPTED, MAX_BLOCK, NO_ROOM } from './zstd-status.ts';

/**
 * The order of the checks decides which error a damaged block gives; it follows ZSTD_execSequence
 * and its variants (lib/zstd/decompress/zstd_decompress_block.c, Linux 6.12).
 */
export class SequenceExecutor {
  readonly #history: ZstdHistory;
  readonly #narrow: boolean;
  readonly #bytes: Uint8Array;
  /** Next literal, the end of those that may be taken now, and of all. */
  #literal: number;
  #literalEnd: number;
  readonly #literalStop: number;
  /** Output offset where the block's room ends. */
  readonly #end: Bytes;
  #split: boolean;
  /** Added to a literal's place: where in the output the first part of split literals lies. */
  readonly #splitShift: number;

  /** `room`: bytes the block may write. */
  constructor(history: ZstdHistory, literals: ZstdLiterals, room: Bytes, wordBits: 32 | 64) {
    this.#history = history;
    this.#narrow = wordBits === 32;
    this.#bytes = literals.bytes;
    this.#literal = literals.start;
    this.#literalStop = literals.start + literals.size;
    this.#split = literals.split;
    this.#literalEnd = this.#literalStop - (literals.split ? LITERAL_BUFFER : 0);
    this.#end = history.at + room;
    const lastInOutput = history.at + Math.min(MAX_BLOCK, room) - OVERRUN;
    this.#splitShift = lastInOutput - this.#literalEnd;
  }

  /** One sequence; 0 or an error. */
  execute(literalLength: number, matchLength: number, offset: number): number {
    let fromLiterals = literalLength;
    if (this.#split) {
      const next = this.#literal + literalLength;
      if (next <= this.#literalEnd) return this.#executeSplit(literalLength, matchLength, offset);
      const rest = this.#literalEnd - this.#literal;
      if (rest > this.#end - this.#history.at) return NO_ROOM;
      this.#takeLiterals(rest);
      fromLiterals -= rest;
      this.#joinSplit();
    }
    if (fromLiterals + matchLength > this.#end - this.#history.at) return NO_ROOM;
    if (fromLiterals > this.#literalEnd - this.#literal) return CORRUPTED;
    this.#takeLiterals(fromLiterals);
    return this.#history.repeat(offset, matchLength);
  }

  /** The literals behind the last sequence; 0 or an error. */
  finish(): number {
    if (this.#split) {
      const first = this.#literalEnd - this.#literal;
      if (first > this.#end - this.#history.at) return NO_ROOM;
      this.#takeLiterals(first);
      this.#joinSplit();
    }
    const rest = this.#literalEnd - this.#literal;
    if (rest > this.#end - this.#history.at) return NO_ROOM;
    this.#takeLiterals(rest);
    return 0;
  }

  /** While literals wait in the output itself, it must not catch up with them. */
  #executeSplit(literalLength: number, matchLength: number, offset: number): number {
    const at = this.#history.at;
    const length = literalLength + matchLength;
    const waiting = this.#literal + this.#splitShift;
    const tight = this.#narrow && this.#end - at < length + OVERRUN;
    if (at + length > waiting + literalLength - OVERRUN || tight) {
      if (length > this.#end - at) return NO_ROOM;
      if (at > waiting && at < waiting + literalLength) return NO_ROOM;
    }
    this.#takeLiterals(literalLength);
    return this.#history.repeat(offset, matchLength);
  }

  #takeLiterals(count: number): void {
    this.#history.put(this.#bytes, this.#literal, count);
    this.#literal += count;
  }

  #joinSplit(): void {
    this.#split = false;
    this.#literalEnd = this.#literalStop;
  }
}
