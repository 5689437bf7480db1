// SPDX-License-Identifier: MIT
/**
 * The units the model counts in. They are plain numbers with a name: a wrong unit shows in a
 * signature, and the arithmetic stays free of casts.
 */

/** Virtual nanoseconds since the simulated boot. */
export type Nanos = number;
/** Bytes. */
export type Bytes = number;
/** 4 KiB pages. */
export type PageCount = number;
/** Index of a simulated CPU, from 0. */
export type CpuId = number;
/**
 * A kernel virtual address, as an offset from the `base` of its address-space preset. On 32-bit
 * presets base is 0 and the offset is the address itself; 64-bit addresses do not fit a double, so
 * there base is a bigint and only `formatAddress` joins the two.
 */
export type VirtAddr = number;

export const PAGE_SIZE = 4096;

/** Bytes rounded up to whole pages (PAGE_ALIGN). */
export function pageAlign(bytes: Bytes): Bytes {
  return Math.ceil(bytes / PAGE_SIZE) * PAGE_SIZE;
}

/** Number of pages that hold `bytes`. */
export function pagesFor(bytes: Bytes): PageCount {
  return Math.ceil(bytes / PAGE_SIZE);
}

/** Rounds `value` up to a multiple of the power of two `align` (0 counts as 1). */
export function alignUp(value: number, align: number): number {
  return align > 1 ? Math.ceil(value / align) * align : value;
}
