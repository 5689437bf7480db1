// SPDX-License-Identifier: MIT
/** The lines the test module leaves in the kernel log. */
import type { CaseOutcome, TestVmallocResult } from './run.ts';

/**
 * One case of one worker, as the module prints it. The model's calls cost no time, so the average
 * is there only where someone measured one (`avgUsec`, microseconds of a run, rounded down).
 */
export function summaryLine(
  outcome: CaseOutcome,
  { parameters }: Pick<TestVmallocResult, 'parameters'>,
  avgUsec?: number,
): string {
  const line =
    `Summary: ${outcome.name} passed: ${outcome.passed} failed: ${outcome.failed} ` +
    `repeat: ${parameters.test_repeat_count} loops: ${parameters.test_loop_count}`;
  return avgUsec === undefined ? line : `${line} avg: ${Math.floor(avgUsec)} usec`;
}

/**
 * All lines of a run, worker by worker.
 * Model: without times, and without the line that gives a worker's cycles.
 */
export function summaryLines(result: TestVmallocResult): string[] {
  return result.workers.flatMap((worker) => worker.map((case_) => summaryLine(case_, result)));
}
