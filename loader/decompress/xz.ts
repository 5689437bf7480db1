// SPDX-License-Identifier: MIT
/** An xz module as the kernel reads it (module_xz_decompress, kernel/module/decompress.c, 6.12). */

import { PAGE_SIZE } from '../base/index.ts';
import type {
  BcjFilter,
  DecodeOptions,
  DecodeOutcome,
  DecodeResult,
  TransientAllocation,
} from './decode-result.ts';
import { moduleDecompressionFormat } from './format.ts';
import { failed, outOfPages, pageLimit, refused, succeeded } from './outcome.ts';
import { XZ_MEM_ERROR, XZ_OK, XZ_STREAM_END } from './xz-status.ts';
import { XzStream } from './xz-stream.ts';

const ALL_FILTERS: readonly BcjFilter[] = [
  'x86',
  'powerpc',
  'arm',
  'armthumb',
  'sparc',
  'arm64',
  'riscv',
];

/**
 * Decodes the first stream of an xz file; what follows it is ignored. Statuses are enum xz_ret: 1
 * end of stream, 0 file cut short, 3 no dictionary, 6 unsupported check, filter or option, 7 bad
 * data. The loop ends with the first page that is not filled, so the "no progress" status 8 of a
 * second idle run never comes.
 */
export function decodeXz(bytes: Uint8Array, opts: DecodeOptions = {}): DecodeResult {
  if (moduleDecompressionFormat(bytes) !== 'xz') return refused('not an xz compressed module');
  const maxPages = pageLimit(opts);
  const vm: TransientAllocation[] = [];
  let pages = 0;
  const stream = new XzStream(bytes, opts.bcj ?? ALL_FILTERS, (size, replaces) => {
    vm.push({
      purpose: 'dictionary',
      bytes: size,
      how: 'vmalloc',
      atPage: pages,
      replaces,
      onFailure: outcome(XZ_MEM_ERROR),
    });
  });

  let status = XZ_OK;
  do {
    if (pages === maxPages) {
      return outOfPages(stream.image.image(), pages, pages > 0 ? status : null, vm);
    }
    pages++;
    status = stream.run(pages * PAGE_SIZE);
  } while (stream.image.length === pages * PAGE_SIZE && status === XZ_OK);

  const image = stream.image.image();
  if (status === XZ_STREAM_END) return succeeded(image, pages, status, vm);
  return failed(outcome(status), image, pages, vm);
}

function outcome(status: number): DecodeOutcome {
  return { status, message: `decompression failed with status ${status}`, errno: 22 };
}
