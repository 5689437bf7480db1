// SPDX-License-Identifier: MIT
/** `compare published`: the model beside what was measured of machines from 2021 to 2023. */

import { openCatalog } from '../../loader/catalog/index.ts';
import {
  BUNDLED_SCENARIOS,
  type ScenarioInput,
  scenarioSchema,
} from '../../loader/scenario/index.ts';
import type { RunResult } from '../../loader/session/index.ts';
import { Breath } from './breath.ts';
import type { CommandContext } from './command-context.ts';
import { drawn } from './published-draws.ts';
import {
  CPUFREQ_STORM,
  MAY_2023,
  PUBLISHED_TABLES,
  type PublishedTable,
} from './published-tables.ts';
import { type PublishedRow, publishedText } from './published-text.ts';
import { runScenario } from './run-summary.ts';
import { spreadOf } from './spread.ts';

/** A row of one draw. */
type Drawn = Pick<PublishedRow, 'table' | 'what' | 'kind' | 'model' | 'published'>;

export async function comparePublished(
  options: { readonly json: boolean; readonly draws: number },
  context: CommandContext,
  show: (text: () => string) => void = () => undefined,
): Promise<number> {
  const { json, draws } = options;
  const rows = await publishedRows(draws, new Breath(context), show);
  if (json) {
    const known = rows.filter((row) => row.inside !== null);
    const document = {
      version: 1,
      scenario: 'published',
      draws,
      inside: known.filter((row) => row.inside).length,
      of: known.length,
      rows,
    };
    await context.write(`${JSON.stringify(document, null, 2)}\n`);
  } else {
    await context.write(publishedText(rows, draws));
  }
  return 0;
}

/** Runs the published machines so often and sets each figure beside its measurement. */
export async function publishedRows(
  draws: number,
  breath?: Breath,
  show: (text: () => string) => void = () => undefined,
): Promise<PublishedRow[]> {
  const samples: Drawn[][] = [];
  for (let draw = 0; draw < draws; draw += 1) {
    show(() => `draw ${draw + 1} of ${draws}`);
    samples.push(await rowsOfDraw(draw, breath));
  }
  const rows = new Map(samples.flat().map((row) => [keyOf(row), row]));
  return [...rows.values()].map((row) => {
    const values = samples.map((of) => of.find((other) => keyOf(other) === keyOf(row))?.model ?? 0);
    const { median, low, high } = spreadOf(values);
    const { published } = row;
    const inside = published === null ? null : low <= published && published <= high;
    return { ...row, model: median, low, high, inside };
  });
}

function keyOf({ table, what }: Drawn): string {
  return `${table}\n${what}`;
}

async function rowsOfDraw(draw: number, breath?: Breath): Promise<Drawn[]> {
  const run = async (name: string, kernel?: unknown): Promise<RunResult> => {
    const document = drawn(BUNDLED_SCENARIOS[name]!, draw);
    const source = openCatalog((document.modules as { readonly catalog: string }).catalog)!;
    const scenario = kernel === undefined ? document : { ...document, kernel };
    const parsed = scenarioSchema.parse(scenario as ScenarioInput);
    return (await runScenario(parsed, source, breath)).result;
  };
  const rows: Drawn[] = [];
  for (const [name, table] of Object.entries(PUBLISHED_TABLES) as [string, PublishedTable][]) {
    rows.push(...tableRows(name, table, await run(name)));
  }
  for (const { kernel, title, wasted } of MAY_2023) {
    const choice =
      kernel === 'exclusive-read' ? { base: 'v6.4', deny_write: 'exclusive-read' } : kernel;
    const result = await run('published-255-may2023', choice);
    rows.push({
      table: 'published-255-may2023',
      what: `wasted bytes, ${title}`,
      kind: 'predicted, memory assumed',
      model: wastedTotal(result),
      published: wasted,
    });
  }
  const gated = await run('published-448', 'v6.5');
  rows.push({
    table: 'published-448',
    what: 'bytes wasted with the idempotent gate',
    kind: 'predicted',
    model: wastedTotal(gated),
    published: 0,
  });
  const { scenario, kernels } = CPUFREQ_STORM;
  for (const { kernel, reported } of kernels) {
    const { settled_ns } = await run(scenario, kernel);
    rows.push({
      table: scenario,
      what: `seconds until it is quiet, ${kernel} (${reported})`,
      kind: 'predicted',
      model: settled_ns / 1e9,
      published: null,
    });
  }
  return rows;
}

function tableRows(name: string, table: PublishedTable, result: RunResult): Drawn[] {
  const counters = result.counters_true;
  const kind = table.fitted ? 'fitted' : 'predicted';
  const counts = new Map(result.duplicates.map((dup) => [dup.name, dup.count]));
  const names = [...new Set([...Object.keys(table.duplicates), ...counts.keys()])];
  const { failed_becoming = 0, failed_load_modules = 0 } = counters;
  const rows: Drawn[] = [];
  const add = (what: string, how: Drawn['kind'], model: number, published?: number): void => {
    if (published !== undefined) rows.push({ table: name, what, kind: how, model, published });
  };
  const failed = (table.failed_becoming ?? 0) + (table.failed_load ?? 0);
  add('modules loaded', kind, counters.modcount ?? 0, table.modules);
  add('total module size', 'predicted', counters.total_mod_size ?? 0, table.total_mod_size);
  add('total text size', 'predicted', counters.total_text_size ?? 0, table.total_text_size);
  add('failed on becoming', kind, failed_becoming, table.failed_becoming);
  add('failed on load', kind, failed_load_modules, table.failed_load);
  add('failed in all', kind, failed_becoming + failed_load_modules, failed);
  add('becoming bytes', kind, result.wasted.becoming, table.becoming_bytes);
  add('load bytes', kind, result.wasted.load, table.load_bytes);
  add('wasted bytes', kind, wastedTotal(result), table.wasted);
  for (const module of names) {
    const published = table.duplicates[module] ?? 0;
    add(`duplicates of ${module}`, kind, counts.get(module) ?? 0, published);
  }
  return rows;
}

function wastedTotal({ wasted }: RunResult): number {
  return wasted.kread + wasted.decompress + wasted.becoming + wasted.load;
}
