// SPDX-License-Identifier: MIT
import type { RunResult } from '../../loader/session/index.ts';
import { PUBLISHED_TABLES } from '../cli/published-tables.ts';
import { type AprilGuest, type Constants, duplicatesOf, replayGuest } from './april-guests.ts';

/** One row of a table over several seeds. */
export interface TableRow {
  readonly what: string;
  readonly published: number;
  /** How far off is still well: a tenth or two for duplicates, as elsewhere in the tests. */
  readonly slack: number;
  /** A module that every CPU asks for, or one of the totals. */
  readonly important: boolean;
  readonly values: readonly number[];
}

/** Modules every CPU asks for. */
const PER_CPU: ReadonlySet<string> = new Set([
  'kvm_intel',
  'kvm',
  'irqbypass',
  'crct10dif_pclmul',
  'ghash_clmulni_intel',
  'sha512_ssse3',
  'sha512_generic',
  'aesni_intel',
  'crypto_simd',
  'cryptd',
  'crc32_pclmul',
  'crc32c_intel',
]);

const MIB = 1024 * 1024;

/** The rows of a guest's table, one value for each seed from 1. */
export function tableRows(name: AprilGuest, constants: Constants, seeds: number): TableRow[] {
  const table = PUBLISHED_TABLES[name];
  const results = Array.from({ length: seeds }, (_, i) => replayGuest(name, constants, i + 1));
  const row = (
    what: string,
    published: number,
    slack: number,
    important: boolean,
    value: (result: RunResult) => number,
  ): TableRow => ({ what, published, slack, important, values: results.map(value) });
  const wasted = ({ wasted: { becoming, load } }: RunResult): number => (becoming + load) / MIB;
  return [
    row('failed on becoming', table.failed_becoming, 10, true, ({ counters_true }) =>
      Number(counters_true.failed_becoming),
    ),
    row(
      'failed on load',
      table.failed_load,
      Math.max(10, 0.15 * table.failed_load),
      true,
      ({ counters_true }) => Number(counters_true.failed_load_modules),
    ),
    row('MiB wasted', table.wasted / MIB, (0.25 * table.wasted) / MIB, true, wasted),
    row(
      'MiB wasted on load',
      table.load_bytes / MIB,
      Math.max(20, (0.25 * table.wasted) / MIB),
      false,
      ({ wasted: { load } }) => load / MIB,
    ),
    ...Object.entries(table.duplicates).map(([module, count]) =>
      row(module, count, Math.max(2, 0.1 * count), PER_CPU.has(module), (result) =>
        duplicatesOf(result, module),
      ),
    ),
  ];
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Runs in which the row is off by no more than its slack. */
export function within({ values, published, slack }: TableRow): number {
  return values.filter((value) => Math.abs(value - published) <= slack).length;
}

/** How far a guest's rows are from its table: 0 = all means hit, and every run within the slack. */
export function distance(rows: readonly TableRow[]): number {
  let sum = 0;
  for (const row of rows) {
    const off = Math.abs(meanOf(row.values) - row.published) / row.slack;
    sum += 0.2 * off + (row.important ? 4 : 1) * Math.max(0, off - 0.5);
    if (row.important) sum += 2 * (1 - within(row) / row.values.length);
  }
  return sum;
}
