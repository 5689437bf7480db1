/** `compare published`: the model beside what was measured in April and May 2023. */

import { openCatalog } from '../../loader/catalog/index.ts';
import { BUNDLED_SCENARIOS, scenarioSchema } from '../../loader/scenario/index.ts';
import type { RunResult } from '../../loader/session/index.ts';
import { Breath } from './breath.ts';
import { bytesText } from './byte-text.ts';
import type { CommandContext } from './command-context.ts';
import { MAY_2023, PUBLISHED_TABLES, type PublishedTable } from './published-tables.ts';
import { runScenario } from './run-summary.ts';

export interface PublishedRow {
  readonly table: string;
  readonly what: string;
  /**
   * Whether the constants were fitted on this figure or it follows from them; and whether what
   * nobody published of the machine was assumed with this figure in view.
   */
  readonly kind: 'fitted' | 'predicted' | 'predicted, memory assumed';
  readonly model: number;
  readonly published: number;
}

export async function comparePublished(json: boolean, context: CommandContext): Promise<number> {
  const rows = await publishedRows(new Breath(context));
  if (json) {
    await context.write(
      `${JSON.stringify({ version: 1, scenario: 'published', rows }, null, 2)}\n`,
    );
  } else {
    await context.write(publishedText(rows));
  }
  return 0;
}

/** Runs the published guests and sets each figure beside its measurement. */
export async function publishedRows(breath?: Breath): Promise<PublishedRow[]> {
  const source = openCatalog('published')!;
  const run = async (name: string, kernel?: unknown): Promise<RunResult> => {
    const document = BUNDLED_SCENARIOS[name]!;
    const scenario = kernel === undefined ? document : { ...document, kernel };
    const { result } = await runScenario(scenarioSchema.parse(scenario), source, breath);
    return result;
  };
  const rows: PublishedRow[] = [];
  for (const [name, table] of Object.entries(PUBLISHED_TABLES)) {
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
  return rows;
}

function tableRows(name: string, table: PublishedTable, result: RunResult): PublishedRow[] {
  const counters = result.counters_true;
  const row = (what: string, kind: PublishedRow['kind'], model: number, published: number) => ({
    table: name,
    what,
    kind,
    model,
    published,
  });
  const counts = new Map(result.duplicates.map((dup) => [dup.name, dup.count]));
  const names = [...new Set([...Object.keys(table.duplicates), ...counts.keys()])];
  const failures = (counters.failed_becoming ?? 0) + (counters.failed_load_modules ?? 0);
  return [
    row('modules loaded', 'fitted', counters.modcount ?? 0, table.modules),
    row('total module size', 'predicted', counters.total_mod_size ?? 0, table.total_mod_size!),
    row('total text size', 'predicted', counters.total_text_size ?? 0, table.total_text_size!),
    row('failed on becoming', 'fitted', counters.failed_becoming ?? 0, table.failed_becoming!),
    row('failed on load', 'fitted', counters.failed_load_modules ?? 0, table.failed_load!),
    row('failed in all', 'fitted', failures, table.failed_becoming! + table.failed_load!),
    row('becoming bytes', 'fitted', result.wasted.becoming, table.becoming_bytes!),
    row('load bytes', 'fitted', result.wasted.load, table.load_bytes!),
    row('wasted bytes', 'fitted', wastedTotal(result), table.wasted),
    ...names.map((module) =>
      row(
        `duplicates of ${module}`,
        'fitted',
        counts.get(module) ?? 0,
        table.duplicates[module] ?? 0,
      ),
    ),
  ];
}

function wastedTotal({ wasted }: RunResult): number {
  return wasted.kread + wasted.decompress + wasted.becoming + wasted.load;
}

const TITLES: Readonly<Record<string, string>> = {
  'published-255': PUBLISHED_TABLES['published-255'].title,
  'published-8': PUBLISHED_TABLES['published-8'].title,
  'published-255-may2023':
    '255 CPUs, May 2023 (memory not published; 8 GiB, as the small guest has, allow 64 udev workers)',
};

function publishedText(rows: readonly PublishedRow[]): string {
  const lines = [
    'The model beside what was measured. Fitted: constants were chosen with this table in view.',
    'Predicted: it follows from constants chosen without it. Memory assumed: the memory of that',
    'guest was not published and was chosen with these figures in view.',
  ];
  for (const table of new Set(rows.map((row) => row.table))) {
    lines.push('', `${table}: ${TITLES[table]}`, '');
    lines.push(
      `  ${''.padEnd(46)}${'model'.padStart(12)}${'published'.padStart(12)}${'off'.padStart(9)}`,
    );
    for (const { what, kind, model, published } of rows.filter((row) => row.table === table)) {
      const bytes = /bytes|size/.test(what);
      const show = (value: number): string => (bytes ? bytesText(value) : String(value));
      lines.push(
        `  ${what.padEnd(46)}${show(model).padStart(12)}${show(published).padStart(12)}` +
          `${offText(model, published).padStart(9)}  ${kind}`,
      );
    }
  }
  return `${lines.join('\n')}\n`;
}

function offText(model: number, published: number): string {
  if (model === published) return '=';
  if (published === 0) return 'was 0';
  const share = (100 * (model - published)) / published;
  return `${share > 0 ? '+' : ''}${share.toFixed(1)} %`;
}
