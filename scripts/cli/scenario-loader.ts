import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { CATALOG_NAMES, openCatalog } from '../../loader/catalog/index.ts';
import type { ModuleSource } from '../../loader/module/index.ts';
import type { Architecture } from '../../loader/presets/index.ts';
import {
  addressSpace,
  BUNDLED_SCENARIOS,
  CompileError,
  catalogChoice,
  type Scenario,
  scenarioSchema,
  unknownName,
} from '../../loader/scenario/index.ts';
import { documentProblem } from './document-problem.ts';
import { InputError } from './input-error.ts';
import { openModuleDirectory } from './module-directory.ts';
import { reasonOf } from './module-walk.ts';

/** What the command line puts over a scenario. */
export interface ScenarioOverrides {
  readonly kernel?: string | undefined;
  readonly cpus?: number | undefined;
  readonly seed?: number | undefined;
  readonly modules?: string | undefined;
}

export interface LoadedScenario {
  readonly scenario: Scenario;
  readonly source: ModuleSource;
  /** File or name, for messages. */
  readonly origin: string;
}

const MAX_SCENARIO_BYTES = 256 * 1024 * 1024;

/** Reads a scenario by file or bundled name, checks it, and opens its modules. */
export function loadScenario(nameOrFile: string, overrides: ScenarioOverrides): LoadedScenario {
  const bundled = BUNDLED_SCENARIOS[nameOrFile];
  const document: unknown = bundled ?? readDocument(nameOrFile);
  const base = bundled ? process.cwd() : dirname(resolve(nameOrFile));
  const wanted = withOverrides(document, overrides);
  const parsed = scenarioSchema.safeParse(wanted);
  if (!parsed.success) {
    throw new InputError({ file: nameOrFile, ...documentProblem(parsed.error, wanted) });
  }
  const scenario = withFiles(parsed.data, base, nameOrFile);
  const source = openModules(scenario, base, nameOrFile, overrides.modules !== undefined);
  return { scenario, source, origin: nameOrFile };
}

function readDocument(file: string): unknown {
  let text: string;
  try {
    const stats = statSync(file);
    const { size } = stats;
    if (!stats.isFile() && !stats.isFIFO()) {
      const found = stats.isDirectory() ? 'a directory' : 'a device or socket';
      throw new InputError({ file, expected: 'a scenario file', found });
    }
    if (size > MAX_SCENARIO_BYTES) {
      throw new InputError({ file, expected: 'a scenario', found: `${size} bytes` });
    }
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof InputError) throw error;
    const names = Object.keys(BUNDLED_SCENARIOS);
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && !/[./]/.test(file)) {
      throw new InputError({
        file,
        expected: 'a scenario file or a bundled name',
        found: unknownName('scenario', file, names),
      });
    }
    throw new InputError({ file, expected: 'a scenario file', found: reasonOf(error) });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InputError({ file, expected: 'JSON', found: (error as Error).message });
  }
}

function withOverrides(document: unknown, overrides: ScenarioOverrides): unknown {
  if (document === null || typeof document !== 'object' || Array.isArray(document)) return document;
  const scenario: Record<string, unknown> = { ...document };
  const { kernel, cpus, seed, modules } = overrides;
  if (kernel !== undefined) {
    const given = scenario.kernel;
    scenario.kernel =
      given !== null && typeof given === 'object' ? { ...given, base: kernel } : kernel;
  }
  if (cpus !== undefined) scenario.machine = { ...(scenario.machine as object), cpus };
  if (seed !== undefined) scenario.seed = seed;
  if (modules !== undefined) {
    const init = (scenario.modules as { init?: unknown } | undefined)?.init;
    scenario.modules = { dir: modules, ...(init === undefined ? {} : { init }) };
  }
  return scenario;
}

/** Texts that a scenario names by path are read here: the model knows no files. */
function withFiles(scenario: Scenario, base: string, origin: string): Scenario {
  const { machine, kernel } = scenario;
  const read = (place: string, path: string): string => {
    try {
      return readFileSync(resolve(base, path), 'utf8');
    } catch (error) {
      throw new InputError({
        file: origin,
        place,
        expected: `a text file ${path}`,
        found: reasonOf(error),
      });
    }
  };
  const isText = (value: string): boolean => value.includes('\n');
  const initial =
    machine.initial === undefined || isText(machine.initial)
      ? machine.initial
      : read('machine.initial', machine.initial);
  let resolved = kernel;
  if (typeof kernel === 'object' && typeof kernel.exports === 'string' && !isText(kernel.exports)) {
    resolved = { ...kernel, exports: read('kernel.exports', kernel.exports) };
  }
  return {
    ...scenario,
    kernel: resolved,
    machine: initial === undefined ? machine : { ...machine, initial },
  };
}

/** The modules a scenario names; paths are relative to `base`. Throws an InputError. */
export function openModules(
  scenario: Scenario,
  base: string,
  origin: string,
  fromCommandLine: boolean,
): ModuleSource {
  const { modules } = scenario;
  if (typeof modules !== 'string' && 'dir' in modules) {
    return openModuleDirectory(fromCommandLine ? modules.dir : resolve(base, modules.dir));
  }
  const { name, options } = catalogChoice(modules);
  const source = openCatalog(name, { ...options, arch: architecture(scenario, origin) });
  if (source) return source;
  throw new InputError({
    file: origin,
    place: 'modules',
    expected: 'a bundled catalog',
    found: unknownName('catalog', name, CATALOG_NAMES),
  });
}

function architecture({ machine }: Scenario, origin: string): Architecture {
  try {
    return addressSpace(machine).arch;
  } catch (error) {
    throw asInputError(error, origin);
  }
}

/** A CompileError as the user should see it. */
export function asInputError(error: unknown, origin: string): unknown {
  if (!(error instanceof CompileError)) return error;
  return new InputError({
    file: origin,
    place: error.place,
    expected: 'something that can be run',
    found: error.message,
  });
}
