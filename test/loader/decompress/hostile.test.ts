// SPDX-License-Identifier: MIT
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  crc32,
  type DecodeResult,
  decodeGzip,
  decodeXz,
  decodeZstd,
  moduleDecompressionFormat,
} from '../../../loader/decompress/index.ts';
import { compress, haveTool, skipNote } from './tools.ts';

const RUNS = { numRuns: 3000 };
const LIMIT = 64 * 4096;
const OPTIONS = fc.record({
  wordBits: fc.constantFrom(32 as const, 64 as const),
  maxImageBytes: fc.constant(LIMIT),
});

const bytes = (...values: number[]) => Uint8Array.from(values);
const join = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));

/** What holds for every result, whatever the input. */
function expectSound(result: DecodeResult): void {
  expect(result.image.length).toBeLessThanOrEqual(LIMIT);
  expect(result.pages).toBeLessThanOrEqual(LIMIT / 4096);
  expect(result.ok).toBe(result.errno === 0);
  expect([0, 12, 22]).toContain(result.errno);
  expect(result.message !== null).toBe(result.errno === 22);
  if (result.ok) expect(result.pages).toBeGreaterThanOrEqual(Math.ceil(result.image.length / 4096));
  for (const buffer of result.vm) expect(buffer.atPage).toBeLessThanOrEqual(result.pages);
}

describe('hostile input', () => {
  it('of any bytes is refused by all three', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), OPTIONS, (input, options) => {
        for (const decode of [decodeGzip, decodeXz, decodeZstd]) {
          const result = decode(input, options);
          expectSound(result);
          if (moduleDecompressionFormat(input) === null) expect(result.pages).toBe(0);
        }
      }),
      RUNS,
    );
  });

  it('behind a gzip header neither throws nor hangs', () => {
    const start = bytes(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), OPTIONS, (body, options) => {
        expectSound(decodeGzip(join(start, body), options));
      }),
      RUNS,
    );
  });

  it('behind xz headers neither throws nor hangs', () => {
    const sealed = (header: Uint8Array) => {
      const crc = Buffer.alloc(4);
      crc.writeUInt32LE(crc32(header));
      return join(header, crc);
    };
    const filters = fc.constantFrom(0, 4, 5, 7, 8, 9, 10, 11);
    fc.assert(
      fc.property(
        filters,
        fc.nat(45),
        fc.nat(1),
        fc.uint8Array({ maxLength: 400 }),
        OPTIONS,
        (filter, dictByte, check, body, options) => {
          const block = filter
            ? bytes(2, 1, filter, 0, 0x21, 1, dictByte, 0)
            : bytes(2, 0, 0x21, 1, dictByte, 0, 0, 0);
          const magic = bytes(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0);
          const file = join(magic, sealed(bytes(0, check)), sealed(block), body);
          expectSound(decodeXz(file, options));
          // An LZMA2 chunk from the first byte on, its sizes taken from the input.
          if (body.length > 6) body.set([0xe0, body[1]!, body[2]!, 0, body[4]!, body[5]! % 225]);
          expectSound(decodeXz(join(magic, sealed(bytes(0, check)), sealed(block), body), options));
        },
      ),
      RUNS,
    );
  });

  it('behind a zstd frame header neither throws nor hangs', () => {
    const magic = bytes(0x28, 0xb5, 0x2f, 0xfd);
    fc.assert(
      fc.property(
        fc.constantFrom(0x00, 0x04, 0x20, 0x60, 0xa0, 0xe0, 0x64),
        fc.uint8Array({ maxLength: 400 }),
        fc.nat(3),
        OPTIONS,
        (descriptor, body, kind, options) => {
          expectSound(decodeZstd(join(magic, bytes(descriptor), body), options));
          // A last block over all the rest, so that tables and bit streams are reached.
          const header = (Math.max(0, body.length - 2) << 3) | (kind << 1) | 1;
          const block = bytes(header & 0xff, (header >> 8) & 0xff, header >> 16);
          const window = bytes((body[0] ?? 0) % 160);
          expectSound(decodeZstd(join(magic, bytes(0), window, block, body.slice(2)), options));
        },
      ),
      RUNS,
    );
  });
});

describe('a bomb', () => {
  const zeros = new Uint8Array(40 * 2 ** 20);
  const cheap = { maxImageBytes: 2 ** 20 };

  it('of gzip ends where the pages do', () => {
    const result = decodeGzip(gzipSync(zeros), cheap);
    expect(result).toMatchObject({ ok: false, errno: 12, limited: true, pages: 256 });
  });

  it.skipIf(!haveTool('xz'))(`of xz ends where the pages do${skipNote('xz')}`, () => {
    const file = compress('xz', ['--check=crc32', '-0'], zeros)!;
    const result = decodeXz(file, cheap);
    expect(result).toMatchObject({ ok: false, errno: 12, limited: true, pages: 256 });
  });

  it.skipIf(!haveTool('zstd'))(`of zstd ends where the pages do${skipNote('zstd')}`, () => {
    const result = decodeZstd(compress('zstd', ['-q'], zeros)!, cheap);
    expect(result).toMatchObject({ ok: false, errno: 12, limited: true, pages: 256 });
    expect(result.image.length).toBe(2 ** 20);
  });
});
