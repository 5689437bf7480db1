// SPDX-License-Identifier: MIT
/**
 * Rows of a timeline: one for each CPU, and more below it while requests that began there overlap,
 * so that slices of one row always nest.
 */
import type { CpuId } from '../base/index.ts';

/** Rows are numbered so that a CPU's first row is its number and one. */
const CPUS = 65_536;

export interface Lane {
  readonly tid: number;
  readonly cpu: CpuId;
  /** 0 for the CPU's first row. */
  readonly depth: number;
}

export class TraceLanes {
  /** Per CPU, whether each of its rows is taken. */
  readonly #taken = new Map<CpuId, boolean[]>();

  /** The first free row of a CPU, now taken. */
  take(cpu: CpuId): Lane {
    let rows = this.#taken.get(cpu);
    if (rows === undefined) {
      rows = [];
      this.#taken.set(cpu, rows);
    }
    let depth = rows.indexOf(false);
    if (depth < 0) depth = rows.length;
    rows[depth] = true;
    return { tid: depth * CPUS + cpu + 1, cpu, depth };
  }

  release({ cpu, depth }: Lane): void {
    this.#taken.get(cpu)![depth] = false;
  }
}
