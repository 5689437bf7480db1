// SPDX-License-Identifier: MIT
import {
  crc32,
  type DecodeOptions,
  type DecodeResult,
  decodeGzip,
  decodeXz,
  decodeZstd,
} from '../../../loader/decompress/index.ts';
import type { DamageKind } from './damage.ts';

/** One stream and what the kernel's code made of damaged copies of it. */
export interface GoldenStream {
  readonly name: string;
  readonly base64: string;
  /** Rows of a 32-bit build, by kind of damage; the word before the first space is the seed. */
  readonly rows: Readonly<Partial<Record<DamageKind, readonly string[]>>>;
  /** Rows of a 64-bit build where they differ in more than buffer sizes. */
  readonly rows64: Readonly<Partial<Record<DamageKind, readonly string[]>>>;
}

export type GoldenFormat = 'gzip' | 'xz' | 'zstd';

const DECODERS: Record<GoldenFormat, (bytes: Uint8Array, opts: DecodeOptions) => DecodeResult> = {
  gzip: decodeGzip,
  xz: decodeXz,
  zstd: decodeZstd,
};

/** `seed ok:LENGTH:CRC pPAGES vBYTES@PAGE…`, or the line printed in place of `ok`. */
export function goldenRow(
  format: GoldenFormat,
  seed: number,
  bytes: Uint8Array,
  wordBits: 32 | 64,
): string {
  const result = DECODERS[format](bytes, { wordBits });
  const { image, message, errno, pages, vm } = result;
  const crc = crc32(image).toString(16);
  const outcome = result.ok ? `ok:${image.length}:${crc}` : (message ?? `errno ${errno}`);
  const buffers = wordBits === 32 ? vm.map((buffer) => ` v${buffer.bytes}@${buffer.atPage}`) : [];
  return `${seed} ${outcome} p${pages}${buffers.join('')}`;
}
