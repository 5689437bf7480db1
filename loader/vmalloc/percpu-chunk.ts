// SPDX-License-Identifier: MIT
/**
 * One chunk of the per-CPU allocator: which parts of a unit are taken, and which of its pages are
 * there. Every CPU has the same. Follows struct pcpu_chunk, mm/percpu.c, Linux 6.12.
 */
import { type Bytes, PAGE_SIZE, type PageCount, type VirtAddr } from '../base/index.ts';
import { FreeHints, lowestBit, roundUp } from './percpu-hints.ts';
import type { PcpuAreas } from './space.ts';

/** PCPU_MIN_ALLOC_SIZE: what one bit of the map stands for. */
export const PCPU_MIN_ALLOC_SIZE: Bytes = 4;
/** PCPU_BITMAP_BLOCK_BITS: a page has hints of its own. */
const BLOCK_BITS = PAGE_SIZE / PCPU_MIN_ALLOC_SIZE;

export class PercpuChunk {
  readonly areas: PcpuAreas;
  /** Where the maps that are larger than a page lie, in the order the kernel frees them. */
  readonly maps: readonly VirtAddr[];
  readonly pages: PageCount;
  /** The slot it stands in; -1: none yet. */
  slot = -1;
  /** Out of use until its empty pages are given back. */
  isolated = false;
  /** Free bytes of a unit. */
  free: Bytes;
  /** Pages that are there and hold nothing. */
  emptyPages: PageCount = 0;
  /** By page: 1 when it is there. */
  readonly populated: Uint8Array;
  readonly #bits: number;
  /** By bit: 1 when it is taken. */
  readonly #map: Uint8Array;
  readonly #hints: FreeHints;
  readonly #blocks: readonly FreeHints[];
  /** What the search for a region came to. */
  #at = 0;
  #length = 0;

  constructor(areas: PcpuAreas, maps: readonly VirtAddr[], unitBytes: Bytes) {
    this.areas = areas;
    this.maps = maps;
    this.free = unitBytes;
    this.pages = unitBytes / PAGE_SIZE;
    this.populated = new Uint8Array(this.pages);
    this.#bits = unitBytes / PCPU_MIN_ALLOC_SIZE;
    this.#map = new Uint8Array(this.#bits);
    this.#hints = new FreeHints(this.#bits);
    this.#blocks = Array.from({ length: this.pages }, () => new FreeHints(BLOCK_BITS));
  }

  /** The largest free run as far as is known. */
  get hint(): Bytes {
    return this.#hints.run * PCPU_MIN_ALLOC_SIZE;
  }

  get populatedPages(): PageCount {
    return this.populated.reduce((sum, there) => sum + there, 0);
  }

  isPageEmpty(page: number): boolean {
    return this.#blocks[page]!.run === BLOCK_BITS;
  }

  /**
   * Where to begin looking for `size` bytes at `align`, in bits, or -1 when the hints show no room.
   * Runs that hints do not show are passed over (pcpu_find_block_fit).
   */
  findFit(size: Bytes, align: Bytes): number {
    const bits = size / PCPU_MIN_ALLOC_SIZE;
    const bitAlign = align / PCPU_MIN_ALLOC_SIZE;
    if (!this.#hints.holds(bits, bitAlign)) return -1;
    return this.#nextFit(this.#hints.searchStart(bits), bits, bitAlign);
  }

  /** Takes `size` bytes from `start` on: the offset, or -1 (pcpu_alloc_area). */
  take(size: Bytes, align: Bytes, start: number): Bytes {
    const bits = size / PCPU_MIN_ALLOC_SIZE;
    const end = Math.min(start + bits + BLOCK_BITS, this.#bits);
    const at = this.#findZeros(start, end, bits, align / PCPU_MIN_ALLOC_SIZE);
    if (at < 0) return -1;
    this.#map.fill(1, at, at + bits);
    this.free -= size;
    if (at === this.#hints.first) this.#hints.first = this.#nextFree(at + bits, this.#bits);
    this.#hintsAfterTake(at, at + bits);
    return at * PCPU_MIN_ALLOC_SIZE;
  }

  /** Frees what `take` took (pcpu_free_area). */
  release(offset: Bytes, size: Bytes): void {
    const at = offset / PCPU_MIN_ALLOC_SIZE;
    const bits = size / PCPU_MIN_ALLOC_SIZE;
    this.#map.fill(0, at, at + bits);
    this.free += size;
    this.#hints.first = Math.min(this.#hints.first, at);
    this.#hintsAfterRelease(at, at + bits);
  }

  /** First run of `bits` zeros; the largest that was too small becomes a hint (pcpu_find_zero_area). */
  #findZeros(from: number, end: number, bits: number, align: number): number {
    let largest = 0;
    let largestAt = 0;
    for (let start = from; ; ) {
      const at = roundUp(this.#nextFree(start, end), align);
      if (at + bits > end) return -1;
      const taken = this.#nextTaken(at, at + bits);
      if (taken === at + bits) {
        if (largest > 0) this.#sawWhileScanning(largestAt, largest);
        return at;
      }
      const length = taken - at;
      const better = largestAt > 0 && (at === 0 || lowestBit(at) > lowestBit(largestAt));
      if (length > largest || (length === largest && better)) {
        largestAt = at;
        largest = length;
      }
      start = taken + 1;
    }
  }

  /** Bits that alignment skipped belong to the run as well (pcpu_block_update_scan). */
  #sawWhileScanning(at: number, bits: number): void {
    const block = Math.floor(at / BLOCK_BITS);
    const base = block * BLOCK_BITS;
    if (at + bits > base + BLOCK_BITS) return;
    this.#blocks[block]!.saw(this.#runStart(base, at) - base, at + bits - base);
  }

  /** pcpu_block_update_hint_alloc */
  #hintsAfterTake(at: number, end: number): void {
    const firstBlock = Math.floor(at / BLOCK_BITS);
    const lastBlock = Math.floor((end - 1) / BLOCK_BITS);
    const base = firstBlock * BLOCK_BITS;
    const from = at - base;
    const block = this.#blocks[firstBlock]!;
    let pages = block.run === BLOCK_BITS ? 1 : 0;
    if (from === block.first) {
      block.first = this.#nextFree(end, base + BLOCK_BITS) - base;
    }
    // Over the edge of the block on purpose: what matters is what it overlaps.
    if (block.breaksScan(from, end - base)) block.scan = 0;
    if (block.breaksRun(from, end - base)) {
      if (from === 0) block.left = 0;
      this.#refreshBlock(firstBlock);
    } else {
      block.left = Math.min(block.left, from);
      block.right = firstBlock === lastBlock ? Math.min(block.right, base + BLOCK_BITS - end) : 0;
    }
    if (lastBlock !== firstBlock) pages += this.#hintsOfLaterBlocks(firstBlock, lastBlock, end);
    this.emptyPages -= pages;
    const hints = this.#hints;
    if (hints.breaksScan(at, end)) hints.scan = 0;
    if (hints.breaksRun(at, end)) this.#refreshHints(false);
  }

  /** Of blocks after the first that were taken from; returns how many of them were empty. */
  #hintsOfLaterBlocks(firstBlock: number, lastBlock: number, end: number): number {
    const block = this.#blocks[lastBlock]!;
    const base = lastBlock * BLOCK_BITS;
    const to = end - base;
    const pages = lastBlock - firstBlock - 1 + (block.run === BLOCK_BITS ? 1 : 0);
    block.first = this.#nextFree(end, base + BLOCK_BITS) - base;
    let filled = lastBlock;
    if (to === BLOCK_BITS) {
      filled += 1;
    } else {
      if (to > block.scanStart) block.scan = 0;
      block.left = 0;
      if (to > block.runStart) this.#refreshBlock(lastBlock);
      else block.right = Math.min(block.right, BLOCK_BITS - to);
    }
    for (let i = firstBlock + 1; i < filled; i++) this.#blocks[i]!.fill();
    return pages;
  }

  /** pcpu_block_update_hint_free */
  #hintsAfterRelease(at: number, end: number): void {
    const firstBlock = Math.floor(at / BLOCK_BITS);
    const lastBlock = Math.floor((end - 1) / BLOCK_BITS);
    const base = firstBlock * BLOCK_BITS;
    const lastBase = lastBlock * BLOCK_BITS;
    const first = this.#blocks[firstBlock]!;
    const last = this.#blocks[lastBlock]!;
    // The whole run around what was freed, within the blocks.
    const from =
      at - base === first.runStart + first.run ? first.runStart : this.#runStart(base, at) - base;
    const to =
      end - lastBase === last.runStart
        ? last.runStart + last.run
        : this.#nextTaken(end, lastBase + BLOCK_BITS) - lastBase;
    const firstEnd = firstBlock === lastBlock ? to : BLOCK_BITS;
    let pages = from === 0 && firstEnd === BLOCK_BITS ? 1 : 0;
    first.saw(from, firstEnd);
    if (firstBlock !== lastBlock) {
      if (to === BLOCK_BITS) pages += 1;
      last.saw(0, to);
      pages += lastBlock - firstBlock - 1;
      for (let i = firstBlock + 1; i < lastBlock; i++) this.#blocks[i]!.empty();
    }
    this.emptyPages += pages;
    if (to - from >= BLOCK_BITS || firstBlock !== lastBlock) this.#refreshHints(true);
    // The kernel, too, counts this end from the block: beyond the first, chunks take no notice.
    else this.#hints.saw(base + from, to);
  }

  /** pcpu_block_refresh_hint */
  #refreshBlock(index: number): void {
    const block = this.#blocks[index]!;
    const base = index * BLOCK_BITS;
    const end = base + BLOCK_BITS;
    let at = base + block.promoteScan();
    block.right = 0;
    for (;;) {
      const start = this.#nextFree(at, end);
      if (start >= end) return;
      at = this.#nextTaken(start, end);
      block.saw(start - base, at - base);
    }
  }

  /** pcpu_chunk_refresh_hint */
  #refreshHints(full: boolean): void {
    const hints = this.#hints;
    if (full) hints.run = 0;
    let at = full ? hints.first : hints.promoteScan();
    for (;;) {
      this.#nextRegion(at);
      if (this.#at >= this.#bits) return;
      hints.saw(this.#at, this.#at + this.#length);
      at = this.#at + this.#length + 1;
    }
  }

  /** The next free run that hints show, over block boundaries (pcpu_next_md_free_region). */
  #nextRegion(from: number): void {
    let index = Math.floor(from / BLOCK_BITS);
    let offset = from % BLOCK_BITS;
    this.#at = from;
    this.#length = 0;
    for (; index < this.#blocks.length; index++) {
      const block = this.#blocks[index]!;
      if (this.#length > 0) {
        this.#length += block.left;
        if (block.left === BLOCK_BITS) continue;
        return;
      }
      if (block.run > 0 && block.runStart >= offset && block.run + block.runStart < BLOCK_BITS) {
        this.#length = block.run;
        this.#at = index * BLOCK_BITS + block.runStart;
        return;
      }
      offset = 0;
      this.#length = block.right;
      this.#at = (index + 1) * BLOCK_BITS - block.right;
    }
  }

  /** Where the next region begins that surely has room, or -1 (pcpu_next_fit_region). */
  #nextFit(from: number, bits: number, align: number): number {
    let offset = from % BLOCK_BITS;
    let at = from;
    let length = 0;
    for (let index = Math.floor(from / BLOCK_BITS); index < this.#blocks.length; index++) {
      const block = this.#blocks[index]!;
      if (length > 0) {
        length += block.left;
        if (length >= bits) return at;
        if (block.left === BLOCK_BITS) continue;
      }
      const padding = roundUp(block.runStart, align) - block.runStart;
      if (block.run > 0 && block.runStart >= offset && block.run >= padding + bits) {
        return index * BLOCK_BITS + block.searchStart(bits);
      }
      offset = 0;
      const tail = roundUp(BLOCK_BITS - block.right, align);
      length = BLOCK_BITS - tail;
      at = index * BLOCK_BITS + tail;
      if (length >= bits) return at;
    }
    return -1;
  }

  /** Start of the free run that ends before `at`, not below `base`. */
  #runStart(base: number, at: number): number {
    const taken = at > base ? this.#map.lastIndexOf(1, at - 1) : -1;
    return taken < base ? base : taken + 1;
  }

  #nextFree(from: number, end: number): number {
    const at = from < end ? this.#map.indexOf(0, from) : -1;
    return at < 0 || at > end ? end : at;
  }

  #nextTaken(from: number, end: number): number {
    const at = from < end ? this.#map.indexOf(1, from) : -1;
    return at < 0 || at > end ? end : at;
  }
}
