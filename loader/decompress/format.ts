// SPDX-License-Identifier: MIT
/** Recognising a compressed module by its first bytes. */

import type { CompressionFormat } from './decode-result.ts';

const SIGNATURES: readonly (readonly [CompressionFormat, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b, 0x08]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
];

/** The format whose signature `bytes` begins with, null for none (an uncompressed ELF file). */
export function moduleDecompressionFormat(bytes: Uint8Array): CompressionFormat | null {
  for (const [format, signature] of SIGNATURES) {
    if (hasSignature(bytes, signature)) return format;
  }
  return null;
}

function hasSignature(bytes: Uint8Array, signature: readonly number[]): boolean {
  return (
    bytes.length >= signature.length && signature.every((byte, index) => bytes[index] === byte)
  );
}
