// SPDX-License-Identifier: MIT
/**
 * How the time of a replay grows with the CPUs that ask, each for the same number of modules.
 *
 * The first CPU loads every module before the storm begins, and only the storm is timed: decoding
 * seventy modules once is no part of the growth. The worse of two storms counts: finit_module,
 * where later requests wait for earlier ones, and init_module, where each does all its work.
 */
import { openCatalog } from '../../loader/catalog/index.ts';
import { prepareRun, type Scenario, scenarioSchema } from '../../loader/scenario/index.ts';
import { driveSteps, Session } from '../../loader/session/index.ts';
import type { Measurement } from './budget.ts';
import { cpuNanos, median } from './stopwatch.ts';

const FEW = 64;
const MANY = 1024;
const ROUNDS = 3;
const STORM_AT_US = 100_000_000;

type StormOp = 'finit_module' | 'init_module' | 'modprobe';

export function stormGrowth(): Measurement {
  const source = openCatalog('boot')!;
  const time = (cpus: number, op: StormOp): number => {
    const run = prepareRun(stormOf(cpus, op), { source });
    const session = new Session(run.kernel, run.program, run.observer);
    const steps = driveSteps(session);
    while (run.kernel.engine.now < STORM_AT_US * 1000) {
      if (steps.next().done) throw new Error('the storm did not begin');
    }
    globalThis.gc?.();
    const start = cpuNanos();
    let next = steps.next();
    while (!next.done) next = steps.next();
    if (next.value.stuck > 0) throw new Error(`${next.value.stuck} requests stuck`);
    return cpuNanos() - start;
  };
  const exponent = (op: StormOp): number => {
    const rounds: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const few = (time(FEW, op) + time(FEW, op)) / 2;
      rounds.push(growthExponent(time(MANY, op) / few, MANY / FEW));
    }
    return median(rounds);
  };
  // The engine's code is compiled while it runs: not on the first storm's time.
  for (let i = 0; i < 3; i++) time(FEW, 'finit_module');
  time(FEW, 'init_module');
  const finit = exponent('finit_module');
  const init = exponent('init_module');
  const modprobe = exponent('modprobe');
  return {
    budget: 'storm-growth',
    value: Math.max(finit, init),
    detail:
      `finit_module ${finit.toFixed(2)}, init_module ${init.toFixed(2)}; ` +
      `modprobe of live modules ${modprobe.toFixed(2)}`,
  };
}

/** x such that `factor` times the size takes factor^x times as long. */
export function growthExponent(timeRatio: number, factor: number): number {
  return Math.log(timeRatio) / Math.log(factor);
}

function stormOf(cpus: number, op: StormOp): Scenario {
  const storm = { uniform_us: [STORM_AT_US, STORM_AT_US + 20_000] };
  return scenarioSchema.parse({
    version: 1,
    name: 'growth',
    machine: { cpus },
    modules: 'boot',
    storm: {
      generators: [
        { per: 'cpu', cpus: { list: [0] }, op: 'finit_module', modules: 'all' },
        { per: 'cpu', op, modules: 'all', arrival: storm },
      ],
    },
  });
}
