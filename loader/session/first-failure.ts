// SPDX-License-Identifier: MIT
import type { VirtAddr } from '../base/index.ts';
import type { EventBody, LoadStage } from '../events/index.ts';
import type { SimKernel } from '../kernel.ts';
import { AddressMap, explainFailure, FailureTracker, failureFacts } from '../view/index.ts';
import type { AreaView } from '../vmalloc/index.ts';
import type { AllocationFailure } from './result.ts';

/** A request that runs. */
export interface RequestNow {
  readonly op: string;
  readonly subject: string;
  readonly stage: LoadStage;
}

/** An attempt and the space it failed in. */
interface Candidate {
  readonly facts: Omit<AllocationFailure, 'sentence'>;
  readonly vstart: VirtAddr;
  readonly vend: VirtAddr;
  readonly request: RequestNow | null;
  readonly areas: readonly AreaView[];
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
  /** The last failed attempt of each task, which may turn out to be the last of its request. */
  readonly #candidates = new Map<string, Candidate>();
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
  }

  get first(): AllocationFailure | null {
    if (this.#found !== null) return this.#found;
    const { first } = this.#tracker;
    const candidate = first === null ? undefined : this.#candidates.get(first.task);
    return candidate?.facts.seq === first?.seq && candidate ? this.#explained(candidate) : null;
  }

  #remember(event: FailedSearch): void {
    const { engine, events, space } = this.#kernel;
    const { size, align, vstart, vend } = event;
    const { currentLabel: task } = engine;
    const request = engine.current?.request ?? 0;
    const open = this.#requestOf(request) ?? null;
    const stats = space.stats();
    const facts = {
      t: engine.now,
      seq: events.emitted - 1,
      cpu: engine.currentCpu,
      task,
      request,
      op: open?.op ?? '',
      subject: open?.subject ?? '',
      stage: open?.stage ?? ('request' as const),
      size,
      align,
      total_free: stats.free,
      largest_free: stats.largest_free,
    };
    this.#candidates.set(task, { facts, vstart, vend, request: open, areas: space.areas() });
  }

  #explained({ facts, vstart, vend, request, areas }: Candidate): AllocationFailure {
    const map = new AddressMap(this.#kernel.space.preset, { initial: areas });
    const failure = { ...facts, vstart, vend };
    const about = failureFacts(map, failure, map.stateAt({ seq: 0, t: facts.t }));
    return { ...facts, sentence: explainFailure({ ...about, request }) };
  }
}
