// SPDX-License-Identifier: MIT
import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { ModuleSource } from '../../loader/module/index.ts';
import {
  addressSpace,
  BUNDLED_SCENARIOS,
  type BundledSource,
  CompileError,
  checkMachine,
  followModules,
  openBundled,
  type Scenario,
  scenarioSchema,
  unknownName,
} from '../../loader/scenario/index.ts';
import { documentProblem } from './document-problem.ts';
import { InputError } from './input-error.ts';
import { readJsonFile } from './json-file.ts';
import { readKernelConfig } from './kernel-config-file.ts';
import { openModuleDirectory } from './module-directory.ts';
import { reasonOf } from './module-walk.ts';
import { type ScenarioOverrides, withOverrides } from './scenario-overrides.ts';

export type { ScenarioOverrides } from './scenario-overrides.ts';

export interface LoadedScenario {
  readonly scenario: Scenario;
  readonly source: ModuleSource;
  /** File or name, for messages. */
  readonly origin: string;
  /** What was taken from the modules, one sentence each. */
  readonly followed: readonly string[];
}

/** Reads a scenario by file or bundled name, checks it, and opens its modules. */
export function loadScenario(nameOrFile: string, overrides: ScenarioOverrides): LoadedScenario {
  const bundled = Object.hasOwn(BUNDLED_SCENARIOS, nameOrFile)
    ? BUNDLED_SCENARIOS[nameOrFile]
    : undefined;
  const document: unknown = bundled ?? readDocument(nameOrFile);
  const base = bundled ? process.cwd() : dirname(resolve(nameOrFile));
  const wanted = withOverrides(document, overrides);
  return openDocument(wanted, { base, origin: nameOrFile, shell: overrides.modules !== undefined });
}

/**
 * A document as the command line would read it from a file: checked, its modules opened. Paths are
 * below `base`; with `shell` the modules' directory was given on the command line.
 */
export function openDocument(
  document: unknown,
  {
    base,
    origin,
    shell,
  }: { readonly base: string; readonly origin: string; readonly shell: boolean },
): LoadedScenario {
  const given = parse(document, origin);
  try {
    const source = openModules(given, base, origin, shell);
    const { document: whole, followed } = followModules(document, source);
    const scenario = withFiles(parse(whole, origin), base, origin);
    checkMachine(source, addressSpace(scenario.machine));
    return { scenario, source, origin, followed };
  } catch (error) {
    throw asInputError(error, origin);
  }
}

function parse(document: unknown, file: string): Scenario {
  const parsed = scenarioSchema.safeParse(document);
  if (parsed.success) return parsed.data;
  throw new InputError({ file, ...documentProblem(parsed.error, document) });
}

/** Whether a file is a scenario, by its first character and its version. */
export function isScenarioFile(file: string): boolean {
  if (Object.hasOwn(BUNDLED_SCENARIOS, file)) return true;
  try {
    const fd = openSync(file, 'r');
    try {
      const head = Buffer.alloc(4096);
      const text = head.toString('utf8', 0, readSync(fd, head));
      return /^\ufeff?\s*\{/.test(text) && /"version"\s*:\s*1\b/.test(text);
    } finally {
      closeSync(fd);
    }
  } catch {
    return false;
  }
}

function readDocument(file: string): unknown {
  if (!existsSync(file) && !/[./]/.test(file)) {
    throw new InputError({
      file,
      expected: 'a scenario file or a bundled name',
      found: unknownName('scenario', file, Object.keys(BUNDLED_SCENARIOS)),
    });
  }
  return readJsonFile(file, 'a scenario file');
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
  // An empty text is an empty space; a path has no line end.
  const isText = (value: string): boolean => value === '' || value.includes('\n');
  const initial =
    machine.initial === undefined || isText(machine.initial)
      ? machine.initial
      : read('machine.initial', machine.initial);
  let resolved = kernel;
  if (typeof kernel === 'object' && typeof kernel.exports === 'string' && !isText(kernel.exports)) {
    resolved = { ...kernel, exports: read('kernel.exports', kernel.exports) };
  }
  if (typeof resolved === 'object' && resolved.config !== undefined && !isText(resolved.config)) {
    resolved = { ...resolved, config: readKernelConfig(resolve(base, resolved.config)) };
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
  const bundled = openBundledOf(scenario, origin);
  if (bundled.ok) return bundled.source;
  throw new InputError({
    file: origin,
    place: 'modules',
    expected: 'a bundled catalog',
    found: bundled.message,
  });
}

function openBundledOf(scenario: Scenario, origin: string): BundledSource {
  try {
    return openBundled(scenario);
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
