// SPDX-License-Identifier: MIT
/** Tracks, totals and the headline of a run, held to sums and slices made from its events anew. */
import { beforeAll, describe, expect, it } from 'vitest';
import { openCatalog } from '../../../loader/catalog/index.ts';
import { EventRecorder, type TraceEvent } from '../../../loader/events/index.ts';
import { BUNDLED_SCENARIOS, prepareRun, scenarioSchema } from '../../../loader/scenario/index.ts';
import { driveSession, Session } from '../../../loader/session/index.ts';
import {
  AddressMap,
  apart,
  headline,
  SLICE_STAGE,
  TRACK_GROUPS,
  TrackLog,
  trackSlices,
} from '../../../loader/view/index.ts';

interface Run {
  readonly map: AddressMap;
  readonly log: TrackLog;
  readonly events: EventRecorder;
  readonly list: TraceEvent[];
}

function record(name: string, kernel?: string): Run {
  const scenario = scenarioSchema.parse({
    ...BUNDLED_SCENARIOS[name],
    ...(kernel === undefined ? {} : { kernel }),
  });
  const run = prepareRun(scenario, { source: openCatalog('boot')! });
  const map = new AddressMap(run.kernel.space.preset, { initial: run.kernel.space.areas() });
  const log = new TrackLog(map.requests);
  const events = new EventRecorder();
  const list: TraceEvent[] = [];
  run.kernel.events.attach({
    push: (event) => {
      map.push(event);
      log.push(event);
      events.push(event);
      list.push(event);
    },
  });
  driveSession(new Session(run.kernel, run.program, run.observer));
  return { map, log, events, list };
}

const WASTED = new Set([
  'invalid_kread_bytes',
  'invalid_decompress_bytes',
  'invalid_becoming_bytes',
  'invalid_mod_bytes',
]);

describe('the tracks of a failing boot', () => {
  let run: Run;
  beforeAll(() => {
    run = record('box-32bit');
  });

  it('sums the bytes wasted in any range as its events do', () => {
    const end = run.map.last.t;
    for (const [from, to] of [
      [0, end],
      [end / 4, end / 2],
      [end / 2, end],
      [end / 3, end / 3],
    ] as const) {
      const sum = run.list
        .filter(({ t }) => t >= from && t <= to)
        .reduce(
          (bytes, e) => bytes + (e.kind === 'counter' && WASTED.has(e.name) ? e.delta : 0),
          0,
        );
      const totals = run.log.totals(from, to);
      expect(totals.bytes).toBe(sum);
      for (const parts of [totals.modules, totals.cpus]) {
        expect(parts.reduce((bytes, part) => bytes + part.bytes, 0)).toBe(sum);
      }
      expect(Object.values(totals.stages).reduce((a, b) => a + b, 0)).toBe(sum);
    }
    expect(run.log.totals(0, end).bytes).toBeGreaterThan(0);
  });

  it('gives requests that overlap rows apart, whatever the rows are of', () => {
    for (const group of TRACK_GROUPS) {
      const slices = slicesOf(run, group);
      const byRow = new Map<number, [number, number][]>();
      slices.row.forEach((row, i) => {
        if (slices.code[i]! & SLICE_STAGE) return;
        byRow.set(row, [...(byRow.get(row) ?? []), [slices.begin[i]!, slices.end[i]!]]);
      });
      for (const spans of byRow.values()) {
        spans.sort((a, b) => a[0] - b[0]);
        for (let i = 1; i < spans.length; i += 1) {
          expect(spans[i]![0]).toBeGreaterThanOrEqual(spans[i - 1]![1]);
        }
      }
    }
  });

  it('has each request and each stage once where every one is wider than a pixel', () => {
    const slices = slicesOf(run, 'cpu');
    const isStage = (code: number): boolean => (code & SLICE_STAGE) !== 0;
    const stages = run.list.filter(({ kind }) => kind === 'stage_begin').length;
    expect(slices.level).toBe('stages');
    expect(slices.code.filter((code) => !isStage(code)).length).toBe(run.map.requests.count);
    expect(slices.code.filter(isStage).length).toBe(stages);
  });

  it('points from a copy that waits to the request that makes its module', () => {
    let arrows = 0;
    for (let i = 0; i < run.map.requests.count; i += 1) {
      const winner = run.log.winnerOf(i);
      if (winner < 0) continue;
      arrows += 1;
      const follower = run.map.requests.at(i);
      expect(run.map.requests.at(winner).module).toBe(follower.module);
      expect(run.map.requests.endOf(winner)).toBeGreaterThanOrEqual(follower.begin);
    }
    expect(arrows).toBeGreaterThan(100);
  });

  it('says first what did not load, what it wanted and what there was', () => {
    const { tone, parts } = headline(run.map, run.log);
    const failure = run.map.firstFailure!;
    const text = parts.map((part) => part.text).join('');
    expect(tone).toBe('bad');
    expect(text).toMatch(
      /^\w+\.ko could not load at .*: it wanted .*, the largest hole was .*; \d+ duplicate copies of \w+ held .*\.$/,
    );
    expect(text).toContain(apart(failure.size, 0)[0]);
    expect(parts.find(({ link }) => link?.to === 'request')?.link).toEqual({
      to: 'request',
      request: failure.request,
    });
  });
});

describe('the headline', () => {
  it('says that nothing was wasted where nothing was', () => {
    const { map, log } = record('box-32bit', 'v6.12');
    const { tone, parts } = headline(map, log);
    expect(tone).toBe('good');
    expect(parts.map((part) => part.text).join('')).toBe(
      'Every allocation found room; nothing was wasted.',
    );
  });

  it('never rounds two sizes into the same words', () => {
    expect(apart(1_298_432, 1_290_240)).toEqual(['1,268 KiB', '1,260 KiB']);
    expect(apart(1_000_001, 1_000_000)).toEqual(['1,000,001 bytes', '1,000,000 bytes']);
    for (let size = 4096; size < 2 ** 31; size *= 3) {
      const [a, b] = apart(size + 1, size);
      expect(a).not.toBe(b);
    }
  });
});

function slicesOf({ map, log, events }: Run, group: (typeof TRACK_GROUPS)[number]) {
  const asked = { from: 0, to: map.last.t, group, first: 0, last: 1e6, pixels: 1e9 };
  return trackSlices({ events, log, requests: map.requests }, asked);
}
