// SPDX-License-Identifier: MIT
/**
 * The address space as the events leave it: areas in use, areas parked for the next purge, holes.
 * Holds only what is there now; who wants history listens.
 */

import { type Bytes, PAGE_SIZE, type VirtAddr } from '../base/index.ts';
import type { BodyOf, EventStamp, TraceEvent } from '../events/index.ts';
import type { AddressSpacePreset } from '../presets/index.ts';
import type { AreaView } from '../vmalloc/index.ts';
import { HoleList } from './hole-list.ts';

/** Larger areas are not believed when only a counter speaks of them, in pages. */
const MAX_GUESSED_PAGES = 2 ** 20;

/** A part of the address space that is looked at by itself. */
export interface MapWindow {
  readonly name: 'vmalloc' | 'modules';
  readonly start: VirtAddr;
  readonly end: VirtAddr;
}

/** The vmalloc window and, where modules live elsewhere, their range with its fallback. */
export function mapWindows(space: AddressSpacePreset): readonly MapWindow[] {
  const vmalloc = { name: 'vmalloc', start: space.vmallocStart, end: space.vmallocEnd } as const;
  const apart = [space.modules, space.modulesFallback ?? 'vmalloc'].filter(
    (range) => range !== 'vmalloc',
  );
  if (apart.length === 0) return [vmalloc];
  const start = Math.min(...apart.map((range) => range.start));
  const end = Math.max(...apart.map((range) => range.end));
  return [vmalloc, { name: 'modules', start, end }];
}

/** An area in use or parked. */
export interface LiveArea {
  readonly start: VirtAddr;
  /** Guard page included. */
  readonly size: Bytes;
  /** What the listener calls it. */
  id: number;
  /** The window it lies in, if any; an area that reaches beyond is cut there. */
  readonly home: WindowUse | null;
}

export interface SpaceListener {
  /** A new area; its number is the return value. */
  allocated(area: LiveArea, at: EventStamp): number;
  described(area: LiveArea, event: EventStamp & BodyOf<'vm_area'>): void;
  freed(area: LiveArea, at: EventStamp): void;
  /** Areas that are free from here on: purged, or forgotten because something else lies there. */
  purged(areas: readonly LiveArea[], at: EventStamp): void;
}

/** Bytes of one window, now. */
export interface WindowUse {
  readonly window: MapWindow;
  readonly holes: HoleList;
  used: Bytes;
  lazy: Bytes;
}

/**
 * Model: areas that 64-bit kernels keep in pools after a purge count as free; no event tells of
 * them before they are handed out again.
 */
export class LiveSpace {
  readonly windows: readonly WindowUse[];
  readonly #listener: SpaceListener | undefined;
  /** In use, by page number. */
  readonly #busy = new Map<number, LiveArea>();
  /** Parked, in the order they were freed. */
  #lazy: LiveArea[] = [];
  /** The kernel's counter of parked pages as last heard of; NaN when that is not known. */
  #nrLazy = Number.NaN;
  #misfits = 0;

  constructor(space: AddressSpacePreset, listener?: SpaceListener) {
    this.windows = mapWindows(space).map((window) => ({
      window,
      holes: new HoleList(window.start, window.end),
      used: 0,
      lazy: 0,
    }));
    this.#listener = listener;
  }

  /** The vmalloc window. */
  get main(): WindowUse {
    return this.windows[0]!;
  }

  /** Areas in use or parked. */
  get count(): number {
    return this.#busy.size + this.#lazy.length;
  }

  /**
   * Events that do not fit what was known: frees of areas never seen, and areas on top of others.
   * 0 for a whole log of the model; a real trace that begins late or has gaps has some.
   */
  get misfits(): number {
    return this.#misfits;
  }

  /** Areas in use or parked, in no particular order. */
  *areas(): Generator<LiveArea> {
    yield* this.#busy.values();
    yield* this.#lazy;
  }

  /** Enters an area that was there before the first event. */
  seed(view: AreaView, at: EventStamp): void {
    if (view.state === 'pool') return;
    const area = this.#enter(view.start, view.size, at);
    if (area === undefined) return;
    this.#listener?.described(area, {
      ...at,
      kind: 'vm_area',
      va_start: view.start,
      size: view.size,
      pages: view.pages,
      caller: view.caller,
      purpose: view.purpose,
      module: view.module,
      request: view.request,
    });
    if (view.state === 'lazy') this.#park(area, at);
  }

  /** True when the event changed which addresses are used, parked or free. */
  push(event: TraceEvent): boolean {
    switch (event.kind) {
      case 'alloc_vmap_area':
        if (event.failed !== 0) return false;
        return this.#enter(event.va_start, event.size, event) !== undefined;
      case 'vm_area': {
        // Per-CPU chunks have no event of their own: this is the first that is heard of them.
        const known = this.#busy.get(event.va_start / PAGE_SIZE);
        const area = known ?? this.#enter(event.va_start, event.size, event);
        if (area !== undefined) this.#listener?.described(area, event);
        return area !== known;
      }
      case 'free_vmap_area_noflush':
        return this.#free(event);
      case 'purge_vmap_area_lazy':
        this.#purge(event);
        return true;
      default:
        return false;
    }
  }

  /** A new area in use; undefined when it has no pages. */
  #enter(start: VirtAddr, size: Bytes, at: EventStamp): LiveArea | undefined {
    if (!(size > 0)) {
      this.#misfits += 1;
      return undefined;
    }
    const area = this.#newArea(start, size);
    if (!this.#isFree(area)) {
      this.#misfits += 1;
      this.#forgetWithin(start, start + size, at);
    }
    this.#use(area, at);
    return area;
  }

  #use(area: LiveArea, at: EventStamp): void {
    this.#busy.set(area.start / PAGE_SIZE, area);
    area.home?.holes.take(startOf(area), endOf(area));
    this.#count(area, 'used', 1);
    if (this.#listener) area.id = this.#listener.allocated(area, at);
  }

  #free(event: EventStamp & BodyOf<'free_vmap_area_noflush'>): boolean {
    const before = this.#nrLazy;
    this.#nrLazy = event.nr_lazy;
    let area = this.#busy.get(event.va_start / PAGE_SIZE);
    if (area === undefined) {
      this.#misfits += 1;
      area = this.#meetLate(event, event.nr_lazy - before);
      if (area === undefined) return false;
    }
    this.#park(area, event);
    return true;
  }

  /** An area first heard of when it is freed: the counter tells its size. */
  #meetLate(event: EventStamp & { va_start: VirtAddr }, pages: number): LiveArea | undefined {
    if (!(pages > 0 && pages <= MAX_GUESSED_PAGES)) return undefined;
    const area = this.#newArea(event.va_start, pages * PAGE_SIZE);
    if (!this.#isFree(area)) return undefined;
    this.#use(area, event);
    return area;
  }

  #park(area: LiveArea, at: EventStamp): void {
    this.#busy.delete(area.start / PAGE_SIZE);
    this.#lazy.push(area);
    this.#count(area, 'used', -1);
    this.#count(area, 'lazy', 1);
    this.#listener?.freed(area, at);
  }

  /**
   * A purge takes everything parked when it began; what was parked while it was under way stays.
   * Kernels before 6.9 join neighbours while they are parked and count the joined ones.
   */
  #purge(event: EventStamp & BodyOf<'purge_vmap_area_lazy'>): void {
    const known = this.#lazy.length;
    const { num_purged } = event;
    const all = num_purged >= known || num_purged === joinedCount(this.#lazy);
    const purged = this.#lazy.splice(0, all ? known : num_purged);
    let pages = 0;
    for (const area of purged) {
      this.#count(area, 'lazy', -1);
      this.#give(area);
      pages += area.size / PAGE_SIZE;
    }
    this.#nrLazy = num_purged > known ? Number.NaN : this.#nrLazy - pages;
    if (purged.length > 0) this.#listener?.purged(purged, event);
  }

  /** Drops what the events since lost must have freed. */
  #forgetWithin(start: VirtAddr, end: VirtAddr, at: EventStamp): void {
    const overlaps = (area: LiveArea): boolean =>
      area.start < end && area.start + area.size > start;
    const lazy = this.#lazy.filter(overlaps);
    const busy = [...this.#busy.values()].filter(overlaps);
    for (const area of busy) {
      this.#busy.delete(area.start / PAGE_SIZE);
      this.#count(area, 'used', -1);
      this.#give(area);
    }
    for (const area of lazy) {
      this.#count(area, 'lazy', -1);
      this.#give(area);
    }
    if (lazy.length > 0) this.#lazy = this.#lazy.filter((area) => !overlaps(area));
    this.#listener?.purged([...busy, ...lazy], at);
  }

  #newArea(start: VirtAddr, size: Bytes): LiveArea {
    for (const home of this.windows) {
      if (start < home.window.end && start + size > home.window.start) {
        return { start, size, id: -1, home };
      }
    }
    return { start, size, id: -1, home: null };
  }

  #isFree(area: LiveArea): boolean {
    if (this.#busy.has(area.start / PAGE_SIZE)) return false;
    return area.home === null || area.home.holes.holds(startOf(area), endOf(area));
  }

  #give(area: LiveArea): void {
    area.home?.holes.give(startOf(area), endOf(area));
  }

  #count(area: LiveArea, what: 'used' | 'lazy', sign: 1 | -1): void {
    if (area.home !== null) area.home[what] += sign * (endOf(area) - startOf(area));
  }
}

/** The part of an area that lies in its window. */
function startOf({ start, home }: LiveArea): VirtAddr {
  return home === null ? start : Math.max(start, home.window.start);
}

function endOf({ start, size, home }: LiveArea): VirtAddr {
  return home === null ? start + size : Math.min(start + size, home.window.end);
}

/** How many there are when neighbours count as one. */
function joinedCount(areas: readonly LiveArea[]): number {
  const sorted = [...areas].sort((a, b) => a.start - b.start);
  return sorted.filter(({ start }, i) => {
    const before = sorted[i - 1];
    return before === undefined || before.start + before.size !== start;
  }).length;
}
