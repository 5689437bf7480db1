// SPDX-License-Identifier: MIT
/**
 * Contents for synthetic sections: the same for the same seed, and about as compressible as the
 * code of real modules, so that a compressed synthetic module has a plausible size.
 */
import { type Bytes, fnv1a } from '../base/index.ts';

/** Words drawn afresh, out of 8; the rest repeat what came before. */
const FRESH = 3;

/** How far back a repeat reaches, in bytes. */
const WINDOW = 2048;

/** All sections are cut from this many bytes, so that making a module costs no more than a copy. */
const POOL: Bytes = 256 * 1024;

let pool: Uint8Array<ArrayBuffer> | undefined;

/** Content of `size` bytes: the pool from a place that `seed` draws, again and again. */
export function contentBytes(size: Bytes, seed: string): Uint8Array<ArrayBuffer> {
  pool ??= poolBytes();
  const bytes = new Uint8Array(size);
  let from = (fnv1a(seed) % (POOL / 16)) * 16;
  for (let at = 0; at < size; at += POOL - from, from = 0) {
    bytes.set(pool.subarray(from, Math.min(POOL, from + size - at)), at);
  }
  return bytes;
}

function poolBytes(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(POOL);
  let state = 0x6d6f6473;
  for (let at = 0; at < POOL; at += 8) {
    state = xorshift32(state);
    if (at < 16 || (state & 7) < FRESH) {
      for (let i = at; i < at + 8; i += 1) {
        state = xorshift32(state);
        bytes[i] = state >>> 11;
      }
    } else {
      const back = 8 + ((state >>> 3) % Math.min(at - 7, WINDOW));
      bytes.copyWithin(at, at - back, at - back + 8);
    }
  }
  return bytes;
}

function xorshift32(state: number): number {
  let x = state;
  x ^= x << 13;
  x ^= x >>> 17;
  x ^= x << 5;
  return x;
}
