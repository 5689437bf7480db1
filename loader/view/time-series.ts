// SPDX-License-Identifier: MIT
/**
 * Quantities of a run over time, in a fixed number of steps: what charts are drawn from. Each step
 * keeps the lowest, the highest and the last value of its time, so no peak is lost.
 */
import type { Nanos } from '../base/index.ts';
import type { EventSink, TraceEvent } from '../events/index.ts';
import type { LiveSpace } from './live-space.ts';

export const SERIES_NAMES = [
  'used',
  'lazy',
  'largest_hole',
  'fragmentation',
  'wasted_kread',
  'wasted_decompress',
  'wasted_becoming',
  'wasted_load',
  'in_flight',
  'semaphore',
  'semaphore_waiters',
] as const;

/** Bytes, but for `fragmentation` (0 to 1), requests in flight, slots taken and tasks waiting. */
export type SeriesName = (typeof SERIES_NAMES)[number];

export interface Series {
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly last: Float64Array;
}

export interface SeriesSet {
  /** Step `i` is the time from `i * step` on, up to the next. */
  readonly step: Nanos;
  readonly steps: number;
  readonly series: Readonly<Record<SeriesName, Series>>;
}

export interface TimeSeriesOptions {
  /** Steps at most; there are at least half as many once the run is long enough. Default 1024. */
  readonly steps?: number;
}

/** The shortest step. */
const FINEST: Nanos = 1000;

const WASTED_BY: ReadonlyMap<string, SeriesName> = new Map([
  ['invalid_kread_bytes', 'wasted_kread'],
  ['invalid_decompress_bytes', 'wasted_decompress'],
  ['invalid_becoming_bytes', 'wasted_becoming'],
  ['invalid_mod_bytes', 'wasted_load'],
]);

/** Reads the space it is given, which must have seen each event before. */
export class TimeSeries implements EventSink {
  readonly #live: LiveSpace;
  readonly #size: number;
  readonly #series: Record<SeriesName, Series>;
  readonly #now: Record<SeriesName, number>;
  #step = FINEST;
  /** The step being filled. */
  #at = 0;

  constructor(live: LiveSpace, options: TimeSeriesOptions = {}) {
    this.#live = live;
    this.#size = Math.max(2, options.steps ?? 1024);
    const size = this.#size;
    const make = (): Series => ({
      min: new Float64Array(size),
      max: new Float64Array(size),
      last: new Float64Array(size),
    });
    const names = SERIES_NAMES.map((name) => [name, name] as const);
    this.#series = Object.fromEntries(names.map(([name]) => [name, make()])) as never;
    this.#now = Object.fromEntries(names.map(([name]) => [name, 0])) as never;
    Object.assign(this.#now, this.#spaceNow());
    this.#open(0);
  }

  push(event: TraceEvent): void {
    const { t } = event;
    while (t >= this.#step * this.#size) this.#halve();
    const at = Math.floor(t / this.#step);
    while (this.#at < at) this.#open(this.#at + 1);
    this.#observeSpace(t);
    switch (event.kind) {
      case 'request_begin':
        this.#set('in_flight', this.#now.in_flight + 1, t);
        break;
      case 'outcome':
        this.#set('in_flight', Math.max(0, this.#now.in_flight - 1), t);
        break;
      case 'semaphore':
        this.#set('semaphore', event.in_use, t);
        this.#set('semaphore_waiters', event.waiters, t);
        break;
      case 'counter': {
        const name = WASTED_BY.get(event.name);
        if (name !== undefined) this.#set(name, this.#now[name] + event.delta, t);
        break;
      }
    }
  }

  /** The steps up to the last event. */
  result(): SeriesSet {
    const steps = this.#at + 1;
    const series = SERIES_NAMES.map((name) => {
      const { min, max, last } = this.#series[name];
      const copy = {
        min: min.slice(0, steps),
        max: max.slice(0, steps),
        last: last.slice(0, steps),
      };
      settle(copy, this.#at);
      return [name, copy];
    });
    return { step: this.#step, steps, series: Object.fromEntries(series) as never };
  }

  #observeSpace(t: Nanos): void {
    const { used, lazy } = this.#live.main;
    // Every change of a hole changes one of these two.
    if (used === this.#now.used && lazy === this.#now.lazy) return;
    const values = this.#spaceNow();
    this.#set('used', values.used, t);
    this.#set('lazy', values.lazy, t);
    this.#set('largest_hole', values.largest_hole, t);
    this.#set('fragmentation', values.fragmentation, t);
  }

  #spaceNow() {
    const { used, lazy, holes } = this.#live.main;
    const { largest, free } = holes;
    const fragmentation = free === 0 ? 0 : 1 - largest / free;
    return { used, lazy, largest_hole: largest, fragmentation };
  }

  #set(name: SeriesName, value: number, t: Nanos): void {
    if (value === this.#now[name]) return;
    const { min, max, last } = this.#series[name];
    const at = this.#at;
    // The value before held for a while, unless this is the very beginning of the step.
    if (min[at]! > max[at]! && t > at * this.#step) {
      min[at] = last[at]!;
      max[at] = last[at]!;
    }
    if (value < min[at]!) min[at] = value;
    if (value > max[at]!) max[at] = value;
    last[at] = value;
    this.#now[name] = value;
  }

  /** Begins a step; whether the value before counts in it is not known yet. */
  #open(at: number): void {
    for (const name of SERIES_NAMES) {
      const series = this.#series[name];
      if (at > 0) settle(series, at - 1);
      series.min[at] = Number.POSITIVE_INFINITY;
      series.max[at] = Number.NEGATIVE_INFINITY;
      series.last[at] = this.#now[name];
    }
    this.#at = at;
  }

  /** Doubles the step: two steps become one. */
  #halve(): void {
    for (const name of SERIES_NAMES) {
      const series = this.#series[name];
      const { min, max, last } = series;
      settle(series, this.#at);
      for (let i = 0; i <= this.#at; i += 2) {
        const next = Math.min(i + 1, this.#at);
        min[i / 2] = Math.min(min[i]!, min[next]!);
        max[i / 2] = Math.max(max[i]!, max[next]!);
        last[i / 2] = last[next]!;
      }
    }
    this.#at = Math.floor(this.#at / 2);
    this.#step *= 2;
  }
}

/** A step in which nothing changed has the value it began with. */
function settle({ min, max, last }: Series, at: number): void {
  if (min[at]! <= max[at]!) return;
  min[at] = last[at]!;
  max[at] = last[at]!;
}
