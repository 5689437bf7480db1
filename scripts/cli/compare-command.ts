// SPDX-License-Identifier: MIT
import type { Scenario } from '../../loader/scenario/index.ts';
import { Breath } from './breath.ts';
import type { CommandContext } from './command-context.ts';
import { comparePublished } from './compare-published.ts';
import { type ComparedRun, compareText, thresholdText } from './compare-text.ts';
import { InputError } from './input-error.ts';
import { parseKernelVariants, underVariant } from './kernel-variant.ts';
import { Progress } from './progress.ts';
import { runScenario, summarise } from './run-summary.ts';
import {
  asInputError,
  type LoadedScenario,
  loadScenario,
  type ScenarioOverrides,
} from './scenario-loader.ts';
import { type Threshold, type ThresholdBy, ThresholdSearch } from './until-failure.ts';
import { printWarnings } from './warnings.ts';

export interface CompareOptions extends Omit<ScenarioOverrides, 'kernel' | 'cpus'> {
  readonly scenario: string;
  readonly kernels: string;
  readonly cpus?: readonly number[] | undefined;
  readonly untilFailure: boolean;
  readonly by: ThresholdBy;
  /** Largest CPU count, or size in MiB, that is tried. */
  readonly most?: number | undefined;
  readonly json: boolean;
  /** Of `published`: how many draws of seed and constants. */
  readonly draws?: number | undefined;
}

/** `vmalloc=` of an i386 kernel takes at most this (arch/x86/mm/init_32.c). */
const MOST = { cpus: 1024, vmalloc: 991 } as const;

/** `compare`: one storm under the rules of several kernels. */
export async function compareCommand(
  options: CompareOptions,
  context: CommandContext,
): Promise<number> {
  if (options.scenario === 'published') return await publishedCommand(options, context);
  if (options.draws !== undefined) {
    throw new InputError({
      file: '--draws',
      expected: 'compare published',
      found: `compare ${options.scenario}`,
    });
  }
  const variants = parseKernelVariants(options.kernels, '--kernels');
  const { kernels: _kernels, cpus: _cpus, ...overrides } = options;
  const loaded = loadScenario(options.scenario, overrides);
  const progress = new Progress();
  try {
    const scenarios = variants.map((variant) => ({
      name: variant.name,
      scenario: { ...loaded.scenario, kernel: underVariant(loaded.scenario.kernel, variant) },
    }));
    return options.untilFailure
      ? await untilFailure(loaded, scenarios, options, context, progress)
      : await sideBySide(loaded, scenarios, options, context, progress);
  } catch (error) {
    throw asInputError(error, loaded.origin);
  } finally {
    progress.clear();
  }
}

const DRAWS = 9;

async function publishedCommand(
  { json, draws = DRAWS }: CompareOptions,
  context: CommandContext,
): Promise<number> {
  const progress = new Progress();
  try {
    return await comparePublished({ json, draws }, context, (text) => progress.show(text));
  } finally {
    progress.clear();
  }
}

interface NamedScenario {
  readonly name: string;
  readonly scenario: Scenario;
}

async function sideBySide(
  { source, scenario: given }: LoadedScenario,
  scenarios: readonly NamedScenario[],
  options: CompareOptions,
  context: CommandContext,
  progress: Progress,
): Promise<number> {
  const runs: ComparedRun[] = [];
  const warnings = new Set<string>();
  const breath = new Breath(context);
  for (const cpus of options.cpus ?? [given.machine.cpus]) {
    for (const { name, scenario } of scenarios) {
      progress.show(() => `${name}, ${cpus} CPUs`);
      const machine = { ...scenario.machine, cpus };
      const run = await runScenario({ ...scenario, machine }, source, breath);
      for (const warning of run.warnings) warnings.add(warning);
      runs.push({ kernel: name, cpus, seed: scenario.seed, ...summarise(run.result) });
    }
  }
  progress.clear();
  const { name } = given;
  if (options.json) {
    await context.write(`${JSON.stringify({ version: 1, scenario: name, runs }, null, 2)}\n`);
  } else {
    await context.write(compareText(name, source, runs));
  }
  printWarnings(warnings);
  return 0;
}

async function untilFailure(
  { source, scenario: given }: LoadedScenario,
  scenarios: readonly NamedScenario[],
  options: CompareOptions,
  context: CommandContext,
  progress: Progress,
): Promise<number> {
  const { by } = options;
  const warnings = new Set<string>();
  const thresholds: (Threshold & { readonly kernel: string })[] = [];
  for (const { name, scenario } of scenarios) {
    progress.show(() => `${name}: searching`);
    const search = new ThresholdSearch(scenario, source, by, new Breath(context));
    const found = await search.run({ least: 1, most: options.most ?? MOST[by] });
    thresholds.push({ kernel: name, ...found });
    for (const warning of search.warnings) warnings.add(warning);
  }
  progress.clear();
  if (options.json) {
    const document = { version: 1, scenario: given.name, by, thresholds };
    await context.write(`${JSON.stringify(document, null, 2)}\n`);
  } else {
    await context.write(thresholdText(given.name, by, thresholds));
  }
  printWarnings(warnings);
  return 0;
}
