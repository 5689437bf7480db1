// SPDX-License-Identifier: MIT
/** A small machine for tests: modules made on the spot, steps run, the result looked at. */
import { type ModuleSpec, writeModule } from '../../../loader/elf/index.ts';
import type { TraceEvent } from '../../../loader/events/event.ts';
import type { SimKernel } from '../../../loader/kernel.ts';
import type { ModuleSource } from '../../../loader/module/module-source.ts';
import { collectResult } from '../../../loader/scenario/collect-result.ts';
import { prepareRun } from '../../../loader/scenario/prepare.ts';
import { type ScenarioInput, scenarioSchema } from '../../../loader/scenario/schema.ts';
import { driveSession } from '../../../loader/session/drive-session.ts';
import type { RunResult } from '../../../loader/session/result.ts';
import { Session } from '../../../loader/session/session.ts';

export const STRUCT_MODULE = 640;
export const VERMAGIC = '6.12.117 SMP preempt mod_unload 686 ';

export interface RigFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** A module file as the rig's kernel takes it. */
export function moduleFile(spec: Partial<ModuleSpec> & { readonly name: string }): RigFile {
  return {
    path: `${spec.name}.ko`,
    bytes: writeModule({ structModuleSize: STRUCT_MODULE, vermagic: VERMAGIC, ...spec }),
  };
}

export function sourceOf(files: readonly RigFile[]): ModuleSource {
  return {
    name: 'test',
    release: '6.12.117',
    files: files.map(({ path, bytes }) => ({ path, size: bytes.length, read: () => bytes })),
    metadata: {},
  };
}

export interface RigRun {
  readonly result: RunResult;
  readonly kernel: SimKernel;
  readonly events: readonly TraceEvent[];
  /** Return values of the steps' calls, in order. */
  readonly rets: readonly number[];
}

export type RigScenario = Partial<Omit<ScenarioInput, 'version' | 'name'>>;

/** Runs a scenario over the files given. The kernel's identity is the rig's, not inferred. */
export function run(files: readonly RigFile[], scenario: RigScenario): RigRun {
  const kernel = typeof scenario.kernel === 'object' ? scenario.kernel : { base: scenario.kernel };
  const parsed = scenarioSchema.parse({
    version: 1,
    name: 'test',
    modules: { dir: '.', init: {} },
    ...scenario,
    kernel: {
      vermagic: VERMAGIC,
      struct_module_size: STRUCT_MODULE,
      release: '6.12.117',
      ...kernel,
    },
  });
  const prepared = prepareRun(parsed, { source: sourceOf(files) });
  const events: TraceEvent[] = [];
  prepared.kernel.events.attach({ push: (event) => events.push(event) });
  driveSession(new Session(prepared.kernel, prepared.program, prepared.observer));
  const result = collectResult(prepared);
  return { result, kernel: prepared.kernel, events, rets: result.results.map((r) => r.ret) };
}

/** The counter rows of a stats text by label. */
export function statsRows(result: RunResult): Record<string, string> {
  const text = result.files['/sys/kernel/debug/modules/stats'] ?? '';
  const rows: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const [label, value] = line.split('\t');
    if (value !== undefined) rows[label!.trim()] = value.trim();
  }
  return rows;
}
