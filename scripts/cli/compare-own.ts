// SPDX-License-Identifier: MIT
/** `compare --own`: a boot that was recorded, replayed and set beside its own outcome. */

import { absoluteAddress, errnoName } from '../../loader/base/index.ts';
import type { TraceEvent } from '../../loader/events/index.ts';
import { collectResult, prepareRun } from '../../loader/scenario/index.ts';
import { driveSteps, type RunResult, Session } from '../../loader/session/index.ts';
import { Breath } from './breath.ts';
import type { CommandContext } from './command-context.ts';
import { importEvidence } from './import-command.ts';
import { InputError } from './input-error.ts';
import {
  asInputError,
  isScenarioFile,
  type LoadedScenario,
  loadScenario,
  openDocument,
} from './scenario-loader.ts';

export interface CompareOwnOptions {
  readonly files: readonly string[];
  readonly modules?: string | undefined;
  readonly json: boolean;
}

export interface OwnRow {
  readonly kind: 'call' | 'stats' | 'area';
  readonly what: string;
  readonly measured: string;
  /** Null where the model has nothing at that place. */
  readonly model: string | null;
  readonly same: boolean;
}

interface Tally {
  readonly same: number;
  readonly of: number;
}

/** Rows that are shown to people, of those that differ. */
const SHOWN = 20;

/** FILE is an imported scenario, or the files that import takes. */
export async function compareOwn(
  { files, modules, json }: CompareOwnOptions,
  context: CommandContext,
): Promise<number> {
  const { loaded, warnings } = await recorded(files, modules, context);
  const { measured } = loaded.scenario;
  const known = measured?.calls.some(({ ret }) => ret !== undefined) === true;
  const size = Object.keys(measured?.stats ?? {}).length + (measured?.areas.length ?? 0);
  if (measured === undefined || (!known && size === 0)) {
    throw new InputError({
      file: files.join(', '),
      expected: 'a record with an outcome (return values, stats or the events of vmalloc)',
      found: 'none; import a trace, an strace or the stats text',
    });
  }
  const { result, areas } = await replayed(loaded, context);
  const rows = [
    ...callRows(loaded, result),
    ...statsRows(measured.stats, result),
    ...areaRows(measured.areas, areas),
  ];
  const tallies = Object.fromEntries(
    (['call', 'stats', 'area'] as const).map((kind) => {
      const of = rows.filter((row) => row.kind === kind);
      return [kind, { same: of.filter(({ same }) => same).length, of: of.length }];
    }),
  ) as Record<OwnRow['kind'], Tally>;
  const doubts = [...warnings, ...result.stuck_text];
  if (json) {
    const document = {
      version: 1,
      scenario: loaded.scenario.name,
      ...tallies,
      rows,
      warnings: doubts,
    };
    await context.write(`${JSON.stringify(document, null, 2)}\n`);
    return 0;
  }
  for (const warning of doubts) process.stderr.write(`warning: ${warning}\n`);
  await context.write(ownText(loaded.scenario.name, tallies, rows));
  return 0;
}

async function recorded(
  files: readonly string[],
  modules: string | undefined,
  context: CommandContext,
): Promise<{ readonly loaded: LoadedScenario; readonly warnings: readonly string[] }> {
  const [only] = files;
  if (files.length === 1 && isScenarioFile(only!)) {
    return { loaded: loadScenario(only!, { modules }), warnings: [] };
  }
  const { imported } = await importEvidence({ files, modules }, context);
  const loaded = openDocument(imported.scenario, {
    base: process.cwd(),
    origin: files.join(', '),
    shell: true,
  });
  return { loaded, warnings: [...imported.warnings, ...loaded.followed] };
}

interface Placed {
  readonly start: bigint;
  readonly size: number;
}

async function replayed(
  { scenario, source, origin }: LoadedScenario,
  context: CommandContext,
): Promise<{ readonly result: RunResult; readonly areas: readonly Placed[] }> {
  try {
    const run = prepareRun(scenario, { source });
    const areas: Placed[] = [];
    const { preset } = run.kernel.space;
    run.kernel.events.attach({
      push(event: TraceEvent): void {
        if (event.kind !== 'alloc_vmap_area' || event.failed) return;
        areas.push({ start: absoluteAddress(preset, event.va_start), size: event.size });
      },
    });
    const breath = new Breath(context);
    const session = new Session(run.kernel, run.program, run.observer);
    for (const steps = driveSteps(session); !steps.next().done; ) await breath.take();
    return { result: collectResult(run), areas };
  } catch (error) {
    throw asInputError(error, origin);
  }
}

/** Calls of the record are in the order of the steps; pauses are none. */
function callRows({ scenario }: LoadedScenario, result: RunResult): OwnRow[] {
  const answers = new Map<string, number>();
  for (const { step, member, ret } of result.results) {
    answers.set(`${step} ${member ?? 0}`, ret);
  }
  const calls = scenario.measured?.calls ?? [];
  const rows: OwnRow[] = [];
  let next = 0;
  for (const [i, step] of (scenario.steps ?? []).entries()) {
    if ('sleep_ms' in step) continue;
    const members = 'parallel' in step ? step.parallel.length : 1;
    for (let member = 0; member < members; member += 1) {
      const call = calls[next];
      next += 1;
      if (call?.ret === undefined) continue;
      const model = answers.get(`${i} ${member}`);
      rows.push({
        kind: 'call',
        what: `${call.op} ${call.target}`,
        measured: valueText(call.ret),
        model: model === undefined ? null : valueText(model),
        same: model === call.ret,
      });
    }
  }
  return rows;
}

function valueText(ret: number): string {
  return ret < 0 ? `${ret} ${errnoName(ret)}` : String(ret);
}

function statsRows(measured: Readonly<Record<string, string>>, { files }: RunResult): OwnRow[] {
  const model = new Map<string, string>();
  for (const [path, text] of Object.entries(files)) {
    if (!path.endsWith('/modules/stats')) continue;
    for (const [, label, value] of text.matchAll(/^\s*(\S.*?)\s+(-?\d+)\s*$/gm))
      model.set(label!, value!);
  }
  return Object.entries(measured).map(([what, value]) => ({
    kind: 'stats',
    what,
    measured: value,
    model: model.get(what) ?? null,
    same: model.get(what) === value,
  }));
}

/** Area for area in the order of allocation, as far as the sizes run alike; others are looked for. */
function areaRows(
  measured: readonly (readonly [string, number])[],
  model: readonly Placed[],
): OwnRow[] {
  const rows: OwnRow[] = [];
  let at = 0;
  for (const [start, size] of measured) {
    const found = model.findIndex((area, i) => i >= at && area.size === size);
    const area = found < 0 || found > at + 64 ? undefined : model[found]!;
    if (area !== undefined) at = found + 1;
    const address = area === undefined ? null : `0x${area.start.toString(16)}`;
    rows.push({
      kind: 'area',
      what: `${size} bytes`,
      measured: start,
      model: address,
      same: address === start,
    });
  }
  return rows;
}

const TITLES = {
  call: 'return values',
  stats: 'rows of stats',
  area: 'addresses of the trace',
} as const;

function ownText(
  name: string,
  tallies: Readonly<Record<OwnRow['kind'], Tally>>,
  rows: readonly OwnRow[],
): string {
  const lines = [`${name}: the record and its replay`, ''];
  for (const [kind, { same, of }] of Object.entries(tallies) as [OwnRow['kind'], Tally][]) {
    if (of === 0) continue;
    lines.push(`${TITLES[kind].padEnd(24)} ${same} of ${of} the same`);
    const others = rows.filter((row) => row.kind === kind && !row.same);
    for (const { what, measured, model } of others.slice(0, SHOWN)) {
      lines.push(`  ${what}: measured ${measured}, model ${model ?? 'nothing'}`);
    }
    if (others.length > SHOWN) lines.push(`  and ${others.length - SHOWN} more (--json lists all)`);
  }
  return `${lines.join('\n')}\n`;
}
