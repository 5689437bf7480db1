// SPDX-License-Identifier: MIT
/** A storm of 255 CPUs replayed, against the same requests taken by a real Linux in v86. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  findLinuxGuest,
  guestCacheOf,
  type LinuxGuestFiles,
} from '../../emulator/linux/guest-cache.ts';
import type { GuestOp } from '../../emulator/linux/guest-ops.ts';
import { prepareRun, scenarioSchema } from '../../loader/scenario/index.ts';
import { driveSteps, Session } from '../../loader/session/index.ts';
import { guestModules, sourceOf } from '../verify/module-files.ts';
import type { Measurement } from './budget.ts';
import { guestPath, timeOnKernel } from './kernel-clock.ts';
import { cpuNanos, median } from './stopwatch.ts';

const BUDGET = 'kernel-storm';
const CPUS = 255;
/** The guest takes the requests of every fifth CPU: all CPUs ask for the same. */
const EVERY = 5;
const ROUNDS = 5;
/** -EEXIST */
const LOADED = -17;
const STORM_AT_US = 100_000_000;

/**
 * Every module has been loaded before; what is timed is 255 CPUs that ask for each of them again
 * by finit_module(). The guest has one CPU and takes the requests one after the other, so nothing
 * of what its kernel would spend on 255 CPUs counts against it. What its init spends on reporting
 * an operation is taken off: as many operations that do nothing are timed as well.
 */
export async function stormAgainstKernel(root: string): Promise<Measurement> {
  const guest = findLinuxGuest(guestCacheOf(root), 'xz');
  if (typeof guest === 'string') return { budget: BUDGET, skipped: guest };
  const names = stormModules(guest);
  const ask = (name: string): GuestOp => ({ op: 'finit_module', path: guestPath(guest, name) });
  const requests = Array.from({ length: CPUS / EVERY }, () => names.map(ask)).flat();
  const nothing = requests.map((): GuestOp => ({ op: 'comm', name: 'init' }));
  // Some inits need what a later module registers, and succeed when they are tried again.
  const loads = [...names, ...names].map(ask);
  const [, storm, empty] = await timeOnKernel(guest, [loads, requests, nothing]);
  const other = storm!.results.find(({ ret }) => ret !== LOADED);
  if (other !== undefined) throw new Error(`the guest: ${JSON.stringify(other.op)} = ${other.ret}`);
  const kernel = (storm!.nanos - empty!.nanos) / requests.length;
  const model = replayNanos(guest, names) / (CPUS * names.length);
  return {
    budget: BUDGET,
    value: kernel / model,
    detail:
      `${(kernel / 1000).toFixed(0)} us / ${(model / 1000).toFixed(1)} us of CPU a request; ` +
      `${requests.length} / ${CPUS * names.length} requests for ${names.length} modules`,
  };
}

/** All but those made for tests, each after what it needs. */
function stormModules(guest: LinuxGuestFiles): string[] {
  const order = new Set<string>();
  const visit = (name: string): void => {
    if (order.has(name) || name.startsWith('test_')) return;
    const text = readFileSync(join(guest.modules, name), 'latin1');
    const needs = /depends=([^\0]*)\0/.exec(text)?.[1] ?? '';
    for (const needed of needs.split(',')) if (needed !== '') visit(fileOf.get(needed)!);
    order.add(name);
  };
  const all = readdirSync(guest.modules).filter((name) => name.endsWith('.ko'));
  const fileOf = new Map(all.map((name) => [name.slice(0, -3).replaceAll('-', '_'), name]));
  for (const name of all.sort()) visit(name);
  return [...order];
}

function replayNanos(guest: LinuxGuestFiles, names: readonly string[]): number {
  const files = new Map([...guestModules(guest)].filter(([name]) => names.includes(name)));
  const source = sourceOf(files, guest.release);
  const storm = { uniform_us: [STORM_AT_US, STORM_AT_US + 20_000] };
  const shared = { per: 'cpu', op: 'finit_module', modules: [...names] };
  const scenario = scenarioSchema.parse({
    version: 1,
    name: 'kernel-storm',
    machine: { cpus: CPUS, vmalloc: 'i386-highmem' },
    modules: { dir: '.' },
    storm: {
      generators: [
        { ...shared, cpus: { list: [0] } },
        { ...shared, arrival: storm },
      ],
    },
  });
  const rounds: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const run = prepareRun(scenario, { source });
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
    // One round more than counts: the first is for the compiler.
    if (round > 0) rounds.push(cpuNanos() - start);
  }
  return median(rounds);
}
