// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressMap } from '../../../loader/view/address-map.ts';
import {
  largestModules,
  moduleShade,
  SHADINGS,
  shadeCells,
  shadeLooks,
} from '../../../loader/view/map-shades.ts';
import { mapCells } from '../../../loader/view/page-map.ts';
import { PAGE, START, windowOf } from './hand-trace.ts';
import { ToyKernel } from './toy-kernel.ts';

const CPUS = 4;

function toyState(seed: number, pages: number) {
  const space = windowOf(pages);
  const kernel = new ToyKernel(space, seed);
  kernel.run(900);
  const map = new AddressMap(space);
  for (const event of kernel.events) map.push(event);
  const state = map.stateAt({ seq: map.last.seq });
  const context = { requests: map.requests, cpus: CPUS };
  return { map, state, context };
}

const seeds = fc.integer();
const sizes = fc.integer({ min: 60, max: 500 });
const shadings = fc.constantFrom(...SHADINGS);

describe('a shaded map', () => {
  it('shades every page by its own area, whatever the shading', () => {
    fc.assert(
      fc.property(seeds, sizes, shadings, (seed, pages, shading) => {
        const { state, context } = toyState(seed, pages);
        const range = { start: START, end: START + pages * PAGE, cellBytes: PAGE };
        const { codes } = shadeCells(state, range, shading, context);
        const looks = shadeLooks(shading, CPUS);
        expect(codes.length).toBe(pages);
        for (let page = 0; page < pages; page += 1) {
          const index = state.indexAt(START + page * PAGE);
          const code = codes[page]!;
          expect(looks[code]).toBeDefined();
          expect(code === 0).toBe(index < 0);
          expect(code === 1).toBe(index >= 0 && state.isLazy(index));
          if (code < 2 || shading !== 'cpu') continue;
          const { cpu } = state.area(index);
          expect(looks[code]!.label).toBe(`CPU ${cpu}`);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('counts every byte of the range once', () => {
    fc.assert(
      fc.property(seeds, sizes, shadings, (seed, pages, shading) => {
        const { state, context } = toyState(seed, pages);
        const range = { start: START, end: START + pages * PAGE, cellBytes: 4 * PAGE };
        const { bytes } = shadeCells(state, range, shading, context);
        expect(bytes.reduce((sum, each) => sum + each, 0)).toBe(pages * PAGE);
      }),
      { numRuns: 40 },
    );
  });

  it('gives a cell of several pages the look that takes most of what is not free', () => {
    fc.assert(
      fc.property(seeds, sizes, (seed, pages) => {
        const { state, context } = toyState(seed, pages);
        const end = START + pages * PAGE;
        const fine = shadeCells(state, { start: START, end, cellBytes: PAGE }, 'age', context);
        const coarse = shadeCells(
          state,
          { start: START, end, cellBytes: 8 * PAGE },
          'age',
          context,
        );
        coarse.codes.forEach((code, cell) => {
          const counts = new Map<number, number>();
          for (const each of fine.codes.slice(cell * 8, cell * 8 + 8)) {
            if (each !== 0) counts.set(each, (counts.get(each) ?? 0) + 1);
          }
          const most = Math.max(0, ...counts.values());
          expect(code === 0 ? 0 : counts.get(code)).toBe(most);
        });
      }),
      { numRuns: 30 },
    );
  });

  it('by what pages hold is the page map itself', () => {
    const { state, context } = toyState(5, 300);
    const end = START + 300 * PAGE;
    const range = { start: START, end, cellBytes: PAGE };
    const { codes } = shadeCells(state, range, 'class', context);
    expect(codes).toEqual(mapCells(state, START, end, PAGE).codes);
  });

  it('shows the same module alike everywhere, and few modules alike', () => {
    const names = Array.from({ length: 30 }, (_, i) => `mod_${i}`);
    const shades = new Set(names.map(moduleShade));
    expect(names.map(moduleShade)).toEqual(names.map(moduleShade));
    expect(shades.size).toBeGreaterThan(15);
    for (const shade of shades) expect(shade).toBeLessThan(shadeLooks('module', 1).length);
  });

  it('lists the modules that hold most, largest first', () => {
    const { state, map } = toyState(11, 400);
    const range = { start: START, end: START + 400 * PAGE };
    const listed = largestModules(state, map.requests, range, 5);
    const sizesOf = listed.map(({ bytes }) => bytes);
    expect(sizesOf).toEqual([...sizesOf].sort((a, b) => b - a));
    expect(listed.length).toBeLessThanOrEqual(5);
  });

  it.each([1, 5, 8, 9, 255])('names each of %i CPUs once in the looks of CPUs', (cpus) => {
    const named = shadeLooks('cpu', cpus)
      .slice(2)
      .flatMap(({ label }) => {
        const [first, last = first] = label.match(/\d+/g)!.map(Number);
        return Array.from({ length: last! - first! + 1 }, (_, i) => first! + i);
      });
    expect(named).toEqual(Array.from({ length: cpus }, (_, i) => i));
  });
});
