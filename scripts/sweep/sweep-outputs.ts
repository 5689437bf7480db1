// SPDX-License-Identifier: MIT
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StoredRun } from './run-store.ts';
import { chartSvg } from './sweep-chart.ts';
import type { SweepPlan } from './sweep-plan.ts';
import { type SweepTable, tableCsv, tabulate } from './sweep-table.ts';

/** What a finished sweep is read from: `table.csv`, `table.json` and, with an axis, `chart.svg`. */
export function writeSweep(dir: string, plan: SweepPlan, runs: Iterable<StoredRun>): SweepTable {
  const table = tabulate(plan.fields, runs);
  put(join(dir, 'table.csv'), tableCsv(table));
  const { name, hash, total } = plan;
  put(
    join(dir, 'table.json'),
    `${JSON.stringify({ version: 1, name, hash, total, ...table }, null, 2)}\n`,
  );
  const chart = chartSvg(table, { title: name, ...plan.chart });
  if (chart !== null) put(join(dir, 'chart.svg'), chart);
  return table;
}

/** Whole or not at all. */
function put(path: string, text: string): void {
  const partial = `${path}.${process.pid}.partial`;
  writeFileSync(partial, text);
  renameSync(partial, path);
}
