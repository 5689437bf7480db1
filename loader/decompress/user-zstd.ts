// SPDX-License-Identifier: MIT
/**
 * A whole zstd file as libzstd decodes it for libkmod: frame after frame, skippable ones passed
 * over (RFC 8878; load_zstd, libkmod-file.c, kmod 30). A file that stops early gives a shorter image.
 */
import { ImageBuffer } from './image-buffer.ts';
import { joinImages, type UserDecode } from './user-result.ts';
import { decodeZstdFrame, zstdFrameEnd } from './zstd-frame.ts';
import { readZstdFrameHeader } from './zstd-frame-header.ts';
import { ZstdSource } from './zstd-source.ts';
import { MAX_BLOCK, ZSTD_STATUS } from './zstd-status.ts';

const MAGIC = 0xfd2fb528;
/** 0x184d2a50 to 0x184d2a5f */
const SKIPPABLE = 0x184d2a50;

/** ZSTD_getErrorName(), libzstd 1.5 */
const NAMES: Readonly<Record<number, string>> = {
  [ZSTD_STATUS.windowTooLarge]: 'Frame requires too much memory for decoding',
  [ZSTD_STATUS.checksumWrong]: "Restored data doesn't match checksum",
  [ZSTD_STATUS.dictionaryWrong]: 'Dictionary mismatch',
  [ZSTD_STATUS.dictionaryCorrupted]: 'Dictionary is corrupted',
};

export function decodeUserZstd(bytes: Uint8Array): UserDecode {
  const parts: Uint8Array[] = [];
  let at = 0;
  while (bytes.length - at >= 4) {
    const rest = bytes.subarray(at);
    const source = new ZstdSource(rest);
    const magic = source.little32(0);
    if ((magic & ~0xf) >>> 0 === SKIPPABLE) {
      if (rest.length < 8) break;
      at += 8 + source.little32(4);
      continue;
    }
    if (magic !== MAGIC) return refused('Unknown frame descriptor');
    const header = readZstdFrameHeader(source, 64);
    if (!header) {
      if (rest.length < 18) break;
      return refused('Unsupported frame parameter');
    }
    const end = zstdFrameEnd(source, header);
    const image = new ImageBuffer(
      Math.min(header.contentSize ?? rest.length * 3, rest.length * 64) + MAX_BLOCK,
    );
    const frame = end === undefined ? source : new ZstdSource(rest.subarray(0, end));
    const decoded = decodeZstdFrame(frame, header, image, 64, Number.MAX_SAFE_INTEGER);
    if (decoded.kind === 'error') {
      return refused(NAMES[decoded.status] ?? 'Data corruption detected');
    }
    parts.push(image.image());
    if (end === undefined) break;
    at += end;
  }
  return { ok: true, image: joinImages(parts) };
}

function refused(name: string): UserDecode {
  const place = 'libkmod-file.c:136 zstd_decompress_block()';
  return { ok: false, message: `zstd: ${name}`, place };
}
