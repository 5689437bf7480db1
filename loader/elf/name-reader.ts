// SPDX-License-Identifier: MIT
/**
 * Names out of string tables, many at a time. A hostile file can make a million symbols share one
 * endless name; long names are therefore slices of blocks decoded once, so that what is kept stays
 * in proportion to the file.
 */
import { latin1, stringEnd } from './c-string.ts';

/** Longest name kept: a log line of the kernel holds no more (PRINTKRB_RECORD_MAX). */
export const NAME_MAX = 1023;

const SHORT = 128;
const BLOCK = 4096;

export class NameReader {
  readonly #bytes: Uint8Array;
  readonly #blocks = new Map<number, string>();

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The string at `start`, cut at NAME_MAX bytes; empty outside the file. */
  at(start: number): string {
    if (!(start >= 0 && start < this.#bytes.length)) return '';
    const end = stringEnd(this.#bytes, start, start + NAME_MAX);
    if (end - start <= SHORT) return latin1(this.#bytes, start, end);
    const first = start - (start % BLOCK);
    let block = this.#blocks.get(first);
    if (block === undefined) {
      block = latin1(this.#bytes, first, Math.min(first + BLOCK + NAME_MAX, this.#bytes.length));
      this.#blocks.set(first, block);
    }
    return block.slice(start - first, end - first);
  }
}
