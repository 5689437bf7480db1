// SPDX-License-Identifier: MIT
import type { CpuId, Nanos } from '../base/index.ts';
import type { Policy } from './task.ts';

export interface EngineOptions {
  /** Number of CPUs that exist; all are online at first. */
  readonly cpus: number;
  readonly seed: number;
  /** Longest a task keeps its CPU while others wait for it. */
  readonly timeslice?: Nanos;
  /** First pid given out. */
  readonly firstPid?: number;
}

export interface SpawnOptions {
  readonly comm: string;
  /** Where it starts; tasks without one start on the lowest idle CPU. */
  readonly cpu?: CpuId;
  /** Bound to `cpu` for life. */
  readonly pinned?: boolean;
  readonly pid?: number;
  readonly policy?: Policy;
  /** With no idle CPU, takes the place of the running task the next time that one works. */
  readonly preempts?: boolean;
}
