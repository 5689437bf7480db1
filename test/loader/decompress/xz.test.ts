// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { crc32, decodeXz, failAtAllocation } from '../../../loader/decompress/index.ts';
import { PAGE_SIZES, SAMPLE_KINDS, sampleBytes } from './sample-bytes.ts';
import { compress, haveTool, skipNote } from './tools.ts';

const xz = (options: readonly string[], bytes: Uint8Array) => compress('xz', options, bytes);
const KERNEL = ['--check=crc32', '--lzma2=dict=1MiB'];

const BRANCH_FILTERS = ['x86', 'powerpc', 'arm', 'armthumb', 'sparc', 'arm64'];
// New in xz 5.6; golden.test.ts has recorded streams of it whatever the tool here can write.
if (xz(['--riscv', '--lzma2'], new Uint8Array(0)) !== null) BRANCH_FILTERS.push('riscv');

function expectImage(file: Uint8Array | null, bytes: Uint8Array): void {
  const result = decodeXz(file!);
  expect(result).toMatchObject({ ok: true, status: 1, message: null, errno: 0, limited: false });
  expect(Buffer.compare(result.image, bytes)).toBe(0);
  expect(result.pages).toBe(Math.max(1, Math.ceil(bytes.length / 4096)));
}

describe.skipIf(!haveTool('xz'))(`xz modules${skipNote('xz')}`, () => {
  it('come out whole for every kind of content and size around the page boundaries', () => {
    for (const kind of SAMPLE_KINDS) {
      for (const size of PAGE_SIZES) {
        const bytes = sampleBytes(kind, size, size);
        expectImage(xz(KERNEL, bytes), bytes);
      }
    }
  });

  it('may have no check; CRC64, the default of the tool, and SHA-256 are options not known', () => {
    const bytes = sampleBytes('letters', 5000);
    expectImage(xz(['--check=none'], bytes), bytes);
    for (const check of ['crc64', 'sha256']) {
      const message = 'decompression failed with status 6';
      const refusal = { ok: false, status: 6, message, errno: 22, pages: 1, vm: [] };
      expect(decodeXz(xz([`--check=${check}`], bytes)!)).toMatchObject(refusal);
    }
  });

  it('may have several blocks, with sizes in their headers or without', () => {
    const bytes = sampleBytes('repeats', 40_000);
    for (const size of ['1000', '4096', '5000']) {
      expectImage(xz(['--check=crc32', `--block-size=${size}`], bytes), bytes);
      const filtered = ['--check=crc32', `--block-size=${size}`, '--threads=2', '--x86', '--lzma2'];
      expectImage(xz(filtered, bytes), bytes);
    }
  });

  it('may use any literal and position bits that add up', () => {
    const bytes = sampleBytes('code', 20_000);
    for (const bits of ['lc=0,lp=0,pb=0', 'lc=4,lp=0,pb=2', 'lc=0,lp=4,pb=4', 'lc=3,lp=1,pb=1']) {
      expectImage(xz(['--check=crc32', `--lzma2=dict=4KiB,${bits}`], bytes), bytes);
    }
  });

  it.for(BRANCH_FILTERS)(
    'may go through the %s branch filter, unless the kernel is built without it',
    (filter, { skip }) => {
      for (const size of [...PAGE_SIZES, 4100, 8200]) {
        const bytes = sampleBytes('code', size, size + 7);
        const file = xz(['--check=crc32', `--${filter}`, '--lzma2=dict=64KiB'], bytes);
        if (file === null) return skip(`this xz has no ${filter} filter`);
        expectImage(file, bytes);
        const without = decodeXz(file, { bcj: [] });
        if (size > 0) expect(without).toMatchObject({ ok: false, status: 6, vm: [] });
      }
    },
  );

  it('are refused with 6 when filtered in a way 6.12 does not know', () => {
    const bytes = sampleBytes('code', 5000);
    for (const filter of ['--ia64', '--delta=dist=4']) {
      const file = xz(['--check=crc32', filter, '--lzma2'], bytes)!;
      expect(decodeXz(file)).toMatchObject({ ok: false, status: 6, pages: 1 });
    }
  });

  it('take the dictionary their header names, from vmalloc, with the first page taken', () => {
    for (const [name, size] of [
      ['4KiB', 4096],
      ['96KiB', 98_304],
      ['1MiB', 1_048_576],
      ['64MiB', 67_108_864],
    ] as const) {
      const file = xz(['--check=crc32', `--lzma2=dict=${name}`], sampleBytes('letters', 9000))!;
      expect(decodeXz(file).vm).toEqual([
        {
          purpose: 'dictionary',
          bytes: size,
          how: 'vmalloc',
          atPage: 1,
          replaces: false,
          onFailure: { status: 3, message: 'decompression failed with status 3', errno: 22 },
        },
      ]);
    }
  });

  it('end with the first stream', () => {
    const bytes = sampleBytes('letters', 5000);
    const file = xz(KERNEL, bytes)!;
    expectImage(new Uint8Array(Buffer.concat([file, file])), bytes);
    expectImage(new Uint8Array(Buffer.concat([file, Buffer.from('anything')])), bytes);
  });

  it('fail with 0 when cut short anywhere behind the signature', () => {
    const file = xz(KERNEL, sampleBytes('letters', 9000))!;
    const message = 'decompression failed with status 0';
    for (let size = 6; size < file.length; size += size < 60 ? 1 : 97) {
      const result = decodeXz(file.subarray(0, size));
      expect(result).toMatchObject({ ok: false, status: 0, message, errno: 22 });
      expect(result.pages).toBe(Math.floor(result.image.length / 4096) + 1);
    }
  });

  it('fail with ENOMEM where the pages of the machine end', () => {
    const file = xz(KERNEL, sampleBytes('one byte', 3 * 4096))!;
    const limited = { ok: false, errno: 12, message: null, limited: true };
    expect(decodeXz(file, { maxImageBytes: 2 * 4096 })).toMatchObject({ ...limited, pages: 2 });
    expect(decodeXz(file, { maxImageBytes: 3 * 4096 }).ok).toBe(true);
  });
});

/** A stream without check, of blocks of stored chunks, for what the tool does not write. */
function storedStream(blocks: readonly { data: Uint8Array; dictByte: number }[]): Uint8Array {
  const le32 = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return bytes;
  };
  const sealed = (...bytes: number[]) => [Buffer.from(bytes), le32(crc32(Uint8Array.from(bytes)))];
  const parts: Uint8Array[] = [Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0), ...sealed(0, 0)];
  const index = [0, blocks.length];
  for (const { data, dictByte } of blocks) {
    parts.push(...sealed(2, 0, 0x21, 1, dictByte, 0, 0, 0));
    const chunk = [1, (data.length - 1) >> 8, (data.length - 1) & 0xff];
    const body = Buffer.concat([Uint8Array.from(chunk), data, Uint8Array.of(0)]);
    parts.push(body, Buffer.alloc(-body.length & 3));
    index.push(12 + body.length, data.length);
  }
  while (index.length & 3) index.push(0);
  parts.push(...sealed(...index));
  const backward = [index.length / 4, 0, 0, 0, 0, 0];
  parts.push(le32(crc32(Uint8Array.from(backward))), Uint8Array.from(backward));
  parts.push(Uint8Array.of(0x59, 0x5a));
  return new Uint8Array(Buffer.concat(parts));
}

describe('xz streams made by hand', () => {
  const data = (size: number) => sampleBytes('noise', size, size);

  it('are refused without the signature, whole', () => {
    const refusal = { ok: false, status: null, message: 'not an xz compressed module', errno: 22 };
    const file = storedStream([{ data: data(50), dictByte: 0 }]);
    expect(decodeXz(file.subarray(0, 5))).toMatchObject({ ...refusal, pages: 0, vm: [] });
    expect(decodeXz(new Uint8Array(0))).toMatchObject(refusal);
    expect(decodeXz(file)).toMatchObject({ ok: true, pages: 1 });
  });

  it('keep their dictionary for a block that needs no bigger one, else free it for another', () => {
    const sizes = (file: Uint8Array) =>
      decodeXz(file).vm.map(({ bytes, replaces }) => [bytes, replaces]);
    const block = (dictByte: number) => ({ data: data(50), dictByte });
    expect(sizes(storedStream([block(2), block(0), block(2)]))).toEqual([[8192, false]]);
    expect(sizes(storedStream([block(0), block(1), block(39)]))).toEqual([
      [4096, false],
      [6144, true],
      [3 * 2 ** 30, true],
    ]);
  });

  it('end with 3 and the page taken where a dictionary cannot be had', () => {
    const first = { data: data(5000), dictByte: 0 };
    const file = storedStream([first, { data: data(50), dictByte: 39 }]);
    const message = 'decompression failed with status 3';
    const outcome = { ok: false, status: 3, message, errno: 22 };
    const result = decodeXz(file);
    expect(failAtAllocation(result, 0)).toMatchObject({ ...outcome, pages: 1, vm: [] });
    const second = failAtAllocation(result, 1);
    expect(second).toMatchObject({ ...outcome, pages: 2 });
    expect(second.vm.map((buffer) => buffer.bytes)).toEqual([4096]);
  });

  it('name dictionaries up to 3 GiB; the next size is an option not known', () => {
    expect(decodeXz(storedStream([{ data: data(50), dictByte: 39 }])).ok).toBe(true);
    const file = storedStream([{ data: data(50), dictByte: 40 }]);
    expect(decodeXz(file)).toMatchObject({ ok: false, status: 6, vm: [] });
  });

  it('fail with 7 when index, footer or padding do not fit the blocks', () => {
    const file = storedStream([{ data: data(50), dictByte: 0 }]);
    for (const fromEnd of [1, 2, 3, 5, 9, 13, 17, 18, 20]) {
      const copy = file.slice();
      copy[copy.length - fromEnd]! ^= 1;
      expect(decodeXz(copy)).toMatchObject({
        ok: false,
        status: 7,
        message: 'decompression failed with status 7',
      });
    }
  });
});
