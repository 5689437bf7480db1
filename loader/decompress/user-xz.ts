// SPDX-License-Identifier: MIT
/**
 * A whole xz file as liblzma decodes it for libkmod: all checks, all filters, streams one behind
 * the other with padding between them (xz file format 1.2; load_xz, libkmod-file.c, kmod 30).
 */
import { crc32 } from './crc32.ts';
import { crc64 } from './crc64.ts';
import { ImageBuffer } from './image-buffer.ts';
import { SYMBOL_INPUT } from './lzma.ts';
import { Lzma2Decoder } from './lzma2.ts';
import { sha256 } from './sha256.ts';
import { joinImages, type UserDecode } from './user-result.ts';
import { applyUserFilters, readUserBlockHeader, type UserXzProblem } from './user-xz-block.ts';
import { littleEndian32 } from './xz-block-header.ts';
import { XzIndex } from './xz-index.ts';
import { XZ_DATA_ERROR, XZ_OK, XZ_STREAM_END } from './xz-status.ts';

const MAGIC = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00];
const HEADER_BYTES = 12;
const FOOTER_BYTES = 12;
/** Bytes of a check by its number; those without a known method are passed over. */
const CHECK_BYTES = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64] as const;
const CRC32 = 1;
const CRC64 = 4;
const SHA256 = 10;

const PROBLEMS: Readonly<Record<UserXzProblem, { message: string; place: string }>> = {
  format: { message: 'xz: File format not recognized', place: '212' },
  options: { message: 'xz: Unsupported compression options', place: '215' },
  data: { message: 'xz: File is corrupt', place: '218' },
  end: { message: 'xz: Unexpected end of input', place: '221' },
};

export function decodeUserXz(file: Uint8Array): UserDecode {
  const parts: Uint8Array[] = [];
  const bytes = new Uint8Array(file.length + 2 * SYMBOL_INPUT);
  bytes.set(file);
  let at = 0;
  for (;;) {
    const stream = decodeStream(bytes, at, file.length, at === 0);
    if (typeof stream === 'string') {
      const { message, place } = PROBLEMS[stream];
      return { ok: false, message, place: `libkmod-file.c:${place} xz_uncompress_belch()` };
    }
    parts.push(stream.image);
    at = stream.end;
    const padding = at;
    while (at < file.length && bytes[at] === 0) at += 1;
    if ((at - padding) % 4 !== 0) {
      const { message, place } = PROBLEMS.data;
      return { ok: false, message, place: `libkmod-file.c:${place} xz_uncompress_belch()` };
    }
    if (at === file.length) return { ok: true, image: joinImages(parts) };
  }
}

interface DecodedStream {
  readonly image: Uint8Array;
  /** Where the stream ends in the file. */
  readonly end: number;
}

function decodeStream(
  bytes: Uint8Array,
  start: number,
  fileEnd: number,
  first: boolean,
): DecodedStream | UserXzProblem {
  for (let i = 0; i < MAGIC.length; i += 1) {
    if (start + i >= fileEnd) return 'end';
    if (bytes[start + i] !== MAGIC[i]) return first ? 'format' : 'data';
  }
  if (fileEnd - start < HEADER_BYTES) return 'end';
  if (crc32(bytes, start + 6, start + 8) !== littleEndian32(bytes, start + 8)) return 'data';
  const check = bytes[start + 7]!;
  if (bytes[start + 6] !== 0 || check > 15) return 'options';
  const index = new XzIndex();
  const image = new ImageBuffer((fileEnd - start) * 4);
  let at = start + HEADER_BYTES;
  while (at < fileEnd && bytes[at] !== 0) {
    const next = decodeBlock(bytes, at, fileEnd, check, image, index);
    if (typeof next === 'string') return next;
    at = next;
  }
  if (at >= fileEnd) return 'end';
  const status = index.check(bytes, at, fileEnd);
  if (status === XZ_OK) return 'end';
  if (status === XZ_DATA_ERROR) return 'data';
  const foot = at + index.size + 4;
  if (fileEnd - foot < FOOTER_BYTES) return 'end';
  const whole =
    bytes[foot + 10] === 0x59 &&
    bytes[foot + 11] === 0x5a &&
    crc32(bytes, foot + 4, foot + 10) === littleEndian32(bytes, foot) &&
    (littleEndian32(bytes, foot + 4) + 1) * 4 === index.size + 4 &&
    bytes[foot + 8] === 0 &&
    bytes[foot + 9] === check;
  return whole ? { image: image.image(), end: foot + FOOTER_BYTES } : 'data';
}

/** Decodes the block at `start` behind what `image` holds; gives where the next one begins. */
function decodeBlock(
  bytes: Uint8Array,
  start: number,
  fileEnd: number,
  check: number,
  image: ImageBuffer,
  index: XzIndex,
): number | UserXzProblem {
  const headerSize = (bytes[start]! + 1) * 4;
  if (fileEnd - start < headerSize) return 'end';
  const header = readUserBlockHeader(bytes, start, start + headerSize);
  if (typeof header === 'string') return header;
  const inAt = start + headerSize;
  const raw = new ImageBuffer(header.uncompressed ?? (fileEnd - inAt) * 4);
  const lzma2 = new Lzma2Decoder(bytes, fileEnd, raw, true);
  lzma2.startBlock(inAt, header.dictSize, raw);
  const status = lzma2.run(Number.MAX_SAFE_INTEGER);
  if (status === XZ_OK) return 'end';
  if (status !== XZ_STREAM_END) return 'data';
  const compressed = lzma2.inputTaken - inAt;
  if (compressed !== (header.compressed ?? compressed)) return 'data';
  if (raw.length !== (header.uncompressed ?? raw.length)) return 'data';
  let at = inAt + compressed;
  for (; (at - inAt) % 4 !== 0; at += 1) {
    if (at >= fileEnd) return 'end';
    if (bytes[at] !== 0) return 'data';
  }
  const plain = applyUserFilters(raw.image(), header.filters);
  const size = CHECK_BYTES[check]!;
  if (fileEnd - at < size) return 'end';
  const expected = checkOf(check, plain);
  if (expected?.some((byte, i) => byte !== bytes[at + i])) return 'data';
  image.reserve(image.length + plain.length).set(plain, image.length);
  image.length += plain.length;
  index.addBlock(headerSize + compressed + size, plain.length);
  return at + size;
}

function checkOf(check: number, plain: Uint8Array): Uint8Array | undefined {
  if (check === CRC64) return crc64(plain);
  if (check === SHA256) return sha256(plain);
  if (check !== CRC32) return undefined;
  const sum = crc32(plain);
  return Uint8Array.of(sum, sum >>> 8, sum >>> 16, sum >>> 24);
}
