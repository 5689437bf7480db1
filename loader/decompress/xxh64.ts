/** XXH64 (the xxHash specification), the content checksum of zstd frames. */

export function xxh64(_bytes: Uint8Array, _seed?: bigint): bigint {
  throw new Error('xxh64: not written yet');
}
