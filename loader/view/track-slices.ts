// SPDX-License-Identifier: MIT
/**
 * The slices of a timeline in a range of time and of rows, at the level of detail that the range
 * allows: stages of requests from the events, whole requests from the request log, or how busy each
 * CPU was. Slices thinner than a pixel are joined with their neighbours.
 */
import { ERRNO, type Nanos } from '../base/index.ts';
import type { EventRecorder, RequestLog, TraceEvent } from '../events/index.ts';
import { LOAD_STAGES } from '../events/index.ts';
import type { TrackGroup, TrackLog } from './track-log.ts';

export interface SlicesAsked {
  readonly from: Nanos;
  readonly to: Nanos;
  readonly group: TrackGroup;
  /** Rows wanted: [first, last). */
  readonly first: number;
  readonly last: number;
  /** Pixels across the range. */
  readonly pixels: number;
}

export type SliceLevel = 'stages' | 'requests' | 'busy';

/** Bits of a slice's code above the four of its stage. */
export const SLICE_DOOMED = 0x10;
export const SLICE_WAITING = 0x20;
/** A stage inside a request; without it the request whole. */
export const SLICE_STAGE = 0x40;
export const SLICE_STAGE_MASK = 0x0f;

/** Slices as columns: the page draws them, nothing else. */
export interface Slices {
  readonly level: SliceLevel;
  readonly begin: Float64Array;
  readonly end: Float64Array;
  readonly row: Uint32Array;
  readonly code: Uint8Array;
  /** How much of its height a slice fills, of 255. */
  readonly fill: Uint8Array;
  /** The request's number; 0 for none. */
  readonly request: Float64Array;
  /** Arrows, four numbers each: when the waiting request began and ended, its row, the winner's. */
  readonly arrows: Float64Array;
}

/** The run a timeline is of. */
export interface TrackedRun {
  readonly events: EventRecorder;
  readonly requests: RequestLog;
  readonly log: TrackLog;
}

/** Events read for one picture, at most. */
const MOST_EVENTS = 200_000;
const MOST_REQUESTS = 300_000;
const MOST_ARROWS = 4000;
const REQUEST_STAGE = LOAD_STAGES.indexOf('request');
const LOAD = LOAD_STAGES.indexOf('load');
const GATE = LOAD_STAGES.indexOf('gate');

export function trackSlices(run: TrackedRun, asked: SlicesAsked): Slices {
  const { requests, log, events } = run;
  const firstRow = log.firstRunning(asked.from);
  const lastRow = log.firstFrom(asked.to + 1);
  if (lastRow - firstRow > MOST_REQUESTS) return busySlices(run, asked);
  const made = new SliceColumns(asked);
  const offsets = rowOffsets(log, asked.group);
  const rowOf = (index: number): number => {
    const { group, lane } = log.placeOf(asked.group, index);
    return offsets.at[group]! + lane;
  };
  for (let i = firstRow; i < lastRow; i += 1) {
    const begin = requests.beginOf(i);
    const ended = requests.endOf(i);
    const end = Number.isNaN(ended) ? asked.to : ended;
    if (end < asked.from || begin > asked.to) continue;
    const doomed = log.wastedBy(i) > 0 ? SLICE_DOOMED : 0;
    const code = REQUEST_STAGE | doomed;
    made.add(rowOf(i), begin, end, code, requests.at(i).request);
    const winner = log.winnerOf(i);
    if (winner >= 0) made.arrow(begin, end, rowOf(i), rowOf(winner));
  }
  const firstEvent = events.indexAfter(requests.beginOf(firstRow) - 1);
  const lastEvent = events.indexAfter(asked.to);
  if (firstRow >= lastRow || lastEvent - firstEvent > MOST_EVENTS) {
    return made.result(firstRow >= lastRow ? 'stages' : 'requests');
  }
  addStages(run, made, rowOf, firstEvent, lastEvent, asked.to);
  return made.result('stages');
}

/** First row of each group of rows, in the order they are shown. */
export function rowOffsets(
  log: TrackLog,
  kind: TrackGroup,
): { readonly at: readonly number[]; readonly total: number } {
  const { rows, order } = log.groups(kind);
  const at: number[] = [];
  let total = 0;
  order.forEach((group, i) => {
    at[group] = total;
    total += rows[i]!;
  });
  return { at, total };
}

interface OpenStage {
  readonly stage: number;
  readonly begin: Nanos;
  readonly waiting: boolean;
}

function addStages(
  { events, requests, log }: TrackedRun,
  made: SliceColumns,
  rowOf: (index: number) => number,
  from: number,
  to: number,
  until: Nanos,
): void {
  const open = new Map<number, OpenStage[]>();
  /** Requests of a task, the innermost last. */
  const byTask = new Map<string, number[]>();
  const close = (request: number, stage: OpenStage, t: Nanos, ret: number): void => {
    const index = requests.indexOf(request);
    if (index < 0) return;
    // Before 6.5 a copy waits in its load for the one that came first, to be refused at the end.
    const refused = stage.stage === LOAD && ret === -ERRNO.EEXIST;
    const code =
      stage.stage |
      SLICE_STAGE |
      (log.wastedBy(index) > 0 ? SLICE_DOOMED : 0) |
      (stage.waiting || refused ? SLICE_WAITING : 0);
    made.add(rowOf(index), stage.begin, t, code, request);
  };
  events.visit(
    (event: TraceEvent) => {
      switch (event.kind) {
        case 'stage_begin': {
          const { request, t } = event;
          const stage = { stage: LOAD_STAGES.indexOf(event.stage), begin: t, waiting: false };
          const stages = open.get(request);
          if (stages) stages.push(stage);
          else open.set(request, [stage]);
          return;
        }
        case 'stage_end': {
          const stages = open.get(event.request);
          const wanted = LOAD_STAGES.indexOf(event.stage);
          const at = stages?.findLastIndex(({ stage }) => stage === wanted) ?? -1;
          if (stages === undefined || at < 0) return;
          for (const stage of stages.splice(at)) close(event.request, stage, event.t, event.ret);
          return;
        }
        case 'idempotent': {
          if (event.role !== 'join') return;
          const request = byTask.get(event.task)?.at(-1);
          if (request === undefined) return;
          const stage = { stage: GATE, begin: event.t, waiting: true };
          const stages = open.get(request);
          if (stages) stages.push(stage);
          else open.set(request, [stage]);
          return;
        }
        case 'request_begin': {
          const running = byTask.get(event.task);
          if (running) running.push(event.request);
          else byTask.set(event.task, [event.request]);
          return;
        }
        case 'outcome': {
          const running = byTask.get(event.task);
          const at = running?.lastIndexOf(event.request) ?? -1;
          if (at >= 0) running!.splice(at);
          if (running?.length === 0) byTask.delete(event.task);
          for (const stage of open.get(event.request) ?? []) {
            close(event.request, stage, event.t, event.ret);
          }
          open.delete(event.request);
          return;
        }
      }
    },
    from,
    to,
  );
  for (const [request, stages] of open) for (const stage of stages) close(request, stage, until, 0);
}

/** How busy each CPU was; by modules nothing is known at this level, so CPUs are shown. */
function busySlices({ log }: TrackedRun, asked: SlicesAsked): Slices {
  const made = new SliceColumns(asked);
  const { busy } = log;
  if (asked.group !== 'cpu') return made.result('busy');
  const { labels, rows, order } = log.groups('cpu');
  const offsets = rowOffsets(log, 'cpu');
  const begin = Math.max(0, Math.floor(asked.from / busy.step));
  const end = Math.min(busy.steps - 1, Math.floor(asked.to / busy.step));
  labels.forEach((label, i) => {
    const row = offsets.at[order[i]!]!;
    if (row + rows[i]! <= asked.first || row >= asked.last) return;
    for (let step = begin; step <= end; step += 1) {
      const { useful, doomed } = busy.at(Number(label.slice(4)), step);
      if (useful + doomed === 0) continue;
      const share = Math.min(1, (useful + doomed) / busy.step);
      const code = REQUEST_STAGE | (doomed > useful ? SLICE_DOOMED : 0);
      made.push(row, step * busy.step, (step + 1) * busy.step, code, Math.ceil(share * 255), 0);
    }
  });
  return made.result('busy');
}

class SliceColumns {
  readonly #asked: SlicesAsked;
  /** Nanoseconds of a pixel. */
  readonly #pixel: Nanos;
  readonly #begin: number[] = [];
  readonly #end: number[] = [];
  readonly #row: number[] = [];
  readonly #code: number[] = [];
  readonly #fill: number[] = [];
  readonly #request: number[] = [];
  readonly #arrows: number[] = [];
  /** By row, and by whether it is a stage: the slice that was added last. */
  readonly #last = new Map<number, number>();

  constructor(asked: SlicesAsked) {
    this.#asked = asked;
    this.#pixel = (asked.to - asked.from) / Math.max(1, asked.pixels);
  }

  add(row: number, begin: Nanos, end: Nanos, code: number, request: number): void {
    const { first, last, from, to } = this.#asked;
    if (row < first || row >= last || end < from || begin > to) return;
    const key = row * 2 + (code & SLICE_STAGE ? 1 : 0);
    const before = this.#last.get(key);
    if (before !== undefined && end - begin < this.#pixel) {
      const gap = begin - this.#end[before]!;
      const thin = this.#end[before]! - this.#begin[before]! < this.#pixel;
      if (thin && gap >= 0 && gap < this.#pixel) {
        this.#end[before] = Math.max(this.#end[before]!, end);
        // What was thrown away must not be hidden by what stands beside it.
        this.#code[before]! |= code & SLICE_DOOMED;
        return;
      }
    }
    this.#last.set(key, this.#begin.length);
    this.push(row, begin, end, code, 255, request);
  }

  push(row: number, begin: Nanos, end: Nanos, code: number, fill: number, request: number): void {
    this.#begin.push(begin);
    this.#end.push(end);
    this.#row.push(row);
    this.#code.push(code);
    this.#fill.push(fill);
    this.#request.push(request);
  }

  /** From the row that waits to the row waited for; both ends of the waiting are in the range. */
  arrow(begin: Nanos, end: Nanos, from: number, to: number): void {
    if (this.#arrows.length >= MOST_ARROWS * 4) return;
    this.#arrows.push(begin, end, from, to);
  }

  result(level: SliceLevel): Slices {
    return {
      level,
      begin: Float64Array.from(this.#begin),
      end: Float64Array.from(this.#end),
      row: Uint32Array.from(this.#row),
      code: Uint8Array.from(this.#code),
      fill: Uint8Array.from(this.#fill),
      request: Float64Array.from(this.#request),
      arrows: Float64Array.from(this.#arrows),
    };
  }
}
