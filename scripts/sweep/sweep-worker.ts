// SPDX-License-Identifier: MIT
/** The side of a sweep that runs in a worker thread: answers each run number with its summary. */
import { parentPort, workerData } from 'node:worker_threads';
import type { ModuleSource } from '../../loader/module/index.ts';
import { InputError } from '../cli/input-error.ts';
import { type RunSummary, runScenario, summarise } from '../cli/run-summary.ts';
import { asInputError, openModules } from '../cli/scenario-loader.ts';
import { SweepPlan } from './sweep-plan.ts';

export interface SweepWorkerData {
  readonly sweep: string;
}

export type SweepReply =
  | {
      readonly index: number;
      readonly summary: RunSummary;
      readonly warnings: readonly string[];
    }
  | {
      readonly index: number;
      readonly problem: { readonly place?: string; readonly found: string };
    }
  | { readonly index: number; readonly crash: string };

async function answer(
  plan: SweepPlan,
  sources: Map<string, ModuleSource>,
  index: number,
): Promise<SweepReply> {
  try {
    const run = plan.run(index);
    const scenario = plan.scenario(run);
    const key = JSON.stringify([scenario.modules, scenario.machine.vmalloc]);
    let source = sources.get(key);
    if (!source) {
      source = openModules(scenario, plan.base, plan.file, false);
      sources.set(key, source);
    }
    const { result, warnings } = await runScenario(plan.scenario(run, source), source);
    return { index, summary: summarise(result), warnings };
  } catch (thrown) {
    const error = asInputError(thrown, plan.file);
    if (error instanceof InputError) {
      const { place, found } = error;
      return { index, problem: place === undefined ? { found } : { place, found } };
    }
    return {
      index,
      crash: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
}

const plan = new SweepPlan((workerData as SweepWorkerData).sweep);
const sources = new Map<string, ModuleSource>();
parentPort?.on('message', (index: number) => {
  void answer(plan, sources, index).then((reply) => parentPort!.postMessage(reply));
});
