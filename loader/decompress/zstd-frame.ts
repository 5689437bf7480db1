// SPDX-License-Identifier: MIT
/** One zstd frame as ZSTD_decompressStream of Linux 6.12 takes it, one page of output at a time. */

import { type Bytes, PAGE_SIZE } from '../base/index.ts';
import type { ImageBuffer } from './image-buffer.ts';
import { xxh64 } from './xxh64.ts';
import { ZstdBlockDecoder } from './zstd-block.ts';
import type { ZstdFrameHeader } from './zstd-frame-header.ts';
import { ZstdHistory } from './zstd-history.ts';
import type { ZstdSource } from './zstd-source.ts';
import { CORRUPTED, MAX_BLOCK, NO_ROOM, ZSTD_STATUS } from './zstd-status.ts';

/** `end`: the frame is complete. `short`: the file is not. `full`: more output than allowed. */
export type ZstdFrameEnd =
  | { readonly kind: 'end' | 'short' | 'full' }
  | { readonly kind: 'error'; readonly status: number };

const BLOCK_HEADER = 3;
const RAW = 0;
const RLE = 1;
const RESERVED = 3;
const CHECKSUM_BYTES = 4;
const MIN_WINDOW = 1024;
/** Largest window the stream decoder takes unless told otherwise: 128 MiB and one byte. */
const MAX_STREAM_WINDOW = 2 ** 27 + 1;
const OVERRUNS = 64;

const END: ZstdFrameEnd = { kind: 'end' };
const SHORT: ZstdFrameEnd = { kind: 'short' };
const FULL: ZstdFrameEnd = { kind: 'full' };

/** The error of a negative count. */
function error(negative: number): ZstdFrameEnd {
  return { kind: 'error', status: -negative };
}

/** Decodes the frame at the start of the file into `image`; `limit` is where the pages end. */
export function decodeZstdFrame(
  source: ZstdSource,
  header: ZstdFrameHeader,
  image: ImageBuffer,
  wordBits: 32 | 64,
  limit: Bytes,
): ZstdFrameEnd {
  // A frame that fits the first page and is all there is decoded straight into it.
  if (
    header.contentSize !== null &&
    header.contentSize <= PAGE_SIZE &&
    zstdFrameEnd(source, header) !== undefined
  ) {
    return singlePass(source, header, image, wordBits);
  }
  if (header.dictionaryId !== 0) return error(-ZSTD_STATUS.dictionaryWrong);
  const windowSize = Math.max(header.windowSize, MIN_WINDOW);
  if (windowSize > MAX_STREAM_WINDOW) return error(-ZSTD_STATUS.windowTooLarge);
  return new FrameStream(source, header, image, windowSize, wordBits, limit).run();
}

interface BlockHeader {
  readonly last: boolean;
  readonly kind: number;
  /** Bytes of the block in the file, and of the output of a run-length block. */
  readonly size: Bytes;
  readonly runLength: Bytes;
}

function readBlockHeader(source: ZstdSource, at: number): BlockHeader {
  const bits = source.little24(at);
  const kind = (bits >> 1) & 3;
  const size = bits >> 3;
  return { last: (bits & 1) !== 0, kind, size: kind === RLE ? 1 : size, runLength: size };
}

/**
 * Where the frame ends in the file; undefined when not all of its blocks and its checksum are there
 * (ZSTD_findFrameCompressedSize).
 */
export function zstdFrameEnd(source: ZstdSource, header: ZstdFrameHeader): number | undefined {
  let at = header.size;
  for (;;) {
    if (source.end - at < BLOCK_HEADER) return undefined;
    const block = readBlockHeader(source, at);
    if (block.kind === RESERVED) return undefined;
    at += BLOCK_HEADER + block.size;
    if (at > source.end) return undefined;
    if (!block.last) continue;
    if (!header.checksum) return at;
    return source.end - at >= CHECKSUM_BYTES ? at + CHECKSUM_BYTES : undefined;
  }
}

function checksumStatus(source: ZstdSource, at: number, image: ImageBuffer): ZstdFrameEnd {
  const expected = source.little32(at);
  const found = Number(xxh64(image.image()) & 0xffffffffn);
  return expected === found ? END : error(-ZSTD_STATUS.checksumWrong);
}

/** ZSTD_decompressFrame: block sizes are only bounded by the page. */
function singlePass(
  source: ZstdSource,
  header: ZstdFrameHeader,
  image: ImageBuffer,
  wordBits: 32 | 64,
): ZstdFrameEnd {
  if (header.dictionaryId !== 0) return error(-ZSTD_STATUS.dictionaryWrong);
  const decoder = new ZstdBlockDecoder(source, header.windowSize, wordBits);
  const history = new ZstdHistory(image);
  let at = header.size;
  for (;;) {
    const block = readBlockHeader(source, at);
    at += BLOCK_HEADER;
    const written = writeBlock(source, decoder, history, block, at, PAGE_SIZE - image.length);
    if (written < 0) return error(written);
    image.length += written;
    at += block.size;
    if (block.last) break;
  }
  if (image.length !== header.contentSize) return error(CORRUPTED);
  return header.checksum ? checksumStatus(source, at, image) : END;
}

/** Writes one block behind the image's length; gives its bytes or an error. */
function writeBlock(
  source: ZstdSource,
  decoder: ZstdBlockDecoder,
  history: ZstdHistory,
  block: BlockHeader,
  at: number,
  room: Bytes,
): number {
  if (block.kind === RAW) {
    if (block.size > room) return NO_ROOM;
    history.startBlock();
    history.put(source.bytes, at, block.size);
    return block.size;
  }
  if (block.kind === RLE) {
    if (block.runLength > room) return NO_ROOM;
    history.startBlock();
    history.fill(source.bytes[at]!, block.runLength);
    return block.runLength;
  }
  return decoder.decode(at, block.size, history, room);
}

/** The stream decoder: blocks go to a ring buffer, from there to the pages. */
class FrameStream {
  readonly #source: ZstdSource;
  readonly #header: ZstdFrameHeader;
  readonly #image: ImageBuffer;
  readonly #decoder: ZstdBlockDecoder;
  readonly #history: ZstdHistory;
  readonly #ringSize: Bytes;
  readonly #limit: Bytes;

  constructor(
    source: ZstdSource,
    header: ZstdFrameHeader,
    image: ImageBuffer,
    windowSize: Bytes,
    wordBits: 32 | 64,
    limit: Bytes,
  ) {
    this.#source = source;
    this.#header = header;
    this.#image = image;
    this.#limit = limit;
    this.#decoder = new ZstdBlockDecoder(source, windowSize, wordBits);
    this.#history = new ZstdHistory(image);
    const ring = windowSize + Math.min(windowSize, MAX_BLOCK) + MAX_BLOCK + OVERRUNS;
    this.#ringSize = Math.min(header.contentSize ?? Number.POSITIVE_INFINITY, ring);
  }

  run(): ZstdFrameEnd {
    const source = this.#source;
    const { maxBlock } = this.#header;
    let at = this.#header.size;
    for (;;) {
      if (source.end - at < BLOCK_HEADER) return SHORT;
      const block = readBlockHeader(source, at);
      if (block.kind === RESERVED || block.size > maxBlock) return error(CORRUPTED);
      at += BLOCK_HEADER;
      if (block.size === 0) {
        // An empty block, even one called compressed, and even the last, is not looked at further.
        if (block.last) return this.#checksum(at);
        continue;
      }
      // A raw block is handed on as far as it goes; the others are waited for.
      const available = Math.min(block.size, source.end - at);
      const cut = available < block.size;
      if (cut && (block.kind !== RAW || available === 0)) return SHORT;
      const ended = this.#write(cut ? { ...block, size: available, last: false } : block, at);
      if (ended) return ended;
      if (cut) return SHORT;
      at += block.size;
      if (block.last) return this.#checksum(at);
    }
  }

  #write(block: BlockHeader, at: number): ZstdFrameEnd | null {
    const image = this.#image;
    const room = this.#ringSize - this.#history.segmentSize;
    const written = writeBlock(this.#source, this.#decoder, this.#history, block, at, room);
    if (written < 0) return error(written);
    const { contentSize, maxBlock } = this.#header;
    if (written > maxBlock) return error(CORRUPTED);
    // A frame of the wrong size fails before its last block is handed on.
    const wrongSize = contentSize !== null && image.length + written !== contentSize;
    if (block.last && wrongSize) return error(CORRUPTED);
    image.length += written;
    if (image.length > this.#limit) return FULL;
    const wraps = contentSize === null || this.#ringSize < contentSize;
    if (written > 0 && wraps && this.#history.segmentSize + maxBlock > this.#ringSize) {
      this.#history.startSegment();
    }
    return null;
  }

  #checksum(at: number): ZstdFrameEnd {
    if (!this.#header.checksum) return END;
    if (this.#source.end - at < CHECKSUM_BYTES) return SHORT;
    return checksumStatus(this.#source, at, this.#image);
  }
}
