// SPDX-License-Identifier: MIT
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  type DecodeResult,
  decodeGzip,
  decodeXz,
  decodeZstd,
} from '../../../loader/decompress/index.ts';
import { sampleBytes } from './sample-bytes.ts';
import { below, seededRandom } from './seeded-random.ts';
import { compress, haveTool, skipNote } from './tools.ts';

const BYTES = sampleBytes('code', 700);

/** Every file that differs from `file` in one byte, each byte changed in several ways. */
function* oneByteWrong(file: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < file.length; at++) {
    for (const change of [0x01, 0x80, 0xff]) {
      const copy = file.slice();
      copy[at]! ^= change;
      yield copy;
    }
  }
}

function sameBytes(result: DecodeResult): boolean {
  return Buffer.compare(result.image, BYTES) === 0;
}

describe('a module with one wrong byte', () => {
  it.skipIf(!haveTool('xz'))(
    `is never taken for another one when xz has its CRC32${skipNote('xz')}`,
    () => {
      for (const options of [['--lzma2'], ['--x86', '--lzma2'], ['--block-size=200']]) {
        const file = compress('xz', ['--check=crc32', ...options], BYTES)!;
        for (const copy of oneByteWrong(file)) {
          const result = decodeXz(copy);
          expect(!result.ok || sameBytes(result)).toBe(true);
        }
      }
    },
  );

  it.skipIf(!haveTool('zstd'))(
    `is never taken for another one when zstd has its checksum${skipNote('zstd')}`,
    () => {
      for (const options of [['-19'], ['--no-content-size'], ['-1', '--stream-size=700']]) {
        const file = compress('zstd', ['-q', '--check', ...options], BYTES)!;
        for (const wordBits of [32, 64] as const) {
          for (const copy of oneByteWrong(file)) {
            // Without the checksum bit, or when the file seems to stop early, nothing is checked.
            const checked = (copy[4]! & 4) !== 0;
            const result = decodeZstd(copy, { wordBits });
            const shorter = result.image.length < BYTES.length;
            expect(!result.ok || sameBytes(result) || !checked || shorter).toBe(true);
          }
        }
      }
    },
  );

  it('is refused or decoded by gzip, which checks nothing', () => {
    const verdicts = new Set<number | null>();
    for (const copy of oneByteWrong(new Uint8Array(gzipSync(BYTES)))) {
      const result = decodeGzip(copy);
      verdicts.add(result.status);
      expect(result.image.length).toBeLessThan(copy.length * 1032);
    }
    expect(verdicts).toEqual(new Set([-3, -5, 1, null]));
  });
});

describe('a module cut short', () => {
  const random = seededRandom(7);
  const cuts = (file: Uint8Array) =>
    Array.from({ length: 200 }, () => file.subarray(0, below(random, file.length)));

  it('never decodes as gzip', () => {
    const file = new Uint8Array(gzipSync(BYTES));
    // The eight bytes of the trailer are not looked at.
    for (const cut of cuts(file.subarray(0, -8))) expect(decodeGzip(cut).ok).toBe(false);
  });

  it.skipIf(!haveTool('xz'))(`never decodes as xz${skipNote('xz')}`, () => {
    const file = compress('xz', ['--check=crc32', '--block-size=200'], BYTES)!;
    for (const cut of cuts(file)) expect(decodeXz(cut).ok).toBe(false);
  });

  it.skipIf(!haveTool('zstd'))(
    `decodes as zstd to the beginning of the module${skipNote('zstd')}`,
    () => {
      const file = compress('zstd', ['-q', '--no-content-size'], BYTES)!;
      for (const cut of cuts(file)) {
        const { ok, image } = decodeZstd(cut);
        expect(ok).toBe(cut.length > 6);
        expect(Buffer.compare(image, BYTES.subarray(0, image.length))).toBe(0);
      }
    },
  );
});
