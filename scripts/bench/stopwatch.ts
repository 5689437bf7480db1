// SPDX-License-Identifier: MIT
/**
 * Times that mean something on a machine others work on as well. What is compared runs in turns, in
 * pieces short enough that a change of the machine's mood meets all of it alike, and is timed by
 * the CPU it took, not by the clock on the wall.
 */

/** Nanoseconds of CPU this process has used, garbage collection included. */
export function cpuNanos(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
}

export interface Subject {
  /** Does the work `operations` times. */
  run(operations: number): void;
  /** Operations in one turn. */
  readonly operations: number;
}

/**
 * CPU nanoseconds per operation: one list for each subject, one number for each round. A round
 * before the first is for the compiler and not counted.
 */
export function inTurns(subjects: readonly Subject[], rounds: number): number[][] {
  const times: number[][] = subjects.map(() => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [i, { run, operations }] of subjects.entries()) {
      const start = cpuNanos();
      run(operations);
      if (round > 0) times[i]!.push((cpuNanos() - start) / operations);
    }
  }
  return times;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The median over the rounds of `over` in relation to `under`. */
export function ratioOf(over: readonly number[], under: readonly number[]): number {
  return median(over.map((time, round) => time / under[round]!));
}
