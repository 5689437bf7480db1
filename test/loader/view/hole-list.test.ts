// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HoleList } from '../../../loader/view/hole-list.ts';

describe('HoleList', () => {
  it('agrees with a bitmap of pages over any takes and gives', () => {
    const step = fc.record({
      give: fc.boolean(),
      start: fc.nat(1999),
      size: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 60 })),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 1500, minLength: 50 }), (steps) => {
        const pages = new Uint8Array(2000).fill(1);
        const list = new HoleList(0, 2000);
        for (const { give, start, size } of steps) {
          const end = Math.min(2000, start + size);
          const part = pages.subarray(start, end);
          const possible = part.every((free) => free === (give ? 0 : 1));
          if (!give) expect(list.holds(start, end)).toBe(possible);
          expect(give ? list.give(start, end) : list.take(start, end)).toBe(possible);
          if (possible) part.fill(give ? 1 : 0);
        }
        const runs = Array.from(pages).join('').match(/1+/g) ?? [];
        expect(list.count).toBe(runs.length);
        expect(list.free).toBe(runs.join('').length);
        expect(list.largest).toBe(Math.max(0, ...runs.map((run) => run.length)));
      }),
      { numRuns: 60 },
    );
  });

  it('stays right with thousands of holes, split and joined in any order', () => {
    const list = new HoleList(0, 20_000);
    const order = Array.from({ length: 5000 }, (_, i) => (i * 2741) % 5000);
    for (const i of order) expect(list.take(i * 4, i * 4 + 1)).toBe(true);
    expect([list.count, list.free, list.largest]).toEqual([5000, 15_000, 3]);
    for (const i of order.toReversed()) {
      expect(list.give(i * 4, i * 4 + 1)).toBe(true);
      expect(list.give(i * 4, i * 4 + 1)).toBe(false);
    }
    expect([list.count, list.free, list.largest]).toEqual([1, 20_000, 20_000]);
  });

  it('may be empty', () => {
    const list = new HoleList(5, 5);
    expect([list.count, list.free, list.largest]).toEqual([0, 0, 0]);
    expect(list.take(5, 6)).toBe(false);
    expect(list.give(5, 6)).toBe(true);
    expect(list.largest).toBe(1);
  });
});
