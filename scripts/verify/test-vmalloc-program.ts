// SPDX-License-Identifier: MIT
// The init of test_vmalloc.ko in the model: the cases its arguments choose, run by the model.

import type { SimKernel } from '../../loader/kernel.ts';
import type { InitProgram } from '../../loader/module/index.ts';
import type { Step } from '../../loader/scenario/schema-steps.ts';
import { parametersOf, vmallocTestInit } from '../../loader/vmalloc/test-vmalloc/index.ts';
import { AREAS_FILE } from './areas-module.ts';
import type { KernelAccount } from './kernel-account.ts';

export const TEST_VMALLOC = 'test_vmalloc';

/** About what a call takes in the guest; only limits on warnings depend on it. */
const CALL_NS = 9_000;

export function testVmallocProgram(kernel: SimKernel, account: KernelAccount): InitProgram {
  const { engine, log, space } = kernel;
  const host = {
    engine,
    log,
    space,
    percpu: account,
    rcu: account,
    draws: account,
    random: engine.random,
    cpus: engine.onlineCpus,
    currentCpu: 0,
    callTime: CALL_NS,
  };
  return (args) => vmallocTestInit(host, parametersOf(args));
}

/** Whether a scenario has steps for which the account is needed. */
export function needsAccount(steps: readonly Step[]): boolean {
  return steps.some(
    (step) =>
      ('finit_module' in step && step.finit_module.endsWith(`${TEST_VMALLOC}.ko`)) ||
      ('write' in step && step.write === AREAS_FILE && / percpu /.test(step.text)),
  );
}
