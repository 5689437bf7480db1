// SPDX-License-Identifier: MIT
/** The address space at one moment: every area by address, the holes between, the sums. */
import { type Bytes, type Nanos, PAGE_SIZE, type VirtAddr } from '../base/index.ts';
import type { AreaPurpose } from '../events/index.ts';
import type { AreaFacts, AreaHistory, Instant } from './area-history.ts';
import type { MapWindow } from './live-space.ts';

export interface Hole {
  readonly start: VirtAddr;
  readonly size: Bytes;
}

/** Bytes and counts of one window; guard pages belong to their areas. */
export interface WindowSummary {
  readonly window: MapWindow;
  readonly total: Bytes;
  readonly used: Bytes;
  /** Freed and not purged: neither usable nor used. */
  readonly lazy: Bytes;
  readonly free: Bytes;
  readonly usedAreas: number;
  readonly lazyAreas: number;
  readonly holes: number;
  /** The largest hole, the lowest of equals; null when nothing is free. */
  readonly largest: Hole | null;
  /** 1 - largest / free; 0 when nothing is free. */
  readonly externalFragmentation: number;
}

/** What a state is made of. */
interface StateParts {
  /** The areas by address. */
  readonly ids: readonly number[];
  readonly changed: Instant;
  readonly t: Nanos;
}

/** Areas are numbered by address, from 0 to `count` - 1. */
export class AddressState {
  /** The last change at or before the moment asked for. */
  readonly changed: Instant;
  /** Time the ages of areas are counted to. */
  readonly t: Nanos;
  readonly windows: readonly MapWindow[];
  readonly #history: AreaHistory;
  readonly #instant: Instant;
  readonly #ids: readonly number[];

  constructor(
    history: AreaHistory,
    windows: readonly MapWindow[],
    instant: Instant,
    { ids, changed, t }: StateParts,
  ) {
    this.#history = history;
    this.#instant = instant;
    this.windows = windows;
    this.changed = changed;
    this.t = t;
    this.#ids = ids;
  }

  /** Areas in use or parked, in all windows and outside. */
  get count(): number {
    return this.#ids.length;
  }

  startOf(index: number): VirtAddr {
    return this.#history.startOf(this.#ids[index]!);
  }

  sizeOf(index: number): Bytes {
    return this.#history.sizeOf(this.#ids[index]!);
  }

  endOf(index: number): VirtAddr {
    return this.startOf(index) + this.sizeOf(index);
  }

  isLazy(index: number): boolean {
    return this.#history.isLazy(this.#ids[index]!, this.#instant);
  }

  purposeOf(index: number): AreaPurpose {
    return this.#history.purposeOf(this.#ids[index]!);
  }

  /** Bytes at the end of the area that are its guard page. */
  guardOf(index: number): Bytes {
    const id = this.#ids[index]!;
    const size = this.#history.sizeOf(id);
    const pages = this.#history.pagesOf(id);
    if (pages > 0) return pages * PAGE_SIZE < size ? PAGE_SIZE : 0;
    switch (this.#history.purposeOf(id)) {
      // No vm_struct, no guard; and of what nobody described it is not known.
      case 'percpu':
      case 'vmap_block':
      case 'vm_map_ram':
      case 'boot':
      case 'other':
        return 0;
      default:
        return PAGE_SIZE;
    }
  }

  area(index: number): AreaFacts {
    return this.#history.facts(this.#ids[index]!, this.#instant);
  }

  /** The area that holds `addr`, or -1 when it is free. */
  indexAt(addr: VirtAddr): number {
    const index = this.#lastFrom(addr);
    return index >= 0 && this.endOf(index) > addr ? index : -1;
  }

  areaAt(addr: VirtAddr): AreaFacts | null {
    const index = this.indexAt(addr);
    return index < 0 ? null : this.area(index);
  }

  /**
   * Calls `visit` with each area and each hole (`index` -1) of [start, end) by address, cut to the
   * range.
   */
  forEachIn(
    start: VirtAddr,
    end: VirtAddr,
    visit: (from: VirtAddr, to: VirtAddr, index: number) => void,
  ): void {
    let at = start;
    const first = this.#lastFrom(start);
    for (let i = Math.max(0, first); i < this.count; i += 1) {
      const from = Math.max(this.startOf(i), at);
      if (from >= end) break;
      const to = Math.min(this.endOf(i), end);
      if (to <= at) continue;
      if (from > at) visit(at, from, -1);
      visit(from, to, i);
      at = to;
    }
    if (at < end) visit(at, end, -1);
  }

  /** Holes of [start, end) by address. */
  holesIn(start: VirtAddr, end: VirtAddr): Hole[] {
    const holes: Hole[] = [];
    this.forEachIn(start, end, (from, to, index) => {
      if (index < 0) holes.push({ start: from, size: to - from });
    });
    return holes;
  }

  summary(window: MapWindow = this.windows[0]!): WindowSummary {
    let used = 0;
    let lazy = 0;
    let free = 0;
    let usedAreas = 0;
    let lazyAreas = 0;
    let holes = 0;
    let largest: Hole | null = null;
    this.forEachIn(window.start, window.end, (from, to, index) => {
      const size = to - from;
      if (index < 0) {
        free += size;
        holes += 1;
        if (largest === null || size > largest.size) largest = { start: from, size };
      } else if (this.isLazy(index)) {
        lazy += size;
        lazyAreas += 1;
      } else {
        used += size;
        usedAreas += 1;
      }
    });
    const found = largest as Hole | null;
    return {
      window,
      total: window.end - window.start,
      used,
      lazy,
      free,
      usedAreas,
      lazyAreas,
      holes,
      largest: found,
      externalFragmentation: found === null ? 0 : 1 - found.size / free,
    };
  }

  /** Index of the last area that begins at or below `addr`, or -1. */
  #lastFrom(addr: VirtAddr): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (this.startOf(mid) <= addr) low = mid + 1;
      else high = mid;
    }
    return low - 1;
  }
}
