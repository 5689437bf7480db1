// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TraceEvent } from '../../../loader/events/event.ts';
import { AddressMap } from '../../../loader/view/address-map.ts';
import { SERIES_NAMES, type SeriesName, TimeSeries } from '../../../loader/view/time-series.ts';
import { HandTrace, windowOf } from './hand-trace.ts';
import { ToyKernel } from './toy-kernel.ts';

function seriesOf(trace: HandTrace, steps: number) {
  const map = new AddressMap(trace.space);
  const series = new TimeSeries(map.live, { steps });
  for (const event of trace.events) {
    map.push(event);
    series.push(event);
  }
  return series.result();
}

/** The value of every series after every event, by plain bookkeeping. */
function valuesAfter(events: readonly TraceEvent[], map: AddressMap) {
  const counters = new Map<string, number>();
  let inFlight = 0;
  let semaphore = 0;
  let waiters = 0;
  return events.map((event) => {
    if (event.kind === 'request_begin') inFlight += 1;
    if (event.kind === 'outcome') inFlight -= 1;
    if (event.kind === 'semaphore') {
      semaphore = event.in_use;
      waiters = event.waiters;
    }
    if (event.kind === 'counter') {
      counters.set(event.name, (counters.get(event.name) ?? 0) + event.delta);
    }
    const { used, lazy, largest, externalFragmentation } = map
      .stateAt({ seq: event.seq })
      .summary();
    const values: Record<SeriesName, number> = {
      used,
      lazy,
      largest_hole: largest?.size ?? 0,
      fragmentation: externalFragmentation,
      wasted_kread: counters.get('invalid_kread_bytes') ?? 0,
      wasted_decompress: counters.get('invalid_decompress_bytes') ?? 0,
      wasted_becoming: counters.get('invalid_becoming_bytes') ?? 0,
      wasted_load: counters.get('invalid_mod_bytes') ?? 0,
      in_flight: inFlight,
      semaphore,
      semaphore_waiters: waiters,
    };
    return { t: event.t, values };
  });
}

describe('TimeSeries', () => {
  it('keeps the lowest, highest and last value of every step, as a plain count has them', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 2, max: 40 }), (seed, steps) => {
        const space = windowOf(300);
        const kernel = new ToyKernel(space, seed);
        kernel.run(120);
        const map = new AddressMap(space);
        const series = new TimeSeries(map.live, { steps });
        // Times that often fall on the beginning of a step.
        const events = kernel.events.map((e) => ({ ...e, t: Math.floor(e.t / 500) * 500 }));
        for (const event of events) {
          map.push(event);
          series.push(event);
        }
        const result = series.result();
        const last = events.at(-1)!.t;
        expect(result.steps).toBe(Math.floor(last / result.step) + 1);
        expect(result.steps).toBeLessThanOrEqual(steps);
        const points = valuesAfter(events, map);
        for (const name of SERIES_NAMES) {
          let value = name === 'largest_hole' ? 300 * 4096 : 0;
          for (let step = 0; step < result.steps; step += 1) {
            const from = step * result.step;
            const inside = points.filter(({ t }) => t >= from && t < from + result.step);
            let now = value;
            const changes = inside.filter(({ values }) => {
              const changed = values[name] !== now;
              now = values[name];
              return changed;
            });
            // The value at the beginning counts if it held for a while.
            const held = changes.length === 0 || changes[0]!.t > from;
            const seen = changes.map(({ values }) => values[name]);
            const all = held ? [value, ...seen] : seen;
            value = seen.at(-1) ?? value;
            const { min, max, last: lasts } = result.series[name];
            expect(min[step], `${name} ${step}`).toBeCloseTo(Math.min(...all), 9);
            expect(max[step], `${name} ${step}`).toBeCloseTo(Math.max(...all), 9);
            expect(lasts[step], `${name} ${step}`).toBeCloseTo(value, 9);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('counts waste by stage, requests in flight and slots of the semaphore', () => {
    const trace = new HandTrace(64).begin(1, 'a').begin(2, 'b');
    const counter = (name: string, delta: number) =>
      trace.emit({ kind: 'counter', name, delta, request: 1 });
    trace.at(1500);
    counter('invalid_kread_bytes', 10);
    counter('invalid_mod_bytes', 700);
    counter('failed_kreads', 1);
    trace.emit({ kind: 'semaphore', name: 'kmod', op: 'down', in_use: 3, waiters: 1 });
    trace.at(2500).end(1, -12);
    counter('invalid_mod_bytes', 50);
    const { step, steps, series } = seriesOf(trace, 16);
    expect([step, steps]).toEqual([1000, 3]);
    expect([...series.in_flight.last]).toEqual([2, 2, 1]);
    expect([...series.in_flight.min]).toEqual([1, 2, 1]);
    expect([...series.wasted_kread.last]).toEqual([0, 10, 10]);
    expect([...series.wasted_load.max]).toEqual([0, 700, 750]);
    expect([...series.semaphore.last]).toEqual([0, 3, 3]);
    expect([...series.semaphore_waiters.last]).toEqual([0, 1, 1]);
  });

  it('is the same whether its steps were wide from the start or doubled on the way', () => {
    const trace = new HandTrace(64);
    for (let i = 0; i < 40; i += 1) {
      trace.at(i * 777).area(i % 30, 1, 'percpu');
      trace.free(i % 30).purge();
    }
    const fine = seriesOf(trace, 64);
    const coarse = seriesOf(trace, 8);
    expect(fine.step).toBe(1000);
    expect(coarse.step).toBe(4000);
    for (const name of SERIES_NAMES) {
      for (let step = 0; step < coarse.steps; step += 1) {
        const part = [0, 1, 2, 3].map((i) => step * 4 + i).filter((i) => i < fine.steps);
        const pick = (key: 'min' | 'max' | 'last') => part.map((i) => fine.series[name][key][i]!);
        expect(coarse.series[name].min[step]).toBe(Math.min(...pick('min')));
        expect(coarse.series[name].max[step]).toBe(Math.max(...pick('max')));
        expect(coarse.series[name].last[step]).toBe(pick('last').at(-1));
      }
    }
  });

  it('needs no more room for a long run, and always covers at least half its steps', () => {
    const trace = new HandTrace(64);
    for (const t of [0, 1e6, 1e9, 1e12, 7e12]) trace.at(t).begin(t + 1, 'x');
    const { step, steps, series } = seriesOf(trace, 100);
    expect(steps).toBeLessThanOrEqual(100);
    expect(steps).toBeGreaterThan(50);
    expect(step * steps).toBeGreaterThan(7e12);
    expect(series.in_flight.last.at(-1)).toBe(5);
  });
});
