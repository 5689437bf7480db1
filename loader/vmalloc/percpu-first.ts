// SPDX-License-Identifier: MIT
/**
 * What the kernel embeds in the direct map at boot for per-CPU data beside its own static part: one
 * part for all, and on most architectures one for the static data of modules alone.
 * Follows pcpu_alloc_first_chunk, mm/percpu.c, Linux 6.12.
 */

import { type Bytes, PAGE_SIZE, type VirtAddr } from '../base/index.ts';
import { PCPU_MIN_ALLOC_SIZE, PercpuChunk } from './percpu-chunk.ts';

export interface FirstChunk {
  /** Where it begins in a page: the static part of the unit ends there. */
  readonly start: Bytes;
  readonly size: Bytes;
  /** Bytes at its front that the kernel took while it booted. */
  readonly used: Bytes;
}

/**
 * The chunk of one such part. All its pages are there, and stay. What lies before and behind the
 * part in its first and last page is taken.
 */
export function bootChunk(base: VirtAddr, { start, size, used }: FirstChunk): PercpuChunk {
  const region = Math.ceil((start + size) / PAGE_SIZE) * PAGE_SIZE;
  const chunk = new PercpuChunk({ base, areas: [] }, [], region);
  chunk.populated.fill(1);
  chunk.emptyPages = chunk.pages;
  const take = (at: Bytes, bytes: Bytes): void => {
    if (bytes > 0) chunk.take(bytes, PCPU_MIN_ALLOC_SIZE, at / PCPU_MIN_ALLOC_SIZE);
  };
  take(0, start);
  take(start + size, region - start - size);
  take(start, used);
  return chunk;
}
