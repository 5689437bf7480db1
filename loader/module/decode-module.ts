import {
  type CompressionFormat,
  type DecodeResult,
  decodeGzip,
  decodeXz,
  decodeZstd,
  moduleDecompressionFormat,
} from '../decompress/index.ts';

/** Decodes with the decoder of a kernel built for `format`. */
export function decodeAs(
  format: CompressionFormat,
  bytes: Uint8Array,
  wordBits: 32 | 64 = 32,
): DecodeResult {
  const decode = { gzip: decodeGzip, xz: decodeXz, zstd: decodeZstd }[format];
  return decode(bytes, { wordBits });
}

/**
 * The image in a module file, compressed or not, for looking into files without loading them.
 * Undefined when it is compressed and does not decode.
 */
export function decodeModule(bytes: Uint8Array): Uint8Array | undefined {
  const format = moduleDecompressionFormat(bytes);
  if (format === null) return bytes;
  const decoded = decodeAs(format, bytes);
  return decoded.ok ? decoded.image : undefined;
}
