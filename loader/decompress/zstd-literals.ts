// SPDX-License-Identifier: MIT
/** The literals section of a compressed block (RFC 8878, section 3.1.1.3.1). */

import { HuffmanDecoder } from './huffman.ts';
import type { ZstdSource } from './zstd-source.ts';
import { CORRUPTED, MAX_BLOCK, NO_ROOM, ZSTD_STATUS } from './zstd-status.ts';

const RAW = 0;
const RLE = 1;
const COMPRESSED = 2;
const MIN_BLOCK = 3;
const MIN_COMPRESSED = 5;
/** Literals beyond this many do not fit the decoder's own buffer and wait in the output. */
export const LITERAL_BUFFER = 64 * 1024;
/** Bytes that copies may run over. */
export const OVERRUN = 32;

export class ZstdLiterals {
  readonly #source: ZstdSource;
  readonly #huffman: HuffmanDecoder;
  readonly #buffer = new Uint8Array(MAX_BLOCK);
  #hasTree = false;
  /** The literals of the block read last: `bytes[start, start + size)`. */
  bytes: Uint8Array;
  start = 0;
  size = 0;
  /** True when the kernel keeps all but the last 64 KiB at the end of the block's output. */
  split = false;

  constructor(source: ZstdSource, wordBits: 32 | 64) {
    this.#source = source;
    this.#huffman = new HuffmanDecoder(source, wordBits);
    this.bytes = this.#buffer;
  }

  /**
   * Reads the section at `start` of a block with `size` bytes left, for an output of at most `room`
   * bytes; gives its length or an error. Order of the checks as in ZSTD_decodeLiteralsBlock
   * (lib/zstd/decompress/zstd_decompress_block.c, Linux 6.12).
   */
  read(start: number, size: number, room: number): number {
    if (size < MIN_BLOCK) return CORRUPTED;
    const kind = this.#source.bytes[start]! & 3;
    const writable = Math.min(MAX_BLOCK, room);
    if (kind === RAW) return this.#raw(start, size, writable);
    if (kind === RLE) return this.#rle(start, size, writable);
    return this.#coded(start, size, writable, kind === COMPRESSED);
  }

  /** Header length and size of a raw or run-length section. */
  #plainHeader(start: number): { header: number; count: number } {
    const source = this.#source;
    const format = (source.bytes[start]! >> 2) & 3;
    if (format === 1) return { header: 2, count: source.little16(start) >> 4 };
    if (format === 3) return { header: 3, count: source.little24(start) >> 4 };
    return { header: 1, count: source.bytes[start]! >> 3 };
  }

  #raw(start: number, size: number, writable: number): number {
    const { header, count } = this.#plainHeader(start);
    if (writable < count) return NO_ROOM;
    if (header + count > size) return CORRUPTED;
    // With enough of the block behind them, raw literals are used where they are.
    const copied = header + count + OVERRUN > size;
    this.#set(this.#source.bytes, start + header, count, copied);
    return header + count;
  }

  #rle(start: number, size: number, writable: number): number {
    const { header, count } = this.#plainHeader(start);
    if (header === 3 && size < 4) return CORRUPTED;
    if (count > MAX_BLOCK) return CORRUPTED;
    if (writable < count) return NO_ROOM;
    this.#buffer.fill(this.#source.bytes[start + header]!, 0, count);
    this.#set(this.#buffer, 0, count, true);
    return header + 1;
  }

  #coded(start: number, size: number, writable: number, newTree: boolean): number {
    if (!newTree && !this.#hasTree) return -ZSTD_STATUS.dictionaryCorrupted;
    if (size < MIN_COMPRESSED) return CORRUPTED;
    const source = this.#source;
    const bits = source.little32(start);
    const format = (bits >> 2) & 3;
    let header = 3;
    let count = (bits >>> 4) & 0x3ff;
    let compressed = (bits >>> 14) & 0x3ff;
    if (format === 2) {
      header = 4;
      count = (bits >>> 4) & 0x3fff;
      compressed = bits >>> 18;
    } else if (format === 3) {
      header = 5;
      count = (bits >>> 4) & 0x3ffff;
      compressed = (bits >>> 22) + (source.bytes[start + 4]! << 10);
    }
    if (count > MAX_BLOCK || header + compressed > size) return CORRUPTED;
    if (writable < count) return NO_ROOM;
    const streams = start + header;
    const whole = newTree
      ? this.#huffman.readAndDecode(streams, compressed, this.#buffer, count, format !== 0)
      : this.#huffman.decode(streams, compressed, this.#buffer, count, format !== 0);
    if (!whole) return CORRUPTED;
    this.#hasTree = true;
    this.#set(this.#buffer, 0, count, true);
    return header + compressed;
  }

  #set(bytes: Uint8Array, start: number, size: number, copied: boolean): void {
    this.bytes = bytes;
    this.start = start;
    this.size = size;
    this.split = copied && size > LITERAL_BUFFER;
  }
}
