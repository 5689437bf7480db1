// SPDX-License-Identifier: MIT
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

  it('keeps that order while timers come and go', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ delay: fc.nat(30), pops: fc.nat(2) }), { maxLength: 400 }),
        (turns) => {
          const queue = new EventQueue();
          const waiting: { at: number; i: number }[] = [];
          const fired: number[] = [];
          const expected: number[] = [];
          let now = 0;
          const pop = (): void => {
            const next = queue.pop();
            waiting.sort((a, b) => a.at - b.at || a.i - b.i);
            const first = waiting.shift();
            expect(next?.at).toBe(first?.at);
            if (!next || !first) return;
            now = next.at;
            next.fire();
            expected.push(first.i);
          };
          for (const [i, { delay, pops }] of turns.entries()) {
            queue.push(now + delay, () => fired.push(i));
            waiting.push({ at: now + delay, i });
            // Few pops at first, so that the queue grows.
            for (let k = 0; k < pops && i > 150; k += 1) pop();
          }
          while (waiting.length > 0) pop();
          expect(fired).toEqual(expected);
        },
      ),
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
