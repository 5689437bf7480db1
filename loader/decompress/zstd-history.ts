// SPDX-License-Identifier: MIT
/** What a zstd decoder has written so far, and how far back a match may reach into it. */

import type { Bytes } from '../base/index.ts';
import type { ImageBuffer } from './image-buffer.ts';
import { CORRUPTED, MAX_BLOCK } from './zstd-status.ts';

/** Copies of at least this many bytes are worth a call. */
const LONG_COPY = 48;

/**
 * lib/zstd writes into a ring and starts again at its beginning when the next block might not fit.
 * The image keeps everything, so a segment here is one round of the ring: matches reach the current
 * and the former segment, and of the former one, places that the current has passed already hold
 * its bytes. (Only matches beyond the window, which no encoder makes, see the difference.)
 */
export class ZstdHistory {
  readonly image: ImageBuffer;
  /** Image offsets where the current and the former segment begin. */
  #segment: Bytes = 0;
  #former: Bytes = 0;
  #formerSize: Bytes = 0;
  /** Output offset in the image, ahead of the image's length while a block is written. */
  at: Bytes = 0;
  /** Bytes from here on belong to a block that has become too long: counted, not written. */
  #writeEnd: Bytes = 0;

  constructor(image: ImageBuffer) {
    this.image = image;
  }

  /** Makes room for a block. */
  startBlock(): void {
    this.at = this.image.length;
    this.#writeEnd = this.at + MAX_BLOCK;
    this.image.reserve(this.#writeEnd);
  }

  /** The ring starts again at its beginning. */
  startSegment(): void {
    this.#former = this.#segment;
    this.#formerSize = this.image.length - this.#segment;
    this.#segment = this.image.length;
  }

  /** Bytes of the ring in use by the current segment. */
  get segmentSize(): Bytes {
    return this.image.length - this.#segment;
  }

  /** Appends `count` bytes of `source`. */
  put(source: Uint8Array, from: number, count: number): void {
    const at = this.at;
    this.at += count;
    if (this.at > this.#writeEnd) return;
    const out = this.image.bytes;
    if (count >= LONG_COPY) {
      out.set(source.subarray(from, from + count), at);
    } else {
      for (let index = 0; index < count; index++) out[at + index] = source[from + index]!;
    }
  }

  /** Appends `count` times `byte`. */
  fill(byte: number, count: number): void {
    const at = this.at;
    this.at += count;
    if (this.at <= this.#writeEnd) this.image.bytes.fill(byte, at, this.at);
  }

  /** Appends the `count` bytes that lie `offset` back; 0, or an error when nothing lies there. */
  repeat(offset: number, count: number): number {
    const at = this.at;
    const reach = at - this.#segment;
    if (offset > reach) return this.#repeatFormer(offset, count, reach);
    this.at += count;
    if (this.at > this.#writeEnd) return 0;
    const out = this.image.bytes;
    const from = at - offset;
    if (count >= LONG_COPY && offset >= count) {
      out.copyWithin(at, from, from + count);
    } else {
      for (let index = 0; index < count; index++) out[at + index] = out[from + index]!;
    }
    return 0;
  }

  #repeatFormer(offset: number, count: number, reach: Bytes): number {
    if (offset > reach + this.#formerSize) return CORRUPTED;
    const at = this.at;
    this.at += count;
    if (this.at > this.#writeEnd) return 0;
    const out = this.image.bytes;
    const ringAt = this.#formerSize - (offset - reach);
    const inFormer = Math.min(count, this.#formerSize - ringAt);
    for (let index = 0; index < inFormer; index++) {
      const place = ringAt + index;
      out[at + index] = out[(place < reach ? this.#segment : this.#former) + place]!;
    }
    const rest = count - inFormer;
    for (let index = 0; index < rest; index++) {
      out[at + inFormer + index] = out[this.#segment + index]!;
    }
    return 0;
  }
}
