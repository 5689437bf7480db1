// SPDX-License-Identifier: MIT
/** The churn suite on a real kernel in v86 and on the model: how much longer the kernel takes. */
import { findLinuxGuest, guestCacheOf } from '../../emulator/linux/guest-cache.ts';
import { guestModules } from '../verify/module-files.ts';
import { runCase } from '../verify/run-case.ts';
import { churn } from '../verify/suites/churn.ts';
import { v86Target } from '../verify/target.ts';

export interface KernelAgainstModel {
  /** Wall-clock time of the steps alone, in milliseconds: the kernel's without its boot. */
  readonly kernelMs: number;
  readonly modelMs: number;
  readonly ratio: number;
  readonly steps: number;
}

/** Or one line on what is missing. `root`: the checkout. */
export async function churnAgainstKernel(root: string): Promise<KernelAgainstModel | string> {
  const guest = findLinuxGuest(guestCacheOf(root), 'xz');
  if (typeof guest === 'string') return guest;
  let kernelMs = 0;
  let modelMs = 0;
  let steps = 0;
  const target = v86Target(guest);
  for (const one of await churn.cases(guestModules(guest), churn.seeds[0]!, 'xz', target)) {
    const result = await runCase(one, { target, variant: 'xz' });
    kernelMs += result.stepsMs;
    modelMs += result.modelMs;
    steps += result.steps;
  }
  return { kernelMs, modelMs, ratio: kernelMs / modelMs, steps };
}
