// SPDX-License-Identifier: MIT
/**
 * One vmap node: areas waiting for a purge and, on 64-bit with several CPUs, pools of ready areas
 * by size (struct vmap_node, mm/vmalloc.c, Linux 6.12). On 32-bit there is one node, pools unused.
 */

import { type Bytes, PAGE_SIZE, type PageCount, type VirtAddr } from '../base/index.ts';

/** A range of addresses that is neither busy nor free. */
export interface Range {
  readonly addr: VirtAddr;
  readonly size: Bytes;
}

/** MAX_VA_SIZE_PAGES: larger areas are never pooled. */
const MAX_POOL_PAGES: PageCount = 256;

export class VmapNode<Lazy extends Range> {
  #lazy: Lazy[] = [];
  #sorted = true;
  /** By page count; the last entry is the head of the kernel's list. */
  readonly #pools = new Map<PageCount, VirtAddr[]>();
  #pooledRanges = 0;

  /** Nothing waits for a purge, and nothing is pooled. */
  get empty(): boolean {
    return this.#lazy.length === 0 && this.#pooledRanges === 0;
  }

  addLazy(area: Lazy): void {
    const last = this.#lazy.at(-1);
    if (last !== undefined && last.addr > area.addr) this.#sorted = false;
    this.#lazy.push(area);
  }

  /** Areas waiting for a purge, by address. */
  lazy(): readonly Lazy[] {
    if (!this.#sorted) {
      this.#lazy = sortByAddress(this.#lazy);
      this.#sorted = true;
    }
    return this.#lazy;
  }

  detachLazy(): readonly Lazy[] {
    const areas = this.lazy();
    this.#lazy = [];
    return areas;
  }

  /** Keeps a range for the next request of its size; false when it is too large to pool. */
  poolAdd(range: Range): boolean {
    const pages = range.size / PAGE_SIZE;
    if (pages > MAX_POOL_PAGES) return false;
    const pool = this.#pools.get(pages);
    if (pool) pool.push(range.addr);
    else this.#pools.set(pages, [range.addr]);
    this.#pooledRanges += 1;
    return true;
  }

  /**
   * The range freed last, or -1 when there is none or it is misaligned; a misaligned one goes to
   * the end of the pool (node_pool_del_va).
   */
  poolTake(size: Bytes, align: Bytes): VirtAddr {
    const pool = this.#pools.get(size / PAGE_SIZE);
    const addr = pool?.at(-1);
    if (pool === undefined || addr === undefined) return -1;
    pool.pop();
    if (addr % align === 0) {
      this.#pooledRanges -= 1;
      return addr;
    }
    pool.unshift(addr);
    return -1;
  }

  /** Bytes in all pools. */
  pooledBytes(): Bytes {
    let bytes = 0;
    for (const [pages, pool] of this.#pools) bytes += pages * PAGE_SIZE * pool.length;
    return bytes;
  }

  /** Ranges in the pools, in no particular order. */
  *pooled(): Generator<Range> {
    for (const [pages, pool] of this.#pools) {
      for (const addr of pool) yield { addr, size: pages * PAGE_SIZE };
    }
  }

  /**
   * Takes a quarter of each pool, or all of it, and returns the ranges by address, neighbours
   * joined. A pool of one to three is emptied too: its quarter is 0 and the kernel's countdown
   * wraps (decay_va_pool_node in 6.12; mended later).
   */
  decay(all: boolean): Range[] {
    const taken: Range[] = [];
    for (const [pages, pool] of this.#pools) {
      const quarter = pool.length >> 2;
      const count = all || quarter === 0 ? pool.length : quarter;
      for (let i = 0; i < count; i++) taken.push({ addr: pool.pop()!, size: pages * PAGE_SIZE });
    }
    this.#pooledRanges -= taken.length;
    taken.sort((a, b) => a.addr - b.addr);
    return joinNeighbours(taken);
  }
}

/** Ranges by address, those that touch made one. */
export function joinNeighbours(ranges: readonly Range[]): Range[] {
  const joined: Range[] = [];
  for (const { addr, size } of ranges) {
    const last = joined.at(-1);
    if (last !== undefined && last.addr + last.size === addr) {
      joined[joined.length - 1] = { addr: last.addr, size: last.size + size };
    } else {
      joined.push({ addr, size });
    }
  }
  return joined;
}

/**
 * Sorts by address. A purge of thousands of areas spends most of its time here, and numbers sort
 * several times faster than objects, so page and position are packed into one number each.
 */
function sortByAddress<Area extends Range>(areas: readonly Area[]): Area[] {
  const count = areas.length;
  let lo = Number.POSITIVE_INFINITY;
  let hi = 0;
  for (const { addr } of areas) {
    if (addr < lo) lo = addr;
    if (addr > hi) hi = addr;
  }
  const most = ((hi - lo) / PAGE_SIZE + 1) * count;
  if (most > Number.MAX_SAFE_INTEGER) return [...areas].sort((a, b) => a.addr - b.addr);
  const keys = most <= 2 ** 32 ? new Uint32Array(count) : new Float64Array(count);
  for (let i = 0; i < count; i++) keys[i] = ((areas[i]!.addr - lo) / PAGE_SIZE) * count + i;
  keys.sort();
  const sorted: Area[] = [];
  for (const key of keys) sorted.push(areas[key - Math.floor(key / count) * count]!);
  return sorted;
}
