// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { crc64 } from '../../../loader/decompress/crc64.ts';
import {
  decodeUserGzip,
  decodeUserXz,
  decodeUserZstd,
  decodeXz,
} from '../../../loader/decompress/index.ts';
import { sha256 } from '../../../loader/decompress/sha256.ts';
import { compress, haveTool, skipNote, type Tool } from './tools.ts';

/** Bytes with something for every branch filter to find, and no multiple of a bundle. */
function sample(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let i = 0; i < length; i += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    const byte = state >>> 24;
    bytes[i] = byte < 40 ? [0xe8, 0xe9, 0x00, 0xff, 0xeb, 0x10, 0x16, 0x97][byte % 8]! : i & 0x3f;
  }
  return bytes;
}

const packed = (tool: Tool, options: readonly string[], input: Uint8Array): Uint8Array => {
  const out = compress(tool, options, input);
  if (!out) throw new Error(`${tool} ${options.join(' ')} failed`);
  return out;
};
const join = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
const imageOf = (result: ReturnType<typeof decodeUserXz>): Uint8Array => {
  if (!result.ok) throw new Error(result.message);
  return result.image;
};

describe('checks', () => {
  it('SHA-256 equals that of OpenSSL for every length around a block', () => {
    for (let length = 0; length < 200; length += 1) {
      const bytes = sample(length, length);
      expect(Buffer.from(sha256(bytes))).toEqual(createHash('sha256').update(bytes).digest());
    }
  });

  it('CRC-64 of 123456789 is the catalogued one', () => {
    const sum = crc64(new TextEncoder().encode('123456789'));
    expect(Buffer.from(sum).reverse().toString('hex')).toBe('995dc9bbdf1939fa');
  });
});

describe.skipIf(!haveTool('xz'))(`an xz file in user space${skipNote('xz')}`, () => {
  const plain = sample(150_007, 7);
  const CHECKS = ['none', 'crc32', 'crc64', 'sha256'];
  const FILTERS = ['x86', 'powerpc', 'ia64', 'arm', 'armthumb', 'arm64', 'sparc'];

  it.each(CHECKS)('is taken with check %s, while the kernel takes none and crc32', (check) => {
    const file = packed('xz', [`--check=${check}`], plain);
    expect(Buffer.compare(imageOf(decodeUserXz(file)), plain)).toBe(0);
    const kernel = decodeXz(file);
    const known = check === 'none' || check === 'crc32';
    expect([kernel.ok, kernel.status]).toEqual(known ? [true, 1] : [false, 6]);
  });

  it.each(FILTERS)(
    'is taken with filter %s, also with a start offset and behind delta',
    (filter) => {
      for (const chain of [
        [`--${filter}`, '--lzma2'],
        [`--${filter}=start=4096`, '--lzma2=preset=1'],
        ['--delta=dist=3', `--${filter}`, '--lzma2=dict=64KiB'],
        [`--${filter}`, '--delta=dist=256', '--lzma2'],
      ]) {
        const file = packed('xz', chain, plain);
        expect(Buffer.compare(imageOf(decodeUserXz(file)), plain)).toBe(0);
      }
    },
  );

  it('is taken in many blocks, with or without sizes in their headers', () => {
    for (const options of [
      ['--block-size=40000', '-T1'],
      ['--block-size=40000', '-T2', '--check=sha256'],
    ]) {
      const file = packed('xz', options, plain);
      expect(Buffer.compare(imageOf(decodeUserXz(file)), plain)).toBe(0);
    }
  });

  it('may be several streams with padding of whole words between and behind', () => {
    const one = packed('xz', ['--check=crc64'], plain);
    const two = packed('xz', ['--check=sha256'], sample(5000, 9));
    const file = join(one, new Uint8Array(8), two, new Uint8Array(4));
    expect(imageOf(decodeUserXz(file)).length).toBe(plain.length + 5000);
    expect(decodeUserXz(join(one, new Uint8Array(2))).ok).toBe(false);
    expect(decodeUserXz(join(one, Uint8Array.of(1, 2, 3, 4))).ok).toBe(false);
  });

  it('is refused where xz refuses it: one byte changed, or cut short', () => {
    const small = sample(400, 3);
    const file = packed('xz', ['--check=sha256', '--x86', '--lzma2=preset=0'], small);
    for (let at = 0; at < file.length; at += at < 60 || at > file.length - 90 ? 1 : 11) {
      const bad = file.slice();
      bad[at] = bad[at]! ^ 0x5a;
      const real = spawnSync('xz', ['-t'], { input: bad }).status === 0;
      expect([at, decodeUserXz(bad).ok]).toEqual([at, real]);
      const cut = decodeUserXz(file.subarray(0, at));
      expect(cut.ok).toBe(false);
      if (at >= 6 && !cut.ok) expect(cut.message).toBe('xz: Unexpected end of input');
    }
  });
});

describe('a gzip file in user space', () => {
  const plain = sample(70_001, 5);

  it('may have all optional header fields', () => {
    const body = new Uint8Array(gzipSync(plain)).subarray(10);
    const text = new TextEncoder();
    const head = join(
      Uint8Array.of(0x1f, 0x8b, 8, 4 | 8 | 16, 0, 0, 0, 0, 0, 3),
      Uint8Array.of(3, 0, 9, 9, 9),
      text.encode('name\0'),
      text.encode('comment\0'),
    );
    expect(Buffer.compare(imageOf(decodeUserGzip(join(head, body))), plain)).toBe(0);
  });

  it('may have many members; what follows them is ignored', () => {
    const member = new Uint8Array(gzipSync(plain));
    const file = join(member, member, Uint8Array.of(1, 2, 3));
    expect(imageOf(decodeUserGzip(file)).length).toBe(2 * plain.length);
  });

  it('is refused for a wrong CRC or size, and shorter when it is cut', () => {
    const file = new Uint8Array(gzipSync(plain));
    for (const at of [file.length - 8, file.length - 1]) {
      const bad = file.slice();
      bad[at] = bad[at]! ^ 1;
      expect(decodeUserGzip(bad).ok).toBe(false);
    }
    const cut = imageOf(decodeUserGzip(file.subarray(0, file.length - 20)));
    expect(cut.length).toBeLessThanOrEqual(plain.length);
  });
});

describe.skipIf(!haveTool('zstd'))(`a zstd file in user space${skipNote('zstd')}`, () => {
  it('may be many frames, with skippable ones between', () => {
    const plain = sample(200_003, 11);
    const frame = packed('zstd', ['-q', '--check'], plain);
    const skip = Uint8Array.of(0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 7, 7, 7);
    const image = imageOf(decodeUserZstd(join(skip, frame, skip, frame)));
    expect(Buffer.compare(image, Buffer.concat([plain, plain]))).toBe(0);
    expect(decodeUserZstd(join(frame, Uint8Array.of(1, 2, 3, 4, 5))).ok).toBe(false);
    const bad = frame.slice();
    bad[bad.length - 1] = bad.at(-1)! ^ 1;
    expect(decodeUserZstd(bad)).toMatchObject({
      ok: false,
      message: "zstd: Restored data doesn't match checksum",
    });
  });
});
