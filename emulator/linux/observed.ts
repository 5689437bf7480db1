// SPDX-License-Identifier: MIT
// What can be seen of a scenario's run from outside, by the same shape for a real kernel and for
// the model.

/** One call of a scenario's step. */
export interface ObservedCall {
  /** Index of its step. */
  readonly step: number;
  /** Which process of a parallel step. */
  readonly member?: number;
  readonly op: string;
  readonly subject: string;
  /** The call's value; null when it never came back, such as in a killed process. */
  readonly ret: number | null;
  /** Kernel log lines of its task, those of a module's own init apart. */
  readonly log: readonly string[];
  /** What a read read. */
  readonly text?: string;
  /** When it began and came back, by the guest's clock; a model's run has its own. */
  readonly startUs?: number;
  readonly endUs?: number;
}

/** An event of the vmalloc allocator, in one wording for both sides. */
export interface ObservedEvent {
  readonly kind: 'alloc_vmap_area' | 'free_vmap_area_noflush' | 'purge_vmap_area_lazy';
  /** The tracepoint's fields, numbers in hexadecimal. */
  readonly text: string;
  readonly task: string;
  /** Name of the module whose own init or exit did it; empty when the loader did. */
  readonly owner: string;
}

/** What a module's own init did, one run of it. */
export interface ObservedInit {
  readonly step: number;
  readonly module: string;
  readonly ret: number;
  readonly durationUs: number;
  /** How long its exit took when it was unloaded. */
  readonly exitUs: number;
  /** Areas it took, guard page included, in order; `freed`: before it returned. */
  readonly areas: readonly {
    readonly va: number;
    readonly size: number;
    readonly align: number;
    readonly freed: boolean;
  }[];
  /** Addresses of those it gave back itself, in order. */
  readonly initFreed: readonly number[];
  /** Sizes, guard page included, of what it asked for in vain, in order. */
  readonly refused: readonly number[];
  /** Addresses of those its exit gave back, in order. */
  readonly exitFreed: number[];
  /** References on modules (its own included) it took and did not drop, by module. */
  readonly holds: Readonly<Record<string, number>>;
  readonly log: string[];
}

export interface ObservedRun {
  readonly calls: readonly ObservedCall[];
  /** By step. */
  readonly events: readonly (readonly ObservedEvent[])[];
  /** By step: lines printed by other tasks than the step's own. */
  readonly otherLog: readonly (readonly string[])[];
}
