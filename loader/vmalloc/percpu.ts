/**
 * The per-CPU allocator: small objects with a copy for each CPU, packed into chunks from the top
 * of the window. Follows mm/percpu.c and mm/percpu-vm.c, Linux 6.12.
 *
 * Model: the first chunk, which the kernel embeds in the direct map, is full. Pages are neither
 * populated nor given back one by one, only whole chunks come and go, so no chunk is sidelined and
 * none is made ahead of need. Where the kernel dumps a stack, nothing is printed. Of the 34,914
 * allocations of a traced pcpu_alloc_test, 34,778 land where the kernel put them, the first that
 * does not is the 22,270th, and both end up with 150 chunks.
 */
import { LOG_LEVEL, type Printk } from '../engine/printk.ts';
import { type Bytes, PAGE_SIZE, type VirtAddr } from '../units.ts';
import type { AreaOwner } from './area.ts';
import { GFP } from './gfp.ts';
import { PCPU_MIN_ALLOC_SIZE, PercpuChunk } from './percpu-chunk.ts';
import type { VmallocSpace } from './space.ts';

/** PCPU_SLOT_BASE_SHIFT, and the slot below which a chunk that did not fit is put aside. */
const SLOT_BASE_SHIFT = 5;
const SLOT_FAIL_THRESHOLD = 3;
/** PCPU_MIN_UNIT_SIZE: the largest request. */
const MIN_UNIT_SIZE: Bytes = 32_768;
/** struct pcpu_block_md: eight ints for each page. */
const BLOCK_MD_BYTES = 32;
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
}

export class PercpuAllocator {
  readonly layout: PercpuLayout;
  readonly #space: VmallocSpace;
  readonly #log: Printk;
  readonly #scheduleBalance: () => void;
  /** Chunks by the size of their largest run; the last slot holds those that are all free. */
  readonly #slots: PercpuChunk[][];
  readonly #freeSlot: number;
  #warnings = WARNINGS;
  /** The one array populating goes through, once it is there. */
  #havePages = false;

  constructor(space: VmallocSpace, options: PercpuOptions) {
    const { wordBits, pcpuAtomSize } = space.preset;
    this.#space = space;
    this.#log = options.log;
    this.#scheduleBalance = () => options.scheduleBalance();
    this.layout =
      options.layout ?? percpuLayout(UNIT_CONTENT[wordBits], pcpuAtomSize, options.cpus);
    this.#freeSlot = sizeToSlot(this.layout.unitBytes) + 2;
    this.#slots = Array.from({ length: this.#freeSlot + 1 }, () => []);
  }

  get chunks(): number {
    return this.#slots.reduce((sum, slot) => sum + slot.length, 0);
  }

  /** alloc_percpu(): `align` is a power of two up to a page; null without room or for a bad size. */
  alloc(size: Bytes, align: Bytes): PercpuArea | null {
    const least = Math.max(align, PCPU_MIN_ALLOC_SIZE);
    const bytes = Math.ceil(size / PCPU_MIN_ALLOC_SIZE) * PCPU_MIN_ALLOC_SIZE;
    if (bytes <= 0 || bytes > MIN_UNIT_SIZE || least > PAGE_SIZE || (least & (least - 1)) !== 0) {
      return null;
    }
    let area = this.#allocFromSlots(bytes, least);
    if (area === null) {
      const chunk = this.#createChunk();
      if (chunk === null) return this.#fail(bytes, least, 'failed to allocate new chunk');
      this.#relocate(chunk);
      area = this.#allocFromSlots(bytes, least);
    }
    if (area === null) throw new Error(`${bytes} bytes do not fit an empty per-CPU chunk`);
    if (!this.#havePages) {
      const { unitBytes, units } = this.layout;
      const wordBytes = this.#space.preset.wordBits / 8;
      const pages = this.#zalloc(((units * unitBytes) / PAGE_SIZE) * wordBytes);
      if (pages === null) {
        this.#release(area);
        return this.#fail(bytes, least, 'failed to populate');
      }
      this.#havePages = true;
    }
    return area;
  }

  /** free_percpu(). */
  free(area: PercpuArea): void {
    this.#release(area);
    const spare = this.#slots[this.#freeSlot]!;
    if (area.chunk.free === this.layout.unitBytes && spare.length > 1) this.#scheduleBalance();
  }

  /** The work that keeps one free chunk and gives the others back (pcpu_balance_free). */
  balanceWork(): void {
    for (const chunk of this.#slots[this.#freeSlot]!.splice(1).reverse()) {
      this.#space.pcpuFreeVmAreas(chunk.areas);
      for (const map of chunk.maps) this.#space.vfree(map);
    }
  }

  #allocFromSlots(size: Bytes, align: Bytes): PercpuArea | null {
    for (let slot = sizeToSlot(size); slot <= this.#freeSlot; slot++) {
      const chunks = this.#slots[slot]!;
      for (let i = 0; i < chunks.length; ) {
        const chunk = chunks[i]!;
        const offset = chunk.alloc(size, align);
        if (offset >= 0) {
          this.#relocate(chunk);
          return new PercpuArea(chunk.areas.base + offset, size, chunk);
        }
        if (slot < SLOT_FAIL_THRESHOLD) this.#move(chunk, 0, true);
        else i++;
      }
    }
    return null;
  }

  #release(area: PercpuArea): void {
    const { chunk } = area;
    chunk.release(area.addr - chunk.areas.base, area.size);
    this.#relocate(chunk);
  }

  /** Moves a chunk to the slot its largest run belongs to: in front when it has grown. */
  #relocate(chunk: PercpuChunk): void {
    let slot = 0;
    if (chunk.hint === this.layout.unitBytes) slot = this.#freeSlot;
    else if (chunk.hint > 0) slot = sizeToSlot(chunk.hint);
    if (slot !== chunk.slot) this.#move(chunk, slot, chunk.slot < slot);
  }

  #move(chunk: PercpuChunk, slot: number, toFront: boolean): void {
    const from = this.#slots[chunk.slot];
    from?.splice(from.indexOf(chunk), 1);
    chunk.slot = slot;
    if (toFront) this.#slots[slot]!.unshift(chunk);
    else this.#slots[slot]!.push(chunk);
  }

  /** pcpu_create_chunk: the maps first, from the bottom of the window, then the units. */
  #createChunk(): PercpuChunk | null {
    const { unitBytes, units } = this.layout;
    const wordBytes = this.#space.preset.wordBits / 8;
    const words = (bits: number): Bytes => Math.ceil(bits / (wordBytes * 8)) * wordBytes;
    const bits = unitBytes / PCPU_MIN_ALLOC_SIZE;
    const blocks = (unitBytes / PAGE_SIZE) * BLOCK_MD_BYTES;
    const maps: VirtAddr[] = [];
    for (const bytes of [words(bits), words(bits + 1), blocks]) {
      const map = this.#zalloc(bytes);
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
  #zalloc(bytes: Bytes): VirtAddr | null {
    if (bytes <= PAGE_SIZE) return 0;
    const gfp = GFP.GFP_KERNEL | GFP.__GFP_ZERO;
    return this.#space.vmalloc({ bytes, gfp, ...OWNER })?.addr ?? null;
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

/** __pcpu_size_to_slot: by the highest bit, all below 16 bytes in slot 1. */
function sizeToSlot(bytes: Bytes): number {
  return Math.max(32 - Math.clz32(bytes) - SLOT_BASE_SHIFT + 2, 1);
}
