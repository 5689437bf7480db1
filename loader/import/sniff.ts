// SPDX-License-Identifier: MIT
/** What a file is by its first bytes: text, something packed, or something else by name. */

export type Sniffed =
  | { readonly kind: 'text' }
  | { readonly kind: 'gzip' }
  | { readonly kind: 'tar' }
  | { readonly kind: 'module' }
  /** `found` names it, `hint` says what to do instead, `at` is the offset that shows it. */
  | {
      readonly kind: 'refused';
      readonly found: string;
      readonly hint: string;
      readonly at: number;
    };

const MAGICS: readonly (readonly [bytes: string, found: string, hint: string])[] = [
  ['\xfd7zXZ\0', 'an xz archive', 'unpack it first: xz -d'],
  ['\x28\xb5\x2f\xfd', 'a zstd archive', 'unpack it first: zstd -d'],
  ['BZh', 'a bzip2 archive', 'unpack it first: bzip2 -d'],
  ['PK\x03\x04', 'a zip archive', 'unpack it first: unzip'],
  ['PERFILE2', 'a perf.data file', 'print it as text: perf script -i FILE'],
  ['\x17\x08\x44tracing', 'a trace.dat file', 'print it as text: trace-cmd report -i FILE'],
  ['LPKSHHRH', 'a journal file', 'print it as text: journalctl -k --file FILE'],
  ['SQLite format', 'an SQLite database', 'a text is needed'],
  ['\x89PNG', 'a picture', 'a text is needed; a photograph of a screen cannot be read'],
  ['\xff\xd8\xff', 'a picture', 'a text is needed; a photograph of a screen cannot be read'],
  ['%PDF', 'a PDF', 'save it as text first'],
  ['KDUMP   ', 'a crash dump', 'print its log: crash or makedumpfile --dump-dmesg'],
];

/** UTF-16 and UTF-32 by their byte order marks; without one by their zero bytes. */
const WIDE: readonly (readonly [bytes: string, name: string])[] = [
  ['\xff\xfe\0\0', 'UTF-32LE'],
  ['\0\0\xfe\xff', 'UTF-32BE'],
  ['\xff\xfe', 'UTF-16LE'],
  ['\xfe\xff', 'UTF-16BE'],
];

/** Most of what a serial line garbles is text still; a file with more zeros than this is not. */
const MOST_BINARY = 0.02;

export function sniff(bytes: Uint8Array): Sniffed {
  const starts = (text: string): boolean =>
    bytes.length >= text.length && [...text].every((c, i) => bytes[i] === c.charCodeAt(0));
  if (starts('\x1f\x8b')) return { kind: 'gzip' };
  if (starts('\x7fELF')) return { kind: 'module' };
  for (const [magic, found, hint] of MAGICS) {
    if (starts(magic)) return { kind: 'refused', found, hint, at: 0 };
  }
  for (const [mark, name] of WIDE) {
    if (starts(mark)) {
      return {
        kind: 'refused',
        found: `${name} text`,
        hint: `convert it: iconv -f ${name} -t UTF-8`,
        at: 0,
      };
    }
  }
  if (bytes.length >= 512 && String.fromCharCode(...bytes.subarray(257, 262)) === 'ustar') {
    return { kind: 'tar' };
  }
  return binaryShare(bytes);
}

/** Refuses bytes that are no text: at the first zero byte, if there are many of them. */
export function binaryShare(bytes: Uint8Array): Sniffed {
  let bad = 0;
  let zeros = 0;
  let odd = 0;
  let first = -1;
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i]!;
    if (byte >= 32 || byte === 9 || byte === 10 || byte === 13 || byte === 27) continue;
    bad += 1;
    if (byte === 0) {
      zeros += 1;
      odd += i & 1;
    }
    if (first < 0) first = i;
  }
  if (bad <= Math.max(8, bytes.length * MOST_BINARY)) return { kind: 'text' };
  if (zeros > bytes.length * 0.3 && (odd < zeros * 0.1 || odd > zeros * 0.9)) {
    const name = odd > zeros / 2 ? 'UTF-16LE' : 'UTF-16BE';
    return {
      kind: 'refused',
      found: `${name} text`,
      hint: `convert it: iconv -f ${name} -t UTF-8`,
      at: first,
    };
  }
  return { kind: 'refused', found: 'binary data', hint: 'a text is needed', at: first };
}
