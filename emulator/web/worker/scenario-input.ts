// SPDX-License-Identifier: MIT
/** Scenarios and modules as the page is given them. */

import { counted } from '../../../loader/base/index.ts';
import type { ModuleSource } from '../../../loader/module/index.ts';
import {
  BUNDLED_SCENARIOS,
  type BundledSource,
  CompileError,
  firstProblem,
  openBundled,
  type Scenario,
  scenarioSchema,
  unknownName,
} from '../../../loader/scenario/index.ts';
import type { GivenFile } from '../messages.ts';
import { applySettings, type RunSettings } from '../run-settings.ts';
import { FileModules, isModuleName } from './file-modules.ts';

/** What is wrong with something the user gave. */
export class GivenProblem extends Error {
  override readonly name = 'GivenProblem';
}

export interface ScenarioInput {
  readonly scenario: Scenario;
  readonly source: ModuleSource;
  /** What was chosen because nobody said; '' for nothing. */
  readonly note: string;
}

/** The scenario of a bundled name, or the one among the files, with its modules. */
export async function readScenario(
  name: string | null,
  files: readonly GivenFile[],
  settings: RunSettings,
): Promise<ScenarioInput> {
  const modules = files.some(({ path }) => isModuleName(path));
  const given =
    name === null
      ? files.find(({ path }) => path.endsWith('.json') && !path.endsWith('trace.json'))
      : undefined;
  const origin = given?.path ?? name ?? (modules ? 'race' : '');
  const bundled = Object.hasOwn(BUNDLED_SCENARIOS, origin) ? BUNDLED_SCENARIOS[origin] : undefined;
  const document: unknown = given ? await readJson(given) : bundled;
  if (document === undefined) {
    throw new GivenProblem(unknownName('scenario', origin, Object.keys(BUNDLED_SCENARIOS)));
  }
  const whole = withModules(applySettings(document, settings), modules);
  const parsed = scenarioSchema.safeParse(whole);
  if (!parsed.success) {
    const { place, expected, found } = firstProblem(parsed.error, whole);
    throw new GivenProblem(`${origin}: ${place}: expected ${expected}, found ${found}`);
  }
  const source = openSource(parsed.data, files, origin);
  const note =
    name === null && given === undefined
      ? `No scenario was dropped with the ${counted(source.files.length, 'module')} of ` +
        `${source.name}: the bundled scenario ${origin} asks for them. Drop a scenario with ` +
        'them to ask otherwise.'
      : '';
  return { scenario: parsed.data, source, note };
}

/** Dropped modules take the place of those the scenario names; what their inits do stays. */
function withModules(document: unknown, dropped: boolean): unknown {
  if (!dropped || document === null || typeof document !== 'object') return document;
  const { modules } = document as { modules?: { init?: unknown } };
  const init = modules?.init;
  return { ...document, modules: { dir: '.', ...(init === undefined ? {} : { init }) } };
}

export async function readJson({ path, file }: GivenFile): Promise<unknown> {
  try {
    return JSON.parse(await file.text());
  } catch (error) {
    throw new GivenProblem(`${path}: expected JSON, found ${(error as Error).message}`);
  }
}

function openSource(scenario: Scenario, files: readonly GivenFile[], origin: string): ModuleSource {
  const { modules } = scenario;
  if (typeof modules !== 'string' && 'dir' in modules) {
    if (files.some(({ path }) => isModuleName(path))) return new FileModules(files);
    throw new GivenProblem(
      `${origin}: modules.dir: expected a folder of modules dropped with the scenario, ` +
        'found only the scenario',
    );
  }
  const bundled = openBundledOf(scenario, origin);
  if (bundled.ok) return bundled.source;
  throw new GivenProblem(`${origin}: modules: ${bundled.message}`);
}

function openBundledOf(scenario: Scenario, origin: string): BundledSource {
  try {
    return openBundled(scenario);
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    throw new GivenProblem(`${origin}: ${error.place}: ${error.message}`);
  }
}
