// SPDX-License-Identifier: MIT
/** How much of a machine's memory the kernel has to give: `MemTotal:` of /proc/meminfo. */

import { type Bytes, PAGE_SIZE, type PageCount } from '../base/index.ts';

const MIB: Bytes = 1 << 20;

/** sizeof(struct page), of which there is one for each page (include/linux/mm_types.h). */
const STRUCT_PAGE: Readonly<Record<32 | 64, Bytes>> = { 32: 32, 64: 64 };

/**
 * What firmware, the kernel's image and its early tables take.
 * Model: fitted to two machines of Linux 6.12 (i386 of 1 GiB: MemTotal 1,011,956 kB; Debian's amd64
 * of 2 GiB: 2,021,436 kB); others take more or less by some tens of MiB.
 */
const SET_ASIDE: Readonly<Record<32 | 64, Bytes>> = { 32: 28 * MIB, 64: 42 * MIB };

/** totalram_pages() of a machine with so much memory, at least half of it. */
export function totalRamPages(memory: Bytes, wordBits: 32 | 64): PageCount {
  const pages = memory / PAGE_SIZE;
  const taken = pages * STRUCT_PAGE[wordBits] + SET_ASIDE[wordBits];
  return Math.floor(Math.max(pages - taken / PAGE_SIZE, pages / 2));
}
