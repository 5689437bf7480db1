// SPDX-License-Identifier: MIT
/** Frame headers (RFC 8878, section 3.1.1.1) as zstd_get_frame_header of Linux 6.12 takes them. */

import type { ZstdSource } from './zstd-source.ts';
import { MAX_BLOCK } from './zstd-status.ts';

export interface ZstdFrameHeader {
  readonly size: number;
  /** Bytes; for a frame in a single segment its content size. Exact up to 2^53. */
  readonly windowSize: number;
  /** Bytes the frame gives; `null` when the header does not tell. Exact up to 2^53. */
  readonly contentSize: number | null;
  readonly maxBlock: number;
  readonly dictionaryId: number;
  readonly checksum: boolean;
}

const PREFIX = 5;
const MIN_WINDOW_LOG = 10;
const MAX_WINDOW_LOG = { 32: 30, 64: 31 } as const;
const RESERVED_BIT = 0x08;
const SINGLE_SEGMENT = 0x20;
const CHECKSUM = 0x04;
const ID_BYTES = [0, 1, 2, 4] as const;
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const;
const CONTENT_SIZE_UNKNOWN = 0xffff_ffff_ffff_ffffn;

/** The header at the start of the file, null when it is cut short or asks for too much. */
export function readZstdFrameHeader(source: ZstdSource, wordBits: 32 | 64): ZstdFrameHeader | null {
  if (source.end < PREFIX) return null;
  const descriptor = source.bytes[PREFIX - 1]!;
  const single = (descriptor & SINGLE_SEGMENT) !== 0;
  const idBytes = ID_BYTES[descriptor & 3]!;
  const sizeBytes = CONTENT_SIZE_BYTES[descriptor >> 6]! || (single ? 1 : 0);
  const size = PREFIX + (single ? 0 : 1) + idBytes + sizeBytes;
  if (source.end < size || descriptor & RESERVED_BIT) return null;

  let at = PREFIX;
  let windowSize = 0;
  if (!single) {
    const byte = source.bytes[at++]!;
    const log = (byte >> 3) + MIN_WINDOW_LOG;
    if (log > MAX_WINDOW_LOG[wordBits]) return null;
    windowSize = 2 ** log + (2 ** log / 8) * (byte & 7);
  }
  const dictionaryId = source.little32(at) & mask(idBytes);
  at += idBytes;

  let contentSize: number | null = null;
  if (sizeBytes === 1) contentSize = source.bytes[at]!;
  else if (sizeBytes === 2) contentSize = source.little16(at) + 256;
  else if (sizeBytes === 4) contentSize = source.little32(at);
  else if (sizeBytes === 8) {
    const stored = source.view.getBigUint64(at, true);
    contentSize = stored === CONTENT_SIZE_UNKNOWN ? null : Number(stored);
    if (single) windowSize = Number(stored);
  }
  if (single && sizeBytes < 8) windowSize = contentSize!;
  return {
    size,
    windowSize,
    contentSize,
    maxBlock: Math.min(windowSize, MAX_BLOCK),
    dictionaryId: dictionaryId >>> 0,
    checksum: (descriptor & CHECKSUM) !== 0,
  };
}

function mask(bytes: number): number {
  return bytes === 4 ? -1 : (1 << (8 * bytes)) - 1;
}
