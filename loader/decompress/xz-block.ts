// SPDX-License-Identifier: MIT
/** The data of one xz block: LZMA2, then a branch filter when the block has one. */

import type { Bytes } from '../base/index.ts';
import { createBcjFilter } from './bcj.ts';
import type { ImageBuffer } from './image-buffer.ts';
import type { Lzma2Decoder } from './lzma2.ts';
import type { XzBlockHeader } from './xz-block-header.ts';
import { XZ_OK, XZ_STREAM_END } from './xz-status.ts';

/** Room of the decoder's small buffer for data that the filter cannot finish yet. */
const LOOK_AHEAD = 16;

export interface XzBlockData {
  /** Decodes until the image holds `limit` bytes, the block ends, or the input does. */
  run(limit: Bytes): number;
}

/**
 * Begins the block whose data start at `inAt` and whose output follows what `image` holds. A
 * filtered block keeps its unfiltered data in `scratch`.
 */
export function startXzBlock(
  header: XzBlockHeader,
  lzma2: Lzma2Decoder,
  inAt: number,
  image: ImageBuffer,
  scratch: ImageBuffer,
): XzBlockData {
  if (header.filter) return new FilteredBlock(header, lzma2, inAt, image, scratch);
  lzma2.startBlock(inAt, header.dictSize, image);
  return lzma2;
}

/**
 * The dictionary holds unfiltered data, so they are decoded apart. The filter lags a few bytes
 * behind: a page is filled from data decoded beyond it, and a block may end one page later than its
 * data (xz_dec_bcj_run, lib/xz/xz_dec_bcj.c, Linux 6.12).
 */
class FilteredBlock implements XzBlockData {
  readonly #lzma2: Lzma2Decoder;
  readonly #filter: ReturnType<typeof createBcjFilter>;
  readonly #image: ImageBuffer;
  readonly #start: Bytes;
  readonly #raw: ImageBuffer;
  /** Bytes of the block that are final; the image may already hold them beyond its length. */
  #filtered: Bytes = 0;
  #status: number = XZ_OK;

  constructor(
    header: XzBlockHeader,
    lzma2: Lzma2Decoder,
    inAt: number,
    image: ImageBuffer,
    scratch: ImageBuffer,
  ) {
    this.#lzma2 = lzma2;
    this.#filter = createBcjFilter(header.filter!);
    this.#image = image;
    this.#start = image.length;
    this.#raw = scratch;
    scratch.length = 0;
    lzma2.startBlock(inAt, header.dictSize, this.#raw);
  }

  run(limit: Bytes): number {
    const room = limit - this.#start;
    if (this.#filtered > this.#emitted) {
      this.#emit(room);
      if (this.#filtered > this.#emitted) return XZ_OK;
      if (this.#status === XZ_STREAM_END) return XZ_STREAM_END;
    }

    const waiting = this.#raw.length - this.#filtered;
    if (waiting < room - this.#emitted || waiting === 0) {
      this.#decode(room);
      if (this.#status > XZ_STREAM_END) return this.#status;
      this.#emit(room);
      if (this.#status === XZ_STREAM_END) return XZ_STREAM_END;
      if (this.#raw.length < room) return XZ_OK;
    }

    if (this.#emitted < room) {
      this.#decode(this.#emitted + LOOK_AHEAD);
      if (this.#status > XZ_STREAM_END) return this.#status;
      this.#emit(room);
      if (this.#filtered > this.#emitted) return XZ_OK;
    }
    return this.#status;
  }

  get #emitted(): Bytes {
    return this.#image.length - this.#start;
  }

  #emit(room: Bytes): void {
    this.#image.length = this.#start + Math.min(this.#filtered, room);
  }

  /** Decodes up to `rawLimit` bytes of the block and filters what can be. */
  #decode(rawLimit: Bytes): void {
    const before = this.#raw.length;
    this.#status = this.#lzma2.run(rawLimit);
    if (this.#status > XZ_STREAM_END) return;
    const after = this.#raw.length;
    const keep = this.#image.length;
    // What lies beyond the length is decoded data as well: make sure it survives a growth.
    this.#image.length = this.#start + before;
    const out = this.#image.reserve(this.#start + after);
    this.#image.length = keep;
    out.set(this.#raw.bytes.subarray(before, after), this.#start + before);
    this.#filtered += this.#filter(
      out,
      this.#start + this.#filtered,
      this.#start + after,
      this.#filtered,
    );
    // The last bytes of a block are meant to stay unfiltered.
    if (this.#status === XZ_STREAM_END) this.#filtered = after;
  }
}
