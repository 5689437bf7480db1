// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Coroutine, Engine } from '../../../loader/engine/index.ts';

/** What a coroutine does, step by step: spends time, sleeps, or calls another. */
type Step =
  | { readonly kind: 'work' | 'sleep'; readonly ns: number }
  | { readonly kind: 'call'; readonly steps: readonly Step[] };

const { steps } = fc.letrec<{ steps: readonly Step[]; step: Step }>((tie) => ({
  steps: fc.array(tie('step'), { maxLength: 4 }),
  step: fc.oneof(
    { maxDepth: 5 },
    fc.record({ kind: fc.constantFrom('work' as const, 'sleep' as const), ns: fc.nat(120) }),
    fc.record({ kind: fc.constant('call' as const), steps: tie('steps') }),
  ),
}));

type Call = (engine: Engine, body: Coroutine<number>) => Coroutine<number>;

function* delegated(_engine: Engine, body: Coroutine<number>): Coroutine<number> {
  return yield* body;
}

function* entered(engine: Engine, body: Coroutine<number>): Coroutine<number> {
  return (yield engine.enter(body)) as number;
}

/** Each step of each task with its time and CPU, and what the calls returned. */
function traceOf(programs: readonly (readonly Step[])[], call: Call): string[] {
  const engine = new Engine({ cpus: 2, seed: 1, timeslice: 100 });
  const trace: string[] = [];
  function* run(name: string, list: readonly Step[]): Coroutine<number> {
    let sum = 0;
    for (const step of list) {
      if (step.kind === 'call') sum += yield* call(engine, run(`${name}/`, step.steps));
      else if (step.kind === 'work') yield engine.work(step.ns);
      else yield* engine.sleep(step.ns);
      sum += 1;
      trace.push(`${name} ${engine.now} ${engine.currentCpu} ${sum}`);
    }
    return sum;
  }
  const tasks = programs.map((list, i) =>
    engine.spawn({ comm: `t${i}` }, () => run(`t${i}`, list)),
  );
  engine.runUntilQuiet();
  expect(tasks.map(({ state }) => state)).toEqual(programs.map(() => 'done'));
  return [...trace, ...tasks.map(({ resumeWith }) => `${resumeWith}`)];
}

describe('a coroutine that is entered', () => {
  it('does what it does when it is delegated to, at the same times', () => {
    fc.assert(
      fc.property(fc.array(steps, { minLength: 1, maxLength: 4 }), (programs) => {
        expect(traceOf(programs, entered)).toEqual(traceOf(programs, delegated));
      }),
    );
  });

  it('may end without ever waiting', () => {
    const program: Step[] = [{ kind: 'call', steps: [{ kind: 'call', steps: [] }] }];
    expect(traceOf([program], entered)).toEqual(['t0/ 0 0 1', 't0 0 0 2', '2']);
  });
});
