// SPDX-License-Identifier: MIT
/** Block headers and filter chains of the xz format as liblzma takes them (sections 3.1 and 5.3). */
import type { Bytes } from '../base/index.ts';
import { createBcjFilter, type UserBcjFilter, userBcjFilter } from './bcj.ts';
import { crc32 } from './crc32.ts';
import { littleEndian32, readXzInteger } from './xz-block-header.ts';

/** LZMA_FORMAT_ERROR, LZMA_OPTIONS_ERROR, LZMA_DATA_ERROR, LZMA_BUF_ERROR */
export type UserXzProblem = 'format' | 'options' | 'data' | 'end';

/** A filter before LZMA2, in the order of the header. */
export type UserXzFilter =
  | { readonly kind: 'delta'; readonly distance: number }
  | { readonly kind: 'bcj'; readonly name: UserBcjFilter; readonly start: number };

export interface UserXzBlockHeader {
  readonly compressed: Bytes | null;
  readonly uncompressed: Bytes | null;
  readonly filters: readonly UserXzFilter[];
  readonly dictSize: Bytes;
}

const DELTA_ID = 0x03;
const LZMA2_ID = 0x21;
const RESERVED_FLAGS = 0x3c;

/** Reads the header `bytes[start, end)`, its CRC included. */
export function readUserBlockHeader(
  bytes: Uint8Array,
  start: number,
  end: number,
): UserXzBlockHeader | UserXzProblem {
  const limit = end - 4;
  if (crc32(bytes, start, limit) !== littleEndian32(bytes, limit)) return 'data';
  const flags = bytes[start + 1]!;
  if (flags & RESERVED_FLAGS) return 'options';
  let at = start + 2;
  const sizes: (Bytes | null)[] = [];
  for (const flag of [0x40, 0x80]) {
    if ((flags & flag) === 0) {
      sizes.push(null);
      continue;
    }
    const size = readXzInteger(bytes, at, limit);
    if (size.next < 0) return 'data';
    sizes.push(Number(size.value));
    at = size.next;
  }
  if (sizes[0] === 0) return 'data';
  const count = (flags & 3) + 1;
  const filters: UserXzFilter[] = [];
  let dictSize: Bytes | undefined;
  for (let i = 0; i < count; i += 1) {
    const id = readXzInteger(bytes, at, limit);
    if (id.next < 0) return 'data';
    const length = readXzInteger(bytes, id.next, limit);
    if (length.next < 0) return 'data';
    const size = Number(length.value);
    if (limit - length.next < size) return 'data';
    const properties = bytes.subarray(length.next, length.next + size);
    at = length.next + size;
    if (i === count - 1) {
      dictSize = Number(id.value) === LZMA2_ID ? dictionarySize(properties) : undefined;
      if (dictSize === undefined) return 'options';
    } else {
      const filter = readFilter(Number(id.value), properties);
      if (filter === undefined) return 'options';
      filters.push(filter);
    }
  }
  if (bytes.subarray(at, limit).some((byte) => byte !== 0)) return 'options';
  return { compressed: sizes[0]!, uncompressed: sizes[1]!, filters, dictSize: dictSize! };
}

function dictionarySize(properties: Uint8Array): Bytes | undefined {
  const code = properties[0];
  if (properties.length !== 1 || code === undefined || code > 40) return undefined;
  return code === 40 ? 2 ** 32 - 1 : (2 | (code & 1)) * 2 ** ((code >> 1) + 11);
}

function readFilter(id: number, properties: Uint8Array): UserXzFilter | undefined {
  if (id === DELTA_ID) {
    if (properties.length !== 1) return undefined;
    return { kind: 'delta', distance: properties[0]! + 1 };
  }
  const bcj = userBcjFilter(id);
  if (!bcj || (properties.length !== 0 && properties.length !== 4)) return undefined;
  const start = properties.length === 0 ? 0 : littleEndian32(properties, 0);
  return start % bcj.align === 0 ? { kind: 'bcj', name: bcj.name, start } : undefined;
}

/** Undoes the filters, the last one first; `bytes` may be changed. */
export function applyUserFilters(bytes: Uint8Array, filters: readonly UserXzFilter[]): Uint8Array {
  for (const filter of filters.toReversed()) {
    if (filter.kind === 'bcj') {
      createBcjFilter(filter.name)(bytes, 0, bytes.length, filter.start);
      continue;
    }
    for (let i = filter.distance; i < bytes.length; i += 1) {
      bytes[i] = bytes[i]! + bytes[i - filter.distance]!;
    }
  }
  return bytes;
}
