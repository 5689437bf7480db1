/**
 * Finds the allocations that failed for good. The kernel tries again after a purge, and after
 * each purge notifier that freed something; a module part may be tried in a second range. All
 * those attempts are one request for room, and it failed when its last attempt did.
 */
import type { Bytes, CpuId, Nanos, VirtAddr } from '../units.ts';
import type { LoadStage, TraceEvent } from './event.ts';
import type { RequestLog } from './request-log.ts';

/** A request for room that could not be met; the state at `seq` is the one it failed in. */
export interface FailedAllocation {
  readonly seq: number;
  readonly t: Nanos;
  readonly cpu: CpuId;
  readonly task: string;
  /** Guard page included. */
  readonly size: Bytes;
  readonly align: Bytes;
  readonly vstart: VirtAddr;
  readonly vend: VirtAddr;
  /** The loader's request it was made for; 0: none. */
  readonly request: number;
  readonly stage: LoadStage | null;
}

/** Later failures than these are counted, not kept. */
const MAX_KEPT = 10_000;

export class FailureTracker {
  readonly #requests: RequestLog;
  /** Tasks whose last attempt failed and may yet be repeated. */
  readonly #open = new Map<string, FailedAllocation>();
  readonly #failures: FailedAllocation[] = [];
  #count = 0;

  constructor(requests: RequestLog) {
    this.#requests = requests;
  }

  push(event: TraceEvent): void {
    if (event.kind === 'alloc_vmap_area') {
      if (event.failed === 0 && this.#open.size === 0) return;
      const before = this.#open.get(event.task);
      if (before !== undefined) {
        this.#open.delete(event.task);
        if (!repeats(before, event)) this.#close(before);
      }
      if (event.failed === 0) return;
      const request = this.#requests.currentOf(event.task);
      this.#open.set(event.task, {
        seq: event.seq,
        t: event.t,
        cpu: event.cpu,
        task: event.task,
        size: event.size,
        align: event.align,
        vstart: event.vstart,
        vend: event.vend,
        request,
        stage: this.#requests.stageOf(request),
      });
      return;
    }
    if (this.#open.size === 0) return;
    switch (event.kind) {
      // What may stand between two attempts: making room, and saying that there is none.
      case 'free_vmap_area_noflush':
      case 'purge_vmap_area_lazy':
      case 'printk':
        return;
    }
    const before = this.#open.get(event.task);
    if (before === undefined) return;
    this.#open.delete(event.task);
    this.#close(before);
  }

  /** How many requests for room failed, one still being repeated included. */
  get count(): number {
    return this.#count + this.#open.size;
  }

  /** The failures kept, in order of their last attempt. */
  get failures(): readonly FailedAllocation[] {
    return [...this.#failures, ...this.#open.values()].sort((a, b) => a.seq - b.seq);
  }

  /** The first of all, or null. */
  get first(): FailedAllocation | null {
    return this.failures[0] ?? null;
  }

  #close(failure: FailedAllocation): void {
    this.#count += 1;
    if (this.#failures.length < MAX_KEPT) this.#failures.push(failure);
  }
}

/** The same request again, its part of another range, or the same without 2 MiB pages. */
function repeats(
  before: FailedAllocation,
  now: { readonly size: Bytes; readonly align: Bytes },
): boolean {
  if (now.size === before.size) return now.align === before.align;
  return now.size < before.size && now.align < before.align;
}
