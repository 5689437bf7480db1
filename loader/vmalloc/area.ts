// SPDX-License-Identifier: MIT
/** One allocated or parked area of the address space. */

import type { Bytes, Nanos, PageCount, VirtAddr } from '../base/index.ts';
import type { AreaPurpose } from '../events/index.ts';

/** Flags of an area (include/linux/vmalloc.h, Linux 6.12; the last two are vmap_area flags). */
export const VM = {
  IOREMAP: 0x1,
  ALLOC: 0x2,
  MAP: 0x4,
  USERMAP: 0x8,
  DMA_COHERENT: 0x10,
  UNINITIALIZED: 0x20,
  NO_GUARD: 0x40,
  FLUSH_RESET_PERMS: 0x100,
  MAP_PUT_PAGES: 0x200,
  SPARSE: 0x1000,
  /** vm_map_ram() and its blocks: no vm_struct, so nothing but the range is known. */
  VMAP_RAM: 0x1_0000,
  VMAP_BLOCK: 0x2_0000,
} as const;

/** Who asks for an area and what for. */
export interface AreaOwner {
  /** The symbol vmallocinfo shows, printed as given; '' shows none. */
  readonly caller: string;
  readonly purpose: AreaPurpose;
  readonly module?: string;
  /** The request this belongs to; 0: none. */
  readonly request?: number;
}

/** A vmap_area with its vm_struct, and what only the model knows about it. */
export class VmArea {
  readonly addr: VirtAddr;
  /** Address space taken, guard page included. */
  readonly size: Bytes;
  flags: number;
  /** Physical pages it owns. */
  nrPages: PageCount = 0;
  /** The nested area that holds the page pointers, or null when they fit a kmalloc. */
  pageArray: VmArea | null = null;
  /** vmap node it was allocated on, plus 1; 0: by address. */
  vnId = 0;
  readonly caller: string;
  readonly purpose: AreaPurpose;
  readonly module: string;
  readonly request: number;
  /** Counts allocations of this space from 1: the smaller, the older. */
  readonly serial: number;
  /** When it was allocated. */
  readonly since: Nanos;
  /** Physical address of an ioremap, or 0. */
  phys = 0;
  /** vmallocinfo shows `vpages`. True without `pageArray` only for an area read from a box. */
  vpages = false;

  constructor(
    addr: VirtAddr,
    size: Bytes,
    flags: number,
    owner: AreaOwner,
    serial: number,
    since: Nanos,
  ) {
    this.addr = addr;
    this.size = size;
    this.flags = flags;
    this.caller = owner.caller;
    this.purpose = owner.purpose;
    this.module = owner.module ?? '';
    this.request = owner.request ?? 0;
    this.serial = serial;
    this.since = since;
  }

  get end(): VirtAddr {
    return this.addr + this.size;
  }
}
