// SPDX-License-Identifier: MIT
// `modstorm verify`: the same operations on a real Linux in v86 and in the model, side by side.

import type { LinuxVariant } from '../../emulator/linux/guest-cache.ts';
import { GuestMappingError } from '../../emulator/linux/scenario-ops.ts';
import type { CommandContext } from '../cli/command-context.ts';
import { InputError } from '../cli/input-error.ts';
import { Progress } from '../cli/progress.ts';
import { asInputError, loadScenario } from '../cli/scenario-loader.ts';
import { guestFiles, guestModules, type ModuleFiles } from './module-files.ts';
import { type CaseResult, runCase } from './run-case.ts';
import type { Suite, VerifyCase } from './suite.ts';
import { SUITES } from './suites/index.ts';
import { packageFiles } from './suites/package.ts';
import { type MachineName, openTarget, type VerifyTarget } from './target.ts';
import { reportText, suiteLine, totalOf, type VerifiedSuite } from './verify-report.ts';

export interface VerifyOptions {
  readonly scenarios: readonly string[];
  readonly machine: MachineName;
  /** Preset, such as v6.1, of the kernel to run. */
  readonly kernel?: string | undefined;
  /** A bzImage instead of the built one. */
  readonly guestKernel?: string | undefined;
  readonly variant?: LinuxVariant | undefined;
  readonly suite?: string | undefined;
  readonly seed?: number | undefined;
  /** Module files beside the guest's own. */
  readonly modules?: string | undefined;
  /** Every seed and every kernel variant of the suites. */
  readonly all: boolean;
  readonly json: boolean;
}

interface Job {
  readonly suite: string;
  readonly variant: LinuxVariant;
  readonly seed: number;
  readonly target: VerifyTarget;
  readonly cases: () => Promise<readonly VerifyCase[]>;
}

/** 0: all that is the loader's agrees; 1: something does not. */
export async function verifyCommand(
  options: VerifyOptions,
  context: CommandContext,
): Promise<number> {
  const jobs = options.scenarios.length > 0 ? scenarioJobs(options) : suiteJobs(options);
  const progress = new Progress();
  const verified: VerifiedSuite[] = [];
  try {
    for (const job of jobs) {
      const done = await runJob(job, context, progress);
      progress.clear();
      verified.push(done);
      if (!options.json) await context.write(suiteLine(done));
    }
  } finally {
    progress.clear();
  }
  const { disagreements } = totalOf(verified);
  await context.write(
    options.json
      ? `${JSON.stringify({ version: 1, total: totalOf(verified), suites: verified }, null, 2)}\n`
      : reportText(verified),
  );
  return disagreements.length === 0 ? 0 : 1;
}

async function runJob(
  job: Job,
  context: CommandContext,
  progress: Progress,
): Promise<VerifiedSuite> {
  const { suite, variant, seed, target } = job;
  const cases: CaseResult[] = [];
  for (const verifyCase of await job.cases()) {
    const { name } = verifyCase.scenario;
    const onProgress = (step: number, of: number): void =>
      progress.show(() => `${suite} (${name}): step ${step} of ${of}`);
    try {
      cases.push(
        await runCase(verifyCase, { target, variant, signal: context.signal, onProgress }),
      );
    } catch (error) {
      context.throwIfInterrupted();
      if (!(error instanceof GuestMappingError)) throw asInputError(error, name);
      throw new InputError({
        file: name,
        expected: 'steps the guest can run',
        found: error.message,
      });
    }
  }
  const { machine, kernel, guest } = target;
  return { suite, variant, seed, machine, kernel, release: guest.release, cases };
}

function suiteJobs(options: VerifyOptions): Job[] {
  const { suite: wanted, all, seed, machine } = options;
  const here = SUITES.filter(({ machines }) => (machines ?? ['v86']).includes(machine));
  const suites = here.filter(({ name }) => wanted === undefined || name === wanted);
  if (suites.length === 0) {
    const known = here.map(({ name }) => name).join(', ');
    throw new InputError({ file: '--suite', expected: known, found: String(wanted) });
  }
  return suites.flatMap((suite) =>
    variantsOf(suite, options).flatMap((variant) => {
      const target = targetOf(options, variant);
      const seeds = seed !== undefined ? [seed] : all ? suite.seeds : suite.seeds.slice(0, 1);
      return seeds.map((s) => ({
        suite: suite.name,
        variant,
        seed: s,
        target,
        cases: () => suite.cases(modulesOf(target), s, variant, target),
      }));
    }),
  );
}

function targetOf(options: VerifyOptions, variant: LinuxVariant): VerifyTarget {
  const { machine, kernel, guestKernel } = options;
  return openTarget({ machine, kernel, variant, bzImage: guestKernel }, 'verify');
}

/** The modules of a built guest; those of a package are many, and a suite reads what it takes. */
function modulesOf({ machine, guest }: VerifyTarget): ModuleFiles {
  return machine === 'v86' ? guestModules(guest) : new Map();
}

/** Seeds run on the first variant; the others are for suites that differ by it. */
function variantsOf(suite: Suite, { variant, all }: VerifyOptions): readonly LinuxVariant[] {
  if (variant !== undefined) return suite.variants.includes(variant) ? [variant] : [];
  return all ? suite.variants : suite.variants.slice(0, 1);
}

/** Scenario files run over the guest's modules, and those of another directory if one is given. */
function scenarioJobs(options: VerifyOptions): Job[] {
  const variant = options.variant ?? 'xz';
  const target = targetOf(options, variant);
  const { guest } = target;
  return options.scenarios.map((file) => ({
    suite: file,
    variant,
    seed: options.seed ?? 1,
    target,
    cases: async () => {
      const { scenario, origin } = loadScenario(file, {
        seed: options.seed,
        modules: guest.modules,
      });
      if (scenario.steps === undefined) {
        throw new InputError({ file: origin, expected: 'steps', found: 'a storm' });
      }
      const files =
        target.machine === 'v86'
          ? guestFiles(guest, options.modules)
          : packageFiles(scenario, guest);
      return [{ scenario, files }];
    },
  }));
}
