// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Completion, Engine, Kthreadd, type Policy } from '../../../loader/engine/index.ts';

function machine(cpus = 1): Engine {
  return new Engine({ cpus, seed: 1, timeslice: 100 });
}

describe('a task of SCHED_IDLE', () => {
  it('gives the CPU to one that wakes at once, and goes on where it was', () => {
    const engine = machine();
    const ends: [string, number][] = [];
    engine.spawn({ comm: 'caller', policy: 'idle' }, function* () {
      yield engine.work(50);
      ends.push(['caller', engine.now]);
    });
    engine.after(20, () =>
      engine.spawn({ comm: 'worker' }, function* () {
        yield engine.work(500);
        ends.push(['worker', engine.now]);
      }),
    );
    engine.runUntilQuiet();
    expect(ends).toEqual([
      ['worker', 520],
      ['caller', 550],
    ]);
  });

  it('keeps the CPU when the one that wakes is of its kind', () => {
    const engine = machine();
    const ends: string[] = [];
    for (const comm of ['first', 'second']) {
      engine.spawn({ comm, policy: 'idle' }, function* () {
        yield engine.work(50);
        ends.push(comm);
      });
    }
    engine.runUntilQuiet();
    expect(ends).toEqual(['first', 'second']);
  });

  it('goes on before others of its kind once it has given way', () => {
    const engine = machine();
    const ends: string[] = [];
    for (const comm of ['running', 'waiting']) {
      engine.spawn({ comm, policy: 'idle' }, function* () {
        yield engine.work(50);
        ends.push(comm);
      });
    }
    engine.after(20, () =>
      engine.spawn({ comm: 'worker' }, function* () {
        yield engine.work(10);
        ends.push('worker');
      }),
    );
    engine.runUntilQuiet();
    expect(ends).toEqual(['worker', 'running', 'waiting']);
  });

  it('gives way in the middle of its code only where it says so', () => {
    const engine = machine();
    const told: string[] = [];
    engine.spawn({ comm: 'caller', policy: 'idle' }, function* () {
      engine.spawn({ comm: 'worker' }, function* () {
        yield engine.work(1);
        told.push('worker');
      });
      told.push('still the caller');
      yield engine.giveWay();
      told.push('the caller again');
    });
    engine.runUntilQuiet();
    expect(told).toEqual(['still the caller', 'worker', 'the caller again']);
  });

  it('takes no time from the others, and loses none itself, whatever comes when', () => {
    const job = fc.record({
      at: fc.integer({ min: 0, max: 400 }),
      ns: fc.integer({ min: 1, max: 300 }),
      policy: fc.constantFrom<Policy>('normal', 'idle'),
    });
    fc.assert(
      fc.property(fc.array(job, { minLength: 1, maxLength: 12 }), (jobs) => {
        const engine = machine();
        const ends = new Map<number, number>();
        jobs.forEach(({ at, ns, policy }, i) => {
          engine.after(at, () =>
            engine.spawn({ comm: `${i}`, policy }, function* () {
              yield engine.work(ns);
              ends.set(i, engine.now);
            }),
          );
        });
        engine.runUntilQuiet();
        // Those of SCHED_NORMAL end as if they were alone.
        const alone = jobs.filter(({ policy }) => policy === 'normal');
        expect(lastEnd(jobs, ends, 'normal')).toBe(busyUntil(alone));
        const last = Math.max(...ends.values());
        expect(last).toBe(busyUntil(jobs));
      }),
    );
  });
});

interface Job {
  readonly at: number;
  readonly ns: number;
  readonly policy: Policy;
}

function lastEnd(jobs: readonly Job[], ends: ReadonlyMap<number, number>, policy: Policy): number {
  return Math.max(0, ...jobs.map((job, i) => (job.policy === policy ? ends.get(i)! : 0)));
}

/** When a CPU that never rests while there is work has done all of it. */
function busyUntil(jobs: readonly Job[]): number {
  let now = 0;
  for (const { at, ns } of [...jobs].sort((a, b) => a.at - b.at)) now = Math.max(now, at) + ns;
  return now;
}

describe('kthreadd', () => {
  it('makes one thread after the other; each maker waits for its own', () => {
    const engine = machine(4);
    const kthreadd = new Kthreadd(engine, 30);
    const made: [string, number][] = [];
    for (const comm of ['a', 'b', 'c']) {
      engine.spawn({ comm: 'maker' }, function* () {
        const thread = yield* kthreadd.run(comm, function* () {});
        made.push([thread.comm, engine.now]);
      });
    }
    engine.runUntilQuiet();
    expect(made).toEqual([
      ['a', 30],
      ['b', 60],
      ['c', 90],
    ]);
  });

  it('has its thread run before a maker of SCHED_IDLE goes on, on one CPU', () => {
    const engine = machine();
    const kthreadd = new Kthreadd(engine, 30);
    const told: string[] = [];
    engine.spawn({ comm: 'maker', policy: 'idle' }, function* () {
      for (const comm of ['a', 'b']) {
        yield* kthreadd.run(comm, function* () {
          yield engine.work(500);
          told.push(comm);
        });
        told.push(`made ${comm}`);
      }
    });
    engine.runUntilQuiet();
    expect(told).toEqual(['a', 'made a', 'b', 'made b']);
  });

  it('lets the maker go on while its thread sleeps', () => {
    const engine = machine();
    const kthreadd = new Kthreadd(engine, 30);
    const answer = new Completion(engine);
    const told: string[] = [];
    engine.spawn({ comm: 'maker', policy: 'idle' }, function* () {
      yield* kthreadd.run('a', function* () {
        yield* answer.wait();
        told.push('answered');
      });
      told.push('made');
      answer.complete();
    });
    engine.runUntilQuiet();
    expect(told).toEqual(['made', 'answered']);
  });

  it('has what the thread does count for its maker, and cuts its name to 15 characters', () => {
    const engine = machine();
    const kthreadd = new Kthreadd(engine, 30);
    const seen: [string, number][] = [];
    engine.spawn({ comm: 'maker' }, function* () {
      engine.current!.request = 7;
      yield* kthreadd.run('test_kmod-123456789', function* () {
        yield engine.work(1);
        const { comm, request } = engine.current!;
        seen.push([comm, request]);
      });
    });
    engine.runUntilQuiet();
    expect(seen).toEqual([['test_kmod-12345', 7]]);
  });
});
