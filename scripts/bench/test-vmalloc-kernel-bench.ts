// SPDX-License-Identifier: MIT
/** The kernel's own vmalloc tests on a real kernel in v86 and on the model. */
import { findLinuxGuest, guestCacheOf } from '../../emulator/linux/guest-cache.ts';
import type { GuestOp } from '../../emulator/linux/guest-ops.ts';
import { runTestVmalloc, TEST_CASES, TestMachine } from '../../loader/kernel-tests/index.ts';
import { ADDRESS_SPACES } from '../../loader/presets/index.ts';
import type { Measurement } from './budget.ts';
import { guestPath, timeOnKernel } from './kernel-clock.ts';
import { cpuNanos, median } from './stopwatch.ts';

const LOOPS = 2000;
const ROUNDS = 5;
const BUDGET = 'kernel-test-vmalloc';
/** -EAGAIN: the module's init has run its tests. */
const TESTED = -11;
/** kvfree_rcu() lets a few pointers wait for five seconds. */
const GRACE: GuestOp = { op: 'sleep', ms: 7000 };

/**
 * Each case by itself, nothing traced on either side. The kernel's time holds what the model has
 * no part in: loading and unloading the module, pages and page tables.
 */
export async function testVmallocAgainstKernel(root: string): Promise<Measurement> {
  const guest = findLinuxGuest(guestCacheOf(root), 'xz');
  if (typeof guest === 'string') return { budget: BUDGET, skipped: guest };
  const path = guestPath(guest, 'test_vmalloc.ko');
  const groups = TEST_CASES.flatMap(({ id }): GuestOp[][] => [
    [
      {
        op: 'finit_module',
        path,
        args: `run_test_mask=${id} test_loop_count=${LOOPS} sequential_test_order=1`,
      },
    ],
    [GRACE],
  ]);
  const timed = (await timeOnKernel(guest, groups)).filter((_, i) => i % 2 === 0);
  const untested = timed.find(({ results }) => results[0]!.ret !== TESTED);
  if (untested !== undefined) throw new Error(`test_vmalloc.ko: ${untested.results[0]!.ret}`);
  const model = TEST_CASES.map(({ id }) => modelNanos(id));
  const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
  const kernelNanos = sum(timed.map(({ nanos }) => nanos));
  const ratios = timed.map(({ nanos }, i) => `${TEST_CASES[i]!.id}: ${factor(nanos / model[i]!)}`);
  return {
    budget: BUDGET,
    value: kernelNanos / sum(model),
    detail:
      `${(kernelNanos / 1e9).toFixed(1)} s / ${(sum(model) / 1e6).toFixed(0)} ms of CPU, ` +
      `${LOOPS} loops, no tracing; by case ${ratios.join(', ')}`,
  };
}

function factor(value: number): string {
  return value < 10 ? value.toFixed(1) : value.toFixed(0);
}

function modelNanos(id: number): number {
  const preset = ADDRESS_SPACES.get('i386-highmem')!;
  const rounds: number[] = [];
  // One round more than counts: the first is for the compiler.
  for (let round = 0; round <= ROUNDS; round++) {
    const machine = new TestMachine({ preset, cpus: 1 });
    const start = cpuNanos();
    runTestVmalloc(machine, { run_test_mask: id, test_loop_count: LOOPS });
    if (round > 0) rounds.push(cpuNanos() - start);
  }
  return median(rounds);
}
