// SPDX-License-Identifier: MIT
/**
 * The `tag=value` strings of `.modinfo`, walked byte by byte as the kernel does
 * (module_next_tag_pair and get_next_modinfo, kernel/module/main.c, Linux 6.12). The walk may leave
 * the section, because the kernel counts its size loosely; it never leaves the file.
 */
import { cString, hasPrefix, stringEnd } from './c-string.ts';

/** Where `.modinfo` lies in the file; both numbers may be anything in a hostile file. */
export interface ModinfoArea {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly size: number;
}

/** Value strings are cut here, far beyond any real one. */
const VALUE_MAX = 1 << 16;

/** The entry after the one at `p`, before `limit`; -1 at the end. */
function nextTagPair(bytes: Uint8Array, p: number, limit: number): number {
  const stop = Math.min(limit, bytes.length);
  let at = stringEnd(bytes, p, stop);
  if (at >= stop) return -1;
  while (at < stop && bytes[at] === 0) at += 1;
  return at >= stop ? -1 : at;
}

/**
 * File offset of the value of the first `tag=` entry, or of the next one after the value at `prev`;
 * -1 when there is none.
 */
export function findModinfo(area: ModinfoArea, tag: string, prev?: number): number {
  const { bytes, start, size } = area;
  // A size of 0 still lets the kernel look at the first byte.
  let limit = start + Math.max(size, 1);
  let p = start;
  if (prev !== undefined) {
    // `size -= prev - modinfo` is unsigned: a value that begins past the section has no limit.
    const left = size - (prev - start);
    limit = left < 0 ? Number.POSITIVE_INFINITY : prev + Math.max(left, 1);
    p = nextTagPair(bytes, prev, limit);
  }
  for (; p >= 0; p = nextTagPair(bytes, p, limit)) {
    if (hasPrefix(bytes, p, tag) && bytes[p + tag.length] === 0x3d) return p + tag.length + 1;
  }
  return -1;
}

/** get_modinfo: the value of the first entry with that tag. */
export function modinfoGet(area: ModinfoArea, tag: string): string | undefined {
  const at = findModinfo(area, tag);
  return at < 0 ? undefined : cString(area.bytes, at, VALUE_MAX);
}

/** for_each_modinfo_entry: the values of all entries with that tag, in file order. */
export function modinfoAll(area: ModinfoArea, tag: string): string[] {
  const values: string[] = [];
  for (let at = findModinfo(area, tag); at >= 0; at = findModinfo(area, tag, at)) {
    values.push(cString(area.bytes, at, VALUE_MAX));
  }
  return values;
}

/** All entries that hold a `=`, in file order. */
export function modinfoEntries(area: ModinfoArea): [tag: string, value: string][] {
  const { bytes, start, size } = area;
  const limit = start + Math.max(size, 1);
  const entries: [string, string][] = [];
  for (let p = start; p >= 0; p = nextTagPair(bytes, p, limit)) {
    const text = cString(bytes, p, VALUE_MAX);
    const eq = text.indexOf('=');
    if (eq > 0) entries.push([text.slice(0, eq), text.slice(eq + 1)]);
  }
  return entries;
}
