// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isChosen, readBenchOptions } from '../../../scripts/bench/bench-options.ts';
import { missedText, reportJson, reportText } from '../../../scripts/bench/bench-report.ts';
import { BENCH_NAMES, BENCHES, TEST_VMALLOC } from '../../../scripts/bench/benches.ts';
import { BUDGETS, type Budget, judge } from '../../../scripts/bench/budget.ts';
import { inTurns, median, ratioOf } from '../../../scripts/bench/stopwatch.ts';
import { growthExponent } from '../../../scripts/bench/storm-growth-bench.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const BUNDLE = join(ROOT, 'dist', 'tools', 'bench.js');

const FAKE: readonly Budget[] = [
  { name: 'small', what: 'as small as it gets', atMost: 2.5, unit: '' },
  { name: 'large', what: 'as large as it gets', atLeast: 20, unit: '' },
  { name: 'soon', what: 'how long it takes', atMost: 1, unit: ' s' },
];

const verdict = (budget: string, value: number): string =>
  judge({ budget, value, detail: '' }, FAKE).verdict;

describe('a budget', () => {
  it('is kept up to its bound, the bound included', () => {
    expect([verdict('small', 0.1), verdict('small', 2.5), verdict('small', 2.51)]).toEqual([
      'ok',
      'ok',
      'missed',
    ]);
    expect([verdict('large', 19.9), verdict('large', 20), verdict('large', 300)]).toEqual([
      'missed',
      'ok',
      'ok',
    ]);
  });

  it('is missed by what is no number', () => {
    expect([verdict('small', Number.NaN), verdict('large', Number.NaN)]).toEqual([
      'missed',
      'missed',
    ]);
  });

  it('is neither kept nor missed when it was not measured', () => {
    const row = judge({ budget: 'soon', skipped: 'no program' }, FAKE);
    expect(row).toMatchObject({ verdict: 'skipped', detail: 'no program' });
    expect(missedText([row])).toBeNull();
  });

  it('must be known', () => {
    expect(() => judge({ budget: 'other', value: 1, detail: '' }, FAKE)).toThrow('no budget other');
  });
});

describe('the budgets', () => {
  it('are those of the design', () => {
    const bounds = BUDGETS.map(({ name, atMost, atLeast }) => [name, atMost, atLeast]);
    expect(bounds).toEqual([
      ['allocator-growth', 2.5, undefined],
      ['allocator-naive', undefined, 20],
      ['port', undefined, 0.25],
      ['storm-growth', 1.15, undefined],
      ['event-memory', 1.5, undefined],
      ['guest-start', 1, undefined],
      ['kernel-churn', undefined, undefined],
      ['kernel-test-vmalloc', undefined, undefined],
      ['kernel-storm', undefined, 100],
    ]);
  });

  it('have one bench each', () => {
    expect(BENCHES.map(({ budget }) => budget)).toEqual(BUDGETS.map(({ name }) => name));
  });
});

describe('the report', () => {
  const rows = [
    judge({ budget: 'small', value: 1.4159, detail: '1000 / 700 ns' }, FAKE),
    judge({ budget: 'large', value: 12, detail: 'slow' }, FAKE),
    judge({ budget: 'soon', skipped: 'no program' }, FAKE),
  ];

  it('is a table of verdicts, values and bounds', () => {
    expect(reportText({ rows }).split('\n')).toEqual([
      'ok       small                  1.42  <= 2.5    as small as it gets',
      '         1000 / 700 ns',
      'missed   large                  12.0  >= 20     as large as it gets',
      '         slow',
      'skipped  soon                      -  <= 1 s    how long it takes',
      '         no program',
      '',
    ]);
  });

  it('shows the kernel’s vmalloc tests with what real machines showed beside the ratios', () => {
    const text = reportText({
      rows: [],
      testVmalloc: {
        cpus: 4,
        loops: 100,
        cases: [
          {
            id: 64,
            name: 'align_shift_alloc_test',
            passed: false,
            operationsPerSecond: 1234567.8,
            usec: 99.6,
          },
        ],
        ratios: [{ name: 'long_busy_list / fix_size', value: 1.754, published: '13 to 18' }],
      },
    });
    expect(text.split('\n').slice(0, 3)).toEqual([
      'test_vmalloc on the model: 4 CPUs, 120 MiB, 100 loops, no pages touched',
      '    64  align_shift_alloc_test         failed   1,234,568 calls/s       100 us',
      '        long_busy_list / fix_size      1.75 (real machines 13 to 18, page work included)',
    ]);
  });

  it('is the same as JSON', () => {
    const document = JSON.parse(reportJson({ rows }));
    expect(document).toMatchObject({
      version: 1,
      budgets: [
        { name: 'small', verdict: 'ok', value: 1.4159, at_most: 2.5, at_least: null },
        { name: 'large', verdict: 'missed', value: 12, at_most: null, at_least: 20 },
        { name: 'soon', verdict: 'skipped', value: null },
      ],
      test_vmalloc: null,
    });
  });

  it('names every budget that was missed', () => {
    expect(missedText(rows)).toBe('missed: large');
    const both = [...rows, judge({ budget: 'soon', value: 2, detail: '' }, FAKE)];
    expect(missedText(both)).toBe('missed: large, soon');
  });
});

describe('the command line', () => {
  it('takes --check, --json and any number of --only', () => {
    const args = ['--check', '--only', 'port', '--json', '--only', 'guest-start'];
    expect(readBenchOptions(args, BENCH_NAMES)).toMatchObject({
      check: true,
      json: true,
      only: ['port', 'guest-start'],
    });
  });

  it.each([
    [['--only', 'prt'], '--only: no bench prt, expected port?'],
    [['--only', 'zzzzzzzz'], 'expected one of allocator-growth, '],
    [['--chek'], "Unknown option '--chek'"],
    [['port'], "Unexpected argument 'port'"],
  ])('refuses %j', (args, message) => {
    expect(readBenchOptions(args, BENCH_NAMES)).toContain(message);
  });

  it('leaves long benches out unless they are asked for', () => {
    const chosen = (args: string[], name: string, long: boolean): boolean => {
      const options = readBenchOptions(args, BENCH_NAMES);
      if (typeof options === 'string') throw new Error(options);
      return isChosen(options, name, long);
    };
    expect(chosen([], 'event-memory', true)).toBe(false);
    expect(chosen(['--check'], 'event-memory', true)).toBe(true);
    expect(chosen(['--only', 'event-memory'], 'event-memory', true)).toBe(true);
    expect(chosen([], TEST_VMALLOC, false)).toBe(true);
    expect(chosen(['--only', 'port', '--check'], TEST_VMALLOC, false)).toBe(false);
  });

  const built = existsSync(BUNDLE);
  const reason = built ? '' : ' (skipped: dist/tools/bench.js is not built)';
  it.skipIf(!built)(`ends with 2 for bad usage and says what it expected${reason}`, () => {
    const run = spawnSync(process.execPath, [BUNDLE, '--only', 'nothing'], { encoding: 'utf8' });
    expect([run.status, run.stdout]).toEqual([2, '']);
    expect(run.stderr).toMatch(/^bench: --only: no bench nothing, expected one of /);
  });
});

describe('the stopwatch', () => {
  it('runs its subjects in turns and does not count the first round', () => {
    const ran: string[] = [];
    const times = inTurns(
      [
        { operations: 3, run: (n) => ran.push(`a${n}`) },
        { operations: 5, run: (n) => ran.push(`b${n}`) },
      ],
      2,
    );
    expect(ran).toEqual(['a3', 'b5', 'a3', 'b5', 'a3', 'b5']);
    expect(times.map((list) => list.length)).toEqual([2, 2]);
  });

  it('takes the middle of ratios round by round', () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5]);
    // One round that something else disturbed does not count.
    expect(ratioOf([20, 200, 22], [10, 10, 11])).toBe(2);
  });
});

describe('growthExponent', () => {
  it('is 1 for linear growth, 2 for quadratic', () => {
    expect(growthExponent(16, 16)).toBeCloseTo(1);
    expect(growthExponent(256, 16)).toBeCloseTo(2);
    expect(growthExponent(1, 16)).toBeCloseTo(0);
  });
});
