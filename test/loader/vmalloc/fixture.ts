// SPDX-License-Identifier: MIT
/** A VmallocSpace on its own, with everything it says kept. */
import { KernelLog } from '../../../loader/engine/printk.ts';
import type { EventBody, VmallocEvent } from '../../../loader/events/event.ts';
import { ADDRESS_SPACES, type AddressSpacePreset } from '../../../loader/presets/address-spaces.ts';
import { type VmallocOptions, VmallocSpace } from '../../../loader/vmalloc/index.ts';

export interface Fixture {
  readonly space: VmallocSpace;
  readonly events: EventBody[];
  /** Allocator events since the last call, as short strings. */
  take(): string[];
  /** Log lines since the last call. */
  log(): string[];
  /** How often the drain work was queued. */
  drains(): number;
  now: number;
  cpu: number;
}

export interface FixtureOptions extends VmallocOptions {
  readonly cpus?: number;
  readonly comm?: string;
  readonly freePages?: number;
}

export function preset(name: string): AddressSpacePreset {
  return ADDRESS_SPACES.get(name)!;
}

export function makeSpace(
  where: string | AddressSpacePreset = 'i386-highmem',
  options: FixtureOptions = {},
): Fixture {
  const events: EventBody[] = [];
  const lines: string[] = [];
  let drains = 0;
  let taken = 0;
  let pages = options.freePages ?? Number.POSITIVE_INFINITY;
  const trace = { emit: (body: EventBody) => void events.push(body) };
  const fixture = {
    now: 0,
    cpu: 0,
    events,
    take: () => {
      const fresh = events.slice(taken).filter((e) => e.kind !== 'printk');
      taken = events.length;
      return fresh.map((e) => describe(e as VmallocEvent));
    },
    log: () => lines.splice(0),
    drains: () => drains,
  };
  const log = new KernelLog(() => fixture.now, trace);
  log.listen((line) => lines.push(line.text));
  const space = new VmallocSpace(
    typeof where === 'string' ? preset(where) : where,
    {
      trace,
      log,
      onlineCpus: () => options.cpus ?? 4,
      comm: () => options.comm ?? 'insmod',
      scheduleDrain: () => {
        drains++;
      },
      cpu: () => fixture.cpu,
      now: () => fixture.now,
      allocPages: (want) => {
        const got = Math.min(want, pages);
        pages -= got;
        return got;
      },
      freePages: (count) => {
        pages += count;
      },
    },
    options,
  );
  return Object.assign(fixture, { space });
}

export function hex(addr: number): string {
  return addr.toString(16).padStart(8, '0');
}

function describe(e: VmallocEvent): string {
  switch (e.kind) {
    case 'alloc_vmap_area':
      return `alloc ${hex(e.va_start)} ${e.size} align ${e.align}${e.failed ? ' failed' : ''}`;
    case 'free_vmap_area_noflush':
      return `free ${hex(e.va_start)} lazy ${e.nr_lazy} of ${e.nr_lazy_max}`;
    case 'purge_vmap_area_lazy':
      return `purge ${hex(e.start)} ${hex(e.end)} ${e.num_purged}`;
    case 'vm_area':
      return `area ${hex(e.va_start)} ${e.size} pages ${e.pages} ${e.purpose}`;
  }
}

/** Anything a test allocates when the owner does not matter. */
export const OWNER = { caller: 'tester', purpose: 'other' } as const;
