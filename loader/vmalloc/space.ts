// SPDX-License-Identifier: MIT
/**
 * The kernel's vmalloc address space: vmalloc, vmap, ioremap, vm_map_ram, module memory and
 * per-CPU chunks in one place. Follows mm/vmalloc.c and mm/execmem.c, Linux 6.12.
 *
 * Every call is synchronous and costs no virtual time by itself; callers charge it.
 * Model: page tables are never short, and a pages array that fits a kmalloc always gets it.
 */

import {
  type Bytes,
  formatAddress,
  PAGE_SIZE,
  type PageCount,
  pageAlign,
  type VirtAddr,
} from '../base/index.ts';
import { LOG_LEVEL } from '../engine/index.ts';
import type { AddressRange, AddressSpacePreset } from '../presets/index.ts';
import { type AreaOwner, VM, type VmArea } from './area.ts';
import { type AreaView, listAreas } from './area-view.ts';
import { type FragmentationStats, fragmentation } from './fragmentation.ts';
import type { FreeBlockDump } from './free-tree.ts';
import { GFP } from './gfp.ts';
import type { VmallocHooks, VmallocOptions } from './hooks.ts';
import { type PcpuGroup, takePcpuAreas } from './pcpu-areas.ts';
import { type SeedResult, seedAreas } from './seed.ts';
import { VmStructs } from './vm-structs.ts';
import { formatVmallocinfo } from './vmallocinfo.ts';
import { VmapAllocator } from './vmap-allocator.ts';
import { VmapBlocks } from './vmap-blocks.ts';

/** KMALLOC_MAX_SIZE: above this kvmalloc() goes to vmalloc at once. */
const KMALLOC_MAX_SIZE: Bytes = 4 * 1024 * 1024;
const PMD_SIZE: Bytes = 2 * 1024 * 1024;
const INT_MAX = 0x7fffffff;

export interface VmallocRequest extends AreaOwner {
  readonly bytes: Bytes;
  /** A power of two; default 1. */
  readonly align?: Bytes;
  /** Default GFP_KERNEL. */
  readonly gfp?: number;
  /** Adds __GFP_NOWARN. */
  readonly noWarn?: boolean;
  /** vmalloc_user(): may be mapped into a process. */
  readonly user?: boolean;
  /** Try 2 MiB pages where the architecture can (vmalloc_huge). */
  readonly huge?: boolean;
}

export interface KvmallocRequest extends VmallocRequest {
  /** Pretend the buddy allocator had no contiguous block. */
  readonly kmallocFails?: boolean;
}

export interface VmapRequest extends AreaOwner {
  readonly pages: PageCount;
  /** VM_MAP_PUT_PAGES: vfree() releases the pages and this array of their pointers. */
  readonly putPages?: { readonly pageArray: VmArea | null };
}

export interface IoremapRequest extends AreaOwner {
  readonly phys: number;
  readonly bytes: Bytes;
}

export interface ModuleMemoryRequest extends AreaOwner {
  readonly bytes: Bytes;
}

/** Chunks of the per-CPU allocator, to be given back together. */
export interface PcpuAreas {
  readonly base: VirtAddr;
  readonly areas: readonly VmArea[];
}

export class VmallocSpace {
  readonly preset: AddressSpacePreset;
  readonly #allocator: VmapAllocator;
  readonly #blocks: VmapBlocks;
  readonly #structs: VmStructs;
  readonly #moduleAllocator: 'execmem' | 'module_alloc';
  readonly #execmemLimit: 'execmem' | 'execmem_vmalloc';
  /** Where module memory is looked for, in this order. */
  readonly #moduleRanges: readonly AddressRange[];
  /** All module ranges apart from the vmalloc window, or null when modules live in it. */
  readonly #modules: AddressRange | null;

  constructor(preset: AddressSpacePreset, hooks: VmallocHooks, options: VmallocOptions = {}) {
    this.preset = preset;
    this.#moduleAllocator = options.moduleAllocator ?? 'execmem';
    this.#execmemLimit = options.execmemLimit === 'execmem_vmalloc' ? 'execmem_vmalloc' : 'execmem';
    this.#allocator = new VmapAllocator(preset, hooks, options);
    this.#blocks = new VmapBlocks(this.#allocator, options.possibleCpus ?? hooks.onlineCpus());
    this.#allocator.onReclaim = () => this.#blocks.purgeFragmented();
    this.#structs = new VmStructs(this.#allocator, options, () => this.vmUnmapAliases());
    const window = this.#allocator.window;
    const modules = preset.modules === 'vmalloc' ? window : preset.modules;
    const offset = (options.moduleLoadOffset ?? 0) * PAGE_SIZE;
    const ranges = [{ start: modules.start + offset, end: modules.end }];
    const fallback = preset.modulesFallback;
    if (fallback) ranges.push(fallback === 'vmalloc' ? window : fallback);
    this.#moduleRanges = ranges;
    const apart = ranges.filter((r) => r.end <= window.start || r.start >= window.end);
    this.#modules =
      apart.length === 0
        ? null
        : {
            start: Math.min(...apart.map((r) => r.start)),
            end: Math.max(...apart.map((r) => r.end)),
          };
  }

  /** Memory of `bytes`, page by page, contiguous in address space; null when there is no room. */
  vmalloc(request: VmallocRequest): VmArea | null {
    const { bytes } = request;
    const align = request.align ?? (request.user ? PAGE_SIZE : 1);
    const small = {
      bytes,
      align,
      gfp: (request.gfp ?? GFP.GFP_KERNEL) | (request.noWarn ? GFP.__GFP_NOWARN : 0),
      flags: request.user ? VM.USERMAP : 0,
      pageSize: PAGE_SIZE,
      range: this.#allocator.window,
      owner: request,
    };
    if (request.huge === true && this.preset.hugeVmalloc && bytes >= PMD_SIZE) {
      const huge = { ...small, align: Math.max(align, PMD_SIZE), pageSize: PMD_SIZE };
      const area = this.#structs.allocPages(huge);
      if (area !== null || bytes / PAGE_SIZE > this.#structs.totalRamPages) return area;
    }
    return this.#structs.allocPages(small);
  }

  /**
   * kvmalloc(): `'kmalloc'` when contiguous memory serves, else as vmalloc. Up to a page only
   * kmalloc is tried, above 4 MiB only vmalloc (mm/util.c).
   */
  kvmalloc(request: KvmallocRequest): VmArea | 'kmalloc' | null {
    if (request.bytes <= KMALLOC_MAX_SIZE && request.kmallocFails !== true) return 'kmalloc';
    if (request.bytes <= PAGE_SIZE || request.bytes > INT_MAX) return null;
    return this.vmalloc({ ...request, huge: true });
  }

  /** Frees what vmalloc, kvmalloc, execmemAlloc or vmap with `putPages` returned; 0 does nothing. */
  vfree(addr: VirtAddr): VmArea | null {
    return this.#structs.vfree(addr);
  }

  /** The first half of vfree(): `pageArray`, if any, is freed once the pages have been. */
  vfreePages(addr: VirtAddr): VmArea | null {
    return this.#structs.vfreePages(addr);
  }

  /** kvfree(): an area by its address, kmalloc'ed memory not at all. */
  kvfree(memory: VmArea | 'kmalloc' | null): void {
    if (memory !== null && memory !== 'kmalloc') this.vfree(memory.addr);
  }

  /** Maps existing pages. */
  vmap(request: VmapRequest): VmArea | null {
    if (request.pages > this.#structs.totalRamPages) return null;
    const flags = VM.MAP | (request.putPages ? VM.MAP_PUT_PAGES : 0);
    const area = this.#getVmArea(request.pages * PAGE_SIZE, 1, flags, request);
    if (area === null) return null;
    if (request.putPages) {
      area.nrPages = request.pages;
      area.pageArray = request.putPages.pageArray;
      area.vpages = area.pageArray !== null;
    }
    this.#structs.announce(area);
    return area;
  }

  vunmap(addr: VirtAddr): VmArea | null {
    if (addr === 0) return null;
    const area = this.#structs.removeVmArea(addr);
    if (area === null) this.#structs.warnNonexistent('vunmap', addr);
    return area;
  }

  /**
   * Maps device memory. The area covers whole pages; its first byte stands for `phys` rounded
   * down, so the caller's pointer is `area.addr + phys % 4096`.
   */
  ioremap(request: IoremapRequest): VmArea | null {
    const offset = request.phys % PAGE_SIZE;
    const size = pageAlign(request.bytes + offset);
    let align = PAGE_SIZE;
    while (align < size && align < 2 ** this.preset.ioremapMaxOrder) align *= 2;
    const area = this.#getVmArea(size, align, VM.IOREMAP, request);
    if (area === null) return null;
    area.phys = request.phys - offset;
    this.#structs.announce(area);
    return area;
  }

  /** Takes the pointer ioremap's caller holds: the offset in the page does not matter. */
  iounmap(addr: VirtAddr): VmArea | null {
    const area = this.#structs.removeVmArea(Math.floor(addr / PAGE_SIZE) * PAGE_SIZE);
    if (area === null) {
      const at = formatAddress(this.preset, addr);
      this.#allocator.hooks.log.print(LOG_LEVEL.ERR, `iounmap: bad address ${at}`);
    }
    return area;
  }

  /** Maps `count` pages for a short time; the address, or null. */
  vmMapRam(count: PageCount, owner: AreaOwner): VirtAddr | null {
    return this.#blocks.map(count, owner, (area) => this.#structs.announce(area));
  }

  /**
   * vmMapRam() of more pages than `preset.vmapMaxAlloc`, giving way once where the kernel first
   * can: between the search and the trace of what it found.
   */
  *vmMapRamGivingWay(count: PageCount, owner: AreaOwner): Generator<void, VirtAddr | null> {
    const found = this.#blocks.search(count);
    yield;
    return this.#blocks.map(count, owner, (area) => this.#structs.announce(area), found);
  }

  /** `count` must be what vmMapRam was given; false when nothing is mapped there. */
  vmUnmapRam(addr: VirtAddr, count: PageCount): boolean {
    return this.#blocks.unmap(addr, count);
  }

  /**
   * Memory of one module part from the module range, or its fallback. `caller` is the function
   * that called the allocator, `load_module` in 6.12.
   */
  execmemAlloc(request: ModuleMemoryRequest): VmArea | null {
    const { log } = this.#allocator.hooks;
    const execmem = this.#moduleAllocator === 'execmem';
    const quiet = execmem || this.#moduleRanges.length > 1;
    for (const range of this.#moduleRanges) {
      const area = this.#structs.allocPages({
        bytes: request.bytes,
        align: this.preset.moduleAlign,
        gfp: GFP.GFP_KERNEL | (quiet ? GFP.__GFP_NOWARN : 0),
        flags: VM.FLUSH_RESET_PERMS,
        pageSize: PAGE_SIZE,
        range,
        owner: request,
      });
      if (area !== null) return area;
    }
    if (execmem) {
      const text = 'execmem: unable to allocate memory';
      log.printLimited(this.#execmemLimit, LOG_LEVEL.WARNING, () => text);
    }
    return null;
  }

  /** Purges everything parked, the freed area included. */
  execmemFree(addr: VirtAddr): VmArea | null {
    return this.vfree(addr);
  }

  /** What each set_memory_*() call brings with it: a purge, even of nothing. */
  vmUnmapAliases(): void {
    this.#allocator.purgeForAliases(this.#blocks.unmapAliases());
  }

  /** The body of the drain work that `hooks.scheduleDrain` queued. */
  drainVmapAreaWork(): void {
    this.#allocator.drainVmapAreaWork();
  }

  /** Room for one per-CPU chunk, from the top of the window down; null when it does not fit. */
  pcpuGetVmAreas(
    groups: readonly PcpuGroup[],
    align: Bytes = this.preset.pcpuAtomSize,
    owner: AreaOwner = { caller: 'pcpu_get_vm_areas', purpose: 'percpu' },
  ): PcpuAreas | null {
    const { tree, window } = this.#allocator;
    if (Math.max(...groups.map((g) => g.offset + g.size)) > window.end - window.start) return null;
    let base = takePcpuAreas(tree, window, groups, align);
    if (base === null) {
      this.#allocator.reclaimAndPurge();
      base = takePcpuAreas(tree, window, groups, align);
    }
    if (base === null) return null;
    const areas: VmArea[] = [];
    for (const { offset, size } of groups) {
      const area = this.#allocator.newArea(base + offset, size, VM.ALLOC | VM.NO_GUARD, owner);
      this.#allocator.insertBusy(area);
      this.#structs.announce(area);
      areas.push(area);
    }
    return { base, areas };
  }

  pcpuFreeVmAreas(chunk: PcpuAreas): void {
    for (const area of chunk.areas) this.#structs.removeVmArea(area.addr);
  }

  /** See VmapAllocator. i915 and msm register one. */
  registerPurgeNotifier(notify: () => number): () => void {
    return this.#allocator.registerPurgeNotifier(notify);
  }

  /** The area in use at `addr`, which may lie inside it (find_vm_area). */
  findVmArea(addr: VirtAddr): VmArea | undefined {
    return this.#allocator.busy.find(addr);
  }

  /** The text of /proc/vmallocinfo. */
  vmallocinfo(): string {
    return formatVmallocinfo(this.#allocator);
  }

  /** The three Vmalloc rows of /proc/meminfo. */
  meminfo(): string {
    const { start, end } = this.#allocator.window;
    const row = (name: string, kib: number): string =>
      `${`${name}:`.padEnd(16)}${String(kib).padStart(8)} kB\n`;
    return (
      row('VmallocTotal', Math.floor((end - start) / 1024)) +
      row('VmallocUsed', this.#structs.nrVmallocPages * (PAGE_SIZE / 1024)) +
      row('VmallocChunk', 0)
    );
  }

  /** Measures of the vmalloc window, or of the module range where that lies apart. */
  stats(range: 'vmalloc' | 'modules' = 'vmalloc'): FragmentationStats {
    const { window } = this.#allocator;
    return fragmentation(this.#allocator, range === 'vmalloc' ? window : (this.#modules ?? window));
  }

  /** Size of the largest hole in the window; logarithmic in the number of holes. */
  largestFree(): Bytes {
    const { start, end } = this.#allocator.window;
    return this.#allocator.tree.largestWithin(start, end);
  }

  /** Address space of areas in use in the window, guard pages included; parked ones are not. */
  usedBytes(): Bytes {
    return this.#allocator.busy.bytesInWindow;
  }

  /** Address space parked until the next purge, in the window. */
  lazyBytes(): Bytes {
    return this.#allocator.lazyBytesInWindow;
  }

  /** The counter the threshold is compared with: parked pages, guard pages included. */
  get lazyPages(): PageCount {
    return this.#allocator.lazyPages;
  }

  /** Physical pages held by vmalloc areas (VmallocUsed). */
  get nrVmallocPages(): PageCount {
    return this.#structs.nrVmallocPages;
  }

  /** Busy and parked areas in address order. */
  areas(): AreaView[] {
    return listAreas(this.#allocator);
  }

  /** Fills an empty space with the areas of a real box's /proc/vmallocinfo. */
  seedFromVmallocinfo(text: string): SeedResult {
    const result = seedAreas(this.#allocator, text);
    if (result.ok) this.#structs.adoptPages(result.vmallocPages);
    return result;
  }

  /** Every free block with its place in the tree. */
  dumpFreeTree(): FreeBlockDump[] {
    return this.#allocator.tree.dump();
  }

  /** Starts an empty space from a recorded free tree; what it lacks is busy, for `boot`. */
  restoreFreeTree(blocks: readonly FreeBlockDump[]): void {
    const allocator = this.#allocator;
    if (allocator.busy.count > 0) throw new Error('restoreFreeTree needs an empty space');
    allocator.tree.restore(blocks);
    const { start, end } = allocator.window;
    let at = start;
    const fill = (upTo: VirtAddr): void => {
      if (upTo <= at) return;
      const owner: AreaOwner = { caller: '', purpose: 'boot' };
      allocator.insertBusy(allocator.newArea(at, upTo - at, VM.ALLOC, owner));
    };
    allocator.tree.forEachWithin(start, end, (from, to) => {
      fill(from);
      at = to;
    });
    fill(end);
  }

  #getVmArea(size: Bytes, align: Bytes, flags: number, owner: AreaOwner): VmArea | null {
    const { window } = this.#allocator;
    return this.#structs.getVmArea(size, align, flags, owner, GFP.GFP_KERNEL, window);
  }
}
