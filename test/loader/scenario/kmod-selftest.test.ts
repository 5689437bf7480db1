// SPDX-License-Identifier: MIT
/** The kernel's kmod self-tests: their own expectations, under every form of duplicates. */
import { describe, expect, it } from 'vitest';
import { bundled, replay } from './replay.ts';

const NAMES = Array.from(
  { length: 13 },
  (_, i) => `kmod-selftest-${String(i + 1).padStart(4, '0')}`,
);

const KERNELS = {
  'v6.12 with suppression of duplicates': 'v6.12',
  'v6.12 without': { base: 'v6.12', dups: false },
  'v6.4 with its form of suppression': 'v6.4',
  'v6.3 with the counter as limiter': 'v6.3',
} as const;

describe.each(Object.entries(KERNELS))('the kmod self-tests under %s', (_, kernel) => {
  it.each(NAMES)('%s gives what it expects', (name) => {
    const scenario = { ...bundled(name), kernel };
    const reads = scenario.steps!.filter((step) => 'read' in step);
    const result = replay(scenario);
    expect(reads.length).toBeGreaterThan(0);
    expect(result.results.filter(({ op }) => op === 'read')).toHaveLength(reads.length);
    expect(result.unmet).toEqual([]);
  });
});

describe('the kmod self-tests', () => {
  it('expect the results of kmod.sh', () => {
    const expected = (name: string): unknown[] =>
      bundled(name).steps!.flatMap((step) => ('read' in step ? [step.expect] : []));
    expect(expected('kmod-selftest-0001')).toEqual([
      '256\n',
      '-22\n',
      '256\n',
      '-22\n',
      '256\n',
      '-22\n',
    ]);
    expect(expected('kmod-selftest-0008')).toEqual(Array.from({ length: 150 }, () => '0\n'));
    expect(expected('kmod-selftest-0010')).toEqual(['-2\n']);
    expect(expected('kmod-selftest-0011')).toEqual(['-2\n']);
  });

  it('without the minute between runs fail where a remembered answer hides that xfs is gone', () => {
    const scenario = bundled('kmod-selftest-0006');
    const steps = scenario.steps!.filter((step) => !('sleep_ms' in step));
    const hurried = (dups: boolean) =>
      replay({ ...scenario, kernel: { base: 'v6.12', dups }, steps });
    expect(hurried(false).unmet).toEqual([]);
    const { unmet } = hurried(true);
    expect(unmet).toHaveLength(9);
    for (const { found } of unmet) expect(found).toBe('"-22\\n"');
  });

  it('say so when a result is not the one expected', () => {
    const scenario = bundled('kmod-selftest-0010');
    const steps = scenario.steps!.filter(
      (step) => !('write' in step && step.write.startsWith('/proc')),
    );
    expect(replay({ ...scenario, steps }).unmet).toMatchObject([
      { path: '/sys/devices/virtual/misc/test_kmod0/test_result', found: '"0\\n"' },
    ]);
  });
});
