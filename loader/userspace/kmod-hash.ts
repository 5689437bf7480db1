// SPDX-License-Identifier: MIT
/**
 * The hash table of kmod's tools (shared/hash.c, kmod 30): Paul Hsieh's SuperFastHash, buckets
 * sorted by name. Without modules.order, depmod numbers modules in the order of this table.
 */

/** hash_superfast() of the bytes of a Latin-1 string, as an unsigned 32-bit number. */
export function superFastHash(key: string): number {
  const at = (i: number): number => key.charCodeAt(i) & 0xff;
  const u16 = (i: number): number => at(i) | (at(i + 1) << 8);
  let hash = key.length;
  let p = 0;
  for (let blocks = key.length >> 2; blocks > 0; blocks -= 1) {
    hash = (hash + u16(p)) | 0;
    const mixed = (u16(p + 2) << 11) ^ hash;
    hash = (hash << 16) ^ mixed;
    p += 4;
    hash = (hash + (hash >>> 11)) | 0;
  }
  // The bytes after the last block are signed characters.
  switch (key.length & 3) {
    case 3:
      hash = (hash + u16(p)) | 0;
      hash ^= hash << 16;
      hash ^= ((at(p + 2) << 24) >> 24) << 18;
      hash = (hash + (hash >>> 11)) | 0;
      break;
    case 2:
      hash = (hash + u16(p)) | 0;
      hash ^= hash << 11;
      hash = (hash + (hash >>> 17)) | 0;
      break;
    case 1:
      hash = (hash + ((at(p) << 24) >> 24)) | 0;
      hash ^= hash << 10;
      hash = (hash + (hash >>> 1)) | 0;
      break;
  }
  hash ^= hash << 3;
  hash = (hash + (hash >>> 5)) | 0;
  hash ^= hash << 4;
  hash = (hash + (hash >>> 17)) | 0;
  hash ^= hash << 25;
  hash = (hash + (hash >>> 6)) | 0;
  return hash >>> 0;
}

/** Items in the order hash_iter_next() visits them, for a table of `buckets` (a power of two). */
export function hashOrder<T>(items: readonly T[], key: (item: T) => string, buckets: number): T[] {
  const keyed = items.map((item) => {
    const name = key(item);
    return { item, name, bucket: superFastHash(name) & (buckets - 1) };
  });
  keyed.sort((a, b) => a.bucket - b.bucket || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return keyed.map(({ item }) => item);
}
