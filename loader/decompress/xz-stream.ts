// SPDX-License-Identifier: MIT
/** The first stream of an xz file, run page by page (lib/xz/xz_dec_stream.c, Linux 6.12). */

import type { Bytes } from '../base/index.ts';
import { crc32 } from './crc32.ts';
import type { BcjFilter } from './decode-result.ts';
import { ImageBuffer } from './image-buffer.ts';
import { SYMBOL_INPUT } from './lzma.ts';
import { Lzma2Decoder } from './lzma2.ts';
import { startXzBlock, type XzBlockData } from './xz-block.ts';
import { littleEndian32, readXzBlockHeader, type XzBlockHeader } from './xz-block-header.ts';
import { checkCrc, XzIndex } from './xz-index.ts';
import { XZ_DATA_ERROR, XZ_OK, XZ_OPTIONS_ERROR, XZ_STREAM_END } from './xz-status.ts';

const HEADER_BYTES = 12;
const FOOTER_BYTES = 12;
const CHECK_NONE = 0;
const CHECK_CRC32 = 1;

export class XzStream {
  /** Bytes decoded so far; only the first `length` of them have been given out. */
  readonly image: ImageBuffer;
  readonly #bytes: Uint8Array;
  readonly #end: number;
  readonly #filters: readonly BcjFilter[];
  readonly #onDictionary: (bytes: Bytes, replaces: boolean) => void;
  readonly #lzma2: Lzma2Decoder;
  readonly #scratch = new ImageBuffer(0);
  readonly #index = new XzIndex();
  #at = 0;
  #checkType = -1;
  #dictAllocated: Bytes = 0;
  #block: (XzBlockData & { header: XzBlockHeader; headerSize: Bytes; inAt: number }) | null = null;
  #blockStart: Bytes = 0;
  #crc = 0;

  /** `onDictionary` hears of every dictionary buffer; `replaces` tells that one was freed before. */
  constructor(
    bytes: Uint8Array,
    filters: readonly BcjFilter[],
    onDictionary: (bytes: Bytes, replaces: boolean) => void,
  ) {
    this.#bytes = new Uint8Array(bytes.length + 2 * SYMBOL_INPUT);
    this.#bytes.set(bytes);
    this.#end = bytes.length;
    this.#filters = filters;
    this.#onDictionary = onDictionary;
    this.image = new ImageBuffer(bytes.length * 3);
    this.#lzma2 = new Lzma2Decoder(this.#bytes, this.#end, this.image);
  }

  /** One decoder run: up to `limit` bytes of image in all. */
  run(limit: Bytes): number {
    if (this.#checkType < 0) {
      const status = this.#streamHeader();
      if (status !== XZ_STREAM_END) return status;
    }
    for (;;) {
      if (!this.#block) {
        if (this.#at >= this.#end) return XZ_OK;
        if (this.#bytes[this.#at] === 0) return this.#indexAndFooter();
        const status = this.#blockHeader();
        if (status !== XZ_STREAM_END) return status;
      }
      const status = this.#blockData(limit);
      if (status !== XZ_STREAM_END) return status;
    }
  }

  #streamHeader(): number {
    const bytes = this.#bytes;
    if (this.#end < HEADER_BYTES) return XZ_OK;
    if (crc32(bytes, 6, 8) !== littleEndian32(bytes, 8)) return XZ_DATA_ERROR;
    const type = bytes[7]!;
    // The kernel is built without support for other checks, so CRC64 and SHA-256 files fail.
    if (bytes[6] !== 0 || (type !== CHECK_NONE && type !== CHECK_CRC32)) return XZ_OPTIONS_ERROR;
    this.#checkType = type;
    this.#at = HEADER_BYTES;
    return XZ_STREAM_END;
  }

  #blockHeader(): number {
    const start = this.#at;
    const headerSize = (this.#bytes[start]! + 1) * 4;
    if (this.#end - start < headerSize) return XZ_OK;
    const header = readXzBlockHeader(this.#bytes, start, start + headerSize, this.#filters);
    if (typeof header === 'number') return header;
    if (this.#dictAllocated < header.dictSize) {
      this.#onDictionary(header.dictSize, this.#dictAllocated > 0);
      this.#dictAllocated = header.dictSize;
    }
    if (header.afterAllocation !== null) return header.afterAllocation;

    const inAt = start + headerSize;
    const data = startXzBlock(header, this.#lzma2, inAt, this.image, this.#scratch);
    this.#block = { header, headerSize, inAt, run: (limit) => data.run(limit) };
    this.#blockStart = this.image.length;
    this.#crc = 0;
    return XZ_STREAM_END;
  }

  #blockData(limit: Bytes): number {
    const block = this.#block!;
    const before = this.image.length;
    const status = block.run(limit);
    const compressed = this.#lzma2.inputTaken - block.inAt;
    const uncompressed = this.image.length - this.#blockStart;
    const declared = block.header;
    if (
      compressed > (declared.compressed ?? Number.POSITIVE_INFINITY) ||
      uncompressed > (declared.uncompressed ?? Number.POSITIVE_INFINITY)
    ) {
      return XZ_DATA_ERROR;
    }
    if (this.#checkType === CHECK_CRC32) {
      this.#crc = crc32(this.image.bytes, before, this.image.length, this.#crc);
    }
    if (status !== XZ_STREAM_END) return status;
    if (
      compressed !== (declared.compressed ?? compressed) ||
      uncompressed !== (declared.uncompressed ?? uncompressed)
    ) {
      return XZ_DATA_ERROR;
    }
    const checkSize = this.#checkType === CHECK_CRC32 ? 4 : 0;
    this.#index.addBlock(block.headerSize + compressed + checkSize, uncompressed);
    this.#block = null;
    return this.#paddingAndCheck(block.inAt, compressed);
  }

  #paddingAndCheck(inAt: number, compressed: Bytes): number {
    let at = inAt + compressed;
    const padded = inAt + Math.ceil(compressed / 4) * 4;
    for (; at < padded; at++) {
      if (at >= this.#end) return this.#cutShort();
      if (this.#bytes[at] !== 0) return XZ_DATA_ERROR;
    }
    this.#at = at;
    if (this.#checkType !== CHECK_CRC32) return XZ_STREAM_END;
    const status = checkCrc(this.#bytes, at, this.#end, this.#crc);
    this.#at = at + 4;
    return status === XZ_OK ? this.#cutShort() : status;
  }

  #cutShort(): number {
    this.#at = this.#end;
    return XZ_OK;
  }

  #indexAndFooter(): number {
    const bytes = this.#bytes;
    const start = this.#at;
    const status = this.#index.check(bytes, start, this.#end);
    if (status !== XZ_STREAM_END) return status;
    const at = start + this.#index.size + 4;
    if (this.#end - at < FOOTER_BYTES) return XZ_OK;
    const whole =
      bytes[at + 10] === 0x59 &&
      bytes[at + 11] === 0x5a &&
      crc32(bytes, at + 4, at + 10) === littleEndian32(bytes, at) &&
      littleEndian32(bytes, at + 4) === this.#index.size / 4 &&
      bytes[at + 8] === 0 &&
      bytes[at + 9] === this.#checkType;
    return whole ? XZ_STREAM_END : XZ_DATA_ERROR;
  }
}
