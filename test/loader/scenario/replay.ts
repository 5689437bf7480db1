/** Runs a bundled scenario, whole or with parts replaced. */

import type { ModuleSource } from '../../../loader/module/module-source.ts';
import { BUNDLED_SCENARIOS } from '../../../loader/scenario/bundled/index.ts';
import { openCatalog } from '../../../loader/scenario/catalog.ts';
import { collectResult } from '../../../loader/scenario/collect-result.ts';
import { driveSession } from '../../../loader/scenario/drive-session.ts';
import { prepareRun } from '../../../loader/scenario/prepare.ts';
import type { RunResult } from '../../../loader/scenario/result.ts';
import { type ScenarioInput, scenarioSchema } from '../../../loader/scenario/schema.ts';
import { Session } from '../../../loader/scenario/session.ts';

const sources = new Map<string, ModuleSource>();

export function bundled(name: string): ScenarioInput {
  const scenario = BUNDLED_SCENARIOS[name];
  if (!scenario) throw new Error(`no bundled scenario ${name}`);
  return scenario;
}

export function replay(scenario: ScenarioInput): RunResult {
  const { catalog } = scenario.modules as { catalog: string };
  let source = sources.get(catalog);
  if (!source) {
    source = openCatalog(catalog)!;
    sources.set(catalog, source);
  }
  const prepared = prepareRun(scenarioSchema.parse(scenario), { source });
  driveSession(new Session(prepared.kernel, prepared.program, prepared.observer));
  return collectResult(prepared);
}

export function wastedBytes({ wasted }: RunResult): number {
  return wasted.kread + wasted.decompress + wasted.becoming + wasted.load;
}
