import {
  decodeUserGzip,
  decodeUserXz,
  decodeUserZstd,
  moduleDecompressionFormat,
  type UserDecode,
} from '../decompress/index.ts';

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
    known = { gzip: decodeUserGzip, xz: decodeUserXz, zstd: decodeUserZstd }[format](bytes);
    images.set(bytes, known);
  }
  return known;
}

/** The same for who only looks: undefined when the file cannot be unpacked. */
export function decompressModule(bytes: Uint8Array): Uint8Array | undefined {
  const unpacked = unpackModule(bytes);
  return unpacked.ok ? unpacked.image : undefined;
}
