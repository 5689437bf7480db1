// SPDX-License-Identifier: MIT
/**
 * The allocator beneath vmalloc, vmap and ioremap: address ranges, their lazy freeing and the
 * purge. Follows alloc_vmap_area and __purge_vmap_area_lazy, mm/vmalloc.c, Linux 6.12.
 *
 * Model: each call runs to its end at one instant, so no purge is ever half done when another task
 * looks; purge workers on other CPUs run one after the other.
 */

import {
  type Bytes,
  ERRNO,
  formatHex,
  PAGE_SIZE,
  type PageCount,
  type VirtAddr,
  wrapLimit,
} from '../base/index.ts';
import { LOG_LEVEL } from '../engine/index.ts';
import type { AddressRange, AddressSpacePreset } from '../presets/index.ts';
import { type AreaOwner, VmArea } from './area.ts';
import { BusyAreas } from './busy-areas.ts';
import { FreeTree } from './free-tree.ts';
import { GFP } from './gfp.ts';
import type { VmallocHooks, VmallocOptions } from './hooks.ts';
import { joinNeighbours, type Range, VmapNode } from './vmap-node.ts';

/** 32 MiB worth of parked pages per doubling of the online CPUs. */
const LAZY_PAGES_STEP: PageCount = 8192;
/** A vmap node serves every n-th zone of 16 pages. */
const VMAP_ZONE_SIZE: Bytes = 16 * PAGE_SIZE;
const MAX_VMAP_NODES = 128;

/** An area to be found: size includes the guard page. */
export interface AreaRequest {
  readonly size: Bytes;
  readonly align: Bytes;
  readonly range: AddressRange;
  readonly gfp: number;
  readonly flags: number;
  readonly owner: AreaOwner;
}

export class VmapAllocator {
  readonly preset: AddressSpacePreset;
  readonly hooks: VmallocHooks;
  readonly tree: FreeTree;
  readonly busy = new BusyAreas();
  readonly nodes: readonly VmapNode<VmArea>[];
  /** VMALLOC_START to VMALLOC_END. */
  readonly window: AddressRange;
  /** Runs before every forced purge: gives up idle vmap blocks. */
  onReclaim: () => void = () => {};
  readonly #vaFailureMessage: 'range' | 'vmalloc=';
  /** Parked neighbours become one, as before 6.9. */
  readonly #merged: boolean;
  readonly #failedAsErrno: boolean;
  readonly #notifiers = new Set<() => number>();
  readonly #ulongMax: VirtAddr;
  readonly #addressZero: VirtAddr;
  /** Zone number of the base, modulo the number of nodes. */
  readonly #baseZone: number;
  #lazyPages: PageCount = 0;
  #lazyBytesInWindow: Bytes = 0;
  #drainPending = false;
  #serial = 0;

  constructor(preset: AddressSpacePreset, hooks: VmallocHooks, options: VmallocOptions) {
    this.preset = preset;
    this.hooks = hooks;
    this.window = { start: preset.vmallocStart, end: preset.vmallocEnd };
    const wrap = wrapLimit(preset);
    this.tree = new FreeTree(wrap, preset.wordBits);
    this.#ulongMax = wrap - 1;
    this.#addressZero = Number(-preset.base);
    this.#vaFailureMessage = options.vaFailureMessage ?? 'range';
    this.#failedAsErrno = options.failedSearch === 'errno';
    this.#merged = options.lazyAreas === 'merged';
    const cpus = options.possibleCpus ?? hooks.onlineCpus();
    const oneNode = preset.wordBits === 32 || this.#merged;
    const count = oneNode ? 1 : Math.min(Math.max(cpus, 1), MAX_VMAP_NODES);
    this.nodes = Array.from({ length: count }, () => new VmapNode<VmArea>());
    this.#baseZone = Number((preset.base / BigInt(VMAP_ZONE_SIZE)) % BigInt(count));
  }

  /** Pages parked until the next purge, guard pages included. */
  get lazyPages(): PageCount {
    return this.#lazyPages;
  }

  get lazyBytesInWindow(): Bytes {
    return this.#lazyBytesInWindow;
  }

  /** lazy_max_pages(): more than this many parked pages start the drain work. */
  get lazyMaxPages(): PageCount {
    return (32 - Math.clz32(this.hooks.onlineCpus())) * LAZY_PAGES_STEP;
  }

  /** Node that keeps the busy area starting at `addr` (addr_to_node_id). */
  nodeIdOf(addr: VirtAddr): number {
    const count = this.nodes.length;
    if (count === 1) return 0;
    return (this.#baseZone + Math.floor(addr / VMAP_ZONE_SIZE)) % count;
  }

  /**
   * Calls `notify` when a purge did not make room; it returns how many pages it freed, and a
   * number above 0 starts the search over (register_vmap_purge_notifier).
   */
  registerPurgeNotifier(notify: () => number): () => void {
    this.#notifiers.add(notify);
    return () => this.#notifiers.delete(notify);
  }

  /**
   * Finds and takes an area, or says on the log why not and returns null (alloc_vmap_area).
   * `found`: an address already taken out of the tree for it.
   */
  allocVmapArea(request: AreaRequest, found: VirtAddr = -1): VmArea | null {
    const { size, align, range } = request;
    if (size <= 0 || size % PAGE_SIZE !== 0 || !isPowerOfTwo(align)) return null;
    let vnId = 0;
    let addr = found;
    if (
      addr < 0 &&
      this.nodes.length > 1 &&
      range.start === this.window.start &&
      range.end === this.window.end
    ) {
      const id = (this.hooks.cpu?.() ?? 0) % this.nodes.length;
      vnId = id + 1;
      addr = this.nodes[id]!.poolTake(size, align);
    }
    let purged = false;
    for (;;) {
      if (addr < 0) addr = this.tree.alloc(size, align, range.start, range.end);
      this.hooks.trace.emit({
        kind: 'alloc_vmap_area',
        va_start: addr < 0 ? this.#failedStart(size, align, range) : addr,
        size,
        align,
        vstart: range.start,
        vend: range.end,
        failed: addr < 0 ? 1 : 0,
      });
      if (addr >= 0) break;
      if (!purged) {
        this.reclaimAndPurge();
        purged = true;
        continue;
      }
      let freed = 0;
      for (const notify of this.#notifiers) freed += notify();
      if (freed > 0) {
        purged = false;
        continue;
      }
      if ((request.gfp & GFP.__GFP_NOWARN) === 0) this.#reportNoRoom(size, range);
      return null;
    }
    const area = this.newArea(addr, size, request.flags, request.owner);
    area.vnId = vnId;
    this.insertBusy(area);
    return area;
  }

  /**
   * What the trace shows for a search without result: vend, or as an unsigned long -ERANGE when a
   * block beyond the range is large enough and -ENOENT when none is (__alloc_vmap_area, 6.15).
   */
  #failedStart(size: Bytes, align: Bytes, range: AddressRange): VirtAddr {
    if (!this.#failedAsErrno) return range.end;
    const length = align > PAGE_SIZE ? size + align - 1 : size;
    const beyond = this.tree.largestWithin(range.start, this.#ulongMax + 1) >= length;
    return this.#ulongMax + 1 - (beyond ? ERRNO.ERANGE : ERRNO.ENOENT);
  }

  /** Describes an area; it is not busy before `busy.add`. */
  newArea(addr: VirtAddr, size: Bytes, flags: number, owner: AreaOwner): VmArea {
    return new VmArea(addr, size, flags, owner, ++this.#serial, this.hooks.now?.() ?? 0);
  }

  /** Enters an area whose range the free tree no longer holds. */
  insertBusy(area: VmArea): void {
    this.busy.add(area, this.#inWindow(area.addr));
  }

  unlinkBusy(area: VmArea): void {
    this.busy.remove(area, this.#inWindow(area.addr));
  }

  /** Parks an area that is no longer busy (free_vmap_area_noflush). */
  freeVmapAreaNoflush(area: VmArea): void {
    const max = this.lazyMaxPages;
    this.park(area);
    this.hooks.trace.emit({
      kind: 'free_vmap_area_noflush',
      va_start: area.addr,
      nr_lazy: this.#lazyPages,
      nr_lazy_max: max,
    });
    if (this.#lazyPages > max && !this.#drainPending) {
      this.#drainPending = true;
      this.hooks.scheduleDrain();
    }
  }

  /** Adds an area to the lazy list of its node. */
  park(area: VmArea): void {
    this.#lazyPages += area.size / PAGE_SIZE;
    if (this.#inWindow(area.addr)) this.#lazyBytesInWindow += area.size;
    const id = area.vnId > 0 ? area.vnId - 1 : this.nodeIdOf(area.addr);
    this.nodes[id]!.addLazy(area);
  }

  /** The body of the drain work. */
  drainVmapAreaWork(): void {
    this.#drainPending = false;
    this.purgeVmapAreaLazy(this.#ulongMax, this.#addressZero, false);
  }

  /** What a failed search does first (reclaim_and_purge_vmap_areas). */
  reclaimAndPurge(): void {
    this.onReclaim();
    this.purgeVmapAreaLazy(this.#ulongMax, this.#addressZero, true);
  }

  /** Purges after vmap blocks were looked through; `dirty` widens the flushed range. */
  purgeForAliases(dirty: AddressRange | null): void {
    const start = dirty?.start ?? this.#ulongMax;
    const end = dirty?.end ?? this.#addressZero;
    this.purgeVmapAreaLazy(start, end, false);
  }

  /** Gives everything parked back to the free tree (__purge_vmap_area_lazy). */
  purgeVmapAreaLazy(rangeStart: VirtAddr, rangeEnd: VirtAddr, fullPoolDecay: boolean): void {
    let start = rangeStart;
    let end = rangeEnd;
    const detached: { node: VmapNode<VmArea>; areas: readonly VmArea[] }[] = [];
    for (const node of this.nodes) {
      if (node.empty) continue;
      for (const { addr, size } of node.decay(fullPoolDecay)) this.tree.giveBack(addr, addr + size);
      const areas = node.detachLazy();
      if (areas.length === 0) continue;
      detached.push({ node, areas });
      start = Math.min(start, areas[0]!.addr);
      end = Math.max(end, areas.at(-1)!.end);
    }
    let purged = 0;
    for (const { node, areas } of detached) {
      purged += this.#giveBack(areas, fullPoolDecay ? null : node);
    }
    this.hooks.trace.emit({ kind: 'purge_vmap_area_lazy', start, end, num_purged: purged });
  }

  /**
   * purge_vmap_node: refills the node's pools, the rest goes back highest address first. Returns
   * how many areas the kernel would have counted.
   */
  #giveBack(areas: readonly VmArea[], pools: VmapNode<VmArea> | null): number {
    const global: VmArea[] = [];
    for (const area of areas) {
      this.#lazyPages -= area.size / PAGE_SIZE;
      if (this.#inWindow(area.addr)) this.#lazyBytesInWindow -= area.size;
      if (area.vnId > 0 && pools?.poolAdd(area)) continue;
      global.push(area);
    }
    if (this.#merged) {
      const joined = joinNeighbours(global);
      for (const { addr, size } of joined) this.tree.giveBack(addr, addr + size);
      return joined.length;
    }
    for (let i = global.length - 1; i >= 0; i--) {
      const area = global[i]!;
      this.tree.giveBack(area.addr, area.addr + area.size);
    }
    return areas.length;
  }

  /** Parked areas as vmallocinfo lists them: node by node, by address. */
  lazyRanges(): readonly Range[] {
    if (this.#merged) return joinNeighbours(this.nodes[0]!.lazy());
    return this.nodes.length === 1
      ? this.nodes[0]!.lazy()
      : this.nodes.flatMap((node) => node.lazy());
  }

  #inWindow(addr: VirtAddr): boolean {
    return addr >= this.window.start && addr < this.window.end;
  }

  #reportNoRoom(size: Bytes, range: AddressRange): void {
    const text = (): string =>
      this.#vaFailureMessage === 'range'
        ? `vmalloc_node_range for size ${size} failed: Address range restricted to ` +
          `${formatHex(this.preset, range.start)} - ${formatHex(this.preset, range.end)}`
        : `vmap allocation for size ${size} failed: use vmalloc=<size> to increase size`;
    this.hooks.log.printLimited('printk', LOG_LEVEL.WARNING, text);
  }
}

function isPowerOfTwo(n: number): boolean {
  return n >= 1 && (n <= 0x4000_0000 ? (n & (n - 1)) === 0 : Number.isInteger(Math.log2(n)));
}
