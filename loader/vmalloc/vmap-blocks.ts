// SPDX-License-Identifier: MIT
/**
 * vm_map_ram(): small mappings cut from per-CPU blocks, large ones areas of their own.
 * Follows mm/vmalloc.c, Linux 6.12.
 */

import { type Bytes, type CpuId, PAGE_SIZE, type PageCount, type VirtAddr } from '../base/index.ts';
import type { AddressRange } from '../presets/index.ts';
import { type AreaOwner, VM, type VmArea } from './area.ts';
import { GFP } from './gfp.ts';
import type { VmapAllocator } from './vmap-allocator.ts';

/** VMAP_BBMAP_BITS_MAX: no block is larger, in pages. */
const MAX_BLOCK_PAGES: PageCount = 1024;
/** VMALLOC_PAGES: a nominal window, in pages, that the block size is derived from. */
const NOMINAL_PAGES = { 32: 32_768, 64: 33_554_432 } as const;

interface VmapBlock {
  readonly area: VmArea;
  /** The CPU whose queue it stands in. */
  readonly cpu: CpuId;
  /** Pages never handed out; always the last ones of the block. */
  free: PageCount;
  /** Pages handed out and unmapped again. */
  dirty: PageCount;
  /** Unmapped pages not flushed yet. */
  dirtyMin: PageCount;
  dirtyMax: PageCount;
}

/** VMAP_BBMAP_BITS: pages of one block for a kernel built for `nrCpus`. */
export function vmapBlockPages(
  wordBits: 32 | 64,
  vmapMaxAlloc: PageCount,
  nrCpus: number,
): PageCount {
  const cpus = 2 ** Math.ceil(Math.log2(nrCpus));
  const share = Math.floor(Math.floor(NOMINAL_PAGES[wordBits] / cpus) / 16);
  return Math.min(MAX_BLOCK_PAGES, Math.max(2 * vmapMaxAlloc, share));
}

export class VmapBlocks {
  readonly #allocator: VmapAllocator;
  readonly #blockPages: PageCount;
  readonly #blockSize: Bytes;
  readonly #maxAlloc: PageCount;
  readonly #possibleCpus: number;
  /** Block number of the base, modulo the possible CPUs. */
  readonly #baseBlock: number;
  /** Blocks with never used pages, per CPU, oldest first. */
  readonly #queues: VmapBlock[][];
  /** All blocks, by block number. */
  readonly #blocks = new Map<number, VmapBlock>();

  constructor(allocator: VmapAllocator, possibleCpus: number) {
    const { base, wordBits, vmapMaxAlloc, nrCpus } = allocator.preset;
    this.#allocator = allocator;
    this.#maxAlloc = vmapMaxAlloc;
    this.#blockPages = vmapBlockPages(wordBits, vmapMaxAlloc, nrCpus);
    this.#blockSize = this.#blockPages * PAGE_SIZE;
    this.#possibleCpus = possibleCpus;
    this.#baseBlock = Number((base / BigInt(this.#blockSize)) % BigInt(possibleCpus));
    this.#queues = Array.from({ length: possibleCpus }, () => []);
  }

  /** The first half of `map` of so many pages that they get an area of their own. */
  search(count: PageCount): VirtAddr {
    const { tree, window } = this.#allocator;
    return tree.alloc(count * PAGE_SIZE, PAGE_SIZE, window.start, window.end);
  }

  /**
   * Address of `count` mapped pages, or null. `added` is called with each new area. `found`: what
   * `search` returned.
   */
  map(
    count: PageCount,
    owner: AreaOwner,
    added: (area: VmArea) => void,
    found = -1,
  ): VirtAddr | null {
    if (count > this.#maxAlloc) {
      const request = {
        size: count * PAGE_SIZE,
        align: PAGE_SIZE,
        range: this.#allocator.window,
        gfp: GFP.GFP_KERNEL,
        flags: VM.VMAP_RAM,
        owner,
      };
      const area = this.#allocator.allocVmapArea(request, found);
      if (area === null) return null;
      added(area);
      return area.addr;
    }
    const pages = roundUpPow2(count);
    const cpu = this.#cpu();
    const queue = this.#queues[cpu]!;
    const at = queue.findIndex((b) => b.free >= pages);
    if (at >= 0) {
      const block = queue[at]!;
      const addr = block.area.addr + (this.#blockPages - block.free) * PAGE_SIZE;
      block.free -= pages;
      if (block.free === 0) queue.splice(at, 1);
      return addr;
    }
    return this.#newBlock(pages, cpu, owner, added);
  }

  #newBlock(
    pages: PageCount,
    cpu: CpuId,
    owner: AreaOwner,
    added: (area: VmArea) => void,
  ): VirtAddr | null {
    const area = this.#allocator.allocVmapArea({
      size: this.#blockSize,
      align: this.#blockSize,
      range: this.#allocator.window,
      gfp: GFP.GFP_KERNEL,
      flags: VM.VMAP_RAM | VM.VMAP_BLOCK,
      owner: { ...owner, purpose: 'vmap_block' },
    });
    if (area === null) return null;
    const block: VmapBlock = {
      area,
      cpu,
      free: this.#blockPages - pages,
      dirty: 0,
      dirtyMin: this.#blockPages,
      dirtyMax: 0,
    };
    this.#blocks.set(this.#number(area.addr), block);
    this.#queues[cpu]!.push(block);
    added(area);
    return area.addr;
  }

  /** Unmaps what `map(count)` returned; false when nothing is mapped there. */
  unmap(addr: VirtAddr, count: PageCount): boolean {
    if (count > this.#maxAlloc) {
      const area = this.#allocator.busy.find(addr);
      if (area === undefined) return false;
      this.#release(area);
      return true;
    }
    const block = this.#blocks.get(this.#number(addr));
    if (block === undefined) return false;
    const pages = roundUpPow2(count);
    const offset = (addr - block.area.addr) / PAGE_SIZE;
    block.dirtyMin = Math.min(block.dirtyMin, offset);
    block.dirtyMax = Math.max(block.dirtyMax, offset + pages);
    block.dirty += pages;
    if (block.dirty === this.#blockPages) this.#freeBlock(block);
    return true;
  }

  /** Gives up every block without a live mapping (purge_fragmented_blocks_allcpus). */
  purgeFragmented(): void {
    if (this.#blocks.size === 0) return;
    for (const queue of this.#queues) {
      if (queue.length === 0) continue;
      const purged = queue.filter((block) => this.#giveUp(block, true));
      for (const block of purged) this.#freeBlock(block);
    }
  }

  /**
   * The blocks' part of vm_unmap_aliases: gives up those that are nearly used up and idle, and
   * returns the range of the others' unflushed pages.
   */
  unmapAliases(): AddressRange | null {
    if (this.#blocks.size === 0) return null;
    const all = [...this.#blocks].sort(([a], [b]) => this.#hash(a) - this.#hash(b) || a - b);
    const purged: VmapBlock[] = [];
    let start = Number.POSITIVE_INFINITY;
    let end = 0;
    for (const [, block] of all) {
      if (this.#giveUp(block, false)) {
        purged.push(block);
      } else if (block.dirtyMax > 0 && block.dirty !== this.#blockPages) {
        start = Math.min(start, block.area.addr + block.dirtyMin * PAGE_SIZE);
        end = Math.max(end, block.area.addr + block.dirtyMax * PAGE_SIZE);
        block.dirtyMin = this.#blockPages;
        block.dirtyMax = 0;
      }
    }
    for (const block of purged) this.#freeBlock(block);
    return end > 0 ? { start, end } : null;
  }

  /** purge_fragmented_block: takes the block out of service if nothing in it is mapped. */
  #giveUp(block: VmapBlock, force: boolean): boolean {
    const idle = block.free + block.dirty === this.#blockPages && block.dirty !== this.#blockPages;
    if (!idle || !(force || block.free < Math.floor(this.#blockPages / 4))) return false;
    if (block.free > 0) this.#dequeue(block);
    block.free = 0;
    block.dirty = this.#blockPages;
    block.dirtyMin = 0;
    block.dirtyMax = this.#blockPages;
    return true;
  }

  #dequeue(block: VmapBlock): void {
    this.#queues[block.cpu] = this.#queues[block.cpu]!.filter((b) => b !== block);
  }

  #freeBlock(block: VmapBlock): void {
    this.#blocks.delete(this.#number(block.area.addr));
    this.#release(block.area);
  }

  #release(area: VmArea): void {
    this.#allocator.unlinkBusy(area);
    this.#allocator.freeVmapAreaNoflush(area);
  }

  #cpu(): CpuId {
    return (this.#allocator.hooks.cpu?.() ?? 0) % this.#possibleCpus;
  }

  #number(addr: VirtAddr): number {
    return Math.floor(addr / this.#blockSize);
  }

  /** The CPU whose table keeps the block (addr_to_vb_xa). */
  #hash(block: number): number {
    return (this.#baseBlock + block) % this.#possibleCpus;
  }
}

function roundUpPow2(n: number): number {
  return 2 ** Math.ceil(Math.log2(n));
}
