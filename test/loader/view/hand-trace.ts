// SPDX-License-Identifier: MIT
/** Small runs written by hand: a test says what happened, this makes the events of it. */

import type { AreaPurpose, EventBody, TraceEvent } from '../../../loader/events/event.ts';
import {
  type AddressSpacePreset,
  customAddressSpace,
} from '../../../loader/presets/address-spaces.ts';
import { AddressMap } from '../../../loader/view/address-map.ts';

export const PAGE = 4096;
export const START = 0xf0000000;

/** A 32-bit window of so many pages from 0xf0000000. */
export function windowOf(pages: number): AddressSpacePreset {
  const made = customAddressSpace('0xf0000000', `0x${(START + pages * PAGE).toString(16)}`);
  if (!made.ok) throw new Error(made.message);
  return made.preset;
}

export class HandTrace {
  readonly events: TraceEvent[] = [];
  readonly space: AddressSpacePreset;
  t = 0;
  cpu = 0;
  task = 'modprobe-100';
  #lazy = 0;
  #parked = 0;
  #sizes = new Map<number, number>();

  constructor(pages: number) {
    this.space = windowOf(pages);
  }

  emit(body: EventBody): this {
    const { t, cpu, task } = this;
    this.events.push({ seq: this.events.length, t, cpu, task, ...body });
    return this;
  }

  at(t: number): this {
    this.t = t;
    return this;
  }

  begin(request: number, subject: string, op = 'finit_module'): this {
    return this.emit({ kind: 'request_begin', request, op, subject });
  }

  stage(request: number, stage: 'kread' | 'decompress' | 'becoming' | 'load' | 'init'): this {
    return this.emit({ kind: 'stage_begin', request, stage, subject: '' });
  }

  stageEnd(request: number, stage: 'kread' | 'decompress' | 'becoming', ret = 0): this {
    return this.emit({ kind: 'stage_end', request, stage, ret });
  }

  end(request: number, ret = 0, module = '', wasted: Partial<Record<string, number>> = {}): this {
    return this.emit({
      kind: 'outcome',
      request,
      op: 'finit_module',
      subject: '',
      module,
      ret,
      stage: ret === 0 ? 'done' : 'kread',
      wasted: { kread: 0, decompress: 0, becoming: 0, load: 0, ...wasted },
    });
  }

  /** An area of `pages` pages at page `page` of the window, guard page included. */
  area(page: number, pages: number, purpose: AreaPurpose, request = 0, module = ''): this {
    this.search(page, pages);
    const va_start = START + page * PAGE;
    this.#sizes.set(page, pages);
    const data = purpose === 'image' || purpose === 'ioremap' ? 0 : pages - 1;
    return this.emit({
      kind: 'vm_area',
      va_start,
      size: pages * PAGE,
      pages: data,
      caller: `${purpose}_caller`,
      purpose,
      module,
      request,
    });
  }

  /** The search alone: at page `page`, or failed when it is null. */
  search(page: number | null, pages: number, align = 1, vend = this.space.vmallocEnd): this {
    const { vmallocStart: vstart } = this.space;
    return this.emit({
      kind: 'alloc_vmap_area',
      va_start: page === null ? vend : START + page * PAGE,
      size: pages * PAGE,
      align,
      vstart,
      vend,
      failed: page === null ? 1 : 0,
    });
  }

  free(page: number): this {
    this.#lazy += this.#sizes.get(page) ?? 0;
    this.#parked += 1;
    const va_start = START + page * PAGE;
    return this.emit({
      kind: 'free_vmap_area_noflush',
      va_start,
      nr_lazy: this.#lazy,
      nr_lazy_max: 8192,
    });
  }

  purge(num_purged = this.#parked): this {
    this.#lazy = 0;
    this.#parked = 0;
    return this.emit({ kind: 'purge_vmap_area_lazy', start: START, end: START, num_purged });
  }

  map(): AddressMap {
    const map = new AddressMap(this.space);
    for (const event of this.events) map.push(event);
    return map;
  }
}
