// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { openCatalog } from '../../../loader/catalog/catalog.ts';
import type { TraceEvent } from '../../../loader/events/event.ts';
import { EventLineReader, EventLineWriter } from '../../../loader/export/jsonl.ts';
import { TraceEventJsonWriter } from '../../../loader/export/trace-event-json.ts';
import { prepareRun } from '../../../loader/scenario/prepare.ts';
import { scenarioSchema } from '../../../loader/scenario/schema.ts';
import { driveSession } from '../../../loader/session/drive-session.ts';
import { Session } from '../../../loader/session/session.ts';
import { AddressMap } from '../../../loader/view/address-map.ts';
import { vmallocinfoText } from '../../../loader/view/area-line.ts';
import { explainFirstFailure } from '../../../loader/view/explain-failure.ts';
import { TimeSeries } from '../../../loader/view/time-series.ts';

function storm(kernel: string, mib: number) {
  const scenario = scenarioSchema.parse({
    version: 1,
    name: 'storm',
    kernel,
    machine: { cpus: 6, vmalloc: { mib } },
    modules: { catalog: 'boot', init: {} },
    storm: {
      generators: [
        {
          per: 'cpu',
          cpus: 'all',
          op: 'finit_module',
          modules: 'all',
          order: 'shuffled',
          arrival: { uniform_us: [0, 500] },
        },
      ],
    },
  });
  const run = prepareRun(scenario, { source: openCatalog('boot')! });
  const { space, events } = run.kernel;
  const map = new AddressMap(space.preset, { initial: space.areas() });
  const series = new TimeSeries(map.live, { steps: 64 });
  const log: TraceEvent[] = [];
  for (const sink of [map, series, { push: (e: TraceEvent) => log.push(e) }]) events.attach(sink);
  driveSession(new Session(run.kernel, run.program, run.observer));
  return { run, space, map, series, log };
}

describe.each(['v6.3', 'v6.5', 'v6.12'])('a storm under the rules of %s', (kernel) => {
  const { run, space, map, series, log } = storm(kernel, 10);

  it('leaves the map with what the model has', () => {
    expect(log.length).toBeGreaterThan(1000);
    expect(map.live.misfits).toBe(0);
    const state = map.stateAt({ seq: map.last.seq });
    expect(vmallocinfoText(map.space, state)).toBe(space.vmallocinfo());
    const { used, lazy, free, largest_free, free_areas } = space.stats();
    expect(state.summary()).toMatchObject({ used, lazy, free, holes: free_areas });
    expect(state.summary().largest?.size).toBe(largest_free);
  });

  it('has its failures explained by the request they belong to', () => {
    const failure = map.firstFailure;
    expect(failure).not.toBeNull();
    expect(map.requests.get(failure!.request)?.ret).toBe(-12);
    const request = map.requests.get(failure!.request)!;
    const name = request.subject.slice(request.subject.lastIndexOf('/') + 1);
    expect(explainFirstFailure(map)).toContain(`finit_module of ${name} at`);
    // No hole of that moment was large enough.
    const { largest } = map.stateAt(failure!).summary();
    expect(largest?.size ?? 0).toBeLessThan(failure!.size);
  });

  it('is the same map from the event file', () => {
    const chunks: string[] = [];
    const writer = new EventLineWriter(map.space, (chunk) => chunks.push(chunk));
    for (const event of log) writer.push(event);
    writer.end();
    const again = new AddressMap(map.space);
    const reader = new EventLineReader(map.space, again);
    expect(reader.feed(chunks.join('')) ?? reader.end()).toBeNull();
    for (const { seq } of log.filter((_, i) => i % 499 === 0)) {
      const text = vmallocinfoText(map.space, map.stateAt({ seq }));
      expect(vmallocinfoText(map.space, again.stateAt({ seq }))).toBe(text);
    }
    expect(again.peak).toEqual(map.peak);
    expect(again.firstFailure).toEqual(map.firstFailure);
  });

  it('has series that end where its counters do', () => {
    const { series: of, step, steps } = series.result();
    const end = (name: 'wasted_load' | 'wasted_becoming' | 'in_flight' | 'used') =>
      of[name].last[steps - 1];
    const { stats } = run.kernel.ctx;
    expect(end('wasted_load')).toBe(stats.true('invalid_mod_bytes'));
    expect(end('wasted_becoming')).toBe(stats.true('invalid_becoming_bytes'));
    expect(end('in_flight')).toBe(0);
    expect(end('used')).toBe(space.usedBytes());
    expect(Math.max(...of.used.max)).toBe(map.peak.used);
    expect(step * steps).toBeGreaterThan(map.last.t);
  });

  it('writes a timeline that browsers can read', () => {
    const chunks: string[] = [];
    const writer = new TraceEventJsonWriter(map.space, (chunk) => chunks.push(chunk));
    for (const event of log) writer.push(event);
    writer.end();
    const { traceEvents } = JSON.parse(chunks.join('')) as { traceEvents: { cat?: string }[] };
    const begun = log.filter(({ kind }) => kind === 'request_begin').length;
    expect(traceEvents.filter(({ cat }) => cat === 'request').length).toBe(begun);
  });
});
