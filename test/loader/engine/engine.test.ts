// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import {
  Completion,
  Engine,
  Mutex,
  Rcu,
  Semaphore,
  WaitQueue,
  Work,
} from '../../../loader/engine/index.ts';

function machine(cpus = 4): Engine {
  return new Engine({ cpus, seed: 1, timeslice: 100 });
}

describe('CPUs', () => {
  it('run pinned tasks one after the other on one CPU', () => {
    const engine = machine(1);
    const ends: [string, number][] = [];
    for (const name of ['a', 'b']) {
      engine.spawn({ comm: name, cpu: 0, pinned: true }, function* () {
        yield engine.work(50);
        ends.push([name, engine.now]);
      });
    }
    engine.runUntilQuiet();
    expect(ends).toEqual([
      ['a', 50],
      ['b', 100],
    ]);
  });

  it('share a CPU in time slices once a second task wants it', () => {
    const engine = machine(1);
    const ends: [string, number][] = [];
    for (const name of ['long', 'short']) {
      engine.spawn({ comm: name, cpu: 0, pinned: true }, function* () {
        yield engine.work(name === 'long' ? 1000 : 50);
        ends.push([name, engine.now]);
      });
    }
    engine.runUntilQuiet();
    // 100 ns of the long one, 50 of the short one, then the rest.
    expect(ends).toEqual([
      ['short', 150],
      ['long', 1050],
    ]);
  });

  it('let an unpinned task run on any idle CPU', () => {
    const engine = machine(3);
    const ends: number[] = [];
    for (let i = 0; i < 3; i += 1) {
      engine.spawn({ comm: 'any', cpu: 0 }, function* () {
        yield engine.work(70);
        ends.push(engine.now);
      });
    }
    engine.runUntilQuiet();
    expect(ends).toEqual([70, 70, 70]);
  });

  it('hand out exactly the CPU time that was worked', () => {
    const engine = machine(2);
    for (let i = 1; i <= 7; i += 1) {
      engine.spawn({ comm: `t${i}` }, function* () {
        yield engine.work(i * 130);
        yield* engine.sleep(11);
        yield engine.work(i);
      });
    }
    engine.runUntilQuiet();
    const busy = engine.cpus.reduce((sum, cpu) => sum + cpu.busy, 0);
    expect(busy).toBe(28 * 131);
  });

  it('hand over what may migrate when they go offline, and keep what is pinned', () => {
    const engine = machine(2);
    const started: [string, number, number][] = [];
    const start = (name: string, pinned: boolean): void => {
      engine.spawn({ comm: name, cpu: 1, pinned }, function* () {
        started.push([name, engine.currentCpu, engine.now]);
        yield engine.work(10);
      });
    };
    start('pinned', true);
    start('free', false);
    engine.setOnline(1, false);
    expect(engine.onlineCpus).toBe(1);
    engine.after(500, () => engine.setOnline(1, true));
    engine.runUntilQuiet();
    expect(started).toEqual([
      ['free', 0, 0],
      ['pinned', 1, 500],
    ]);
    expect(engine.onlineCpus).toBe(2);
  });

  it('keep a pinned task waiting while its CPU is offline', () => {
    const engine = machine(2);
    engine.setOnline(1, false);
    let end = -1;
    engine.spawn({ comm: 'x', cpu: 1, pinned: true }, function* () {
      yield engine.work(10);
      end = engine.now;
    });
    engine.after(500, () => engine.setOnline(1, true));
    engine.runUntilQuiet();
    expect(end).toBe(510);
  });
});

describe('signals', () => {
  it('end an interruptible sleep, and a killable one only for SIGKILL', () => {
    const engine = machine();
    const seen: [string, boolean, number][] = [];
    for (const mode of ['interruptible', 'killable', 'uninterruptible'] as const) {
      for (const signal of ['int', 'kill'] as const) {
        const task = engine.spawn({ comm: `${mode}` }, function* () {
          const slept = yield* engine.sleep(1000, mode);
          seen.push([`${mode}/${signal}`, slept, engine.now]);
        });
        engine.after(10, () => engine.signal(task, signal));
      }
    }
    engine.runUntilQuiet();
    expect(Object.fromEntries(seen.map(([k, slept, at]) => [k, [slept, at]]))).toEqual({
      'interruptible/int': [false, 10],
      'interruptible/kill': [false, 10],
      'killable/int': [true, 1000],
      'killable/kill': [false, 10],
      'uninterruptible/int': [true, 1000],
      'uninterruptible/kill': [true, 1000],
    });
  });

  it('that came before a wait end it at once', () => {
    const engine = machine();
    let at = -1;
    const task = engine.spawn({ comm: 'x' }, function* () {
      yield engine.work(100);
      const slept = yield* engine.sleep(1000, 'interruptible');
      at = slept ? -2 : engine.now;
    });
    engine.after(50, () => engine.signal(task, 'int'));
    engine.runUntilQuiet();
    expect(at).toBe(100);
  });
});

describe('Completion', () => {
  it('lets all waiters through at once and later ones without waiting', () => {
    const engine = machine();
    const done = new Completion(engine);
    const at: number[] = [];
    for (let i = 0; i < 3; i += 1) {
      engine.spawn({ comm: 'w' }, function* () {
        yield* done.wait();
        at.push(engine.now);
      });
    }
    engine.after(40, () => done.completeAll());
    engine.after(50, () => {
      engine.spawn({ comm: 'late' }, function* () {
        yield* done.wait();
        at.push(engine.now);
      });
    });
    engine.runUntilQuiet();
    expect(at).toEqual([40, 40, 40, 50]);
  });

  it('complete() lets exactly one through', () => {
    const engine = machine();
    const done = new Completion(engine);
    let through = 0;
    for (let i = 0; i < 3; i += 1) {
      engine.spawn({ comm: 'w' }, function* () {
        yield* done.wait();
        through += 1;
      });
    }
    engine.after(1, () => done.complete());
    engine.runUntilQuiet();
    expect(through).toBe(1);
    expect(done.waiters).toBe(2);
  });
});

describe('Semaphore', () => {
  it('serves waiters in the order they came and gives up after the timeout', () => {
    const engine = machine(8);
    const sem = new Semaphore(engine, 2);
    const log: [number, string, number][] = [];
    for (let i = 0; i < 5; i += 1) {
      engine.spawn({ comm: `t${i}` }, function* () {
        const got = yield* sem.down(150);
        log.push([i, got, engine.now]);
        if (got !== 'acquired') return;
        yield* engine.sleep(100);
        sem.up();
      });
    }
    engine.runUntilQuiet();
    expect(log).toEqual([
      [0, 'acquired', 0],
      [1, 'acquired', 0],
      [2, 'acquired', 100],
      [3, 'acquired', 100],
      [4, 'timeout', 150],
    ]);
    expect(sem.count).toBe(2);
  });

  it('does not lose a slot when a waiter is killed', () => {
    const engine = machine();
    const sem = new Semaphore(engine, 1);
    const results: string[] = [];
    engine.spawn({ comm: 'holder' }, function* () {
      yield* sem.down();
      yield* engine.sleep(100);
      sem.up();
    });
    const victim = engine.spawn({ comm: 'victim' }, function* () {
      results.push(yield* sem.down(undefined, 'killable'));
    });
    engine.spawn({ comm: 'next' }, function* () {
      results.push(yield* sem.down());
      sem.up();
    });
    engine.after(10, () => engine.signal(victim, 'kill'));
    engine.runUntilQuiet();
    expect(results).toEqual(['interrupted', 'acquired']);
    expect(sem.count).toBe(1);
  });
});

describe('a wait with a timeout', () => {
  it('that was satisfied stays so, however long the woken task waits for its CPU', () => {
    for (const kind of ['semaphore', 'queue'] as const) {
      const engine = machine(2);
      const sem = new Semaphore(engine, 1);
      const queue = new WaitQueue(engine);
      let open = false;
      const seen: string[] = [];
      engine.spawn({ comm: 'holder', cpu: 1, pinned: true }, function* () {
        yield* sem.down();
        yield* engine.sleep(50);
        open = true;
        sem.up();
        queue.wakeAll();
      });
      engine.spawn({ comm: 'waiter', cpu: 0, pinned: true }, function* () {
        yield engine.work(1);
        seen.push(
          kind === 'semaphore'
            ? yield* sem.down(60)
            : yield* queue.waitEvent(() => open, 'uninterruptible', 60),
        );
      });
      engine.spawn({ comm: 'hog', cpu: 0, pinned: true }, function* () {
        yield engine.work(90);
      });
      engine.runUntilQuiet();
      expect(seen).toEqual([kind === 'semaphore' ? 'acquired' : 'ready']);
    }
  });
});

describe('Mutex', () => {
  it('passes to the longest waiter', () => {
    const engine = machine();
    const mutex = new Mutex(engine);
    const order: number[] = [];
    for (let i = 0; i < 4; i += 1) {
      engine.spawn({ comm: `m${i}` }, function* () {
        yield* mutex.lock();
        yield* engine.sleep(10);
        order.push(i);
        mutex.unlock();
      });
    }
    engine.runUntilQuiet();
    expect(order).toEqual([0, 1, 2, 3]);
    expect(mutex.locked).toBe(false);
  });
});

describe('WaitQueue', () => {
  it('wakes only those whose condition holds and times the others out', () => {
    const engine = machine();
    const queue = new WaitQueue(engine);
    let level = 0;
    const log: [number, string, number][] = [];
    for (const wanted of [1, 2, 9]) {
      engine.spawn({ comm: 'w' }, function* () {
        const result = yield* queue.waitEvent(() => level >= wanted, 'uninterruptible', 500);
        log.push([wanted, result, engine.now]);
      });
    }
    for (const at of [100, 200]) {
      engine.after(at, () => {
        level += 1;
        queue.wakeAll();
      });
    }
    engine.runUntilQuiet();
    expect(log).toEqual([
      [1, 'ready', 100],
      [2, 'ready', 200],
      [9, 'timeout', 500],
    ]);
  });
});

describe('Work', () => {
  it('runs once however often it is queued, and again when queued after it began', () => {
    const engine = machine();
    const runs: number[] = [];
    const work = new Work(engine, 'kworker', function* () {
      runs.push(engine.now);
      yield engine.work(10);
    });
    expect(work.queue(100)).toBe(true);
    expect(work.queue()).toBe(false);
    engine.after(105, () => {
      expect(work.queue(50)).toBe(true);
    });
    engine.runUntilQuiet();
    expect(runs).toEqual([100, 155]);
  });

  it('in the background does not keep the engine busy', () => {
    const engine = machine();
    const work = new Work(engine, 'kworker', function* () {}, { background: true });
    work.queue(60_000);
    expect(engine.busy).toBe(false);
    expect(engine.nextAt).toBe(60_000);
  });
});

describe('Rcu', () => {
  it('lets those who ask during a grace period wait for the next one', () => {
    const engine = machine();
    const rcu = new Rcu(engine, 100);
    const at: [string, number][] = [];
    const reader = (name: string, start: number): void => {
      engine.after(start, () => {
        engine.spawn({ comm: name }, function* () {
          yield* rcu.synchronize();
          at.push([name, engine.now]);
        });
      });
    };
    reader('first', 0);
    reader('during', 30);
    reader('also', 99);
    engine.runUntilQuiet();
    expect(at).toEqual([
      ['first', 100],
      ['during', 200],
      ['also', 200],
    ]);
  });
});

describe('the clock', () => {
  it('refuses to go back', () => {
    expect(() => machine().after(-1, () => {})).toThrow(RangeError);
  });

  it('moves by whole nanoseconds, so that fractions of work come to an end', () => {
    const engine = machine(2);
    let done = 0;
    for (let i = 1; i <= 50; i += 1) {
      engine.spawn({ comm: `t${i}` }, function* () {
        yield engine.work(9_015_760.123456 / i);
        yield* engine.sleep(0.25);
        done += 1;
      });
    }
    for (let steps = 0; engine.busy && steps < 1_000_000; steps += 1) engine.step();
    expect(done).toBe(50);
    expect(Number.isInteger(engine.now)).toBe(true);
  });

  it('passes ten million events without keeping them', () => {
    const engine = machine(1);
    let left = 10_000_000;
    const tick = (): void => {
      left -= 1;
      if (left > 0) engine.after(1, tick);
    };
    engine.after(1, tick);
    engine.runUntilQuiet();
    expect(left).toBe(0);
    expect(engine.now).toBe(10_000_000);
    expect(engine.nextAt).toBeUndefined();
  });
});
