// SPDX-License-Identifier: MIT
// `modstorm verify`: the same operations on a real Linux in v86 and in the model, side by side.

import type { LinuxVariant } from '../../emulator/linux/guest-cache.ts';
import { GuestMappingError } from '../../emulator/linux/scenario-ops.ts';
import type { CommandContext } from '../cli/command-context.ts';
import { InputError } from '../cli/input-error.ts';
import { Progress } from '../cli/progress.ts';
import { asInputError, loadScenario } from '../cli/scenario-loader.ts';
import { guestFiles, guestModules, openGuest } from './module-files.ts';
import { type CaseResult, runCase } from './run-case.ts';
import type { Suite, VerifyCase } from './suite.ts';
import { SUITES } from './suites/index.ts';
import { reportText, suiteLine, totalOf, type VerifiedSuite } from './verify-report.ts';

export interface VerifyOptions {
  readonly scenarios: readonly string[];
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
      const done = await runJob(job, options, context, progress);
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
  options: VerifyOptions,
  context: CommandContext,
  progress: Progress,
): Promise<VerifiedSuite> {
  const { suite, variant, seed } = job;
  const guest = openGuest(variant, 'verify', options.guestKernel);
  const cases: CaseResult[] = [];
  for (const verifyCase of await job.cases()) {
    const { name } = verifyCase.scenario;
    const onProgress = (step: number, of: number): void =>
      progress.show(() => `${suite} (${name}): step ${step} of ${of}`);
    try {
      cases.push(await runCase(verifyCase, { guest, variant, signal: context.signal, onProgress }));
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
  return { suite, variant, seed, cases };
}

function suiteJobs(options: VerifyOptions): Job[] {
  const { suite: wanted, all, seed } = options;
  const suites = SUITES.filter(({ name }) => wanted === undefined || name === wanted);
  if (suites.length === 0) {
    const known = SUITES.map(({ name }) => name).join(', ');
    throw new InputError({ file: '--suite', expected: known, found: String(wanted) });
  }
  return suites.flatMap((suite) =>
    variantsOf(suite, options).flatMap((variant) =>
      (seed !== undefined ? [seed] : all ? suite.seeds : suite.seeds.slice(0, 1)).map((s) => ({
        suite: suite.name,
        variant,
        seed: s,
        cases: () => suite.cases(guestModules(openGuest(variant, 'verify')), s, variant),
      })),
    ),
  );
}

/** Seeds run on the first variant; the others are for suites that differ by it. */
function variantsOf(suite: Suite, { variant, all }: VerifyOptions): readonly LinuxVariant[] {
  if (variant !== undefined) return suite.variants.includes(variant) ? [variant] : [];
  return all ? suite.variants : suite.variants.slice(0, 1);
}

/** Scenario files run over the guest's modules, and those of another directory if one is given. */
function scenarioJobs(options: VerifyOptions): Job[] {
  const variant = options.variant ?? 'xz';
  return options.scenarios.map((file) => ({
    suite: file,
    variant,
    seed: options.seed ?? 1,
    cases: async () => {
      const guest = openGuest(variant, 'verify');
      const { scenario, origin } = loadScenario(file, {
        seed: options.seed,
        modules: guest.modules,
      });
      if (scenario.steps === undefined) {
        throw new InputError({ file: origin, expected: 'steps', found: 'a storm' });
      }
      return [{ scenario, files: guestFiles(guest, options.modules) }];
    },
  }));
}
