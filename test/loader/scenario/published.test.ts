// SPDX-License-Identifier: MIT
/**
 * The model beside boots that were measured: [PATCH v3 3/4] "module: add debug stats to help
 * identify memory pressure", 13 April 2023, and the thread of May 2023 that led to one load per
 * inode.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import type { RunResult } from '../../../loader/session/result.ts';
import { bundled, replay, wastedBytes } from './replay.ts';

type Counts = Readonly<Record<string, number>>;

/** Duplicates of modules that every CPU asks for. */
const TABLE_255: Counts = {
  kvm_intel: 249,
  kvm: 249,
  irqbypass: 8,
  crct10dif_pclmul: 128,
  ghash_clmulni_intel: 27,
  sha512_ssse3: 50,
  sha512_generic: 200,
  aesni_intel: 249,
  crypto_simd: 41,
  cryptd: 131,
  crc32_pclmul: 6,
  crc32c_intel: 40,
};
const TABLE_8: Counts = {
  kvm_intel: 7,
  kvm: 7,
  irqbypass: 6,
  crct10dif_pclmul: 7,
  ghash_clmulni_intel: 7,
  sha512_ssse3: 6,
  sha512_generic: 7,
  aesni_intel: 7,
  crypto_simd: 7,
  cryptd: 3,
  crc32_pclmul: 6,
  crc32c_intel: 3,
};

function count(result: RunResult, name: string): number {
  return result.duplicates.find((row) => row.name === name)?.count ?? 0;
}

function expectNear(found: number, wanted: number, share: number): void {
  expect(found).toBeGreaterThanOrEqual(wanted * (1 - share));
  expect(found).toBeLessThanOrEqual(wanted * (1 + share));
}

function expectDuplicates(found: number, wanted: number): void {
  const slack = Math.max(2, 0.1 * wanted);
  expect(Math.abs(found - wanted)).toBeLessThanOrEqual(slack);
}

const SEEDS = [1, 2, 3, 4, 5];

function medianOf(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

/** Rows of the two fitted tables that physical constants do not reach; see docs/storms.md. */
const MISSED_255: ReadonlySet<string> = new Set(['crypto_simd', 'cryptd', 'crc32_pclmul']);
/** Rows that one seed has and the next has not: nothing is claimed of them. */
const BY_SEED_255: ReadonlySet<string> = new Set([
  'irqbypass',
  'crct10dif_pclmul',
  'ghash_clmulni_intel',
]);
const MISSED_8: ReadonlySet<string> = new Set(['cryptd', 'crc32c_intel']);

describe('the guest of 255 CPUs without an early check, over five seeds', () => {
  let results: RunResult[];
  const median = (of: (result: RunResult) => number): number => medianOf(results.map(of));
  beforeAll(() => {
    results = SEEDS.map((seed) => replay({ ...bundled('published-255'), seed }));
  });

  const rows = Object.entries(TABLE_255);
  const near = (name: string, wanted: number): void =>
    expectDuplicates(
      median((result) => count(result, name)),
      wanted,
    );
  it.each(rows.filter(([name]) => !MISSED_255.has(name) && !BY_SEED_255.has(name)))(
    'has duplicates of %s within 10 %% or 2 of those measured, in the median',
    near,
  );
  it.fails.each(rows.filter(([name]) => MISSED_255.has(name)))('misses those of %s', near);
  it.each(rows.filter(([name]) => BY_SEED_255.has(name)))(
    'has of %s as the seed will have it: seeds lie apart by more than a fifth of those measured',
    (name, wanted) => {
      const counts = results.map((result) => count(result, name));
      expect(Math.max(...counts) - Math.min(...counts)).toBeGreaterThan(0.2 * wanted);
    },
  );

  it('fails 1411 loads within 15 % with every seed, all of them after layout', () => {
    for (const { counters_true } of results) {
      expect(counters_true.failed_becoming).toBe(0);
      expectNear(counters_true.failed_load_modules!, 1411, 0.15);
    }
  });

  it('wastes 13.6 GiB within 25 % with every seed', () => {
    for (const result of results) expectNear(wastedBytes(result), 14_588_526_272, 0.25);
  });

  it('loads 67 modules', () => {
    for (const result of results) {
      expect(result.counters_true.modcount).toBe(67);
      expect(result.first_failure).toBeNull();
    }
  });
});

describe('the guest of 8 CPUs with the early check, over five seeds', () => {
  let results: RunResult[];
  beforeAll(() => {
    results = SEEDS.map((seed) => replay({ ...bundled('published-8'), seed }));
  });

  const rows = Object.entries(TABLE_8);
  const near = (name: string, wanted: number): void =>
    expectDuplicates(medianOf(results.map((result) => count(result, name))), wanted);
  it.each(rows.filter(([name]) => !MISSED_8.has(name)))(
    'has duplicates of %s within 2 of those measured, in the median',
    near,
  );
  it.fails.each(rows.filter(([name]) => MISSED_8.has(name)))('misses those of %s', near);

  const divided = (result: RunResult): number => {
    const { failed_becoming, failed_load_modules } = result.counters_true;
    return Math.max(Math.abs(failed_becoming! - 83), Math.abs(failed_load_modules! - 16));
  };

  it('fails 99 loads within 15 % with every seed', () => {
    for (const { counters_true } of results) {
      const { failed_becoming, failed_load_modules } = counters_true;
      expectNear(failed_becoming! + failed_load_modules!, 99, 0.15);
    }
  });

  it('divides them into 83 before layout and 16 after, give or take 10, in the median', () => {
    const sorted = results.map(divided).sort((x, y) => x - y);
    expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThanOrEqual(10);
  });

  // One seed of the five is 12 off since every change of protection up to 6.8 purges.
  it.fails('misses that division with every seed', () => {
    for (const result of results) expect(divided(result)).toBeLessThanOrEqual(10);
  });

  it('wastes 226.5 MiB within 25 % with every seed', () => {
    for (const result of results) expectNear(wastedBytes(result), 237_537_176, 0.25);
  });
});

describe('the guest of May 2023', () => {
  const under = (kernel: ReturnType<typeof bundled>['kernel']): number =>
    wastedBytes(replay({ ...bundled('published-255-may2023'), kernel }));

  it('wastes 1.8 GiB within 35 % under v6.4', () => {
    expectNear(under('v6.4'), 1_949_006_968, 0.35);
  });

  it('wastes a few hundred MiB with files exclusive while they are read', () => {
    const wasted = under({ base: 'v6.4', deny_write: 'exclusive-read' });
    expect(wasted).toBeGreaterThan(354_413_398 / 3);
    expect(wasted).toBeLessThan(354_413_398 * 3);
    expect(wasted).toBeLessThan(under('v6.4') / 2);
  });

  it('wastes one small module at most under v6.4-rc4 and v6.5', () => {
    expect(under('v6.4-rc4')).toBeLessThanOrEqual(2 * 474_688);
    expect(under('v6.5')).toBeLessThanOrEqual(2 * 474_688);
  });
});

describe('waste against CPUs, 8 to 512', () => {
  const CPUS = [8, 64, 128, 255, 384, 512];
  const series = (kernel: string): number[] =>
    CPUS.map((cpus) => {
      const scenario = bundled('published-255');
      const { machine } = scenario;
      return wastedBytes(replay({ ...scenario, kernel, machine: { ...machine, cpus } }));
    });

  it.each(['v6.3', 'v6.4'])('is a straight line under %s', (kernel) => {
    const { slope, r2 } = leastSquares(CPUS, series(kernel));
    expect(r2).toBeGreaterThanOrEqual(0.98);
    // The plots of the second patch of that series: 55 to 60 MB a CPU before, 30 MB after.
    expectNear(slope, kernel === 'v6.3' ? 57.5e6 : 30e6, 0.25);
  });

  it.each(['v6.5', 'v6.12'])('is zero under %s', (kernel) => {
    expect(series(kernel)).toEqual(CPUS.map(() => 0));
  });
});

function leastSquares(xs: readonly number[], ys: readonly number[]) {
  const mean = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0) / list.length;
  const [mx, my] = [mean(xs), mean(ys)];
  const sxy = xs.reduce((sum, x, i) => sum + (x - mx) * (ys[i]! - my), 0);
  const sxx = xs.reduce((sum, x) => sum + (x - mx) ** 2, 0);
  const syy = ys.reduce((sum, y) => sum + (y - my) ** 2, 0);
  return { slope: sxy / sxx, r2: sxy ** 2 / (sxx * syy) };
}
