// SPDX-License-Identifier: MIT
/**
 * vmalloc_test_init() as a module's init runs it in a simulated kernel: a kernel thread does the
 * work, init waits for it and prints what became of it. Follows lib/test_vmalloc.c, Linux 6.12.
 *
 * Model: all workers share one thread, and their stacks take no room.
 */

import type { Nanos } from '../../base/index.ts';
import { type Coroutine, type Engine, LOG_LEVEL, type Printk } from '../../engine/index.ts';
import type { TestHost } from './host.ts';
import type { TestVmallocParameters } from './parameters.ts';
import { type TestVmallocResult, testVmalloc } from './run.ts';
import { summaryLine } from './summary.ts';

export interface TestInitHost extends TestHost {
  readonly engine: Engine;
  readonly log: Printk;
  /** What one call into the allocator takes; above 0, or no worker gets its turn in between. */
  readonly callTime: Nanos;
}

/** Resolves to what the init returns. */
export function* vmallocTestInit(
  host: TestInitHost,
  given: Partial<TestVmallocParameters>,
): Coroutine<number> {
  const { engine, log, callTime } = host;
  const start = engine.now;
  let result: TestVmallocResult | undefined;
  const thread = engine.spawn({ comm: 'vmalloc_test/0' }, function* () {
    const run = testVmalloc(host, given);
    let next = run.next();
    for (; !next.done; next = run.next()) yield engine.work(callTime);
    result = next.value;
  });
  yield* engine.join(thread);
  const { workers, ret } = result!;
  const elapsed = engine.now - start;
  for (const [i, outcomes] of workers.entries()) {
    // Model: each case is given an equal share of the time.
    const usec = elapsed / 1000 / Math.max(outcomes.length, 1);
    for (const outcome of outcomes) log.print(LOG_LEVEL.INFO, summaryLine(outcome, result!, usec));
    log.print(LOG_LEVEL.INFO, `All test took worker${i}=${elapsed} cycles`);
  }
  return ret;
}
