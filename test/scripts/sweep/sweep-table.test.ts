// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StoredRun } from '../../../scripts/sweep/run-store.ts';
import { chartSvg } from '../../../scripts/sweep/sweep-chart.ts';
import { estimate, tableCsv, tabulate } from '../../../scripts/sweep/sweep-table.ts';

function stored(index: number, values: StoredRun['values'], wasted: number): StoredRun {
  const none = { kread: 0, decompress: 0, becoming: 0, load: 0 };
  return {
    index,
    values,
    summary: {
      modules_loaded: 1,
      wasted: { ...none, load: wasted },
      wasted_total: wasted,
      failed: none,
      failed_total: 0,
      peak_used: 4096,
      vmalloc_total: 8192,
      settle_ns: 10,
      first_failure: null,
    },
  };
}

const FIELDS = [
  { path: 'kernel', values: ['v6.3', 'a,"b"'] },
  { path: 'machine.cpus', values: [8, 16] },
  { path: 'seed', values: [1, 2, 3] },
];
const RUNS = Array.from({ length: 12 }, (_, i) =>
  stored(
    i,
    [FIELDS[0]!.values[Math.floor(i / 6)]!, [8, 16][Math.floor(i / 3) % 2]!, 1 + (i % 3)],
    i * i,
  ),
);

describe('the table of a sweep', () => {
  it('has a row for each combination but for the seed', () => {
    const table = tabulate(FIELDS, RUNS);
    expect(table.fields).toEqual(['kernel', 'machine.cpus']);
    expect(table.rows.map(({ values, runs }) => [...values, runs])).toEqual([
      ['v6.3', 8, 3],
      ['v6.3', 16, 3],
      ['a,"b"', 8, 3],
      ['a,"b"', 16, 3],
    ]);
    expect(table.rows[0]!.metrics.wasted_total!.mean).toBeCloseTo(5 / 3, 12);
  });

  it('is the same in whatever order the runs came', () => {
    const wanted = tableCsv(tabulate(FIELDS, RUNS));
    fc.assert(
      fc.property(fc.shuffledSubarray(RUNS, { minLength: 12 }), (runs) => {
        expect(tableCsv(tabulate(FIELDS, runs))).toBe(wanted);
      }),
    );
    expect(wanted).toContain('"a,""b""",8,3,');
  });

  it('has confidence intervals of Student', () => {
    // Checked against R: t.test(c(1, 2, 3, 4, 5))$conf.int is 1.036757 to 4.963243.
    expect(estimate([1, 2, 3, 4, 5]).ci95).toBeCloseTo(1.963243, 3);
    // R: qt(0.975, 99) is 1.984217.
    const hundred = Array.from({ length: 100 }, (_, i) => i);
    expect(estimate(hundred).ci95).toBeCloseTo((1.984217 * Math.sqrt(841.6667)) / 10, 2);
    expect(estimate([7])).toEqual({ mean: 7, ci95: 0 });
  });

  it('draws a line for each series, and nothing without an axis', () => {
    const svg = chartSvg(tabulate(FIELDS, RUNS), { title: 'a < b' })!;
    expect(svg.match(/<polyline /g)).toHaveLength(2);
    expect(svg).toContain('a &lt; b');
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    expect(chartSvg(tabulate([FIELDS[0]!], [stored(0, ['v6.3'], 1)]), { title: 'x' })).toBeNull();
  });
});
