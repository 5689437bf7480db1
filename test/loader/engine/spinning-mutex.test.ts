// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { Engine, SpinningMutex } from '../../../loader/engine/index.ts';

function race(spinners: number, arrivals: readonly number[], wakeup = 50): number[] {
  const engine = new Engine({ cpus: 16, seed: 1 });
  const mutex = new SpinningMutex(engine, { handover: 1, wakeup, spinners });
  const order: number[] = [];
  let inside = 0;
  arrivals.forEach((at, i) => {
    engine.after(at, () =>
      engine.spawn({ comm: `m${i}` }, function* () {
        yield* mutex.lock();
        inside += 1;
        expect(inside).toBe(1);
        yield engine.work(100);
        inside -= 1;
        order.push(i);
        mutex.unlock();
      }),
    );
  });
  engine.runUntilQuiet();
  expect(mutex.locked).toBe(false);
  return order;
}

describe('SpinningMutex', () => {
  it('is taken in the order they came while all may spin', () => {
    expect(race(16, [0, 1, 2, 3, 4])).toEqual([0, 1, 2, 3, 4]);
  });

  it('is taken by a newcomer before those who sleep', () => {
    // 1 spins, 2 and 3 sleep; 4 comes when the lock is free and 2 is on its way.
    expect(race(1, [0, 1, 2, 3, 210])).toEqual([0, 1, 4, 2, 3]);
  });

  it('is passed to a sleeper that came too late once, newcomers or not', () => {
    // 4 takes it while 2 is on its way, 5 and 6 come behind.
    const order = race(1, [0, 1, 2, 3, 210, 220, 330]);
    expect(order.indexOf(2)).toBeLessThan(order.indexOf(5));
  });

  it('ends the wait of a sleeper and of a spinner that a signal reaches', () => {
    const engine = new Engine({ cpus: 4, seed: 1 });
    const mutex = new SpinningMutex(engine, { handover: 0, wakeup: 0, spinners: 1 });
    const got: boolean[] = [];
    engine.spawn({ comm: 'owner' }, function* () {
      yield* mutex.lock();
      yield* engine.sleep(100);
      mutex.unlock();
    });
    for (let i = 0; i < 2; i += 1) {
      const task = engine.spawn({ comm: 'waiter' }, function* () {
        got.push(yield* mutex.lock('interruptible'));
      });
      engine.after(50, () => engine.signal(task, 'int'));
    }
    engine.runUntilQuiet();
    expect(got).toEqual([false, false]);
    expect(mutex.locked).toBe(false);
  });
});
