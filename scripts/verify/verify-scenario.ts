// SPDX-License-Identifier: MIT
// One scenario on both sides: first the real kernel, then the model with what only the kernel can
// tell (who it is, what its address space held, what modules' own inits did).

import { readFileSync } from 'node:fs';
import type { ObservedInit } from '../../emulator/linux/observed.ts';
import { type LinuxScenarioRun, runScenarioOnLinux } from '../../emulator/linux/scenario-runner.ts';
import {
  type Scenario,
  type ScenarioInput,
  type Step,
  scenarioSchema,
} from '../../loader/scenario/index.ts';
import { type Comparison, comparePlaces, compareRuns } from './compare.ts';
import { ForeignAreas } from './foreign-areas.ts';
import { type LinuxTask, linuxScenarioOf, windowMib } from './linux-scenario.ts';
import type { ModelRun } from './observe-model.ts';
import { runModel } from './run-model.ts';
import type { VerifyTarget } from './target.ts';
import { needsAccount, refuseShuffledTests, TEST_VMALLOC } from './test-vmalloc-program.ts';

export interface VerifyTask extends LinuxTask {
  readonly target: VerifyTarget;
  /** Number of the first step, for the report. */
  readonly offset?: number;
}

export interface VerifyOutcome {
  readonly comparison: Comparison;
  readonly linux: LinuxScenarioRun;
  readonly model: ModelRun;
  readonly modelMs: number;
  readonly steps: readonly Step[];
}

export async function verifyScenario(task: VerifyTask): Promise<VerifyOutcome> {
  const { scenario, target } = task;
  const { guest } = target;
  refuseShuffledTests(scenario.steps ?? []);
  const { steps, source, blacklist, linux: asked } = linuxScenarioOf(task);
  const linux = await runScenarioOnLinux({
    ...asked,
    modelledInits: [TEST_VMALLOC],
    watchAllocator: needsAccount(steps),
  });
  const mib = windowMib(scenario);
  const document: ScenarioInput = {
    version: 1,
    name: scenario.name,
    seed: scenario.seed,
    kernel: {
      base: target.kernel,
      ...target.features,
      release: guest.release,
      // Without the list, what no module exports is taken for the kernel's own.
      ...(guest.symvers === '' ? {} : { exports: readFileSync(guest.symvers, 'utf8') }),
      blacklist,
    },
    machine: {
      cpus: 1,
      vmalloc: mib === undefined ? target.vmalloc : { mib },
      initial: linux.initial.vmallocinfo,
      memory_mb: target.memoryMb,
      ...totalRam(linux.initial.meminfo),
      // The guest is booted with rcupdate.rcu_expedited=1, and its one CPU wakes workers at once.
      costs: { rcu_grace_period_ns: 0, worker_ns: 0, ...scenario.machine.costs },
    },
    modules: { dir: '.', init: { ...initsOf(linux.inits), ...givenInits(scenario) } },
    userspace: scenario.userspace,
  };
  const given = scenarioSchema.parse({ ...document, steps: [] });
  const { model, account, modelMs } = runModel({
    scenario: { ...given, steps: [...steps] },
    source,
    startsUs: linux.startsUs.slice(0, linux.completed),
    references: linux.references,
    allocator: linux.allocator,
    watch: (simulated) =>
      new ForeignAreas(simulated, target.vmapStack ? linux.foreign : [], linux.calls),
  });
  const compared = compareRuns(linux, model, linux.completed, task.offset ?? 0);
  comparePlaces(compared, linux, account.placed, task.offset ?? 0);
  compared.attributed.init_log += linux.exitLog.length;
  compared.attributed.interrupt += linux.interruptLog.length;
  compared.attributed.reference += linux.referenceCount;
  for (const init of linux.inits) compared.attributed.init_log += init.log.length;
  return { comparison: compared, linux, model, modelMs, steps };
}

/** What the guest's /proc/meminfo begins with, when it could be read. */
function totalRam(meminfo: string): { total_ram_kb?: number } {
  const found = /^MemTotal: +(\d+) kB$/m.exec(meminfo);
  return found === null ? {} : { total_ram_kb: Number(found[1]) };
}

function givenInits(scenario: Scenario): Record<string, object> {
  return typeof scenario.modules === 'string' ? {} : scenario.modules.init;
}

const PAGE = 4096;

/**
 * What the kernel says each init did, run by run: value, duration, areas (their guard page is the
 * allocator's own). Durations of a millisecond and more are taken as sleep.
 */
function initsOf(inits: readonly ObservedInit[]): Record<string, object[]> {
  const byModule: Record<string, object[]> = {};
  for (const {
    module,
    ret,
    durationUs,
    exitUs,
    areas,
    initFreed,
    refused,
    exitFreed,
    holds,
  } of inits) {
    const kept = areas.filter((area) => !area.freed);
    const used = areas.filter((area) => area.freed);
    const own = withoutPageArrays(areas.map((area) => ({ ...area, bytes: area.size - PAGE })));
    const sizes = (freed: boolean): number[] =>
      own.filter((area) => area.freed === freed).map(({ bytes }) => bytes);
    const runs = byModule[module] ?? [];
    byModule[module] = runs;
    runs.push({
      ret,
      duration_us: durationUs,
      sleeps: durationUs >= 1000,
      ...(exitUs >= 1000 ? { exit_us: exitUs } : {}),
      ...(kept.length > 1 && exitFreed[0] === kept[0]!.va ? { exit_order: 'as_taken' } : {}),
      holds: Object.entries(holds).flatMap(([name, times]) => Array(Math.max(0, times)).fill(name)),
      keeps_vmalloc: sizes(false),
      uses_vmalloc: sizes(true),
      ...(used.length > 1 && initFreed[0] === used[0]!.va ? { uses_order: 'as_taken' } : {}),
      tries_vmalloc: refused.map((size) => size - PAGE),
    });
  }
  return byModule;
}

/** An area of more than 1,024 pages is followed by that of its page pointers, 4 bytes each. */
function withoutPageArrays<T extends { readonly bytes: number }>(areas: readonly T[]): T[] {
  return areas.filter((area, i) => {
    const pages = (areas[i - 1]?.bytes ?? 0) / PAGE;
    return pages <= PAGE / 4 || area.bytes !== Math.ceil((pages * 4) / PAGE) * PAGE;
  });
}
