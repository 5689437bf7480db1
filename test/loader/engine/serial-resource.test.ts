// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { Engine, SerialResource, SharedResource } from '../../../loader/engine/index.ts';

describe('SerialResource', () => {
  it('serves one at a time in order, with a hand-over between those that queue', () => {
    const engine = new Engine({ cpus: 4, seed: 1 });
    const lock = new SerialResource(engine, 5);
    const ends: number[] = [];
    for (const at of [0, 10, 20, 500]) {
      engine.after(at, () =>
        engine.spawn({ comm: 't' }, function* () {
          yield engine.work(lock.reserve(100));
          ends.push(engine.now);
        }),
      );
    }
    engine.runUntilQuiet();
    expect(ends).toEqual([100, 205, 310, 600]);
  });
});

describe('SharedResource', () => {
  /** So many users at once, ten steps each: when the last ends. */
  const lastOf = (users: number, own: number, shared: number): number => {
    const engine = new Engine({ cpus: 64, seed: 1 });
    const line = new SharedResource(engine);
    for (let i = 0; i < users; i += 1) {
      engine.spawn({ comm: 't' }, () => line.use(100, own, shared));
    }
    engine.runUntilQuiet();
    expect(line.users).toBe(0);
    return engine.now;
  };

  it('costs a user alone its steps and nothing more', () => {
    expect(lastOf(1, 90, 10)).toBe(100 * 100);
  });

  it('costs several nothing while the shared steps fit side by side', () => {
    expect(lastOf(10, 90, 10)).toBe(100 * 100);
  });

  it('is the bottleneck of many: all shared steps one after the other', () => {
    expect(lastOf(60, 90, 10)).toBe(60 * 100 * 10);
  });
});
