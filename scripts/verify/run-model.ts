// SPDX-License-Identifier: MIT
// The model's side of a comparison: a scenario of steps, run as the guest ran it.

import type { AllocatorStep } from '../../emulator/linux/allocator-digest.ts';
import type { SimKernel } from '../../loader/kernel.ts';
import { AREAS_FILE, areasFile } from '../../loader/kernel-tests/index.ts';
import type { ModuleSource } from '../../loader/module/index.ts';
import { prepareRun, type Scenario } from '../../loader/scenario/index.ts';
import { KernelAccount } from './kernel-account.ts';
import { type ModelRun, observeModel } from './observe-model.ts';
import { TEST_VMALLOC, testVmallocProgram } from './test-vmalloc-program.ts';

export interface ModelTask {
  /** With its steps. */
  readonly scenario: Scenario;
  readonly source: ModuleSource;
  /** When each step began, and the references others took, as the kernel told. */
  readonly startsUs: readonly number[];
  readonly references: readonly ReadonlyMap<string, number>[];
  readonly allocator: readonly AllocatorStep[];
  /** Told of each step, for what happens beside the calls. */
  readonly watch?: (kernel: SimKernel) => StepWatcher;
}

export interface StepWatcher {
  beginStep(step: number): void;
  endStep(): void;
}

export interface ModelDone {
  readonly model: ModelRun;
  readonly account: KernelAccount;
  readonly modelMs: number;
}

export function runModel(task: ModelTask): ModelDone {
  const { scenario, source, startsUs, references, allocator } = task;
  const prepared = prepareRun(scenario, { source });
  // The guest's init and its modprobe run under SCHED_IDLE.
  prepared.kernel.callerPolicy = 'idle';
  const { kernel: simulated } = prepared;
  const account = new KernelAccount(simulated, allocator);
  simulated.ctx.initPrograms.set(TEST_VMALLOC, testVmallocProgram(simulated, account));
  simulated.files.add(AREAS_FILE, areasFile(simulated.ctx, account));
  const started = performance.now();
  const watcher = task.watch?.(simulated);
  const onStep = (step: number): void => {
    watcher?.beginStep(step);
    account.beginStep(step);
  };
  const onEnd = (): void => watcher?.endStep();
  const model = observeModel(prepared, startsUs, references, onStep, onEnd);
  return { model, account, modelMs: performance.now() - started };
}
