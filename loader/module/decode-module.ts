import {
  type CompressionFormat,
  type DecodeResult,
  decodeGzip,
  decodeXz,
  decodeZstd,
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
