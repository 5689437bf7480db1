// SPDX-License-Identifier: MIT
/**
 * How broken up the free space is. The indices are those of mm/vmstat.c (Linux 6.12), with holes
 * of the address space in the place of buddy blocks.
 */

import { type Bytes, PAGE_SIZE } from '../base/index.ts';
import type { AddressRange } from '../presets/index.ts';
import { VM } from './area.ts';
import { listAreas } from './area-view.ts';
import type { VmapAllocator } from './vmap-allocator.ts';

/** What is left for requests of one size. */
export interface RequestOutlook {
  /** Data bytes asked for; a guard page is added before holes are compared. */
  readonly bytes: Bytes;
  /** How many such areas still fit. */
  readonly slots: number;
  readonly unusable_index: number;
  readonly fragmentation_index: number;
}

/** All sizes in bytes; guard pages belong to their areas. */
export interface FragmentationStats {
  readonly total: Bytes;
  readonly used: Bytes;
  /** Freed, not purged: neither usable nor used. */
  readonly lazy: Bytes;
  /** Ready in the pools of vmap nodes (64-bit only). */
  readonly pooled: Bytes;
  readonly free: Bytes;
  readonly largest_free: Bytes;
  readonly free_areas: number;
  readonly busy_areas: number;
  readonly lazy_areas: number;
  readonly guard: Bytes;
  /** 1 - largest_free / free; 0 when nothing is free. */
  readonly external_fragmentation: number;
  /** lazy / total. */
  readonly parked_share: number;
  readonly mean_free: Bytes;
  readonly median_free: Bytes;
  /** Sum of squared holes over the square of the sum: 1 for one hole, 1/n for n equal ones. */
  readonly concentration: number;
  readonly by_request: readonly RequestOutlook[];
}

/** Data sizes the outlook is given for: a page to 4 MiB. */
const REQUESTS: readonly Bytes[] = [4096, 65_536, 262_144, 1_048_576, 4_194_304];

/** Share of the free space in holes smaller than `request`: 0 good, 1 bad or nothing free. */
export function unusableFreeIndex(holes: readonly Bytes[], request: Bytes): number {
  const free = sum(holes);
  if (free === 0) return 1;
  return (free - sum(holes.filter((h) => h >= request))) / free;
}

/**
 * Why a request would fail: towards 0 for lack of space, towards 1 for fragmentation; -1 when it
 * would succeed.
 */
export function fragmentationIndex(holes: readonly Bytes[], request: Bytes): number {
  if (holes.length === 0) return 0;
  if (holes.some((h) => h >= request)) return -1;
  return 1 - (1 + sum(holes) / request) / holes.length;
}

/** How many areas of `request` bytes still fit. */
export function slotCount(holes: readonly Bytes[], request: Bytes): number {
  return holes.reduce((slots, h) => slots + Math.floor(h / request), 0);
}

/** Sizes of the holes in `range`, in address order. */
export function holesIn(allocator: VmapAllocator, range: AddressRange): Bytes[] {
  const holes: Bytes[] = [];
  allocator.tree.forEachWithin(range.start, range.end, (start, end) => holes.push(end - start));
  return holes;
}

export function fragmentation(allocator: VmapAllocator, range: AddressRange): FragmentationStats {
  const holes = holesIn(allocator, range);
  const free = sum(holes);
  const bySize = [...holes].sort((a, b) => a - b);
  const largest = bySize.at(-1) ?? 0;
  const bytes = { busy: 0, lazy: 0, pool: 0 };
  const areas = { busy: 0, lazy: 0, pool: 0 };
  for (const area of listAreas(allocator)) {
    if (area.start < range.start || area.start >= range.end) continue;
    bytes[area.state] += area.size;
    areas[area.state] += 1;
  }
  let guard = 0;
  for (const area of allocator.busy.inOrder()) {
    if (area.addr < range.start || area.addr >= range.end) continue;
    if ((area.flags & (VM.NO_GUARD | VM.VMAP_RAM)) === 0) guard += PAGE_SIZE;
  }
  const total = range.end - range.start;
  return {
    total,
    used: bytes.busy,
    lazy: bytes.lazy,
    pooled: bytes.pool,
    free,
    largest_free: largest,
    free_areas: holes.length,
    busy_areas: areas.busy,
    lazy_areas: areas.lazy,
    guard,
    external_fragmentation: free === 0 ? 0 : 1 - largest / free,
    parked_share: bytes.lazy / total,
    mean_free: holes.length === 0 ? 0 : free / holes.length,
    median_free: median(bySize),
    concentration: free === 0 ? 0 : holes.reduce((s, h) => s + (h / free) ** 2, 0),
    by_request: REQUESTS.map((request) => outlook(holes, request)),
  };
}

function outlook(holes: readonly Bytes[], bytes: Bytes): RequestOutlook {
  const withGuard = bytes + PAGE_SIZE;
  return {
    bytes,
    slots: slotCount(holes, withGuard),
    unusable_index: unusableFreeIndex(holes, withGuard),
    fragmentation_index: fragmentationIndex(holes, withGuard),
  };
}

function median(sorted: readonly number[]): number {
  if (sorted.length === 0) return 0;
  const mid = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[mid]! : (sorted[mid - 1]! + sorted[mid]!) / 2;
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
