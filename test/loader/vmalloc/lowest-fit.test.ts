// SPDX-License-Identifier: MIT
/** The short way to the lowest fit against the kernel's own walk. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FreeTree } from '../../../loader/vmalloc/free-tree.ts';

const PAGE = 4096;
const START = 0xf77fe000;
const END = 0xfeffe000;

describe('a request without alignment', () => {
  it('takes the block that the walk for alignment to a page takes', () => {
    const step = fc.record({
      pages: fc.integer({ min: 1, max: 400 }),
      /** Where the request's range begins and ends, in pages from the window's edges. */
      low: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(20_000)),
      high: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(9000)),
      frees: fc.array(fc.nat(), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 300 }), (steps) => {
        const short = new FreeTree(2 ** 32, 32);
        const walk = new FreeTree(2 ** 32, 32);
        const live: [number, number][] = [];
        for (const { pages, low, high, frees } of steps) {
          const size = pages * PAGE;
          const from = START + low * PAGE;
          const to = END - high * PAGE;
          const addr = short.alloc(size, 1, from, to);
          expect(addr).toBe(walk.alloc(size, PAGE, from, to));
          if (addr >= 0) live.push([addr, size]);
          for (const pick of frees) {
            if (live.length === 0) break;
            const [[at, bytes]] = live.splice(pick % live.length, 1) as [[number, number]];
            short.giveBack(at, at + bytes);
            walk.giveBack(at, at + bytes);
          }
        }
        expect(short.dump()).toEqual(walk.dump());
      }),
      { numRuns: 60 },
    );
  });
});
