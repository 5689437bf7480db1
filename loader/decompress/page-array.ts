// SPDX-License-Identifier: MIT
/** Growth of the page pointer array (module_extend_max_pages, kernel/module/decompress.c, 6.12). */

import { type Bytes, type PageCount, pagesFor } from '../base/index.ts';

/** One kvmalloc of the page pointer array; the array before it is freed after it succeeded. */
export interface PageArrayAllocation {
  /** Page pointers it holds. */
  readonly entries: number;
  readonly bytes: Bytes;
  /** Output pages already taken when it is made. */
  readonly atPage: PageCount;
}

/**
 * The arrays allocated while `pages` output pages are taken for a file of `compressedBytes`: twice
 * the pages of the file at first, doubled whenever full.
 */
export function pageArrayGrowth(
  compressedBytes: Bytes,
  pages: PageCount,
  wordBits: 32 | 64 = 32,
): PageArrayAllocation[] {
  const pointerBytes = wordBits / 8;
  let entries = 2 * pagesFor(compressedBytes);
  const arrays = [{ entries, bytes: entries * pointerBytes, atPage: 0 }];
  while (entries > 0 && pages > entries) {
    arrays.push({ entries: entries * 2, bytes: entries * 2 * pointerBytes, atPage: entries });
    entries *= 2;
  }
  return arrays;
}
