// SPDX-License-Identifier: MIT
/** The kernel's own vmalloc tests on the model: how many calls a second, how cases compare. */

import { runTestVmalloc, TEST_CASES, TestMachine } from '../../loader/kernel-tests/index.ts';
import { ADDRESS_SPACES } from '../../loader/presets/index.ts';
import { cpuNanos, median } from './stopwatch.ts';

const LOOPS = 10_000;
const ROUNDS = 3;
const CPUS = 4;

export interface CaseTiming {
  readonly id: number;
  readonly name: string;
  readonly passed: boolean;
  readonly operationsPerSecond: number;
  /** CPU microseconds of one run. */
  readonly usec: number;
}

export interface TestVmallocTimings {
  readonly cpus: number;
  readonly loops: number;
  readonly cases: readonly CaseTiming[];
  readonly ratios: readonly CaseRatio[];
}

/** One case's time over another's, and what real machines showed. */
export interface CaseRatio {
  readonly name: string;
  readonly value: number;
  /** Range over published runs of the kernel's module; a comparison, not a budget. */
  readonly published: string;
}

/** Each case alone on an empty 120 MiB window, the cases taking turns. */
export function testVmallocTimings(): TestVmallocTimings {
  const preset = ADDRESS_SPACES.get('i386-highmem')!;
  const runs = TEST_CASES.map(() => ({ nanos: [] as number[], operations: 0, passed: true }));
  // One round more than counts: the first is for the compiler.
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [i, { id }] of TEST_CASES.entries()) {
      const machine = new TestMachine({ preset, cpus: CPUS });
      const start = cpuNanos();
      const { workers } = runTestVmalloc(machine, { run_test_mask: id, test_loop_count: LOOPS });
      const nanos = cpuNanos() - start;
      const [outcome] = workers[0]!;
      if (round > 0) runs[i]!.nanos.push(nanos);
      runs[i]!.operations = outcome!.operations;
      runs[i]!.passed = outcome!.failed === 0;
    }
  }
  const cases = TEST_CASES.map(({ id, name }, i): CaseTiming => {
    const { nanos, operations, passed } = runs[i]!;
    const time = median(nanos);
    return {
      id,
      name,
      passed,
      operationsPerSecond: (operations / time) * 1e9,
      usec: time / 1000,
    };
  });
  const timeOf = (id: number): number => cases.find((c) => c.id === id)!.usec;
  return {
    cpus: CPUS,
    loops: LOOPS,
    cases,
    ratios: [
      { name: 'long_busy_list / fix_size', value: timeOf(4) / timeOf(1), published: '13 to 18' },
      { name: 'fix_align / fix_size', value: timeOf(16) / timeOf(1), published: '2.2 to 3.2' },
    ],
  };
}
