// SPDX-License-Identifier: MIT
/** A gzip module as the kernel reads it (module_gzip_decompress, kernel/module/decompress.c, 6.12). */

import { PAGE_SIZE } from '../base/index.ts';
import type { DecodeOptions, DecodeOutcome, DecodeResult } from './decode-result.ts';
import { moduleDecompressionFormat } from './format.ts';
import { ImageBuffer } from './image-buffer.ts';
import { Inflater } from './inflate.ts';
import { failed, outOfPages, pageLimit, pagesTaken, refused, succeeded } from './outcome.ts';

const Z_OK = 0;
const Z_STREAM_END = 1;
const Z_DATA_ERROR = -3;
const Z_BUF_ERROR = -5;

const FIXED_HEADER = 10;
const FLAG_NAME = 0x08;

/** sizeof(struct inflate_workspace), measured by compiling lib/zlib_inflate of 6.12. */
const WORKSPACE_BYTES = { 32: 42_284, 64: 42_312 } as const;

/**
 * Length of the header: ten bytes, and a name up to its NUL when the flag says so. The other optional
 * fields are not skipped: they are taken for compressed data, as in the kernel. 0 when it is no header.
 */
function headerLength(bytes: Uint8Array): number {
  if (bytes.length < FIXED_HEADER || moduleDecompressionFormat(bytes) !== 'gzip') return 0;
  if (!(bytes[3]! & FLAG_NAME)) return FIXED_HEADER;
  return bytes.indexOf(0, FIXED_HEADER) + 1;
}

/**
 * Decodes the first member of a gzip file. Its CRC and size are not looked at and what follows the
 * deflate stream is ignored. Statuses are zlib's: 1 end of stream, -3 bad data, -5 input too short.
 */
export function decodeGzip(bytes: Uint8Array, opts: DecodeOptions = {}): DecodeResult {
  const start = headerLength(bytes);
  if (start === 0) return refused('not a gzip compressed module');
  const vm = [
    {
      purpose: 'workspace',
      bytes: WORKSPACE_BYTES[opts.wordBits ?? 32],
      how: 'kvmalloc',
      atPage: 0,
      replaces: false,
      onFailure: { status: null, message: null, errno: 12 },
    },
  ] as const;
  const maxPages = pageLimit(opts);
  if (maxPages === 0) return outOfPages(new Uint8Array(0), 0, null, vm);

  const sink = new ImageBuffer(bytes.length * 3);
  const verdict = new Inflater(bytes, start, sink, maxPages * PAGE_SIZE).run();
  const image = sink.image();
  const pages = pagesTaken(image.length);
  if (verdict === 'full') return outOfPages(image, pages, Z_OK, vm);
  if (verdict === 'end') return succeeded(image, pages, Z_STREAM_END, vm);
  if (verdict === 'invalid') return failed(outcome(Z_DATA_ERROR), image, pages, vm);
  // The run that used up the input made progress and said Z_OK; one more, on a page of its own, does
  // not. Without any compressed byte the first run is that one.
  const extra = start === bytes.length ? 0 : 1;
  if (pages + extra > maxPages) return outOfPages(image, pages, Z_OK, vm);
  return failed(outcome(Z_BUF_ERROR), image, pages + extra, vm);
}

function outcome(status: number): DecodeOutcome {
  return { status, message: `decompression failed with status ${status}`, errno: 22 };
}
