// SPDX-License-Identifier: MIT
/**
 * What a run leaves behind: the document written as result.json. Keys are promises to whoever
 * reads it; new ones may come, none changes its meaning within a version.
 */

import type { Bytes, Nanos } from '../base/index.ts';
import type { LoadStage, WastedBytes } from '../events/index.ts';
import type { DuplicateRow } from '../stats/index.ts';
import type { FragmentationStats } from '../vmalloc/index.ts';
import type { StuckTask } from './stuck.ts';

/** One call: of a scenario's step, or of a storm's CPU. */
export interface CallResult {
  /** Index of the step it belongs to; absent in storms. */
  readonly step?: number;
  /** Which process of a parallel step. */
  readonly member?: number;
  readonly request: number;
  readonly op: string;
  readonly subject: string;
  readonly cpu: number;
  readonly start_ns: Nanos;
  readonly end_ns: Nanos;
  /** The call's value: 0, a positive value, or a negative errno. */
  readonly ret: number;
  /** How far it came. */
  readonly stage: LoadStage;
  /** Address space it took in all, guard pages included. */
  readonly allocated_bytes: Bytes;
  /** Kernel log lines printed on its behalf. */
  readonly log: readonly string[];
  /** What a read read. */
  readonly text?: string;
  /** What modprobe printed, both streams in order. */
  readonly output?: readonly string[];
}

/** Calls of one kind: how many, how they ended. */
export interface CallTally {
  total: number;
  ok: number;
  /** By errno name, or by the positive value. */
  errors: Record<string, number>;
}

export interface PeakUse {
  readonly t: Nanos;
  /** Address space in use, guard pages included; parked areas apart. */
  readonly used: Bytes;
  readonly lazy: Bytes;
  readonly largest_free: Bytes;
  readonly request: number;
}

/** The first allocation for which no hole was found even after a purge. */
export interface AllocationFailure {
  readonly t: Nanos;
  readonly seq: number;
  readonly cpu: number;
  readonly task: string;
  readonly request: number;
  readonly op: string;
  readonly subject: string;
  readonly stage: LoadStage;
  /** Bytes asked for, guard page included, and their alignment. */
  readonly size: Bytes;
  readonly align: Bytes;
  readonly total_free: Bytes;
  readonly largest_free: Bytes;
  readonly sentence: string;
}

/** A call of which something else came than its step expects. */
export interface UnmetExpectation {
  readonly step: number;
  /** Which process of a parallel step. */
  readonly member?: number;
  readonly path: string;
  readonly expected: string;
  readonly found: string;
}

export interface RunResult {
  readonly version: 1;
  readonly scenario: { readonly name: string; readonly seed: number };
  readonly kernel: Readonly<Record<string, unknown>>;
  readonly machine: Readonly<Record<string, unknown>>;
  readonly modules: { readonly source: string; readonly files: number; readonly bytes: Bytes };
  /** Every step's result; of a storm the first 100,000, uevents apart. */
  readonly results: readonly CallResult[];
  /** Results there would be, had all been kept. */
  readonly results_total: number;
  readonly calls: Readonly<Record<string, CallTally>>;
  /** As the kernel's variables hold them, and before any wrap. */
  readonly counters: Readonly<Record<string, number | string>>;
  readonly counters_true: Readonly<Record<string, number>>;
  readonly wasted: WastedBytes;
  /** The same without what a counter bug of some kernels adds for failed reads: their negative errors. */
  readonly wasted_true: WastedBytes;
  readonly duplicates: readonly DuplicateRow[];
  readonly files: Readonly<Record<string, string>>;
  readonly vmalloc: FragmentationStats & { readonly start: string; readonly end: string };
  /** The same of the module range, on machines where it lies apart from the vmalloc space. */
  readonly module_space?: FragmentationStats & { readonly start: string; readonly end: string };
  readonly peak: PeakUse;
  readonly first_failure: AllocationFailure | null;
  readonly end_ns: Nanos;
  /** When the last call was answered. */
  readonly settled_ns: Nanos;
  readonly events: number;
  /** Tasks that can never go on, who waits for whom; empty when every request was answered. */
  readonly stuck: readonly StuckTask[];
  /** The same in sentences. */
  readonly stuck_text: readonly string[];
  /** How many things the scenario's steps expect. */
  readonly expectations: number;
  /** Those that came otherwise. */
  readonly unmet: readonly UnmetExpectation[];
}
