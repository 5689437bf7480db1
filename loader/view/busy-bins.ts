// SPDX-License-Identifier: MIT
/**
 * How long each CPU was busy with requests, in a fixed number of steps of time: the coarsest level
 * of the timeline, for ranges that hold more requests than there are pixels.
 */
import type { CpuId, Nanos } from '../base/index.ts';

/** The shortest step. */
const FINEST: Nanos = 1000;
const STEPS = 1024;

export class BusyBins {
  /** Per CPU: time of useful requests in each step, then that of doomed ones. */
  readonly #rows = new Map<CpuId, Float32Array>();
  #step = FINEST;

  /** Nanoseconds of a step. */
  get step(): Nanos {
    return this.#step;
  }

  get steps(): number {
    return STEPS;
  }

  /** Counts a request that ran on a CPU; `doomed`: what it made was thrown away. */
  add(cpu: CpuId, begin: Nanos, end: Nanos, doomed: boolean): void {
    while (end >= this.#step * STEPS) this.#halve();
    let row = this.#rows.get(cpu);
    if (row === undefined) {
      row = new Float32Array(STEPS * 2);
      this.#rows.set(cpu, row);
    }
    const base = doomed ? STEPS : 0;
    const last = Math.floor(end / this.#step);
    for (let i = Math.floor(begin / this.#step); i <= last; i += 1) {
      const from = Math.max(begin, i * this.#step);
      const to = Math.min(end, (i + 1) * this.#step);
      row[base + i]! += Math.max(0, to - from);
    }
  }

  /** Request time in step `i` of a CPU; more than a step where requests overlap. */
  at(cpu: CpuId, i: number): { readonly useful: Nanos; readonly doomed: Nanos } {
    const row = this.#rows.get(cpu);
    return { useful: row?.[i] ?? 0, doomed: row?.[STEPS + i] ?? 0 };
  }

  /** Doubles the step: two steps become one. */
  #halve(): void {
    for (const row of this.#rows.values()) {
      for (const base of [0, STEPS]) {
        for (let i = 0; i < STEPS / 2; i += 1) {
          row[base + i] = row[base + 2 * i]! + row[base + 2 * i + 1]!;
        }
        row.fill(0, base + STEPS / 2, base + STEPS);
      }
    }
    this.#step *= 2;
  }
}
