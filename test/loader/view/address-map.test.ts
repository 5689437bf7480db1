// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ADDRESS_SPACES, customAddressSpace } from '../../../loader/presets/address-spaces.ts';
import { AddressMap } from '../../../loader/view/address-map.ts';
import type { AddressState } from '../../../loader/view/address-state.ts';
import { HandTrace } from './hand-trace.ts';
import { ToyKernel, type ToySnapshot } from './toy-kernel.ts';

const PAGE = 4096;

function smallSpace(pages: number) {
  const end = (0xf000_0000 + pages * PAGE).toString(16);
  const made = customAddressSpace('0xf0000000', `0x${end}`);
  if (!made.ok) throw new Error(made.message);
  return made.preset;
}

function replayed(pages: number, seed: number, events: number) {
  const space = smallSpace(pages);
  const kernel = new ToyKernel(space, seed);
  kernel.run(events);
  const map = new AddressMap(space);
  for (const event of kernel.events) map.push(event);
  return { space, kernel, map };
}

function areasOf(state: AddressState, lazy: boolean) {
  return Array.from({ length: state.count }, (_, i) => i)
    .filter((i) => state.isLazy(i) === lazy)
    .map((i) => {
      const { start, size, purpose, module, request, stage, since, cpu } = state.area(i);
      return { start, size, purpose, module, request, stage: stage ?? '', since, cpu };
    });
}

function byAddress(areas: ToySnapshot['busy']) {
  return [...areas].sort((a, b) => a.start - b.start);
}

describe('AddressMap', () => {
  it('rebuilds the areas after any event as a naive replay has them', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 60, max: 900 }),
        fc.integer(),
        fc.integer({ min: 1, max: 9000 }),
        fc.array(fc.nat(), { minLength: 1, maxLength: 20 }),
        (pages, seed, events, picks) => {
          const { kernel, map } = replayed(pages, seed, events);
          expect(map.live.misfits).toBe(0);
          for (const pick of picks) {
            const snapshot = kernel.snapshots[pick % kernel.snapshots.length]!;
            const state = map.stateAt({ seq: snapshot.seq });
            expect(areasOf(state, false)).toEqual(byAddress(snapshot.busy));
            expect(areasOf(state, true)).toEqual(byAddress(snapshot.lazy));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('gives the state after everything that happened up to a time', () => {
    const { kernel, map } = replayed(400, 7, 4000);
    for (let t = 0; t <= kernel.now; t += Math.ceil(kernel.now / 97)) {
      const snapshot = kernel.snapshots.findLast((s) => s.t <= t);
      const state = map.stateAt({ t });
      expect(areasOf(state, false)).toEqual(byAddress(snapshot?.busy ?? []));
      expect(areasOf(state, true)).toEqual(byAddress(snapshot?.lazy ?? []));
    }
  });

  it('sums a window page by page as a naive count does', () => {
    const { space, kernel, map } = replayed(300, 21, 6000);
    for (let i = 0; i < kernel.snapshots.length; i += 41) {
      const { seq, busy, lazy } = kernel.snapshots[i]!;
      const pages = Array.from({ length: 300 }, () => '.');
      const paint = (areas: ToySnapshot['busy'], glyph: string) => {
        for (const { start, size } of areas) {
          pages.fill(
            glyph,
            (start - space.vmallocStart) / PAGE,
            (start + size - space.vmallocStart) / PAGE,
          );
        }
      };
      paint(busy, 'u');
      paint(lazy, 'z');
      const text = pages.join('');
      const holes = text.match(/\.+/g) ?? [];
      const largest = Math.max(0, ...holes.map((h) => h.length));
      const count = (glyph: string) => pages.filter((p) => p === glyph).length * PAGE;
      const state = map.stateAt({ seq });
      const summary = state.summary();
      expect(summary).toMatchObject({
        total: 300 * PAGE,
        used: count('u'),
        lazy: count('z'),
        free: count('.'),
        usedAreas: busy.length,
        lazyAreas: lazy.length,
        holes: holes.length,
      });
      expect(summary.largest?.size ?? 0).toBe(largest * PAGE);
      if (summary.largest) {
        expect((summary.largest.start - space.vmallocStart) / PAGE).toBe(
          text.indexOf('.'.repeat(largest)),
        );
      }
    }
  });

  it('keeps the sums of the present moment equal to those of the last state', () => {
    const { map } = replayed(500, 3, 5000);
    const { used, lazy, free, holes, largest } = map.stateAt({ seq: map.last.seq }).summary();
    const live = map.live.main;
    expect([live.used, live.lazy]).toEqual([used, lazy]);
    expect([live.holes.free, live.holes.count, live.holes.largest]).toEqual([
      free,
      holes,
      largest?.size ?? 0,
    ]);
  });

  it('finds the first moment of greatest use', () => {
    const { kernel, map } = replayed(500, 11, 5000);
    const used = kernel.snapshots.map((s) => s.busy.reduce((sum, { size }) => sum + size, 0));
    const most = Math.max(...used);
    expect(map.peak.used).toBe(most);
    expect(map.peak.seq).toBe(kernel.snapshots[used.indexOf(most)]!.seq);
    expect(map.peak.t).toBe(kernel.snapshots[used.indexOf(most)]!.t);
  });

  it('finds the failures that stayed failures, and only those', () => {
    const { kernel, map } = replayed(120, 5, 5000);
    const { events } = kernel;
    // The toy tries twice, with one purge between.
    const final = events.filter(
      (e, i) =>
        e.kind === 'alloc_vmap_area' &&
        e.failed === 1 &&
        events[i - 1]?.kind === 'purge_vmap_area_lazy' &&
        events[i - 2]?.kind === 'alloc_vmap_area',
    );
    const rescued = events.filter(
      (e, i) =>
        e.kind === 'alloc_vmap_area' &&
        e.failed === 0 &&
        events[i - 1]?.kind === 'purge_vmap_area_lazy' &&
        events[i - 2]?.kind === 'alloc_vmap_area',
    );
    expect(final.length).toBeGreaterThan(3);
    expect(rescued.length).toBeGreaterThan(3);
    expect(map.failures.map((f) => f.seq)).toEqual(final.map((e) => e.seq));
    expect(map.firstFailure?.seq).toBe(final[0]!.seq);
    expect(map.firstFailure?.request).toBeGreaterThan(0);
  });

  it('answers which area holds an address', () => {
    const { space, kernel, map } = replayed(200, 9, 2000);
    const { seq, busy, lazy } = kernel.snapshots.at(-1)!;
    const state = map.stateAt({ seq });
    for (let va = space.vmallocStart; va < space.vmallocEnd; va += PAGE) {
      const holds = (a: { start: number; size: number }) => a.start <= va && va < a.start + a.size;
      const expected = [...busy, ...lazy].find(holds);
      expect(state.areaAt(va + 17)?.start).toBe(expected?.start);
    }
  });

  it('starts from areas that were there before the first event', () => {
    const space = smallSpace(64);
    const about = { caller: 'hpet_enable', purpose: 'boot', module: '', request: 0 } as const;
    const map = new AddressMap(space, {
      initial: [
        { start: 0xf0000000, size: 8192, state: 'busy', pages: 0, since: 0, serial: 1, ...about },
        { start: 0xf0004000, size: 4096, state: 'lazy', pages: 0, since: 0, serial: 2, ...about },
        { start: 0xf0008000, size: 4096, state: 'pool', pages: 0, since: 0, serial: 3, ...about },
      ],
    });
    const stamp = { seq: 0, t: 10, cpu: 0, task: 'a-1' };
    map.push({
      ...stamp,
      kind: 'purge_vmap_area_lazy',
      start: 0xf0004000,
      end: 0xf0005000,
      num_purged: 1,
    });
    expect(map.stateAt({ t: 0 }).summary()).toMatchObject({ used: 8192, lazy: 4096 });
    expect(map.stateAt({ seq: 0 }).summary()).toMatchObject({ used: 8192, lazy: 0 });
    expect(map.stateAt({ seq: 0 }).areaAt(0xf0001000)?.caller).toBe('hpet_enable');
  });

  it('takes a trace that begins late: a counter tells the size of an area it never saw', () => {
    const space = smallSpace(64);
    const map = new AddressMap(space);
    const free = (seq: number, va_start: number, nr_lazy: number) =>
      map.push({
        seq,
        t: seq,
        cpu: 0,
        task: 'a-1',
        kind: 'free_vmap_area_noflush',
        va_start,
        nr_lazy,
        nr_lazy_max: 8192,
      });
    free(0, 0xf0000000, 100);
    free(1, 0xf0010000, 103);
    expect(map.live.misfits).toBe(2);
    expect(map.stateAt({ seq: 1 }).summary()).toMatchObject({ used: 0, lazy: 3 * PAGE });
  });

  it('takes the counts of kernels before 6.9, which join neighbours while they are parked', () => {
    const trace = new HandTrace(64).area(0, 4, 'file').area(4, 4, 'file').area(10, 4, 'file');
    trace.free(4).free(10).free(0).purge(2);
    const map = trace.map();
    expect(map.live.misfits).toBe(0);
    expect(map.live.main).toMatchObject({ used: 0, lazy: 0 });
  });

  it('leaves parked what was freed while a purge was under way', () => {
    const trace = new HandTrace(64).area(0, 4, 'file').area(6, 4, 'file').area(12, 4, 'file');
    const map = trace.free(6).free(12).free(0).purge(2).map();
    const state = map.stateAt({ seq: map.last.seq });
    expect([state.count, state.startOf(0), state.isLazy(0)]).toEqual([1, 0xf0000000, true]);
  });

  it('lets a new area push out what lies beneath it when a trace has gaps', () => {
    const space = smallSpace(64);
    const map = new AddressMap(space);
    const alloc = (seq: number, va_start: number, size: number) =>
      map.push({
        seq,
        t: seq,
        cpu: 0,
        task: 'a-1',
        kind: 'alloc_vmap_area',
        va_start,
        size,
        align: 1,
        vstart: space.vmallocStart,
        vend: space.vmallocEnd,
        failed: 0,
      });
    alloc(0, 0xf0000000, 8192);
    alloc(1, 0xf0001000, 8192);
    expect(map.live.misfits).toBe(1);
    expect(map.stateAt({ seq: 0 }).summary().used).toBe(8192);
    expect(map.stateAt({ seq: 1 }).summary()).toMatchObject({ used: 8192, usedAreas: 1 });
  });

  it('looks at the module range by itself where an architecture has one', () => {
    const x86 = ADDRESS_SPACES.get('x86-64')!;
    const map = new AddressMap(x86);
    expect(map.windows).toEqual([
      { name: 'vmalloc', start: 0x490000000000, end: 0x490000000000 + 32 * 2 ** 40 - 1 },
      { name: 'modules', start: 0x7fffc0000000, end: 0x7fffff000000 },
    ]);
    map.push({
      seq: 0,
      t: 0,
      cpu: 0,
      task: 'a-1',
      kind: 'alloc_vmap_area',
      va_start: 0x7fffc0005000,
      size: 12_288,
      align: 4096,
      vstart: 0x7fffc0000000,
      vend: 0x7fffff000000,
      failed: 0,
    });
    const state = map.stateAt({ seq: 0 });
    expect(state.summary(map.windows[0]).used).toBe(0);
    expect(state.summary(map.windows[1])).toMatchObject({ used: 12_288, holes: 2 });
  });
});
