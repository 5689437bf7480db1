// SPDX-License-Identifier: MIT
import type { CpuId, Nanos } from '../base/index.ts';
import type { EventBody, TraceEvent, Tracer } from './event.ts';

/** Where the clock and the running task are read; the engine is one. */
export interface StampSource {
  readonly now: Nanos;
  readonly currentCpu: CpuId;
  /** `comm-pid` of the running task. */
  readonly currentLabel: string;
}

/** Takes events one by one, in order. */
export interface EventSink {
  push(event: TraceEvent): void;
}

/**
 * Stamps what the model emits and hands it on. Keeps nothing itself: memory is the business of the
 * sinks. Without a sink only the sequence number moves, so a late sink sees the same numbers.
 */
export class EventLog implements Tracer {
  readonly #source: StampSource;
  #sinks: readonly EventSink[] = [];
  #watchers: readonly ((body: EventBody) => void)[] = [];
  #seq = 0;

  constructor(source: StampSource) {
    this.#source = source;
  }

  /** Events emitted so far; the sequence number of the next one. */
  get emitted(): number {
    return this.#seq;
  }

  emit(body: EventBody): void {
    const seq = this.#seq++;
    const watchers = this.#watchers;
    for (let i = 0; i < watchers.length; i += 1) watchers[i]!(body);
    const sinks = this.#sinks;
    if (sinks.length === 0) return;
    const source = this.#source;
    // The stamp first: the other way round V8 copies the body forty times slower.
    const event: TraceEvent = {
      seq,
      t: source.now,
      cpu: source.currentCpu,
      task: source.currentLabel,
      ...body,
    };
    for (let i = 0; i < sinks.length; i += 1) sinks[i]!.push(event);
  }

  /** Adds a sink, which gets events after those that were there before it; call to take it off. */
  attach(sink: EventSink): () => void {
    this.#sinks = [...this.#sinks, sink];
    return () => {
      this.#sinks = this.#sinks.filter((other) => other !== sink);
    };
  }

  /**
   * Calls `watcher` with each event before the sinks get it, and without its stamp: most who watch
   * a running kernel look at few events, and for those they can ask it for the time themselves.
   */
  watch(watcher: (body: EventBody) => void): void {
    this.#watchers = [...this.#watchers, watcher];
  }
}
