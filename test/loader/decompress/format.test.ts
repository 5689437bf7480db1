// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { moduleDecompressionFormat } from '../../../loader/decompress/index.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);

describe('moduleDecompressionFormat', () => {
  it('goes by the signatures the kernel compares', () => {
    expect(moduleDecompressionFormat(bytes(0x1f, 0x8b, 0x08, 0))).toBe('gzip');
    expect(moduleDecompressionFormat(bytes(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0))).toBe('xz');
    expect(moduleDecompressionFormat(bytes(0x28, 0xb5, 0x2f, 0xfd))).toBe('zstd');
  });

  it('knows nothing else: ELF, other gzip methods, signatures cut short, no bytes', () => {
    expect(moduleDecompressionFormat(bytes(0x7f, 0x45, 0x4c, 0x46))).toBeNull();
    expect(moduleDecompressionFormat(bytes(0x1f, 0x8b, 0x07))).toBeNull();
    expect(moduleDecompressionFormat(bytes(0xfd, 0x37, 0x7a, 0x58, 0x5a))).toBeNull();
    expect(moduleDecompressionFormat(bytes(0x28, 0xb5, 0x2f))).toBeNull();
    expect(moduleDecompressionFormat(bytes())).toBeNull();
  });
});
