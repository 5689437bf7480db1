// SPDX-License-Identifier: MIT
import type { WastedBytes } from '../../loader/events/index.ts';
import type { ModuleSource } from '../../loader/module/index.ts';
import { collectResult, prepareRun, type Scenario } from '../../loader/scenario/index.ts';
import { driveSteps, type RunResult, Session } from '../../loader/session/index.ts';
import type { Breath } from './breath.ts';

/** What is compared of a run. */
export interface RunSummary {
  readonly modules_loaded: number;
  readonly wasted: WastedBytes;
  readonly wasted_total: number;
  readonly failed: WastedBytes;
  readonly failed_total: number;
  readonly peak_used: number;
  readonly vmalloc_total: number;
  /** Virtual time of the last answer. */
  readonly settle_ns: number;
  readonly first_failure: string | null;
}

const FAILED_BY = {
  kread: 'failed_kreads',
  decompress: 'failed_decompress',
  becoming: 'failed_becoming',
  load: 'failed_load_modules',
} as const;

export interface ScenarioRun {
  readonly result: RunResult;
  /** As `PreparedRun.warnings`, after the run. */
  readonly warnings: readonly string[];
}

/** Runs a scenario without a guest. With `breath` it can be interrupted. */
export async function runScenario(
  scenario: Scenario,
  source: ModuleSource,
  breath?: Breath,
): Promise<ScenarioRun> {
  const run = prepareRun(scenario, { source });
  const session = new Session(run.kernel, run.program, run.observer);
  for (const steps = driveSteps(session); !steps.next().done; ) await breath?.take();
  return { result: collectResult(run), warnings: run.warnings() };
}

export function summarise(result: RunResult): RunSummary {
  const counters = result.counters_true;
  const failed = Object.fromEntries(
    Object.entries(FAILED_BY).map(([stage, name]) => [stage, counters[name] ?? 0]),
  ) as unknown as WastedBytes;
  return {
    modules_loaded: counters.modcount ?? 0,
    wasted: result.wasted_true,
    wasted_total: sum(result.wasted_true),
    failed,
    failed_total: sum(failed),
    peak_used: result.peak.used,
    vmalloc_total: result.vmalloc.total,
    settle_ns: result.settled_ns,
    first_failure: result.first_failure?.sentence ?? null,
  };
}

function sum(parts: WastedBytes): number {
  return parts.kread + parts.decompress + parts.becoming + parts.load;
}
