// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { decodeZstd } from '../../../loader/decompress/index.ts';
import { PAGE_SIZES, SAMPLE_KINDS, sampleBytes } from './sample-bytes.ts';
import { compress, haveTool, skipNote } from './tools.ts';

const zstd = (options: readonly string[], bytes: Uint8Array) =>
  compress('zstd', ['-q', ...options], bytes)!;

const WORDS = [32, 64] as const;

function expectImage(file: Uint8Array, bytes: Uint8Array): void {
  for (const wordBits of WORDS) {
    const result = decodeZstd(file, { wordBits });
    expect(result).toMatchObject({ ok: true, status: 0, message: null, errno: 0, limited: false });
    expect(Buffer.compare(result.image, bytes)).toBe(0);
    expect(result.pages).toBe(Math.max(1, Math.ceil(bytes.length / 4096)));
  }
}

describe.skipIf(!haveTool('zstd'))(`zstd modules${skipNote('zstd')}`, () => {
  it('come out whole for every kind of content and size around the page boundaries', () => {
    for (const kind of SAMPLE_KINDS) {
      for (const size of [...PAGE_SIZES, 131_072, 140_000]) {
        const bytes = sampleBytes(kind, size, size);
        expectImage(zstd([`--stream-size=${size}`], bytes), bytes);
      }
    }
  });

  it.each([1, 2, 3, 5, 7, 9, 12, 15, 17, 19])('come out whole at level %i', (level) => {
    for (const kind of SAMPLE_KINDS) {
      const bytes = sampleBytes(kind, 60_000, level);
      expectImage(zstd([`-${level}`], bytes), bytes);
    }
  });

  it('come out whole at the ultra and fast levels and with a window of 128 MiB', () => {
    const bytes = sampleBytes('repeats', 200_000);
    expectImage(zstd(['--ultra', '-22'], bytes), bytes);
    expectImage(zstd(['--fast=4'], bytes), bytes);
    expectImage(zstd(['--long=27'], bytes), bytes);
  });

  it('need neither checksum nor content size', () => {
    for (const size of PAGE_SIZES) {
      const bytes = sampleBytes('letters', size);
      expectImage(zstd(['--no-check', `--stream-size=${size}`], bytes), bytes);
      expectImage(zstd(['--no-check', '--no-content-size'], bytes), bytes);
      expectImage(zstd(['--no-content-size'], bytes), bytes);
    }
  });

  it('come out whole when a small window makes the ring buffer start again', () => {
    for (const kind of SAMPLE_KINDS) {
      const bytes = sampleBytes(kind, 500_000, 3);
      expectImage(zstd(['-9', '--no-content-size', '--zstd=wlog=10'], bytes), bytes);
      expectImage(zstd(['-9', '--stream-size=500000', '--zstd=wlog=11'], bytes), bytes);
    }
  });

  it('take a workspace by kvmalloc that grows with the window', () => {
    const bytes = sampleBytes('letters', 5000);
    const file = zstd(['--no-content-size', '--zstd=wlog=20'], bytes);
    const block = 131_072;
    const size = (context: number) => context + block + (1_048_576 + block + block + 64);
    const workspace = {
      purpose: 'workspace',
      how: 'kvmalloc',
      atPage: 0,
      replaces: false,
      onFailure: { status: null, message: null, errno: 12 },
    };
    expect(decodeZstd(file).vm).toEqual([{ ...workspace, bytes: size(95_772) }]);
    expect(decodeZstd(file, { wordBits: 64 }).vm).toEqual([{ ...workspace, bytes: size(95_944) }]);
    // A frame in a single segment has its content for a window.
    const single = zstd(['--stream-size=5000'], bytes);
    expect(decodeZstd(single).vm[0]!.bytes).toBe(95_772 + 5000 + (5000 + 5000 + block + 64));
  });

  it('end with the first frame', () => {
    const bytes = sampleBytes('letters', 5000);
    const file = zstd([], bytes);
    expectImage(new Uint8Array(Buffer.concat([file, file])), bytes);
  });

  it('cut short are no error: the image is shorter, with a page more where one was filled', () => {
    const bytes = sampleBytes('noise', 300_000);
    const file = zstd([], bytes);
    let shortest = bytes.length;
    for (let size = file.length - 1; size > 20; size -= 4099) {
      const result = decodeZstd(file.subarray(0, size));
      expect(result).toMatchObject({ ok: true, status: 0, errno: 0 });
      expect(result.image.length).toBeLessThanOrEqual(shortest);
      shortest = result.image.length;
      expect(Buffer.compare(result.image, bytes.subarray(0, shortest))).toBe(0);
      expect(result.pages).toBe(Math.floor(shortest / 4096) + 1);
    }
    // Only the checksum is missing.
    expect(decodeZstd(file.subarray(0, -2)).image.length).toBe(300_000);
  });

  it('fail with 22 when their content does not have its checksum', () => {
    const file = zstd([], sampleBytes('letters', 5000));
    file[file.length - 1]! ^= 1;
    const message = 'ZSTD-decompression failed with status 22';
    expect(decodeZstd(file)).toMatchObject({ ok: false, status: 22, message, errno: 22, pages: 2 });
  });

  it('fail with ENOMEM where the pages of the machine end', () => {
    const file = zstd([], sampleBytes('one byte', 3 * 4096));
    const limited = { ok: false, errno: 12, message: null, limited: true };
    expect(decodeZstd(file, { maxImageBytes: 2 * 4096 })).toMatchObject({ ...limited, pages: 2 });
    expect(decodeZstd(file, { maxImageBytes: 3 * 4096 }).ok).toBe(true);
  });
});

describe('zstd frames made by hand', () => {
  const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
  /** A last raw block of three bytes. */
  const BLOCK = [0x19, 0, 0, 1, 2, 3];
  const frame = (...bytes: number[]) => Uint8Array.from([...MAGIC, ...bytes]);
  const withWindow = (log: number, eighths = 0) => frame(0, ((log - 10) << 3) | eighths, ...BLOCK);

  it('are refused without the magic number or with a header that is not whole', () => {
    expect(decodeZstd(Uint8Array.of(0x28, 0xb5, 0x2f))).toMatchObject({
      message: 'not a zstd compressed module',
      errno: 22,
    });
    const message = 'ZSTD-compressed data has an incomplete frame header';
    const refusal = { ok: false, status: null, message, errno: 22, pages: 0, vm: [] };
    expect(decodeZstd(frame())).toMatchObject(refusal);
    expect(decodeZstd(frame(0))).toMatchObject(refusal);
    expect(decodeZstd(frame(0xe0, 1, 2, 3, 4, 5, 6, 7))).toMatchObject(refusal);
    // The reserved bit, and a window log that is too large, are errors of the header as well.
    expect(decodeZstd(frame(0x08, 0, ...BLOCK))).toMatchObject(refusal);
    expect(decodeZstd(withWindow(31))).toMatchObject(refusal);
    expect(decodeZstd(withWindow(32), { wordBits: 64 })).toMatchObject(refusal);
  });

  it('may have a window of 128 MiB; larger ones fail with 16 up to where they are refused', () => {
    expect(decodeZstd(withWindow(27))).toMatchObject({ ok: true, pages: 1 });
    const message = 'ZSTD-decompression failed with status 16';
    for (const file of [withWindow(27, 1), withWindow(28), withWindow(30)]) {
      expect(decodeZstd(file)).toMatchObject({ ok: false, status: 16, message, pages: 1 });
    }
    expect(decodeZstd(withWindow(30, 1))).toMatchObject({
      ok: false,
      status: null,
      message: 'ZSTD-compressed data has too large a window size',
      errno: 22,
      pages: 0,
      vm: [],
    });
  });

  it('ask a 64-bit kernel for more than kvmalloc gives from a window of 2 GiB on', () => {
    const refusal = { ok: false, status: null, message: null, errno: 12, pages: 0, vm: [] };
    expect(decodeZstd(withWindow(31), { wordBits: 64 })).toMatchObject(refusal);
    expect(decodeZstd(withWindow(30, 1), { wordBits: 64 })).toMatchObject({ status: 16 });
  });

  it('may be skipped neither at the beginning nor asked for a dictionary', () => {
    const skippable = Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0);
    expect(decodeZstd(skippable).message).toBe('not a zstd compressed module');
    const dictionary = frame(0x01, 0, 7, ...BLOCK);
    expect(decodeZstd(dictionary)).toMatchObject({ ok: false, status: 32, pages: 1 });
    expect(decodeZstd(frame(0x01, 0, 0, ...BLOCK)).ok).toBe(true);
  });

  it('that fit the first page are decoded in one pass, which is stricter about empty blocks', () => {
    const emptyCompressed = [0x05, 0, 0];
    // Content size 0 known: one pass. Unknown: the stream decoder skips what is empty.
    expect(decodeZstd(frame(0x20, 0, ...emptyCompressed))).toMatchObject({ ok: false, status: 20 });
    expect(decodeZstd(frame(0, 0, ...emptyCompressed))).toMatchObject({ ok: true, pages: 1 });
  });

  it('fail with 70 when a block does not fit the content size, with 20 when it does not fill it', () => {
    const runOf = (count: number) => [3 | (count << 3), (count << 3) >> 8, count >> 13];
    const content = (size: number) => [0x60, (size - 256) & 0xff, (size - 256) >> 8];
    const sized = (size: number, count: number) =>
      decodeZstd(frame(...content(size), ...runOf(count).map((byte) => byte & 0xff), 0xaa));
    expect(sized(5000, 5000)).toMatchObject({ ok: true, pages: 2 });
    expect(sized(5000, 5001)).toMatchObject({ ok: false, status: 70, pages: 1 });
    expect(sized(5000, 4999)).toMatchObject({ ok: false, status: 20, pages: 1 });
  });
});
