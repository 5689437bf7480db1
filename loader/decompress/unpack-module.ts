import { moduleDecompressionFormat } from './format.ts';
import { decodeUserGzip } from './user-gzip.ts';
import type { UserDecode } from './user-result.ts';
import { decodeUserXz } from './user-xz.ts';
import { decodeUserZstd } from './user-zstd.ts';

const DECODERS = { gzip: decodeUserGzip, xz: decodeUserXz, zstd: decodeUserZstd } as const;

const images = new WeakMap<Uint8Array, UserDecode>();

/**
 * The module in a file that may be compressed, as libkmod unpacks it with liblzma, zlib and libzstd.
 * Remembered for each byte array.
 */
export function unpackModule(bytes: Uint8Array): UserDecode {
  const format = moduleDecompressionFormat(bytes);
  if (format === null) return { ok: true, image: bytes };
  let known = images.get(bytes);
  if (!known) {
    known = DECODERS[format](bytes);
    images.set(bytes, known);
  }
  return known;
}

/** The same for who only looks: undefined when the file cannot be unpacked. Nothing is remembered. */
export function decompressModule(bytes: Uint8Array): Uint8Array | undefined {
  const format = moduleDecompressionFormat(bytes);
  if (format === null) return bytes;
  const unpacked = images.get(bytes) ?? DECODERS[format](bytes);
  return unpacked.ok ? unpacked.image : undefined;
}
