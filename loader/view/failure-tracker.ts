// SPDX-License-Identifier: MIT
/**
 * Finds the allocations that failed for good. The kernel tries again after a purge, and after
 * each purge notifier that freed something; a module part may be tried in a second range. All
 * those attempts are one request for room, and it failed when its last attempt did.
 */
import {
  alignUp,
  type Bytes,
  Column,
  type CpuId,
  type Nanos,
  PAGE_SIZE,
  type VirtAddr,
} from '../base/index.ts';
import type { BodyOf, LoadStage, RequestLog, TraceEvent } from '../events/index.ts';

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

interface FailedAttempt {
  readonly failure: FailedAllocation;
  /** Something was freed or purged since. */
  madeRoom: boolean;
}

const PMD_SIZE: Bytes = 2 * 1024 * 1024;

/** Later failures than these are counted, not kept. */
const MAX_KEPT = 10_000;

/** Who asks, and how far that request has come. */
export type RequestsNow = Pick<RequestLog, 'currentOf' | 'stageOf'>;

export class FailureTracker {
  readonly #requests: RequestsNow;
  /** Tasks whose last attempt failed and may yet be repeated. */
  readonly #open = new Map<string, FailedAttempt>();
  readonly #failures: FailedAllocation[] = [];
  /** Time and place of every failure, those that are not kept included. */
  readonly #times = Column.float64();
  readonly #seqs = Column.float64();
  #count = 0;

  constructor(requests: RequestsNow) {
    this.#requests = requests;
  }

  push(event: TraceEvent): void {
    if (event.kind === 'alloc_vmap_area') {
      if (event.failed === 0 && this.#open.size === 0) return;
      const before = this.#open.get(event.task);
      if (before !== undefined) {
        this.#open.delete(event.task);
        if (!repeats(before, event)) this.#close(before.failure);
      }
      if (event.failed === 0) return;
      const request = this.#requests.currentOf(event.task);
      const failure = {
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
      };
      this.#open.set(event.task, { failure, madeRoom: false });
      return;
    }
    if (this.#open.size === 0) return;
    const before = this.#open.get(event.task);
    if (before === undefined) return;
    switch (event.kind) {
      // What may stand between two attempts: making room, and saying that there is none.
      case 'free_vmap_area_noflush':
      case 'purge_vmap_area_lazy':
        before.madeRoom = true;
        return;
      case 'printk':
        return;
    }
    this.#open.delete(event.task);
    this.#close(before.failure);
  }

  /** No attempt is waiting to be repeated: what has failed is settled. */
  get settled(): boolean {
    return this.#open.size === 0;
  }

  /** How many requests for room failed, one still being repeated included. */
  get count(): number {
    return this.#count + this.#open.size;
  }

  /** The failures kept, in order of their last attempt. */
  get failures(): readonly FailedAllocation[] {
    const open = [...this.#open.values()].map(({ failure }) => failure);
    return [...this.#failures, ...open].sort((a, b) => a.seq - b.seq);
  }

  /** Time and event of every failure, in order of their last attempt. */
  get points(): { readonly t: Float64Array; readonly seq: Float64Array } {
    const open = [...this.#open.values()].map(({ failure }) => failure);
    const order = new Uint32Array(this.#count + open.length).map((_, i) => i);
    const seqAt = (i: number): number =>
      i < this.#count ? this.#seqs.get(i) : open[i - this.#count]!.seq;
    const timeAt = (i: number): number =>
      i < this.#count ? this.#times.get(i) : open[i - this.#count]!.t;
    order.sort((a, b) => seqAt(a) - seqAt(b));
    return { t: Float64Array.from(order, timeAt), seq: Float64Array.from(order, seqAt) };
  }

  /** The first of all, or null. */
  get first(): FailedAllocation | null {
    return this.failures[0] ?? null;
  }

  #close(failure: FailedAllocation): void {
    this.#times.set(this.#count, failure.t);
    this.#seqs.set(this.#count, failure.seq);
    this.#count += 1;
    if (this.#failures.length < MAX_KEPT) this.#failures.push(failure);
  }
}

/**
 * The same request after a purge or a notifier made room, or in a second range; or the request
 * that wanted 2 MiB pages, now with small ones (__vmalloc_node_range, mm/vmalloc.c, Linux 6.12).
 */
function repeats({ failure, madeRoom }: FailedAttempt, now: BodyOf<'alloc_vmap_area'>): boolean {
  if (now.size === failure.size && now.align === failure.align) {
    return madeRoom || now.vstart !== failure.vstart || now.vend !== failure.vend;
  }
  const huge = failure.align >= PMD_SIZE && now.align < failure.align;
  return huge && alignUp(now.size - PAGE_SIZE, PMD_SIZE) === failure.size - PAGE_SIZE;
}
