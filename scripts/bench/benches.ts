// SPDX-License-Identifier: MIT
/** The benches by name, in the order they run. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { allocatorAgainstNaive, allocatorGrowth } from './allocator-bench.ts';
import { BUDGETS, type Measurement } from './budget.ts';
import { eventMemory } from './event-memory-bench.ts';
import { guestStart } from './guest-start-bench.ts';
import { runPortBench } from './port-bench.ts';
import { stormGrowth } from './storm-growth-bench.ts';
import { stormAgainstKernel } from './storm-kernel-bench.ts';
import { testVmallocAgainstKernel } from './test-vmalloc-kernel-bench.ts';
import { churnAgainstKernel } from './verify-bench.ts';

export interface Bench {
  /** The budget it measures. */
  readonly budget: string;
  /** Writes gigabytes: only with --check or --only. */
  readonly long?: boolean;
  run(): Measurement | Promise<Measurement>;
}

/** The bench of the kernel's vmalloc tests, which has no budget. */
export const TEST_VMALLOC = 'test-vmalloc';

/** This program, once bundled, and the command line beside it. */
const PROGRAM = fileURLToPath(import.meta.url);
const CLI = join(dirname(PROGRAM), '..', 'cli.js');
const ROOT = join(dirname(PROGRAM), '..', '..');

export const BENCHES: readonly Bench[] = [
  { budget: 'allocator-growth', run: allocatorGrowth },
  { budget: 'allocator-naive', run: allocatorAgainstNaive },
  {
    budget: 'port',
    run: async () => {
      const { ratio, noopPerSecond, barePerSecond } = await runPortBench();
      const rate = (perSecond: number): string => `${(perSecond / 1e6).toFixed(2)}`;
      return {
        budget: 'port',
        value: ratio,
        detail: `${rate(noopPerSecond)} / ${rate(barePerSecond)} million a second`,
      };
    },
  },
  { budget: 'storm-growth', run: stormGrowth },
  { budget: 'event-memory', long: true, run: () => eventMemory(PROGRAM) },
  { budget: 'guest-start', run: () => guestStart(CLI) },
  {
    budget: 'kernel-churn',
    run: async () => {
      const measured = await churnAgainstKernel(ROOT);
      if (typeof measured === 'string') return { budget: 'kernel-churn', skipped: measured };
      const { ratio, kernelMs, modelMs, steps } = measured;
      const detail = `${(kernelMs / 1000).toFixed(1)} s / ${(modelMs / 1000).toFixed(2)} s for ${steps} steps`;
      return { budget: 'kernel-churn', value: ratio, detail };
    },
  },
  { budget: 'kernel-test-vmalloc', run: () => testVmallocAgainstKernel(ROOT) },
  { budget: 'kernel-storm', run: () => stormAgainstKernel(ROOT) },
];

export const BENCH_NAMES: readonly string[] = [...BUDGETS.map(({ name }) => name), TEST_VMALLOC];
