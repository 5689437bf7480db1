import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventQueue } from '../../../loader/engine/index.ts';

describe('EventQueue', () => {
  it('fires timers by time and, at one time, in the order they were set', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 200 }), (times) => {
        const queue = new EventQueue();
        const fired: number[] = [];
        for (const [i, at] of times.entries()) queue.push(at, () => fired.push(i));
        for (let next = queue.pop(); next; next = queue.pop()) next.fire();
        const expected = times
          .map((at, i) => ({ at, i }))
          .sort((a, b) => a.at - b.at || a.i - b.i)
          .map(({ i }) => i);
        expect(fired).toEqual(expected);
      }),
    );
  });

  it('never fires a cancelled timer and counts only foreground ones as pending work', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ at: fc.nat(50), cancel: fc.boolean(), background: fc.boolean() })),
        (timers) => {
          const queue = new EventQueue();
          const fired: number[] = [];
          const handles = timers.map(({ at, background }, i) =>
            queue.push(at, () => fired.push(i), background),
          );
          for (const [i, { cancel }] of timers.entries()) {
            if (cancel) expect(queue.cancel(handles[i]!)).toBe(true);
          }
          const live = timers.map((timer, i) => ({ ...timer, i })).filter((t) => !t.cancel);
          expect(queue.foreground).toBe(live.filter((t) => !t.background).length);
          for (let next = queue.pop(); next; next = queue.pop()) next.fire();
          expect([...fired].sort((a, b) => a - b)).toEqual(live.map((t) => t.i));
          expect(queue.foreground).toBe(0);
        },
      ),
    );
  });

  it('refuses to cancel twice', () => {
    const queue = new EventQueue();
    const timer = queue.push(1, () => {});
    expect(queue.cancel(timer)).toBe(true);
    expect(queue.cancel(timer)).toBe(false);
  });
});
