import {
  type CompressionFormat,
  decodeGzip,
  decodeXz,
  decodeZstd,
  moduleDecompressionFormat,
} from '../decompress/index.ts';

const images = new WeakMap<Uint8Array, { readonly image: Uint8Array | undefined }>();

/**
 * The module in a file that may be compressed, as user space unpacks it; undefined when the stream
 * is damaged. Remembered for each byte array.
 * Model: the kernel's decoders stand for zlib, liblzma and libzstd, which take a little more: xz
 * checks other than CRC32, concatenated streams.
 */
export function decompressModule(bytes: Uint8Array): Uint8Array | undefined {
  const format = moduleDecompressionFormat(bytes);
  if (format === null) return bytes;
  let known = images.get(bytes);
  if (!known) {
    const result = DECODERS[format](bytes);
    known = { image: result.ok ? result.image : undefined };
    images.set(bytes, known);
  }
  return known.image;
}

const DECODERS = {
  gzip: decodeGzip,
  xz: decodeXz,
  zstd: decodeZstd,
} as const satisfies Record<CompressionFormat, unknown>;
