// SPDX-License-Identifier: MIT
/**
 * The view model: what the command line, the pictures and the page show of the address space at
 * any moment of a run. Takes every event once, keeps what it needs of it, and needs no second look
 * at the log.
 */

import type { Bytes, Nanos } from '../base/index.ts';
import { type EventSink, RequestLog, type TraceEvent } from '../events/index.ts';
import type { AddressSpacePreset } from '../presets/index.ts';
import type { AreaView } from '../vmalloc/index.ts';
import { AddressState } from './address-state.ts';
import { AreaHistory, type Instant } from './area-history.ts';
import { type FailedAllocation, FailureTracker } from './failure-tracker.ts';
import { LiveSpace, type MapWindow } from './live-space.ts';
import type { Moment } from './moment.ts';

/** The moment of greatest use. */
export interface Peak extends Instant {
  /** Bytes in use in the vmalloc window, guard pages included, parked ones not. */
  readonly used: Bytes;
}

export interface AddressMapOptions {
  /** Areas that were there before the first event (`VmallocSpace.areas()`). */
  readonly initial?: readonly AreaView[];
}

export type StateResult =
  | { readonly ok: true; readonly state: AddressState }
  | { readonly ok: false; readonly message: string };

export class AddressMap implements EventSink {
  readonly space: AddressSpacePreset;
  readonly windows: readonly MapWindow[];
  readonly requests = new RequestLog();
  /** The space as it is after the last event. */
  readonly live: LiveSpace;
  readonly #history: AreaHistory;
  readonly #failures: FailureTracker;
  #lastSeq = 0;
  #lastT: Nanos = 0;
  #events = 0;
  #peakUsed: Bytes = 0;
  #peakSeq = 0;
  #peakT: Nanos = 0;

  constructor(space: AddressSpacePreset, options: AddressMapOptions = {}) {
    this.space = space;
    this.#history = new AreaHistory((request) => this.requests.stageOf(request));
    this.live = new LiveSpace(space, this.#history);
    this.windows = this.live.windows.map(({ window }) => window);
    this.#failures = new FailureTracker(this.requests);
    const before = { seq: 0, t: 0, cpu: 0, task: '' };
    for (const area of options.initial ?? []) this.live.seed(area, before);
    this.#peakUsed = this.live.main.used;
  }

  /** Events taken. */
  get events(): number {
    return this.#events;
  }

  /** The last event's place and time. */
  get last(): Instant {
    return { seq: this.#lastSeq, t: this.#lastT };
  }

  /** The first moment at which no more was in use at any other. */
  get peak(): Peak {
    return { seq: this.#peakSeq, t: this.#peakT, used: this.#peakUsed };
  }

  /** The first request for room that failed for good, or null. */
  get firstFailure(): FailedAllocation | null {
    return this.#failures.first;
  }

  /** Requests for room that failed for good, in order; at most the first ten thousand. */
  get failures(): readonly FailedAllocation[] {
    return this.#failures.failures;
  }

  /** Time and event of each of them, however many there are. */
  get failurePoints(): { readonly t: Float64Array; readonly seq: Float64Array } {
    return this.#failures.points;
  }

  get failureCount(): number {
    return this.#failures.count;
  }

  /** Takes the next event; they must come in the order of their sequence numbers and times. */
  push(event: TraceEvent): void {
    this.#events += 1;
    this.#lastSeq = event.seq;
    this.#lastT = event.t;
    this.#failures.push(event);
    this.requests.push(event);
    if (!this.live.push(event)) return;
    const { used } = this.live.main;
    if (used > this.#peakUsed) {
      this.#peakUsed = used;
      this.#peakSeq = event.seq;
      this.#peakT = event.t;
    }
    this.#history.checkpoint(event, this.live);
  }

  /**
   * The state after the event `seq`, or after everything that happened up to a time. With both,
   * `seq` decides and `t` is the time ages are counted to, otherwise that of the last change.
   */
  stateAt(at: { readonly seq: number; readonly t?: Nanos } | { readonly t: Nanos }): AddressState {
    const instant =
      'seq' in at
        ? { seq: at.seq, t: Number.POSITIVE_INFINITY }
        : { seq: Number.POSITIVE_INFINITY, t: at.t };
    const { ids, changed } = this.#history.present(instant);
    return new AddressState(this.#history, this.windows, instant, {
      ids,
      changed,
      t: at.t ?? changed.t,
    });
  }

  /** The state at a moment, or why there is no such moment. */
  stateAtMoment(moment: Moment): StateResult {
    switch (moment.at) {
      case 'last':
        return { ok: true, state: this.stateAt({ seq: this.#lastSeq, t: this.#lastT }) };
      case 'peak':
        return { ok: true, state: this.stateAt({ seq: this.#peakSeq, t: this.#peakT }) };
      case 'failure': {
        const failure = this.firstFailure;
        if (failure === null) return { ok: false, message: 'no allocation failed in this run' };
        return { ok: true, state: this.stateAt(failure) };
      }
      case 'time':
        return { ok: true, state: this.stateAt({ t: moment.t }) };
      case 'seq': {
        const seq = this.#lastSeq;
        if (moment.seq > seq) {
          const message = `there is no event #${moment.seq}, the last one is #${seq}`;
          return { ok: false, message };
        }
        return { ok: true, state: this.stateAt({ seq: moment.seq }) };
      }
    }
  }
}
