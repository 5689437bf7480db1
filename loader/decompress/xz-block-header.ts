// SPDX-License-Identifier: MIT
/** Block headers of the xz file format (section 3.1) as lib/xz of Linux 6.12 takes them. */

import type { Bytes } from '../base/index.ts';
import { bcjFilterName } from './bcj.ts';
import { crc32 } from './crc32.ts';
import type { BcjFilter } from './decode-result.ts';
import { XZ_DATA_ERROR, XZ_OPTIONS_ERROR } from './xz-status.ts';

export interface XzBlockHeader {
  /** Sizes as stored; `null` where the header does not give them. */
  readonly compressed: Bytes | null;
  readonly uncompressed: Bytes | null;
  readonly filter: BcjFilter | null;
  readonly dictSize: Bytes;
  /** Status to fail with after the dictionary was allocated: bytes that must be zero are not. */
  readonly afterAllocation: typeof XZ_OPTIONS_ERROR | null;
}

const FLAG_TWO_FILTERS = 0x01;
const FLAG_COMPRESSED = 0x40;
const FLAG_UNCOMPRESSED = 0x80;
const LZMA2_ID = 0x21;
const MAX_DICT_BYTE = 39;
const MAX_INTEGER_BYTES = 9;

/** The integer at `at` (base 128, low group first); `next` is -1 when it is not well formed. */
export interface XzInteger {
  readonly value: bigint;
  readonly next: number;
  /** True when only the end of the bytes made it unreadable. */
  readonly cut: boolean;
}

export function readXzInteger(bytes: Uint8Array, at: number, end: number): XzInteger {
  let value = 0n;
  for (let index = 0; index < MAX_INTEGER_BYTES; index++) {
    if (at + index >= end) return { value, next: -1, cut: true };
    const byte = bytes[at + index]!;
    value |= BigInt(byte & 0x7f) << BigInt(7 * index);
    if (byte & 0x80) continue;
    if (byte === 0 && index > 0) break;
    return { value, next: at + index + 1, cut: false };
  }
  return { value, next: -1, cut: false };
}

/** Reads the header `bytes[start, end)`, its CRC included; a number is the status to fail with. */
export function readXzBlockHeader(
  bytes: Uint8Array,
  start: number,
  end: number,
  known: readonly BcjFilter[],
): XzBlockHeader | number {
  const limit = end - 4;
  if (crc32(bytes, start, limit) !== littleEndian32(bytes, limit)) return XZ_DATA_ERROR;
  const flags = bytes[start + 1]!;
  if (flags & (known.length > 0 ? 0x3e : 0x3f)) return XZ_OPTIONS_ERROR;

  let at = start + 2;
  const sizes: (Bytes | null)[] = [];
  for (const flag of [FLAG_COMPRESSED, FLAG_UNCOMPRESSED]) {
    if (!(flags & flag)) {
      sizes.push(null);
      continue;
    }
    const size = readXzInteger(bytes, at, limit);
    if (size.next < 0) return XZ_DATA_ERROR;
    sizes.push(Number(size.value));
    at = size.next;
  }

  let filter: BcjFilter | null = null;
  if (flags & FLAG_TWO_FILTERS) {
    if (limit - at < 2) return XZ_OPTIONS_ERROR;
    filter = bcjFilterName(bytes[at]!) ?? null;
    if (filter === null || !known.includes(filter)) return XZ_OPTIONS_ERROR;
    // A start offset, which would make the properties longer, is not supported.
    if (bytes[at + 1] !== 0) return XZ_OPTIONS_ERROR;
    at += 2;
  }

  if (limit - at < 2) return XZ_DATA_ERROR;
  if (bytes[at] !== LZMA2_ID || bytes[at + 1] !== 1) return XZ_OPTIONS_ERROR;
  if (limit - at < 3) return XZ_DATA_ERROR;
  const dictByte = bytes[at + 2]!;
  if (dictByte > MAX_DICT_BYTE) return XZ_OPTIONS_ERROR;
  at += 3;
  const padded = bytes.subarray(at, limit).every((byte) => byte === 0);
  return {
    compressed: sizes[0]!,
    uncompressed: sizes[1]!,
    filter,
    dictSize: (2 | (dictByte & 1)) * 2 ** ((dictByte >> 1) + 11),
    afterAllocation: padded ? null : XZ_OPTIONS_ERROR,
  };
}

export function littleEndian32(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
  );
}
