// SPDX-License-Identifier: MIT
/** The areas in use: found by address, listed in address order. */
import { type Bytes, PAGE_SIZE, type VirtAddr } from '../base/index.ts';
import type { VmArea } from './area.ts';

const CHUNK_PAGES = 1024;
const CHUNK_SIZE: Bytes = CHUNK_PAGES * PAGE_SIZE;

/** Areas that start in one stretch of 1,024 pages, by page. */
interface Chunk {
  readonly slots: (VmArea | undefined)[];
  count: number;
}

/**
 * A table of chunks instead of the kernel's tree: two steps to any area, whatever their number.
 * Nothing that can be seen from outside depends on the tree's shape here.
 */
export class BusyAreas {
  readonly #chunks = new Map<number, Chunk>();
  /** The chunk looked at last: an area is found first and removed next. */
  #last: Chunk | undefined;
  #lastKey = -1;
  /** A chunk that has become empty, for the next one needed. */
  #spare: Chunk | undefined;
  #count = 0;
  /** In address order; null after a change. */
  #ordered: readonly VmArea[] | null = [];
  #bytesInWindow: Bytes = 0;

  get count(): number {
    return this.#count;
  }

  /** Address space of busy areas inside the vmalloc window, guard pages included. */
  get bytesInWindow(): Bytes {
    return this.#bytesInWindow;
  }

  add(area: VmArea, inWindow: boolean): void {
    const key = Math.floor(area.addr / CHUNK_SIZE);
    const chunk = this.#chunk(key) ?? this.#newChunk(key);
    chunk.slots[(area.addr - key * CHUNK_SIZE) / PAGE_SIZE] = area;
    chunk.count++;
    this.#count++;
    this.#ordered = null;
    if (inWindow) this.#bytesInWindow += area.size;
  }

  remove(area: VmArea, inWindow: boolean): void {
    const key = Math.floor(area.addr / CHUNK_SIZE);
    const chunk = this.#chunk(key)!;
    chunk.slots[(area.addr - key * CHUNK_SIZE) / PAGE_SIZE] = undefined;
    if (--chunk.count === 0) {
      this.#chunks.delete(key);
      this.#lastKey = -1;
      this.#spare = chunk;
    }
    this.#count--;
    this.#ordered = null;
    if (inWindow) this.#bytesInWindow -= area.size;
  }

  /** The area that holds the page-aligned `addr`, which may lie inside it. */
  find(addr: VirtAddr): VmArea | undefined {
    const key = Math.floor(addr / CHUNK_SIZE);
    const slot = (addr - key * CHUNK_SIZE) / PAGE_SIZE;
    return this.#chunk(key)?.slots[slot] ?? this.#findInside(addr);
  }

  #chunk(key: number): Chunk | undefined {
    if (key === this.#lastKey) return this.#last;
    const chunk = this.#chunks.get(key);
    if (chunk === undefined) return undefined;
    this.#last = chunk;
    this.#lastKey = key;
    return chunk;
  }

  #newChunk(key: number): Chunk {
    const chunk = this.#spare ?? {
      slots: new Array<VmArea | undefined>(CHUNK_PAGES).fill(undefined),
      count: 0,
    };
    this.#spare = undefined;
    this.#chunks.set(key, chunk);
    this.#last = chunk;
    this.#lastKey = key;
    return chunk;
  }

  #findInside(addr: VirtAddr): VmArea | undefined {
    const areas = this.inOrder();
    let lo = 0;
    let hi = areas.length;
    while (lo < hi) {
      const mid = (lo + hi) >> 1;
      if (areas[mid]!.end <= addr) lo = mid + 1;
      else hi = mid;
    }
    const area = areas[lo];
    return area !== undefined && area.addr <= addr ? area : undefined;
  }

  /** By address. Collected on the first call after a change. */
  inOrder(): readonly VmArea[] {
    if (this.#ordered === null) {
      const areas: VmArea[] = [];
      for (const key of [...this.#chunks.keys()].sort((a, b) => a - b)) {
        for (const area of this.#chunks.get(key)!.slots) if (area !== undefined) areas.push(area);
      }
      this.#ordered = areas;
    }
    return this.#ordered;
  }
}
