// SPDX-License-Identifier: MIT
/**
 * Areas with a descriptor (vm_struct): found with a guard page, filled with pages, freed.
 * Follows __vmalloc_node_range and remove_vm_area, mm/vmalloc.c, Linux 6.12.
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
import type { AddressRange } from '../presets/index.ts';
import { type AreaOwner, VM, type VmArea } from './area.ts';
import { formatGfp, GFP, GFP_RECLAIM_MASK } from './gfp.ts';
import type { VmallocOptions } from './hooks.ts';
import type { VmapAllocator } from './vmap-allocator.ts';

/** What __vmalloc_node_range is asked for. */
export interface PagesRequest {
  readonly bytes: Bytes;
  readonly align: Bytes;
  readonly gfp: number;
  readonly flags: number;
  /** Size of the pages it is built from: 4 KiB, or 2 MiB. */
  readonly pageSize: Bytes;
  readonly range: AddressRange;
  readonly owner: AreaOwner;
}

export class VmStructs {
  readonly #allocator: VmapAllocator;
  readonly #totalRamPages: PageCount;
  readonly #cpusets: boolean;
  /** Purges vmap blocks and everything parked, before an area that was executable is reused. */
  readonly #unmapAliases: () => void;
  #nrVmallocPages: PageCount = 0;

  constructor(allocator: VmapAllocator, options: VmallocOptions, unmapAliases: () => void) {
    this.#allocator = allocator;
    this.#totalRamPages = options.totalRamPages ?? Number.POSITIVE_INFINITY;
    this.#cpusets = options.cpusets ?? false;
    this.#unmapAliases = unmapAliases;
  }

  /** Physical pages held by vmalloc areas. */
  get nrVmallocPages(): PageCount {
    return this.#nrVmallocPages;
  }

  get totalRamPages(): PageCount {
    return this.#totalRamPages;
  }

  /** Counts pages of areas that were there before. */
  adoptPages(pages: PageCount): void {
    this.#nrVmallocPages += pages;
  }

  /** Memory of `bytes`, described and announced, or null with the reason on the log. */
  allocPages(request: PagesRequest): VmArea | null {
    const { bytes, gfp, owner } = request;
    if (bytes <= 0) return null;
    if (Math.floor(bytes / PAGE_SIZE) > this.#totalRamPages) {
      this.#warnAlloc(gfp, `vmalloc error: size ${bytes}, exceeds total pages`);
      return null;
    }
    const size = Math.ceil(bytes / request.pageSize) * request.pageSize;
    const flags = VM.ALLOC | VM.UNINITIALIZED | request.flags;
    const area = this.getVmArea(size, request.align, flags, owner, gfp, request.range);
    if (area === null) {
      this.#warnAlloc(gfp, `vmalloc error: size ${bytes}, vm_struct allocation failed`);
      return null;
    }
    if (!this.#populate(area, size / PAGE_SIZE, gfp, owner)) return null;
    area.flags &= ~VM.UNINITIALIZED;
    this.announce(area);
    return area;
  }

  /** __vmalloc_area_node: the array of page pointers, then the pages. */
  #populate(area: VmArea, pages: PageCount, gfp: number, owner: AreaOwner): boolean {
    const { hooks, preset, window } = this.#allocator;
    const arrayBytes = pages * (preset.wordBits / 8);
    const pageGfp = gfp | GFP.__GFP_HIGHMEM;
    if (arrayBytes > PAGE_SIZE) {
      area.pageArray = this.allocPages({
        bytes: arrayBytes,
        align: 1,
        gfp: (gfp & GFP_RECLAIM_MASK) | GFP.__GFP_ZERO,
        flags: 0,
        pageSize: PAGE_SIZE,
        range: window,
        owner: { ...owner, purpose: 'page_array' },
      });
      if (area.pageArray === null) {
        const size = `size ${pages * PAGE_SIZE}`;
        const text = `vmalloc error: ${size}, failed to allocated page array size ${arrayBytes}`;
        this.#warnAlloc(pageGfp, text);
        this.removeVmArea(area.addr);
        return false;
      }
      area.vpages = true;
    }
    area.nrPages = hooks.allocPages?.(pages) ?? pages;
    this.#nrVmallocPages += area.nrPages;
    if (area.nrPages === pages) return true;
    // The size printed is what was had, as in 6.12.
    const had = area.nrPages * PAGE_SIZE;
    this.#warnAlloc(pageGfp, `vmalloc error: size ${had}, failed to allocate pages`);
    this.vfree(area.addr);
    return false;
  }

  /** __get_vm_area_node: `size` bytes and a guard page. */
  getVmArea(
    size: Bytes,
    align: Bytes,
    flags: number,
    owner: AreaOwner,
    gfp: number,
    range: AddressRange,
  ): VmArea | null {
    const whole = pageAlign(size);
    if (whole === 0) return null;
    const request = { size: whole + PAGE_SIZE, align, range, gfp, flags, owner };
    return this.#allocator.allocVmapArea(request);
  }

  /**
   * Parks the area and gives its pages back; null for address 0 or when there is none.
   * Model: pages have no place in the direct map, so the purge that follows module memory spans
   * only areas. So it is on i386 while there is highmem to take pages from.
   */
  vfree(addr: VirtAddr): VmArea | null {
    const area = this.vfreePages(addr);
    if (area !== null && area.pageArray !== null) this.vfree(area.pageArray.addr);
    return area;
  }

  /** vfree() up to the pages: their nested array is for the caller to free, a while later. */
  vfreePages(addr: VirtAddr): VmArea | null {
    if (addr === 0) return null;
    const { hooks } = this.#allocator;
    const area = this.removeVmArea(addr);
    if (area === null) {
      this.warnNonexistent('vfree', addr);
      return null;
    }
    if ((area.flags & VM.FLUSH_RESET_PERMS) !== 0) this.#unmapAliases();
    if (area.nrPages > 0) hooks.freePages?.(area.nrPages);
    if ((area.flags & VM.MAP_PUT_PAGES) === 0) this.#nrVmallocPages -= area.nrPages;
    return area;
  }

  /** remove_vm_area: parks the area at `addr`, or returns null when there is none. */
  removeVmArea(addr: VirtAddr): VmArea | null {
    const { busy, hooks, preset } = this.#allocator;
    if (addr % PAGE_SIZE !== 0) {
      const text = `Trying to vfree() bad address (${formatAddress(preset, addr)})`;
      hooks.log.print(LOG_LEVEL.WARNING, text);
      return null;
    }
    const area = busy.find(addr);
    if (area === undefined || (area.flags & VM.VMAP_RAM) !== 0) return null;
    this.#allocator.unlinkBusy(area);
    this.#allocator.freeVmapAreaNoflush(area);
    return area;
  }

  /** Tells the trace who took an area and what for. */
  announce(area: VmArea): void {
    this.#allocator.hooks.trace.emit({
      kind: 'vm_area',
      va_start: area.addr,
      size: area.size,
      pages: area.nrPages,
      caller: area.caller,
      purpose: area.purpose,
      module: area.module,
      request: area.request,
    });
  }

  warnNonexistent(what: 'vfree' | 'vunmap', addr: VirtAddr): void {
    const { hooks, preset } = this.#allocator;
    const text = `Trying to ${what}() nonexistent vm area (${formatAddress(preset, addr)})`;
    hooks.log.print(LOG_LEVEL.ERR, text);
  }

  /** warn_alloc (mm/page_alloc.c), its first line. */
  #warnAlloc(gfp: number, text: string): void {
    if ((gfp & GFP.__GFP_NOWARN) !== 0) return;
    const { hooks } = this.#allocator;
    const cpuset = this.#cpusets ? ',cpuset=/,mems_allowed=0' : '';
    hooks.log.printLimited(
      'warn_alloc',
      LOG_LEVEL.WARNING,
      () => `${hooks.comm()}: ${text}, mode:${formatGfp(gfp)}, nodemask=(null)${cpuset}`,
    );
  }
}
