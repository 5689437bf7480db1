// SPDX-License-Identifier: MIT
/** CRC-32 (polynomial 0x04c11db7, reflected), as used by the xz format. */

const TABLES = buildTables();

function buildTables(): Uint32Array {
  const tables = new Uint32Array(256 * 8);
  for (let index = 0; index < 256; index++) {
    let crc = index;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    tables[index] = crc;
  }
  for (let index = 256; index < 256 * 8; index++) {
    const before = tables[index - 256]!;
    tables[index] = (before >>> 8) ^ tables[before & 0xff]!;
  }
  return tables;
}

/** CRC-32 of `bytes[start, end)`, continuing from `crc` (0 at the beginning). */
export function crc32(bytes: Uint8Array, start = 0, end = bytes.length, crc = 0): number {
  const table = TABLES;
  let value = ~crc;
  let at = start;
  for (; at + 8 <= end; at += 8) {
    value ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    value =
      table[1792 + (value & 0xff)]! ^
      table[1536 + ((value >>> 8) & 0xff)]! ^
      table[1280 + ((value >>> 16) & 0xff)]! ^
      table[1024 + (value >>> 24)]! ^
      table[768 + bytes[at + 4]!]! ^
      table[512 + bytes[at + 5]!]! ^
      table[256 + bytes[at + 6]!]! ^
      table[bytes[at + 7]!]!;
  }
  for (; at < end; at++) value = (value >>> 8) ^ table[(value ^ bytes[at]!) & 0xff]!;
  return ~value >>> 0;
}
