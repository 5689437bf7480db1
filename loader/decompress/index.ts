/** In-kernel module decompression: gzip, xz and zstd with the kernel's status codes. */

export { crc32 } from './crc32.ts';
export {
  type BcjFilter,
  type CompressionFormat,
  DEFAULT_MAX_IMAGE_BYTES,
  type DecodeOptions,
  type DecodeOutcome,
  type DecodeResult,
  type TransientAllocation,
} from './decode-result.ts';
export { moduleDecompressionFormat } from './format.ts';
export { decodeGzip } from './gzip.ts';
export { failAtAllocation } from './outcome.ts';
export { type PageArrayAllocation, pageArrayGrowth } from './page-array.ts';
export { decompressModule, unpackModule } from './unpack-module.ts';
export { decodeUserGzip } from './user-gzip.ts';
export type { UserDecode } from './user-result.ts';
export { decodeUserXz } from './user-xz.ts';
export { decodeUserZstd } from './user-zstd.ts';
export { xxh64 } from './xxh64.ts';
export { decodeXz } from './xz.ts';
export { decodeZstd } from './zstd.ts';
