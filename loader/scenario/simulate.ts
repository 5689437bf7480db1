// SPDX-License-Identifier: MIT
/** One call that takes a scenario from its document to its result. */
import type { EventSink } from '../events/index.ts';
import type { ModuleSource } from '../module/index.ts';
import { driveSteps, type RunResult, Session } from '../session/index.ts';
import { openBundled } from './catalog-choice.ts';
import { collectResult } from './collect-result.ts';
import { CompileError } from './compile-error.ts';
import { followModules } from './follow-modules.ts';
import { firstProblem, type InputProblem } from './input-problem.ts';
import { type PreparedRun, prepareRun } from './prepare.ts';
import { type Scenario, type ScenarioInput, scenarioSchema } from './schema.ts';

export interface SimulateOptions {
  /** Module files; without them the bundled modules that the scenario names. */
  readonly modules?: ModuleSource;
  /** Gets every event of the run, in order. */
  readonly events?: EventSink;
  /** Called with virtual nanoseconds from time to time; `false` ends the run there. */
  readonly onProgress?: (now: number) => boolean | undefined;
}

/** A run that was made, or what is wrong with what was asked. */
export type Simulation =
  | {
      readonly ok: true;
      readonly result: RunResult;
      /** The kernel after the run: its files, its address space, its log. */
      readonly kernel: PreparedRun['kernel'];
      /** Doubts that a reader of the result must know, one sentence each. */
      readonly warnings: readonly string[];
      /** Whether `onProgress` ended the run before its end. */
      readonly cut: boolean;
    }
  | { readonly ok: false; readonly problem: InputProblem };

/**
 * Runs a scenario without a guest. The document is checked first: what cannot be run is a value, and
 * exceptions are bugs. Same document, modules and seed, same result and events.
 */
export function simulate(scenario: ScenarioInput, options: SimulateOptions = {}): Simulation {
  try {
    const run = prepared(scenario, options.modules);
    if (options.events !== undefined) run.kernel.events.attach(options.events);
    const session = new Session(run.kernel, run.program, run.observer);
    let cut = false;
    for (const steps = driveSteps(session); !cut && !steps.next().done; ) {
      cut = options.onProgress?.(session.now) === false;
    }
    const result = collectResult(run);
    return { ok: true, result, kernel: run.kernel, warnings: run.warnings(), cut };
  } catch (error) {
    if (error instanceof CompileError) {
      const { place, message } = error;
      const problem = { place, expected: 'something that can be run', found: message };
      return { ok: false, problem };
    }
    if (error instanceof Refused) return { ok: false, problem: error.problem };
    throw error;
  }
}

/** Carries a problem of the document out of the steps below. */
class Refused extends Error {
  readonly problem: InputProblem;

  constructor(problem: InputProblem) {
    super(problem.found);
    this.problem = problem;
  }
}

function prepared(document: ScenarioInput, modules: ModuleSource | undefined): PreparedRun {
  if (modules === undefined) {
    const scenario = parsed(document);
    return prepareRun(scenario, { source: bundledModules(scenario) });
  }
  const { document: whole, followed } = followModules(document, modules);
  return prepareRun(parsed(whole), { source: modules, followed });
}

function parsed(document: unknown): Scenario {
  const checked = scenarioSchema.safeParse(document);
  if (checked.success) return checked.data;
  throw new Refused(firstProblem(checked.error, document));
}

function bundledModules(scenario: Scenario): ModuleSource {
  const { modules } = scenario;
  if (typeof modules !== 'string' && 'dir' in modules) {
    throw new Refused({
      place: 'modules.dir',
      expected: 'the modules of that directory in the option `modules`',
      found: 'none',
    });
  }
  const bundled = openBundled(scenario);
  if (bundled.ok) return bundled.source;
  throw new Refused({ place: 'modules', expected: 'a bundled catalog', found: bundled.message });
}
