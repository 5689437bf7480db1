// SPDX-License-Identifier: MIT
/**
 * A whole gzip file as zlib's gzread() decodes it for libkmod: every member, with its CRC and its
 * size; what follows the last one is ignored (load_zlib, libkmod-file.c, kmod 30).
 */
import { crc32 } from './crc32.ts';
import { ImageBuffer } from './image-buffer.ts';
import { Inflater } from './inflate.ts';
import { joinImages, type UserDecode } from './user-result.ts';
import { littleEndian32 } from './xz-block-header.ts';

const FIXED_HEADER = 10;
const DEFLATED = 8;
const FLAG = { HCRC: 2, EXTRA: 4, NAME: 8, COMMENT: 16, RESERVED: 0xe0 } as const;
const TRAILER = 8;

/** Where the data begin; `short` when the file ends in the header. */
type Header = { readonly ok: true; readonly end: number } | { readonly ok: false; why: string };

const SHORT = 'short';

export function decodeUserGzip(bytes: Uint8Array): UserDecode {
  const parts: Uint8Array[] = [];
  let at = 0;
  // A file that stops in the middle is no error to gzread(): the image is shorter.
  while (bytes.length - at >= 2 && bytes[at] === 0x1f && bytes[at + 1] === 0x8b) {
    const header = readHeader(bytes, at);
    if (!header.ok) {
      if (header.why === SHORT) break;
      return refused(header.why);
    }
    const sink = new ImageBuffer((bytes.length - at) * 3);
    const inflater = new Inflater(bytes, header.end, sink, Number.MAX_SAFE_INTEGER);
    const verdict = inflater.run();
    if (verdict === 'invalid') return refused('invalid compressed data');
    const image = sink.image();
    parts.push(image);
    const end = inflater.inputAt;
    if (verdict !== 'end' || bytes.length - end < TRAILER) break;
    if (littleEndian32(bytes, end) !== crc32(image)) return refused('incorrect data check');
    if (littleEndian32(bytes, end + 4) !== image.length >>> 0) {
      return refused('incorrect length check');
    }
    at = end + TRAILER;
  }
  return { ok: true, image: joinImages(parts) };
}

function refused(message: string): UserDecode {
  return { ok: false, message: `gzip: ${message}`, place: 'libkmod-file.c:347 load_zlib()' };
}

function readHeader(bytes: Uint8Array, start: number): Header {
  if (bytes.length - start < FIXED_HEADER) return { ok: false, why: SHORT };
  const flags = bytes[start + 3]!;
  if (bytes[start + 2] !== DEFLATED) return { ok: false, why: 'unknown compression method' };
  if (flags & FLAG.RESERVED) return { ok: false, why: 'unknown header flags set' };
  let at = start + FIXED_HEADER;
  if (flags & FLAG.EXTRA) at += 2 + (bytes[at] ?? 0) + (bytes[at + 1] ?? 0) * 256;
  for (const flag of [FLAG.NAME, FLAG.COMMENT]) {
    if ((flags & flag) === 0) continue;
    const end = at >= bytes.length ? -1 : bytes.indexOf(0, at);
    if (end < 0) return { ok: false, why: SHORT };
    at = end + 1;
  }
  if (flags & FLAG.HCRC) {
    if (bytes.length - at < 2) return { ok: false, why: SHORT };
    const stored = bytes[at]! | (bytes[at + 1]! << 8);
    if (stored !== (crc32(bytes, start, at) & 0xffff)) {
      return { ok: false, why: 'header crc mismatch' };
    }
    at += 2;
  }
  return at > bytes.length ? { ok: false, why: SHORT } : { ok: true, end: at };
}
