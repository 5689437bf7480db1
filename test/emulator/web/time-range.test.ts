// SPDX-License-Identifier: MIT
/** The time that is shown stays inside the run, and zooming keeps what is under the pointer. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wheelFactor } from '../../../emulator/web/page/gestures.ts';
import { readFragment, writeFragment } from '../../../emulator/web/page/share.ts';
import { firstFrom, moved, ticks, within, zoomed } from '../../../emulator/web/page/time-range.ts';

describe('the time shown', () => {
  it('never leaves the run, however it is zoomed and moved', () => {
    const step = fc.record({
      factor: fc.double({ min: 0.01, max: 100, noNaN: true }),
      share: fc.double({ min: -3, max: 3, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1000, max: 1e10 }), fc.array(step), (duration, steps) => {
        let range = within(0, duration, duration);
        for (const { factor, share } of steps) {
          range = zoomed(range, factor, range.from + share * (range.to - range.from), duration);
          range = moved(range, share * (range.to - range.from), duration);
          expect(range.from).toBeGreaterThanOrEqual(0);
          expect(range.to).toBeLessThanOrEqual(duration * (1 + 1e-9));
          expect(range.to).toBeGreaterThan(range.from);
        }
      }),
    );
  });

  it('keeps the time under the pointer where it is', () => {
    const range = zoomed({ from: 1000, to: 9000 }, 0.5, 3000, 10_000);
    expect((3000 - range.from) / (range.to - range.from)).toBeCloseTo(0.25);
    expect(range.to - range.from).toBe(4000);
  });

  it('has round times on its axis', () => {
    expect(ticks({ from: 0, to: 25e6 }, 6)).toEqual([0, 5e6, 10e6, 15e6, 20e6, 25e6]);
  });

  it('finds the first of sorted times', () => {
    expect(firstFrom(Float64Array.of(1, 3, 3, 7), 3)).toBe(1);
    expect(firstFrom(Float64Array.of(1, 3), 4)).toBe(2);
  });

  it('is carried by a link', () => {
    const settings = { guest: false };
    const range = { from: 1_000_000, to: 2_500_000 };
    const link = writeFragment({ scenario: 'race', settings, range });
    expect(link).toContain('range=1ms-2.5ms');
    expect(readFragment(link)?.range).toEqual(range);
    expect(readFragment('run=race&range=5ms-1ms')?.range).toBeUndefined();
  });
});

describe('the wheel', () => {
  it('zooms as much as it is turned, whatever its unit', () => {
    const small = wheelFactor({ deltaY: -10, deltaMode: 0 });
    const large = wheelFactor({ deltaY: -120, deltaMode: 0 });
    expect(small).toBeGreaterThan(1);
    expect(large).toBeGreaterThan(small);
    expect(wheelFactor({ deltaY: -3, deltaMode: 1 })).toBeCloseTo(
      wheelFactor({ deltaY: -48, deltaMode: 0 }),
    );
    expect(wheelFactor({ deltaY: 0, deltaMode: 0 })).toBe(1);
  });
});
