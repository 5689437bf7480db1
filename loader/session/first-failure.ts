import type { VirtAddr } from '../base/index.ts';
import type { EventBody, LoadStage } from '../events/index.ts';
import type { SimKernel } from '../kernel.ts';
import { AddressMap, explainFailure, FailureTracker, failureFacts } from '../view/index.ts';
import type { AllocationFailure } from './result.ts';

/** A request that runs. */
export interface RequestNow {
  readonly op: string;
  readonly subject: string;
  readonly stage: LoadStage;
}

interface Search {
  readonly size: number;
  readonly task: string;
  readonly vstart: VirtAddr;
}

type FailedSearch = EventBody & { readonly kind: 'alloc_vmap_area' };

/**
 * The first allocation of a run that failed for good, with the state it failed in. What a failure
 * is, `FailureTracker` says, here as in every map of the events: an attempt that is repeated with
 * success, after a purge, in a second range or with small pages, is none.
 */
export class FirstFailure {
  readonly #kernel: SimKernel;
  readonly #requestOf: (request: number) => RequestNow | undefined;
  readonly #tracker: FailureTracker;
  /** Attempts that may turn out to be the last of their request, by their sequence number. */
  readonly #candidates = new Map<number, AllocationFailure>();
  readonly #before = new Map<string, Search>();
  #found: AllocationFailure | null = null;

  constructor(kernel: SimKernel, requestOf: (request: number) => RequestNow | undefined) {
    this.#kernel = kernel;
    this.#requestOf = requestOf;
    this.#tracker = new FailureTracker({
      currentOf: () => kernel.engine.current?.request ?? 0,
      stageOf: (request) => requestOf(request)?.stage ?? null,
    });
  }

  push(event: EventBody): void {
    if (this.#found !== null) return;
    const failed = event.kind === 'alloc_vmap_area' && event.failed !== 0;
    if (!failed && this.#tracker.settled) return;
    const { engine, events } = this.#kernel;
    this.#tracker.push({
      seq: events.emitted - 1,
      t: engine.now,
      cpu: engine.currentCpu,
      task: engine.currentLabel,
      ...event,
    });
    if (failed) this.#remember(event);
    if (!this.#tracker.settled) return;
    this.#found = this.first;
    this.#candidates.clear();
    this.#before.clear();
  }

  get first(): AllocationFailure | null {
    const { first } = this.#tracker;
    return this.#found ?? (first === null ? null : (this.#candidates.get(first.seq) ?? null));
  }

  /** A search is repeated after a purge before it counts: only then the state is worth keeping. */
  #remember(event: FailedSearch): void {
    const { engine, events, space } = this.#kernel;
    const { size, align, vstart, vend } = event;
    const { now: t, currentCpu: cpu, currentLabel: task } = engine;
    const before = this.#before.get(task);
    this.#before.set(task, { size, task, vstart });
    if (before?.size !== size || before.vstart !== vstart) return;
    const request = engine.current?.request ?? 0;
    const open = this.#requestOf(request);
    const seq = events.emitted - 1;
    const stage = open?.stage ?? 'request';
    const failure = { seq, t, cpu, task, size, align, vstart, vend, request, stage };
    const map = new AddressMap(space.preset, { initial: space.areas() });
    const facts = failureFacts(map, failure, map.stateAt({ seq: 0, t }));
    const stats = space.stats();
    this.#candidates.set(seq, {
      t,
      seq,
      cpu,
      task,
      request,
      op: open?.op ?? '',
      subject: open?.subject ?? '',
      stage,
      size,
      align,
      total_free: stats.free,
      largest_free: stats.largest_free,
      sentence: explainFailure({ ...facts, request: open ?? null }),
    });
  }
}
