// SPDX-License-Identifier: MIT
/** Everything that takes address space at one moment, for maps and reports. */

import type { Bytes, Nanos, PageCount, VirtAddr } from '../base/index.ts';
import type { AreaPurpose } from '../events/index.ts';
import type { VmArea } from './area.ts';
import type { VmapAllocator } from './vmap-allocator.ts';

export interface AreaView {
  readonly start: VirtAddr;
  /** Guard page included. */
  readonly size: Bytes;
  /** In use, freed but not purged, or ready in the pool of a vmap node (64-bit only). */
  readonly state: 'busy' | 'lazy' | 'pool';
  /** Physical pages it owns; 0 once it is not busy. */
  readonly pages: PageCount;
  readonly purpose: AreaPurpose;
  readonly module: string;
  readonly caller: string;
  readonly request: number;
  /** When it was allocated, and as which of all allocations; 0 for a pooled range. */
  readonly since: Nanos;
  readonly serial: number;
}

/** Busy, parked and pooled areas by address. */
export function listAreas(allocator: VmapAllocator): AreaView[] {
  const views = allocator.busy.inOrder().map((area) => view(area, 'busy'));
  for (const node of allocator.nodes) {
    for (const area of node.lazy()) views.push(view(area, 'lazy'));
    for (const { addr, size } of node.pooled()) {
      views.push({
        start: addr,
        size,
        state: 'pool',
        pages: 0,
        purpose: 'other',
        module: '',
        caller: '',
        request: 0,
        since: 0,
        serial: 0,
      });
    }
  }
  return views.sort((a, b) => a.start - b.start);
}

function view(area: VmArea, state: 'busy' | 'lazy'): AreaView {
  return {
    start: area.addr,
    size: area.size,
    state,
    pages: state === 'busy' ? area.nrPages : 0,
    purpose: area.purpose,
    module: area.module,
    caller: area.caller,
    request: area.request,
    since: area.since,
    serial: area.serial,
  };
}
