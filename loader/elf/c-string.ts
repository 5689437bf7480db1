// SPDX-License-Identifier: MIT
/**
 * NUL-terminated strings inside a file. The kernel follows a string wherever it leads; here it ends
 * at the end of the file at the latest, and a start outside the file gives the empty string.
 */

/** Chunk for `String.fromCharCode`, well below any argument limit. */
const CHUNK = 4096;

/** Bytes `[start, end)` as Latin-1, one character per byte, so that every byte survives. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  if (end - start <= CHUNK) {
    return String.fromCharCode.apply(null, bytes.subarray(start, end) as unknown as number[]);
  }
  const parts: string[] = [];
  for (let at = start; at < end; at += CHUNK) {
    const part = bytes.subarray(at, Math.min(end, at + CHUNK));
    parts.push(String.fromCharCode.apply(null, part as unknown as number[]));
  }
  return parts.join('');
}

/** Where the string that begins at `start` ends: its NUL, or `limit`, or the end of the file. */
export function stringEnd(bytes: Uint8Array, start: number, limit = bytes.length): number {
  const stop = Math.min(limit, bytes.length);
  let at = start;
  while (at < stop && bytes[at] !== 0) at += 1;
  return at;
}

/** The string at `start`, at most `max` bytes of it. */
export function cString(bytes: Uint8Array, start: number, max = 1 << 20): string {
  if (!(start >= 0 && start < bytes.length)) return '';
  return latin1(bytes, start, stringEnd(bytes, start, start + max));
}

/** Whether the bytes at `start` begin with the ASCII `text` (strncmp). */
export function hasPrefix(bytes: Uint8Array, start: number, text: string): boolean {
  for (let i = 0; i < text.length; i += 1) {
    if (bytes[start + i] !== text.charCodeAt(i)) return false;
  }
  return true;
}

/** Whether the string at `start` is exactly the non-empty ASCII `text` (strcmp). */
export function equals(bytes: Uint8Array, start: number, text: string): boolean {
  return hasPrefix(bytes, start, text) && !bytes[start + text.length];
}

/** Strings up to here are measured by reading them; longer ones are remembered. */
const SHORT = 512;

/**
 * strlen over one file, many times. A hostile symbol table can point every symbol into one stretch
 * of megabytes without a NUL; each such stretch is walked once and found again by its bounds.
 */
export class StringLengths {
  readonly #bytes: Uint8Array;
  /** Ends of the long stretches met so far, by start, ascending. */
  #starts: number[] = [];
  #ends: number[] = [];
  /** A string ran past the end of the file, or began outside it. */
  overrun = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Bytes before the NUL. */
  at(start: number): number {
    const bytes = this.#bytes;
    if (!(start < bytes.length)) {
      this.overrun = true;
      return 0;
    }
    const stop = Math.min(start + SHORT, bytes.length);
    let at = start;
    while (at < stop && bytes[at] !== 0) at += 1;
    if (at < stop) return at - start;
    return this.#long(start) - start;
  }

  #long(start: number): number {
    let lo = 0;
    let hi = this.#starts.length;
    while (lo < hi) {
      const mid = (lo + hi) >> 1;
      if (this.#starts[mid]! <= start) lo = mid + 1;
      else hi = mid;
    }
    const known = this.#ends[lo - 1];
    let end = known !== undefined && start < known ? known : -1;
    if (end < 0) {
      end = this.#bytes.indexOf(0, start);
      if (end < 0) end = this.#bytes.length;
      const begin = start === 0 ? 0 : this.#bytes.lastIndexOf(0, start - 1) + 1;
      this.#starts.splice(lo, 0, begin);
      this.#ends.splice(lo, 0, end);
    }
    if (end === this.#bytes.length) this.overrun = true;
    return end;
  }
}
