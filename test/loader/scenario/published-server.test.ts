// SPDX-License-Identifier: MIT
/**
 * Bare-metal machines that nothing was fitted on: the server with 448 CPUs (David Hildenbrand, 5
 * June 2023), and the storm of acpi_cpufreq (systemd issue 19439, 0254127ab977).
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { COST_RANGES, DEFAULT_COSTS, MACHINE_KINDS } from '../../../loader/presets/index.ts';
import type { RunResult } from '../../../loader/session/result.ts';
import { bundled, replay, wastedBytes } from './replay.ts';

/** Failed between 445 and 447 times each. */
const EVERY_CPU = [
  'intel_rapl_common',
  'intel_uncore_frequency',
  'intel_uncore_frequency_common',
  'isst_if_mbox_msr',
  'isst_if_common',
  'skx_edac',
  'nfit',
  'libnvdimm',
  'x86_pkg_temp_thermal',
  'intel_powerclamp',
  'coretemp',
  'kvm_intel',
  'kvm',
  'irqbypass',
  'intel_cstate',
  'intel_uncore',
];

describe('the server with 448 CPUs', () => {
  let result: RunResult;
  beforeAll(() => {
    result = replay(bundled('published-448'));
  });

  it.each(EVERY_CPU)('fails to load %s 447 times within 5 %%', (name) => {
    const found = result.duplicates.find((row) => row.name === name)?.count ?? 0;
    expect(Math.abs(found - 447)).toBeLessThanOrEqual(0.05 * 447);
  });

  it('fails 8,583 times in all within 15 %, before and after layout within 30 %', () => {
    const { failed_becoming = 0, failed_load_modules = 0 } = result.counters_true;
    expect(Math.abs(failed_becoming + failed_load_modules - 8583)).toBeLessThan(0.15 * 8583);
    expect(Math.abs(failed_becoming - 8052)).toBeLessThan(0.3 * 8052);
    expect(Math.abs(failed_load_modules - 531)).toBeLessThan(0.3 * 531);
  });

  it('wastes 20.4 GB within 25 %, with files as much larger than Debian`s as the guests had', () => {
    expect(Math.abs(wastedBytes(result) - 20_358_550_424)).toBeLessThan(0.25 * 20_358_550_424);
  });

  it('wastes nothing with one load per inode', () => {
    expect(wastedBytes(replay({ ...bundled('published-448'), kernel: 'v6.5' }))).toBe(0);
  });
});

describe('the storm of acpi_cpufreq', () => {
  const secondsUnder = (kernel: string): number =>
    replay({ ...bundled('published-cpufreq-288'), kernel }).settled_ns / 1e9;

  it('keeps 288 CPUs waiting for each other`s grace periods under v6.1, and not since', () => {
    const before = secondsUnder('v6.1');
    // 576 requests, each of which waits for two grace periods before the next may begin.
    expect(before).toBeGreaterThan(576 * 2 * (DEFAULT_COSTS.rcu_grace_period_ns / 1e9));
    expect(secondsUnder('v6.3')).toBeLessThan(before / 20);
    expect(secondsUnder('v6.5')).toBeLessThan(before / 20);
  });
});

describe('the constants of machines', () => {
  it.each(Object.entries(COST_RANGES))('are physical: %s', (name, { bare, guest }) => {
    const usual = DEFAULT_COSTS[name as keyof typeof DEFAULT_COSTS];
    const kvm = MACHINE_KINDS['kvm-guest'].costs[name as keyof typeof DEFAULT_COSTS] ?? usual;
    expect(usual).toBeGreaterThanOrEqual(bare[0]);
    expect(usual).toBeLessThanOrEqual(bare[1]);
    expect(kvm).toBeGreaterThanOrEqual(guest[0]);
    expect(kvm).toBeLessThanOrEqual(guest[1]);
  });
});
