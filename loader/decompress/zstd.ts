// SPDX-License-Identifier: MIT
/** A zstd module as the kernel reads it (module_zstd_decompress, kernel/module/decompress.c, 6.12). */

import { type Bytes, PAGE_SIZE, type PageCount } from '../base/index.ts';
import type {
  DecodeOptions,
  DecodeOutcome,
  DecodeResult,
  TransientAllocation,
} from './decode-result.ts';
import { moduleDecompressionFormat } from './format.ts';
import { ImageBuffer } from './image-buffer.ts';
import { failed, outOfPages, pageLimit, pagesTaken, refused, succeeded } from './outcome.ts';
import { decodeZstdFrame, type ZstdFrameEnd } from './zstd-frame.ts';
import { readZstdFrameHeader } from './zstd-frame-header.ts';
import { ZstdSource } from './zstd-source.ts';
import { MAX_BLOCK } from './zstd-status.ts';

/** sizeof(ZSTD_DCtx), measured by compiling lib/zstd of 6.12. */
const CONTEXT_BYTES = { 32: 95_772, 64: 95_944 } as const;
const OVERRUNS = 64;
/** kvmalloc refuses more than INT_MAX without trying. */
const KVMALLOC_MAX = 2 ** 31 - 1;
/**
 * `1 << ZSTD_WINDOWLOG_MAX` as the comparison with a 64-bit size sees it: on a 64-bit kernel the int
 * is negative and becomes a number no window reaches.
 */
const WINDOW_LIMIT = { 32: 2 ** 30, 64: 2 ** 64 - 2 ** 31 } as const;

/** Bytes of the decoder's workspace for a window (zstd_dstream_workspace_bound). */
function workspaceBytes(windowSize: Bytes, wordBits: 32 | 64): Bytes {
  const block = Math.min(windowSize, MAX_BLOCK);
  const ring = windowSize + block + MAX_BLOCK + OVERRUNS;
  return CONTEXT_BYTES[wordBits] + block + ring;
}

/**
 * Decodes the first frame of a zstd file; what follows it is ignored. Statuses are zstd error
 * numbers, 0 for none. A file that stops between or inside blocks, or before its checksum, is not
 * an error: the image is just shorter.
 */
export function decodeZstd(bytes: Uint8Array, opts: DecodeOptions = {}): DecodeResult {
  const wordBits = opts.wordBits ?? 32;
  if (moduleDecompressionFormat(bytes) !== 'zstd') {
    return refused('not a zstd compressed module');
  }
  const source = new ZstdSource(bytes);
  const header = readZstdFrameHeader(source, wordBits);
  if (!header) return refused('ZSTD-compressed data has an incomplete frame header');
  if (header.windowSize > WINDOW_LIMIT[wordBits]) {
    return refused('ZSTD-compressed data has too large a window size');
  }

  const noMemory: DecodeOutcome = { status: null, message: null, errno: 12 };
  const workspace = workspaceBytes(header.windowSize, wordBits);
  if (workspace > KVMALLOC_MAX) return failed(noMemory, new Uint8Array(0), 0, []);
  const vm: TransientAllocation[] = [
    {
      purpose: 'workspace',
      bytes: workspace,
      how: 'kvmalloc',
      atPage: 0,
      replaces: false,
      onFailure: noMemory,
    },
  ];
  const maxPages = pageLimit(opts);
  if (maxPages === 0) return outOfPages(new Uint8Array(0), 0, null, vm);

  const expected = Math.min(header.contentSize ?? bytes.length * 3, bytes.length * 64);
  const image = new ImageBuffer(expected + MAX_BLOCK);
  const end = decodeZstdFrame(source, header, image, wordBits, maxPages * PAGE_SIZE);
  return result(end, image, maxPages, vm);
}

function result(
  end: ZstdFrameEnd,
  image: ImageBuffer,
  maxPages: PageCount,
  vm: readonly TransientAllocation[],
): DecodeResult {
  const bytes = image.image();
  // A page that is filled without the frame's end is followed by another, even when nothing comes.
  const pages =
    end.kind === 'short' ? Math.floor(bytes.length / PAGE_SIZE) + 1 : pagesTaken(bytes.length);
  if (end.kind === 'full' || pages > maxPages) {
    return outOfPages(image.image(maxPages * PAGE_SIZE), maxPages, 0, vm);
  }
  if (end.kind !== 'error') return succeeded(bytes, pages, 0, vm);
  const message = `ZSTD-decompression failed with status ${end.status}`;
  return failed({ status: end.status, message, errno: 22 }, bytes, pages, vm);
}
