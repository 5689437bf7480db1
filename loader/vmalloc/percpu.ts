// SPDX-License-Identifier: MIT
/**
 * The per-CPU allocator: small objects with a copy for each CPU, packed into chunks from the top
 * of the window. Follows mm/percpu.c and mm/percpu-vm.c, Linux 6.12.
 *
 * Model: there is always memory for pages. Where the kernel dumps a stack, nothing is printed.
 * What parts of the kernel that are not modelled take while modules are loaded is not counted.
 */

import { type Bytes, PAGE_SIZE, type VirtAddr } from '../base/index.ts';
import { LOG_LEVEL, type Printk } from '../engine/index.ts';
import type { AreaOwner } from './area.ts';
import { GFP } from './gfp.ts';
import { PCPU_MIN_ALLOC_SIZE, PercpuChunk } from './percpu-chunk.ts';
import { bootChunk, type FirstChunk } from './percpu-first.ts';
import type { VmallocSpace } from './space.ts';

/** PCPU_SLOT_BASE_SHIFT, and the slot below which a chunk that did not fit is put aside. */
const SLOT_BASE_SHIFT = 5;
const SLOT_FAIL_THRESHOLD = 3;
/** PCPU_MIN_UNIT_SIZE: the largest request. */
const MIN_UNIT_SIZE: Bytes = 32_768;
/** struct pcpu_block_md: eight ints for each page. */
const BLOCK_MD_BYTES = 32;
/** PCPU_EMPTY_POP_PAGES_LOW and _HIGH: empty pages kept ready. */
const EMPTY_PAGES_LOW = 2;
const EMPTY_PAGES_HIGH = 4;
const WARNINGS = 10;
const OWNER: AreaOwner = { caller: 'pcpu_create_chunk', purpose: 'percpu' };

/**
 * Static, reserved and dynamic bytes of one CPU's unit, by word size: what the Linux guest's kernel
 * prints (`s94924 r0 d32052`), and a usual size for a distribution's kernel on x86-64. A few KiB
 * more or less are a matter of configuration.
 */
const UNIT_CONTENT = { 32: 126_976, 64: 270_336 } as const;

export interface PercpuLayout {
  /** Size of one CPU's share of a chunk. */
  readonly unitBytes: Bytes;
  /** Shares in a chunk: the possible CPUs, more where an atom holds several. */
  readonly units: number;
}

/** How chunks are laid out for `cpus` CPUs of one NUMA node (pcpu_build_alloc_info). */
export function percpuLayout(content: Bytes, atomSize: Bytes, cpus: number): PercpuLayout {
  const least = Math.max(content, MIN_UNIT_SIZE);
  const whole = Math.ceil(least / atomSize) * atomSize;
  let best = 1;
  let fewest = Number.POSITIVE_INFINITY;
  for (let perAtom = Math.floor(whole / least); perAtom > 0; perAtom--) {
    if ((whole / perAtom) % PAGE_SIZE !== 0) continue;
    const atoms = Math.ceil(cpus / perAtom);
    if (atoms * perAtom - cpus > Math.floor(cpus / 3)) continue;
    if (atoms > fewest) break;
    fewest = atoms;
    best = perAtom;
  }
  return { unitBytes: whole / best, units: Math.ceil(cpus / best) * best };
}

/** What alloc_percpu() returned. */
export class PercpuArea {
  /** Address of the first unit's copy. */
  readonly addr: VirtAddr;
  readonly size: Bytes;
  readonly chunk: PercpuChunk;

  constructor(addr: VirtAddr, size: Bytes, chunk: PercpuChunk) {
    this.addr = addr;
    this.size = size;
    this.chunk = chunk;
  }
}

export interface PercpuOptions {
  readonly cpus: number;
  readonly log: Printk;
  /** Queue the balance work; later `balanceWork()` is called. */
  scheduleBalance(): void;
  readonly layout?: PercpuLayout;
  /** The part of the first chunk that serves all; default: there is no room in it. */
  readonly first?: FirstChunk;
  /** The part of the first chunk that serves modules alone; default: there is none. */
  readonly reserved?: FirstChunk;
}

export class PercpuAllocator {
  readonly layout: PercpuLayout;
  readonly #space: VmallocSpace;
  readonly #log: Printk;
  readonly #scheduleBalance: () => void;
  /**
   * Chunks by the size of their largest run; then those put aside, those that are all free, and
   * those whose empty pages are to be given back.
   */
  readonly #slots: PercpuChunk[][];
  readonly #sidelinedSlot: number;
  readonly #freeSlot: number;
  readonly #depopulateSlot: number;
  /** Empty pages of all chunks in use (pcpu_nr_empty_pop_pages). */
  #emptyPages = 0;
  #warnings = WARNINGS;
  /** The one array populating goes through, once it is there. */
  #havePages = false;
  /** pcpu_first_chunk, in the slots as others are, and pcpu_reserved_chunk, which is in none. */
  #first: PercpuChunk | undefined;
  readonly #reserved: PercpuChunk | undefined;

  constructor(space: VmallocSpace, options: PercpuOptions) {
    const { wordBits, pcpuAtomSize } = space.preset;
    this.#space = space;
    this.#log = options.log;
    this.#scheduleBalance = () => options.scheduleBalance();
    this.layout =
      options.layout ?? percpuLayout(UNIT_CONTENT[wordBits], pcpuAtomSize, options.cpus);
    this.#sidelinedSlot = sizeToSlot(this.layout.unitBytes) + 1;
    this.#freeSlot = this.#sidelinedSlot + 1;
    this.#depopulateSlot = this.#freeSlot + 1;
    this.#slots = Array.from({ length: this.#depopulateSlot + 1 }, () => []);
    const { first, reserved } = options;
    // Both lie in the direct map, below the window.
    const base = space.preset.vmallocStart - this.layout.unitBytes * this.layout.units;
    this.#reserved = reserved && bootChunk(base, reserved);
    this.#first = first && bootChunk(base, first);
    if (this.#first !== undefined) {
      this.#emptyPages = this.#first.emptyPages;
      this.#relocate(this.#first, -1);
    }
  }

  /** Takes the first chunk out of use: others tell what goes into it. */
  leaveFirstChunk(): void {
    const first = this.#first;
    if (first === undefined) return;
    this.#first = undefined;
    this.#emptyPages -= first.emptyPages;
    const slot = this.#slots[first.slot]!;
    slot.splice(slot.indexOf(first), 1);
  }

  get chunks(): number {
    return this.#slots.reduce((sum, slot) => sum + slot.length, 0);
  }

  /** alloc_percpu(): `align` is a power of two up to a page; null without room or for a bad size. */
  alloc(size: Bytes, align: Bytes): PercpuArea | null {
    const request = checkedRequest(size, align);
    return request && this.#alloc(request.bytes, request.least);
  }

  /** __alloc_reserved_percpu(): the static data of a module. */
  allocReserved(size: Bytes, align: Bytes): PercpuArea | null {
    const request = checkedRequest(size, align);
    if (request === null) return null;
    const { bytes, least } = request;
    const chunk = this.#reserved;
    if (chunk === undefined) return this.#alloc(bytes, least);
    const start = chunk.findFit(bytes, least);
    const offset = start < 0 ? -1 : chunk.take(bytes, least, start);
    if (offset < 0) return this.#fail(bytes, least, 'alloc from reserved chunk failed');
    if (this.#emptyPages < EMPTY_PAGES_LOW) this.#scheduleBalance();
    return new PercpuArea(chunk.areas.base + offset, bytes, chunk);
  }

  #alloc(bytes: Bytes, least: Bytes): PercpuArea | null {
    let area = this.#allocFromSlots(bytes, least);
    if (area === null) {
      if (this.#slots[this.#freeSlot]!.length === 0) {
        const chunk = this.#createChunk(GFP.GFP_KERNEL);
        if (chunk === null) return this.#fail(bytes, least, 'failed to allocate new chunk');
        this.#relocate(chunk, -1);
      }
      area = this.#allocFromSlots(bytes, least);
    }
    if (area === null) throw new Error(`${bytes} bytes do not fit an empty per-CPU chunk`);
    const { chunk } = area;
    const offset = area.addr - chunk.areas.base;
    const end = Math.ceil((offset + bytes) / PAGE_SIZE);
    if (!this.#populate(chunk, Math.floor(offset / PAGE_SIZE), end)) {
      this.#release(area);
      return this.#fail(bytes, least, 'failed to populate');
    }
    if (this.#emptyPages < EMPTY_PAGES_LOW) this.#scheduleBalance();
    return area;
  }

  /** free_percpu(). */
  free(area: PercpuArea): void {
    if (this.release(area)) this.scheduleBalance();
  }

  /** free_percpu() up to where it drops the lock: whether the balance work is to be queued. */
  release(area: PercpuArea): boolean {
    const { chunk } = area;
    if (chunk === this.#reserved) {
      chunk.release(area.addr - chunk.areas.base, area.size);
      return false;
    }
    this.#release(area);
    if (!chunk.isolated && chunk.free === this.layout.unitBytes) {
      return this.#slots[this.#freeSlot]!.some((other) => other !== chunk);
    }
    if (!this.#shouldReclaim(chunk)) return false;
    this.#isolate(chunk);
    return true;
  }

  scheduleBalance(): void {
    this.#scheduleBalance();
  }

  /**
   * The work that keeps one free chunk and a few empty pages, and gives the others back
   * (pcpu_balance_workfn).
   */
  balanceWork(): void {
    this.#freeChunks(false);
    this.#reclaimPages();
    this.#populateAhead();
    this.#freeChunks(true);
  }

  /** pcpu_balance_free: all free chunks but the first, or only those without pages. */
  #freeChunks(emptyOnly: boolean): void {
    const spare = this.#slots[this.#freeSlot]!;
    const going = spare.filter((chunk, i) => i > 0 && !(emptyOnly && chunk.emptyPages > 0));
    for (const chunk of going.reverse()) {
      spare.splice(spare.indexOf(chunk), 1);
      this.#emptyPages -= chunk.emptyPages;
      this.#space.pcpuFreeVmAreas(chunk.areas);
      for (const map of chunk.maps) this.#space.vfree(map);
    }
  }

  /** pcpu_reclaim_populated: from the last page of each chunk to the first. */
  #reclaimPages(): void {
    for (;;) {
      const chunk = this.#slots[this.#depopulateSlot]![0];
      if (chunk === undefined) return;
      let reintegrate = false;
      for (let page = chunk.pages - 1; page >= 0 && chunk.emptyPages > 0; page--) {
        if (this.#emptyPages < EMPTY_PAGES_HIGH) {
          reintegrate = true;
          break;
        }
        if (!chunk.isPageEmpty(page) || chunk.populated[page] === 0) continue;
        chunk.populated[page] = 0;
        chunk.emptyPages -= 1;
      }
      if (reintegrate || chunk.free === this.layout.unitBytes) this.#reintegrate(chunk);
      else this.#move(chunk, this.#sidelinedSlot, false);
    }
  }

  /** pcpu_balance_populated: into the fullest chunks that have a page to spare, or new ones. */
  #populateAhead(): void {
    let missing = EMPTY_PAGES_HIGH - this.#emptyPages;
    while (missing > 0) {
      for (let slot = sizeToSlot(PAGE_SIZE); slot <= this.#freeSlot && missing > 0; slot++) {
        const chunk = this.#slots[slot]!.find((c) => c.populatedPages < c.pages);
        if (chunk === undefined) continue;
        for (let page = 0; page < chunk.pages && missing > 0; page++) {
          if (chunk.populated[page] === 1) continue;
          if (!this.#populate(chunk, page, page + 1)) return;
          missing -= 1;
        }
      }
      if (missing <= 0) return;
      const chunk = this.#createChunk(GFP.GFP_KERNEL | GFP.__GFP_NORETRY | GFP.__GFP_NOWARN);
      if (chunk === null) return;
      this.#relocate(chunk, -1);
      missing = EMPTY_PAGES_HIGH - this.#emptyPages;
    }
  }

  /** Puts pages where there are none; false without room for the array of their pointers. */
  #populate(chunk: PercpuChunk, from: number, to: number): boolean {
    for (let page = from; page < to; page++) {
      if (chunk.populated[page] === 1) continue;
      if (!this.#havePages) {
        const { unitBytes, units } = this.layout;
        const wordBytes = this.#space.preset.wordBits / 8;
        const bytes = ((units * unitBytes) / PAGE_SIZE) * wordBytes;
        if (this.#zalloc(bytes, GFP.GFP_KERNEL) === null) return false;
        this.#havePages = true;
      }
      chunk.populated[page] = 1;
      chunk.emptyPages += 1;
      if (!chunk.isolated) this.#emptyPages += 1;
    }
    return true;
  }

  #allocFromSlots(size: Bytes, align: Bytes): PercpuArea | null {
    for (let slot = this.#slotOf(size); slot <= this.#freeSlot; slot++) {
      const chunks = this.#slots[slot]!;
      for (let i = 0; i < chunks.length; i++) {
        const chunk = chunks[i]!;
        const start = chunk.findFit(size, align);
        if (start < 0) {
          if (slot < SLOT_FAIL_THRESHOLD) {
            this.#move(chunk, 0, true);
            i -= 1;
          }
          continue;
        }
        const offset = this.#changed(chunk, () => chunk.take(size, align, start));
        if (offset < 0) continue;
        this.#reintegrate(chunk);
        return new PercpuArea(chunk.areas.base + offset, size, chunk);
      }
    }
    return null;
  }

  #release(area: PercpuArea): void {
    const { chunk } = area;
    this.#changed(chunk, () => chunk.release(area.addr - chunk.areas.base, area.size));
  }

  /** Takes or frees in a chunk, and keeps its place and the sum of empty pages by it. */
  #changed<T>(chunk: PercpuChunk, change: () => T): T {
    const { emptyPages } = chunk;
    const slot = this.#chunkSlot(chunk);
    const result = change();
    if (!chunk.isolated) this.#emptyPages += chunk.emptyPages - emptyPages;
    this.#relocate(chunk, slot);
    return result;
  }

  /** pcpu_should_reclaim_chunk */
  #shouldReclaim(chunk: PercpuChunk): boolean {
    if (chunk === this.#first) return false;
    const { emptyPages } = chunk;
    if (chunk.isolated) return emptyPages > 0;
    const spare = this.#emptyPages > EMPTY_PAGES_HIGH + emptyPages;
    return spare && emptyPages >= Math.floor(chunk.pages / 4);
  }

  #isolate(chunk: PercpuChunk): void {
    if (!chunk.isolated) {
      chunk.isolated = true;
      this.#emptyPages -= chunk.emptyPages;
    }
    this.#move(chunk, this.#depopulateSlot, true);
  }

  #reintegrate(chunk: PercpuChunk): void {
    if (!chunk.isolated) return;
    chunk.isolated = false;
    this.#emptyPages += chunk.emptyPages;
    this.#move(chunk, this.#chunkSlot(chunk), true);
  }

  /**
   * Moves a chunk to the slot its largest run belongs to, unless it has been `before` all along:
   * in front when it has grown.
   */
  #relocate(chunk: PercpuChunk, before: number): void {
    const slot = this.#chunkSlot(chunk);
    if (!chunk.isolated && slot !== before) this.#move(chunk, slot, before < slot);
  }

  #chunkSlot(chunk: PercpuChunk): number {
    return chunk.free === 0 || chunk.hint === 0 ? 0 : this.#slotOf(chunk.hint);
  }

  #slotOf(bytes: Bytes): number {
    return bytes === this.layout.unitBytes ? this.#freeSlot : sizeToSlot(bytes);
  }

  #move(chunk: PercpuChunk, slot: number, toFront: boolean): void {
    const from = this.#slots[chunk.slot];
    from?.splice(from.indexOf(chunk), 1);
    chunk.slot = slot;
    if (toFront) this.#slots[slot]!.unshift(chunk);
    else this.#slots[slot]!.push(chunk);
  }

  /** pcpu_create_chunk: the maps first, from the bottom of the window, then the units. */
  #createChunk(gfp: number): PercpuChunk | null {
    const { unitBytes, units } = this.layout;
    const wordBytes = this.#space.preset.wordBits / 8;
    const words = (bits: number): Bytes => Math.ceil(bits / (wordBytes * 8)) * wordBytes;
    const bits = unitBytes / PCPU_MIN_ALLOC_SIZE;
    const blocks = (unitBytes / PAGE_SIZE) * BLOCK_MD_BYTES;
    const maps: VirtAddr[] = [];
    for (const bytes of [words(bits), words(bits + 1), blocks]) {
      const map = this.#zalloc(bytes, gfp);
      if (map === null) {
        for (const addr of maps) this.#space.vfree(addr);
        return null;
      }
      // What was had last is freed first.
      maps.unshift(map);
    }
    const areas = this.#space.pcpuGetVmAreas([{ offset: 0, size: unitBytes * units }]);
    if (areas !== null) return new PercpuChunk(areas, maps, unitBytes);
    for (const addr of maps) this.#space.vfree(addr);
    return null;
  }

  /** pcpu_mem_zalloc: the address of a vmalloc, 0 for what a kmalloc serves, null without room. */
  #zalloc(bytes: Bytes, gfp: number): VirtAddr | null {
    if (bytes <= PAGE_SIZE) return 0;
    return this.#space.vmalloc({ bytes, gfp: gfp | GFP.__GFP_ZERO, ...OWNER })?.addr ?? null;
  }

  #fail(size: Bytes, align: Bytes, reason: string): null {
    if (this.#warnings > 0) {
      const what = `size=${size} align=${align} atomic=0, ${reason}`;
      this.#log.print(LOG_LEVEL.WARNING, `percpu: allocation failed, ${what}`);
      this.#warnings -= 1;
      if (this.#warnings === 0) {
        this.#log.print(LOG_LEVEL.INFO, 'percpu: limit reached, disable warning');
      }
    }
    return null;
  }
}

/** A request in the allocator's own units, or null when it is refused at once. */
function checkedRequest(size: Bytes, align: Bytes): { bytes: Bytes; least: Bytes } | null {
  const least = Math.max(align, PCPU_MIN_ALLOC_SIZE);
  const bytes = Math.ceil(size / PCPU_MIN_ALLOC_SIZE) * PCPU_MIN_ALLOC_SIZE;
  const legal =
    bytes > 0 && bytes <= MIN_UNIT_SIZE && least <= PAGE_SIZE && (least & (least - 1)) === 0;
  return legal ? { bytes, least } : null;
}

/** __pcpu_size_to_slot: by the highest bit, all below 16 bytes in slot 1. */
function sizeToSlot(bytes: Bytes): number {
  return Math.max(32 - Math.clz32(bytes) - SLOT_BASE_SHIFT + 2, 1);
}
