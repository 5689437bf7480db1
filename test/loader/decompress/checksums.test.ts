// SPDX-License-Identifier: MIT
import { crc32 as zlibCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32, xxh64 } from '../../../loader/decompress/index.ts';
import { sampleBytes } from './sample-bytes.ts';
import { compress, haveTool, skipNote } from './tools.ts';

const ascii = (text: string) => new TextEncoder().encode(text);

/** The textbook form: one bit at a time. */
function slowCrc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

describe('crc32', () => {
  it('gives the check value of the CRC catalogue', () => {
    expect(crc32(ascii('123456789'))).toBe(0xcbf43926);
    expect(crc32(new Uint8Array(0))).toBe(0);
  });

  it('equals the bit-by-bit form for any bytes, in one piece or two', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), (bytes, cut) => {
        const at = Math.min(cut, bytes.length);
        expect(crc32(bytes)).toBe(slowCrc32(bytes));
        expect(crc32(bytes, at, bytes.length, crc32(bytes, 0, at))).toBe(slowCrc32(bytes));
      }),
    );
  });

  it('equals zlib', () => {
    const bytes = sampleBytes('letters', 100_000);
    expect(crc32(bytes)).toBe(zlibCrc32(bytes));
  });
});

describe('xxh64', () => {
  it('gives the published values', () => {
    expect(xxh64(new Uint8Array(0))).toBe(0xef46db3751d8e999n);
    expect(xxh64(ascii('a'))).toBe(0xd24ec4f1a98c6e5bn);
    expect(xxh64(ascii('abc'))).toBe(0x44bc2cf5ad770999n);
  });

  it.skipIf(!haveTool('zstd'))(
    `equals the checksum zstd writes, for every length up to 100${skipNote('zstd')}`,
    () => {
      for (let size = 0; size <= 100; size++) {
        const bytes = sampleBytes('noise', size, size);
        const file = compress('zstd', ['-q', '--check'], bytes)!;
        const stored = new DataView(file.buffer, file.byteOffset + file.length - 4);
        expect(Number(xxh64(bytes) & 0xffffffffn)).toBe(stored.getUint32(0, true));
      }
    },
  );
});
