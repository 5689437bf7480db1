// SPDX-License-Identifier: MIT
/** One table from the runs of a sweep: a row for each combination but for the seed. */
import { type Spread, spreadOf } from '../cli/spread.ts';
import { METRICS } from './metrics.ts';
import type { StoredRun } from './run-store.ts';
import { DRAW, type FieldValue, type SweepField } from './sweep-plan.ts';

export interface Estimate {
  readonly mean: number;
  /** Half the width of the 95 % confidence interval of the mean; 0 for a single run. */
  readonly ci95: number;
}

export interface TableRow {
  readonly values: readonly FieldValue[];
  readonly runs: number;
  readonly metrics: Readonly<Record<string, Estimate & Spread>>;
}

export interface SweepTable {
  /** Fields of the rows, what is drawn apart. */
  readonly fields: readonly string[];
  readonly rows: readonly TableRow[];
}

/** What is drawn: runs that differ in nothing else are samples of one row. */
const DRAWN: ReadonlySet<string> = new Set(['seed', DRAW]);

/** The same for the same runs, in whatever order they came. */
export function tabulate(fields: readonly SweepField[], runs: Iterable<StoredRun>): SweepTable {
  const kept = fields.map(({ path }, i) => ({ path, i })).filter(({ path }) => !DRAWN.has(path));
  const groups = new Map<string, StoredRun[]>();
  for (const run of [...runs].sort((a, b) => a.index - b.index)) {
    const key = JSON.stringify(kept.map(({ i }) => run.values[i]));
    const group = groups.get(key);
    if (group) group.push(run);
    else groups.set(key, [run]);
  }
  const rows = [...groups.values()].map((group) => ({
    values: kept.map(({ i }) => group[0]!.values[i]!),
    runs: group.length,
    metrics: Object.fromEntries(
      METRICS.map(({ name, value }) => {
        const samples = group.map(({ summary }) => value(summary));
        return [name, { ...estimate(samples), ...spreadOf(samples) }];
      }),
    ),
  }));
  return { fields: kept.map(({ path }) => path), rows };
}

export function estimate(samples: readonly number[]): Estimate {
  const n = samples.length;
  const mean = samples.reduce((sum, value) => sum + value, 0) / n;
  if (n < 2) return { mean, ci95: 0 };
  const squares = samples.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const error = Math.sqrt(squares / (n - 1) / n);
  return { mean, ci95: quantile(n - 1) * error };
}

/** 97.5 % points of Student's t by degrees of freedom, from 1. */
const T_975 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145,
  2.131, 2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048,
  2.045, 2.042,
];

/** Beyond the table by Cornish and Fisher's expansion around the normal quantile. */
function quantile(freedom: number): number {
  const listed = T_975[freedom - 1];
  if (listed !== undefined) return listed;
  const z = 1.959964;
  return (
    z + (z ** 3 + z) / (4 * freedom) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2)
  );
}

/** Comma-separated: a mean and a half-width for each result, then median, 5 % and 95 % point of each. */
export function tableCsv({ fields, rows }: SweepTable): string {
  const head = [
    ...fields,
    'runs',
    ...METRICS.flatMap(({ name }) => [name, `${name}_ci95`]),
    ...METRICS.flatMap(({ name }) => [`${name}_median`, `${name}_p5`, `${name}_p95`]),
  ];
  const lines = rows.map(({ values, runs, metrics }) =>
    [
      ...values.map((value) => cell(String(value))),
      runs,
      ...METRICS.flatMap(({ name }) => {
        const { mean, ci95 } = metrics[name]!;
        return [rounded(mean), rounded(ci95)];
      }),
      ...METRICS.flatMap(({ name }) => {
        const { median, low, high } = metrics[name]!;
        return [rounded(median), rounded(low), rounded(high)];
      }),
    ].join(','),
  );
  return `${[head.map(cell).join(','), ...lines].join('\n')}\n`;
}

function cell(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(12)));
}
