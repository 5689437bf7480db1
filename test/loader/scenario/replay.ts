// SPDX-License-Identifier: MIT
/** Runs a bundled scenario, whole or with parts replaced. */

import { openCatalog } from '../../../loader/catalog/catalog.ts';
import type { ModuleSource } from '../../../loader/module/module-source.ts';
import { BUNDLED_SCENARIOS } from '../../../loader/scenario/bundled/index.ts';
import { collectResult } from '../../../loader/scenario/collect-result.ts';
import { prepareRun } from '../../../loader/scenario/prepare.ts';
import { type ScenarioInput, scenarioSchema } from '../../../loader/scenario/schema.ts';
import { driveSession } from '../../../loader/session/drive-session.ts';
import type { RunResult } from '../../../loader/session/result.ts';
import { Session } from '../../../loader/session/session.ts';

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
