// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  type DecodeResult,
  decodeGzip,
  decodeXz,
  decodeZstd,
} from '../../../loader/decompress/index.ts';
import { DEBIAN_MODULES } from '../elf/module-folders.ts';
import { compress, haveTool } from './tools.ts';

const COUNT = 25;
const missing =
  DEBIAN_MODULES.length < COUNT
    ? ' (skipped: no Debian modules in .cache/debian/i386 or MODSTORM_DEBIAN_MODULES)'
    : !haveTool('xz') || !haveTool('zstd')
      ? ' (skipped: no xz or no zstd)'
      : '';

function expectImage(result: DecodeResult, bytes: Uint8Array): void {
  expect(result).toMatchObject({ ok: true, errno: 0, pages: Math.ceil(bytes.length / 4096) });
  expect(Buffer.compare(result.image, bytes)).toBe(0);
}

describe.skipIf(missing)(`Debian's i386 modules${missing}`, () => {
  const step = Math.floor(DEBIAN_MODULES.length / COUNT);
  const files = DEBIAN_MODULES.filter((_, index) => index % step === 0);

  it('come out whole from what the kernel build compresses them to', () => {
    for (const path of files) {
      const bytes = readFileSync(path);
      expectImage(decodeGzip(gzipSync(bytes)), bytes);
      const xz = compress('xz', ['--check=crc32', '--lzma2=dict=1MiB'], bytes)!;
      expectImage(decodeXz(xz), bytes);
      expect(decodeXz(xz).vm.map((buffer) => buffer.bytes)).toEqual([1_048_576]);
      expectImage(decodeZstd(compress('zstd', ['-q'], bytes)!), bytes);
    }
  });
});
