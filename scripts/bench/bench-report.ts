// SPDX-License-Identifier: MIT
/** What the bench prints: one table of budgets, one of the kernel's vmalloc tests. */
import { boundText, type Row } from './budget.ts';
import type { TestVmallocTimings } from './test-vmalloc-bench.ts';

export interface BenchResult {
  readonly rows: readonly Row[];
  readonly testVmalloc?: TestVmallocTimings;
}

export function reportText({ rows, testVmalloc }: BenchResult): string {
  const blocks: string[][] = [];
  if (rows.length > 0) blocks.push(rows.flatMap(rowLines));
  if (testVmalloc !== undefined) blocks.push(testVmallocLines(testVmalloc));
  return `${blocks.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function rowLines(row: Row): string[] {
  const value = row.value === undefined ? '-' : `${row.value.toPrecision(3)}${row.unit}`;
  const { verdict, name, what } = row;
  return [
    `${verdict.padEnd(9)}${name.padEnd(18)}${value.padStart(9)}  ${boundText(row).padEnd(10)}${what}`,
    `${' '.repeat(9)}${row.detail}`,
  ];
}

function testVmallocLines({ cpus, loops, cases, ratios }: TestVmallocTimings): string[] {
  return [
    `test_vmalloc on the model: ${cpus} CPUs, 120 MiB, ${loops} loops, no pages touched`,
    ...cases.map(({ id, name, passed, operationsPerSecond, usec }) => {
      const rate = Math.round(operationsPerSecond).toLocaleString('en-US').padStart(12);
      const time = Math.round(usec).toLocaleString('en-US').padStart(10);
      const result = passed ? 'passed' : 'failed';
      return `${String(id).padStart(6)}  ${name.padEnd(31)}${result}${rate} calls/s${time} us`;
    }),
    ...ratios.map(
      ({ name, value, published }) =>
        `        ${name.padEnd(31)}${value.toPrecision(3)} (real machines ${published}, page work included)`,
    ),
  ];
}

/** The same as one JSON document. */
export function reportJson({ rows, testVmalloc }: BenchResult): string {
  const budgets = rows.map(({ atMost, atLeast, value, ...row }) => ({
    ...row,
    value: value ?? null,
    at_most: atMost ?? null,
    at_least: atLeast ?? null,
  }));
  const document = { version: 1, budgets, test_vmalloc: testVmalloc ?? null };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** Which budgets were missed, in one line; null when none was. */
export function missedText(rows: readonly Row[]): string | null {
  const missed = rows.filter(({ verdict }) => verdict === 'missed').map(({ name }) => name);
  return missed.length === 0 ? null : `missed: ${missed.join(', ')}`;
}
