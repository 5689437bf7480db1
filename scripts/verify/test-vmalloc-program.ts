// SPDX-License-Identifier: MIT
// The init of test_vmalloc.ko in the model: the cases its arguments choose, run by the model.

import { GuestMappingError } from '../../emulator/linux/scenario-ops.ts';
import type { SimKernel } from '../../loader/kernel.ts';
import {
  AREAS_FILE,
  DEFAULT_PARAMETERS,
  parametersOf,
  TEST_CASES,
  vmallocTestInit,
} from '../../loader/kernel-tests/index.ts';
import type { InitProgram } from '../../loader/module/index.ts';
import type { Step } from '../../loader/scenario/index.ts';
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

/**
 * Throws GuestMappingError for tests in an order that nobody can tell: several workers, or cases
 * shuffled by the kernel's random numbers.
 */
export function refuseShuffledTests(steps: readonly Step[]): void {
  for (const [i, step] of steps.entries()) {
    if (!('finit_module' in step) || !step.finit_module.endsWith(`${TEST_VMALLOC}.ko`)) continue;
    const { nr_threads, run_test_mask, sequential_test_order } = {
      ...DEFAULT_PARAMETERS,
      ...parametersOf(step.args),
    };
    const cases = TEST_CASES.filter(({ id }) => (run_test_mask & id) !== 0).length;
    if (nr_threads <= 1 && (sequential_test_order || cases <= 1)) continue;
    const needed = 'nr_threads=1 and sequential_test_order=1';
    throw new GuestMappingError(i, `test_vmalloc.ko can be compared with ${needed} only`);
  }
}

/** Whether a scenario has steps for which the account is needed. */
export function needsAccount(steps: readonly Step[]): boolean {
  return steps.some(
    (step) =>
      ('finit_module' in step && step.finit_module.endsWith(`${TEST_VMALLOC}.ko`)) ||
      ('write' in step && step.write === AREAS_FILE && / percpu /.test(step.text)),
  );
}
