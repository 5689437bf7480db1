// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { GuestClock } from '../../../emulator/linux/guest-clock.ts';
import type { V86Exports } from '../../../emulator/v86/internals.ts';

/** Where v86 0.5.462 counts instructions, and how many of them the guest's clock takes for a ms. */
const COUNTER = 664;
const PER_MS = 200_000;

interface Turn {
  readonly instructions: number;
  readonly wait: number;
}

/** A processor whose turns are given. */
function machine(turns: readonly Turn[]) {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 2 });
  let turn = 0;
  const clock = new GuestClock();
  const seen: number[] = [];
  const { env } = clock.imports({
    env: { microtick: () => -1, get_rand_int: () => -1, kept: () => 7 },
  }) as { env: Record<'microtick' | 'get_rand_int' | 'kept', () => number> };
  const main_loop = (): number => {
    const { instructions, wait } = turns[turn++]!;
    const counter = new Uint32Array(memory.buffer, COUNTER, 1);
    counter[0] = counter[0]! + instructions;
    seen.push(env.microtick());
    return wait;
  };
  const exports = clock.exports({ memory, main_loop } as unknown as V86Exports);
  const start = clock.now();
  const since = (): number => clock.now() - start;
  return { memory, clock, env, exports, seen: () => seen.map((ms) => ms - start), since };
}

describe('the clock of the Linux guest', () => {
  it('goes by the instructions run, not by the host', () => {
    const { exports, since, seen } = machine([
      { instructions: 3 * PER_MS, wait: 0 },
      { instructions: PER_MS / 2, wait: 0 },
    ]);
    exports.main_loop();
    exports.main_loop();
    expect(seen()).toEqual([expect.closeTo(3), expect.closeTo(3.5)]);
    expect(since()).toBeCloseTo(3.5);
  });

  it('skips what an idle processor would wait, and asks v86 not to wait', () => {
    const { exports, since } = machine([{ instructions: PER_MS, wait: 54.9 }]);
    expect(exports.main_loop()).toBe(0);
    expect(since()).toBeCloseTo(55.9);
  });

  it('goes on when an idle processor is told to wait 0 ms', () => {
    const { exports, since } = machine(Array(1000).fill({ instructions: 0, wait: 0 }));
    for (let turn = 0; turn < 1000; turn++) exports.main_loop();
    expect(since()).toBeGreaterThan(1);
  });

  it('goes on over the end of the counter and over memory that has grown', () => {
    const { exports, memory, since } = machine([
      { instructions: 0xffff_ffff, wait: 0 },
      { instructions: PER_MS, wait: 0 },
    ]);
    exports.main_loop();
    const before = since();
    memory.grow(1);
    exports.main_loop();
    expect(since() - before).toBeCloseTo(1);
  });

  it('gives the same random numbers to every boot, and leaves other imports alone', () => {
    const numbers = (): number[] => {
      const { env } = machine([]);
      return Array.from({ length: 50 }, () => env.get_rand_int());
    };
    expect(numbers()).toEqual(numbers());
    expect(new Set(numbers()).size).toBe(50);
    expect(machine([]).env.kept()).toBe(7);
  });

  it('is what devices are told while its guest runs, and the host’s time otherwise', () => {
    const inner = { microtick: () => 12 };
    GuestClock.dispatch(inner);
    GuestClock.dispatch(inner);
    const told: number[] = [];
    const memory = new WebAssembly.Memory({ initial: 1 });
    const clock = new GuestClock();
    const { main_loop } = clock.exports({
      memory,
      main_loop: () => {
        told.push(inner.microtick());
        return 0;
      },
    } as unknown as V86Exports);
    expect(inner.microtick()).toBe(12);
    main_loop();
    expect(told[0]).toBeLessThanOrEqual(clock.now());
    expect(told[0]).not.toBe(12);
    expect(inner.microtick()).toBe(12);
  });
});
