// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressMap } from '../../../loader/view/address-map.ts';
import { MAP_CLASSES, type MapClass, mapCode } from '../../../loader/view/map-classes.ts';
import { mapView } from '../../../loader/view/map-view.ts';
import { classBytes, mapCells, mapPages } from '../../../loader/view/page-map.ts';
import { HandTrace, PAGE, START, windowOf } from './hand-trace.ts';
import { ToyKernel } from './toy-kernel.ts';

function toyState(seed: number, pages: number, events = 1500) {
  const space = windowOf(pages);
  const kernel = new ToyKernel(space, seed);
  kernel.run(events);
  const map = new AddressMap(space);
  for (const event of kernel.events) map.push(event);
  const { busy, lazy } = kernel.snapshots.at(-1)!;
  return { map, state: map.stateAt({ seq: map.last.seq }), busy, lazy };
}

const CLASS_OF: Record<string, MapClass> = {
  file: 'file',
  image: 'image',
  text: 'text',
  data: 'data',
  percpu: 'percpu',
};

describe('a page map', () => {
  it('says of each page what it is and whose', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 60, max: 700 }), (seed, pages) => {
        const { state, busy, lazy } = toyState(seed, pages);
        const { codes, areas } = mapPages(state, START, START + pages * PAGE);
        for (let page = 0; page < pages; page += 1) {
          const va = START + page * PAGE;
          const holds = (a: { start: number; size: number }) =>
            a.start <= va && va < a.start + a.size;
          const parked = lazy.find(holds);
          const used = busy.find(holds);
          const guarded = used !== undefined && used.purpose !== 'percpu';
          const isGuard = guarded && va === used.start + used.size - PAGE;
          const expected = parked
            ? 'lazy'
            : used === undefined
              ? 'free'
              : isGuard
                ? 'guard'
                : CLASS_OF[used.purpose];
          expect(MAP_CLASSES[codes[page]!]).toBe(expected);
          const index = areas[page]!;
          expect(index < 0 ? undefined : state.area(index).start).toBe((parked ?? used)?.start);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('adds up: the bytes of the classes are those of the pages, and fill the range', () => {
    const { state } = toyState(8, 500);
    const end = START + 500 * PAGE;
    const { codes } = mapPages(state, START, end);
    const counted = MAP_CLASSES.map((_, code) => codes.filter((c) => c === code).length * PAGE);
    expect([...classBytes(state, START, end)]).toEqual(counted);
    // A range that cuts areas apart.
    const part = [START + 7 * PAGE, START + 311 * PAGE] as const;
    const inside = mapPages(state, ...part).codes;
    const bytes = [...classBytes(state, ...part)];
    expect(bytes).toEqual(
      MAP_CLASSES.map((_, code) => inside.filter((c) => c === code).length * PAGE),
    );
    expect([...inside]).toEqual([...codes.subarray(7, 311)]);
  });

  it('gives a cell to what takes most of it, free only when nothing else is in it', () => {
    const { state } = toyState(12, 600);
    const end = START + 600 * PAGE;
    const pages = mapPages(state, START, end);
    for (const per of [1, 2, 8, 64]) {
      const cells = mapCells(state, START, end, per * PAGE);
      expect(cells.codes.length).toBe(Math.ceil(600 / per));
      for (const [cell, code] of cells.codes.entries()) {
        // A guard page counts for its area.
        const part = Array.from({ length: Math.min(per, 600 - cell * per) }, (_, i) => {
          const page = cell * per + i;
          const own = pages.codes[page]!;
          const back = per > 1 && own === mapCode('guard') ? pages.codes[page - 1]! : own;
          return back;
        });
        const taken = part.filter((c) => c !== mapCode('free'));
        expect(cells.taken[cell]).toBeCloseTo(taken.length / part.length, 6);
        const count = (wanted: number) => taken.filter((c) => c === wanted).length;
        const most = Math.max(0, ...taken.map(count));
        if (taken.length === 0) expect(code).toBe(mapCode('free'));
        else expect(count(code)).toBe(most);
      }
    }
  });

  it('knows areas without a guard page: per-CPU chunks, vmap blocks, and what nobody described', () => {
    const trace = new HandTrace(64)
      .area(0, 4, 'percpu')
      .area(4, 4, 'vmap_block')
      .area(8, 4, 'vm_map_ram')
      .area(12, 4, 'image')
      .area(16, 4, 'ioremap')
      .search(20, 4);
    // What HandTrace calls the data pages of the first three fills them.
    const events = trace.events.map((e) =>
      e.kind === 'vm_area' && e.va_start < START + 12 * PAGE ? { ...e, pages: 0 } : e,
    );
    const map = new AddressMap(trace.space);
    for (const event of events) map.push(event);
    const state = map.stateAt({ seq: map.last.seq });
    expect(Array.from({ length: state.count }, (_, i) => state.guardOf(i))).toEqual([
      0, 0, 0, 4096, 4096, 0,
    ]);
  });
});

describe('the view of a window', () => {
  it('takes the smallest cells that keep to the rows', () => {
    const { state, map } = toyState(3, 32_768, 50);
    const [window] = map.windows;
    expect(mapView(state, window!, 256, 128)).toMatchObject({ cellBytes: PAGE, rows: 128 });
    expect(mapView(state, window!, 256, 127)).toMatchObject({ cellBytes: 2 * PAGE, rows: 64 });
    expect(mapView(state, window!, 64, 32)).toMatchObject({ cellBytes: 16 * PAGE, rows: 32 });
  });
});
