// SPDX-License-Identifier: MIT
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodeGzip, failAtAllocation } from '../../../loader/decompress/index.ts';
import { PAGE_SIZES, SAMPLE_KINDS, sampleBytes } from './sample-bytes.ts';
import { compress, haveTool, skipNote } from './tools.ts';

const ascii = (text: string) => new TextEncoder().encode(text);

function withHeader(flags: number, ...rest: Uint8Array[]): Uint8Array {
  const parts = [Uint8Array.of(0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3), ...rest];
  return new Uint8Array(Buffer.concat(parts));
}

/** The deflate stream of `bytes`, without header and trailer. */
function deflated(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(gzipSync(bytes)).slice(10, -8);
}

function expectImage(file: Uint8Array, bytes: Uint8Array): void {
  const result = decodeGzip(file);
  expect(result).toMatchObject({ ok: true, status: 1, message: null, errno: 0, limited: false });
  expect(Buffer.compare(result.image, bytes)).toBe(0);
  expect(result.pages).toBe(Math.max(1, Math.ceil(bytes.length / 4096)));
}

describe('gzip modules', () => {
  it('come out whole at every level, kind of content and size around the page boundaries', () => {
    for (const kind of SAMPLE_KINDS) {
      for (const size of PAGE_SIZES) {
        const bytes = sampleBytes(kind, size, size);
        for (const level of [0, 1, 6, 9]) expectImage(gzipSync(bytes, { level }), bytes);
      }
    }
  });

  it('come out whole with every deflate strategy', () => {
    const bytes = sampleBytes('repeats', 60_000);
    for (let strategy = 0; strategy <= 4; strategy++) {
      expectImage(gzipSync(bytes, { strategy, memLevel: 3 }), bytes);
    }
  });

  it.skipIf(!haveTool('gzip'))(`are read as the gzip tool writes them${skipNote('gzip')}`, () => {
    const bytes = sampleBytes('code', 30_000);
    for (let level = 1; level <= 9; level++) {
      expectImage(compress('gzip', ['-n', `-${level}`], bytes)!, bytes);
    }
  });

  it('may carry a name, and no other optional field', () => {
    const bytes = sampleBytes('letters', 5000);
    const data = deflated(bytes);
    expectImage(withHeader(0x08, ascii('xfs.ko\0'), data), bytes);
    // The two length bytes of an extra field are taken for compressed data.
    const extra = withHeader(0x04, Uint8Array.of(2, 0, 1, 2), data);
    expect(decodeGzip(extra).ok).toBe(false);
    expect(decodeGzip(withHeader(0x10, ascii('a comment\0'), data)).ok).toBe(false);
  });

  it('are refused when the header is cut short or its name does not end', () => {
    const refusal = { ok: false, status: null, message: 'not a gzip compressed module', errno: 22 };
    for (const file of [
      new Uint8Array(0),
      withHeader(0).subarray(0, 9),
      withHeader(0x08, ascii('no end')),
      Uint8Array.of(0x1f, 0x8b, 7, 0, 0, 0, 0, 0, 0, 0, 0),
    ]) {
      expect(decodeGzip(file)).toMatchObject({ ...refusal, pages: 0, vm: [] });
    }
  });

  it('need not be right in CRC or size, nor end with the stream', () => {
    const bytes = sampleBytes('letters', 5000);
    const file = new Uint8Array(gzipSync(bytes));
    file.fill(0, -8);
    expectImage(file, bytes);
    expectImage(file.subarray(0, -8), bytes);
    expectImage(new Uint8Array(Buffer.concat([file, file])), bytes);
  });

  it('fail with -5 and one more page when cut short', () => {
    const file = new Uint8Array(gzipSync(sampleBytes('noise', 8192))).subarray(0, 6000);
    const message = 'decompression failed with status -5';
    expect(decodeGzip(file)).toMatchObject({ ok: false, status: -5, message, errno: 22, pages: 3 });
    // No compressed byte at all: the very first run makes no progress.
    expect(decodeGzip(withHeader(0))).toMatchObject({ status: -5, pages: 1 });
  });

  it('fail with -3 on data that cannot be', () => {
    const message = 'decompression failed with status -3';
    const reserved = withHeader(0, Uint8Array.of(0x07, 0, 0));
    expect(decodeGzip(reserved)).toMatchObject({ ok: false, status: -3, message, errno: 22 });
    // A stored block whose length does not match its complement.
    const stored = withHeader(0, Uint8Array.of(0x01, 5, 0, 0, 0, 1, 2, 3, 4, 5));
    expect(decodeGzip(stored)).toMatchObject({ status: -3, pages: 1 });
  });

  it('take an inflate workspace by kvmalloc before the first page', () => {
    const file = gzipSync(sampleBytes('code', 10));
    const workspace = {
      purpose: 'workspace',
      how: 'kvmalloc',
      atPage: 0,
      replaces: false,
      onFailure: { status: null, message: null, errno: 12 },
    };
    expect(decodeGzip(file).vm).toEqual([{ ...workspace, bytes: 42_284 }]);
    const without = { ok: false, status: null, message: null, errno: 12, pages: 0, vm: [] };
    expect(failAtAllocation(decodeGzip(file), 0)).toMatchObject(without);
    expect(decodeGzip(file, { wordBits: 64 }).vm).toEqual([{ ...workspace, bytes: 42_312 }]);
  });

  it('fail with ENOMEM where the pages of the machine end', () => {
    const file = gzipSync(sampleBytes('one byte', 3 * 4096));
    const limited = { ok: false, errno: 12, message: null, limited: true };
    expect(decodeGzip(file, { maxImageBytes: 2 * 4096 })).toMatchObject({ ...limited, pages: 2 });
    expect(decodeGzip(file, { maxImageBytes: 0 })).toMatchObject({ ...limited, pages: 0 });
    expect(decodeGzip(file, { maxImageBytes: 3 * 4096 }).ok).toBe(true);
  });
});
