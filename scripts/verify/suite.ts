// SPDX-License-Identifier: MIT
// A suite: scenarios made from the guest's modules and a seed.

import type { LinuxVariant } from '../../emulator/linux/guest-cache.ts';
import { type Scenario, type ScenarioInput, scenarioSchema } from '../../loader/scenario/index.ts';
import type { ModuleFiles } from './module-files.ts';
import type { MachineName, VerifyTarget } from './target.ts';

export interface VerifyCase {
  readonly scenario: Scenario;
  readonly files: ModuleFiles;
}

export interface Suite {
  readonly name: string;
  readonly summary: string;
  /** Machines it is for; v86 alone when not said. */
  readonly machines?: readonly MachineName[];
  /** Kernels it is for; the first is the one it runs on when not told. */
  readonly variants: readonly LinuxVariant[];
  /** Seeds of a full run; the first is the default. */
  readonly seeds: readonly number[];
  /** `modules`: those of a built guest; a suite of another machine takes them from `target`. */
  cases(
    modules: ModuleFiles,
    seed: number,
    variant: LinuxVariant,
    target: VerifyTarget,
  ): Promise<readonly VerifyCase[]>;
}

export type Step = NonNullable<ScenarioInput['steps']>[number];

/** The kernel's own files that tell most of what a run has come to. */
export const READS = ['/sys/kernel/debug/modules/stats', '/proc/modules', '/proc/vmallocinfo'];

/** A checked scenario out of steps. */
export function scenarioOf(
  name: string,
  steps: Step[],
  rest: Partial<ScenarioInput> = {},
): Scenario {
  return scenarioSchema.parse({ version: 1, name, modules: { dir: '.' }, ...rest, steps });
}
