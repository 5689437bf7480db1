// SPDX-License-Identifier: MIT
/**
 * The test module from its parameters to its summary: workers, the order of their cases, passes.
 * Follows test_func and do_concurrent_test, lib/test_vmalloc.c, Linux 6.12.
 *
 * Model: workers take turns, one call each, and keep to their CPUs; their stacks take no room.
 */

import { ERRNO } from '../../base/index.ts';
import type { Random } from '../../engine/index.ts';
import { CaseContext } from './case-context.ts';
import { TEST_CASES } from './cases.ts';
import { type Draws, RandomDraws } from './draws.ts';
import type { TestHost } from './host.ts';
import type { TestMachine } from './machine.ts';
import { configure, type TestVmallocParameters } from './parameters.ts';

/** What became of one case of one worker. */
export interface CaseOutcome {
  readonly id: number;
  readonly name: string;
  /** Runs that passed and that failed. */
  readonly passed: number;
  readonly failed: number;
  /** Requests that got nothing, including those the case does not mind. */
  readonly failedRequests: number;
  /** Calls into the allocator. */
  readonly operations: number;
}

export interface TestVmallocResult {
  readonly parameters: TestVmallocParameters;
  /** By worker; each in the order of ids, only what the mask chose. */
  readonly workers: readonly (readonly CaseOutcome[])[];
  /** What the module's init returns: never success, so that it unloads at once. */
  readonly ret: number;
}

/** Bytes of struct test_driver. */
const DRIVER_BYTES = { 32: 188, 64: 200 } as const;

/** Runs the chosen cases. What is put off (drains, grace periods) stays so unless it falls due. */
export function runTestVmalloc(
  machine: TestMachine,
  given: Partial<TestVmallocParameters> = {},
): TestVmallocResult {
  const run = testVmalloc(machine, given);
  let next = run.next();
  for (; !next.done; next = run.next()) machine.clock.tick();
  return next.value;
}

/** The chosen cases step by step: gives way after each call into the allocator. */
export function* testVmalloc(
  host: TestHost,
  given: Partial<TestVmallocParameters> = {},
): Generator<void, TestVmallocResult> {
  const parameters = configure(given);
  const { space } = host;
  const driver = space.kvmalloc({
    bytes: parameters.nr_threads * DRIVER_BYTES[space.preset.wordBits],
    caller: 'vmalloc_test_init [test_vmalloc]',
    purpose: 'other',
    module: 'test_vmalloc',
  });
  const ret = -ERRNO.EAGAIN;
  if (driver === null) return { parameters, workers: [], ret };
  const workers = Array.from(
    { length: parameters.nr_threads },
    (_, i) => new Worker(host, parameters, host.random.fork(i), i % host.cpus),
  );
  let running = workers;
  while (running.length > 0) {
    let ended = false;
    for (const worker of running) {
      host.currentCpu = worker.cpu;
      if (worker.step()) yield;
      else ended = true;
    }
    if (ended) running = running.filter((worker) => !worker.done);
  }
  host.currentCpu = 0;
  space.kvfree(driver);
  return { parameters, workers: workers.map((worker) => worker.outcomes()), ret };
}

interface Tally {
  passed: number;
  failed: number;
  failedRequests: number;
  operations: number;
}

class Worker {
  readonly cpu: number;
  done = false;
  readonly #steps: Generator<void, void>;
  readonly #tallies: (Tally | undefined)[] = TEST_CASES.map(() => undefined);

  constructor(host: TestHost, parameters: TestVmallocParameters, random: Random, cpu: number) {
    this.cpu = cpu;
    this.#steps = this.#run(host, parameters, random);
  }

  /** Makes one call; false when there was none left to make. */
  step(): boolean {
    this.done = this.#steps.next().done === true;
    return !this.done;
  }

  outcomes(): CaseOutcome[] {
    return TEST_CASES.flatMap(({ id, name }, i) => {
      const tally = this.#tallies[i];
      return tally === undefined ? [] : [{ id, name, ...tally }];
    });
  }

  *#run(host: TestHost, parameters: TestVmallocParameters, random: Random): Generator<void, void> {
    const draws: Draws = host.draws ?? new RandomDraws(random);
    for (const index of caseOrder(parameters, random)) {
      const { id, name, run } = TEST_CASES[index]!;
      if ((parameters.run_test_mask & id) === 0) continue;
      const context = new CaseContext(host, parameters, draws, name);
      const tally: Tally = { passed: 0, failed: 0, failedRequests: 0, operations: 0 };
      this.#tallies[index] = tally;
      for (let repeat = 0; repeat < parameters.test_repeat_count; repeat++) {
        const steps = run(context);
        let next = steps.next();
        for (; !next.done; next = steps.next()) {
          tally.operations += 1;
          yield;
        }
        if (next.value) tally.passed += 1;
        else tally.failed += 1;
        tally.failedRequests = context.failedRequests;
      }
    }
  }
}

/** shuffle_array: never leaves a case where it was, as the kernel's swap partner is always lower. */
function caseOrder(parameters: TestVmallocParameters, random: Random): number[] {
  const order = TEST_CASES.map((_, i) => i);
  if (parameters.sequential_test_order) return order;
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.below(i);
    const held = order[i]!;
    order[i] = order[j]!;
    order[j] = held;
  }
  return order;
}
