// SPDX-License-Identifier: MIT
/**
 * The trace-event format of chrome://tracing, which Perfetto and speedscope open too: requests and
 * their stages as slices, waiting copies of a load with an arrow to the one they wait for, counters
 * above them.
 */
import { type CpuId, errnoName, type Nanos } from '../base/index.ts';
import {
  type BodyOf,
  type EventSink,
  type EventStamp,
  type TraceEvent,
  WASTED_KEYS,
  type WastedBytes,
} from '../events/index.ts';
import type { AddressSpacePreset } from '../presets/index.ts';
import { LiveSpace } from '../view/index.ts';
import type { AreaView } from '../vmalloc/index.ts';
import { type Lane, TraceLanes } from './trace-lanes.ts';

export interface TraceEventJsonOptions {
  /** What the one process of the trace is called. Default `modstorm`. */
  readonly machine?: string;
  /** Counters move at most this often. Default 1000 ns, the unit of the format. */
  readonly counterInterval?: Nanos;
  /** Areas that were there before the first event. */
  readonly initial?: readonly AreaView[];
}

const PID = 1;
const CHUNK = 65_536;

interface OpenSlice {
  readonly name: string;
  readonly category: string;
  readonly begin: Nanos;
  end: Nanos;
  args: string;
}

interface OpenRequest {
  readonly lane: Lane;
  readonly slice: OpenSlice;
  /** Its stages in the order they began, and those of them that have not ended. */
  readonly slices: OpenSlice[];
  readonly open: OpenSlice[];
}

export class TraceEventJsonWriter implements EventSink {
  readonly #write: (chunk: string) => void;
  readonly #interval: Nanos;
  readonly #space: LiveSpace;
  readonly #lanes = new TraceLanes();
  readonly #named = new Set<number>();
  readonly #requests = new Map<number, OpenRequest>();
  readonly #byTask = new Map<string, number>();
  /** Row of the load under way for each inode. */
  readonly #winners = new Map<number, Lane>();
  readonly #wasted: Record<keyof WastedBytes, number> = {
    kread: 0,
    decompress: 0,
    becoming: 0,
    load: 0,
  };
  /** Counters that moved since they were written, by name: their values as JSON. */
  readonly #moved = new Map<string, () => string>();
  #movedAt: Nanos = 0;
  #counted: Nanos = Number.NEGATIVE_INFINITY;
  #flows = 0;
  #last: Nanos = 0;
  #pending = '{"displayTimeUnit":"ms","traceEvents":[\n';
  #separator = '';

  constructor(
    space: AddressSpacePreset,
    write: (chunk: string) => void,
    options: TraceEventJsonOptions = {},
  ) {
    this.#write = write;
    this.#interval = options.counterInterval ?? 1000;
    this.#space = new LiveSpace(space);
    const before = { seq: 0, t: 0, cpu: 0, task: '' };
    for (const area of options.initial ?? []) this.#space.seed(area, before);
    const machine = JSON.stringify(options.machine ?? 'modstorm');
    this.#line(`{"ph":"M","pid":${PID},"name":"process_name","args":{"name":${machine}}}`);
  }

  push(event: TraceEvent): void {
    this.#last = event.t;
    if (this.#moved.size > 0 && event.t > this.#movedAt) {
      if (event.t - this.#counted >= this.#interval) {
        this.#flushCounters();
        this.#counted = event.t;
      }
    }
    if (this.#space.push(event)) {
      this.#count('vmalloc bytes', event.t, this.#vmallocBytes);
      this.#count('largest hole', event.t, this.#largestHole);
    }
    switch (event.kind) {
      case 'request_begin':
        this.#beginRequest(event);
        break;
      case 'stage_begin':
        this.#beginStage(event);
        break;
      case 'stage_end':
        this.#endStage(event);
        break;
      case 'outcome':
        this.#endRequest(event);
        break;
      case 'idempotent':
        this.#idempotent(event);
        break;
      case 'semaphore': {
        const values = `{"in use":${event.in_use},"waiting":${event.waiters}}`;
        this.#count(`semaphore ${event.name}`, event.t, () => values);
        break;
      }
      case 'alloc_vmap_area': {
        const args = `{"size":${event.size},"align":${event.align}}`;
        if (event.failed === 1) this.#instant(event, 'no room', 'p', args);
        break;
      }
      case 'module_load':
      case 'module_free':
        this.#instant(event, `${event.kind} ${event.name}`, 't', '{}');
        break;
      case 'process':
        this.#process(event);
        break;
    }
  }

  /** Writes what is left and closes the document; slices still open end with the last event. */
  end(): void {
    if (this.#moved.size > 0) this.#flushCounters();
    for (const [request, { slice }] of [...this.#requests]) {
      slice.args = `{"request":${request},"unfinished":true}`;
      this.#closeRequest(request, this.#last);
    }
    this.#pending += '\n]}\n';
    this.#write(this.#pending);
    this.#pending = '';
  }

  #beginRequest(event: EventStamp & BodyOf<'request_begin'>): void {
    const { request, op, subject, t } = event;
    if (this.#requests.has(request)) return;
    const lane = this.#lanes.take(event.cpu);
    this.#nameLane(lane);
    const name = `${op} ${subject.slice(subject.lastIndexOf('/') + 1)}`.trim();
    const slice = { name, category: 'request', begin: t, end: t, args: '{}' };
    this.#requests.set(request, { lane, slice, slices: [], open: [] });
    this.#byTask.set(event.task, request);
    this.#countRequests(t);
  }

  #beginStage({ request, stage, t, subject }: EventStamp & BodyOf<'stage_begin'>): void {
    const at = this.#requests.get(request);
    if (at === undefined) return;
    const args = `{"request":${request},"subject":${JSON.stringify(subject)}}`;
    const slice = { name: stage, category: 'stage', begin: t, end: t, args };
    at.slices.push(slice);
    at.open.push(slice);
  }

  #endStage({ request, stage, t, ret }: EventStamp & BodyOf<'stage_end'>): void {
    const at = this.#requests.get(request);
    const index = at?.open.findLastIndex(({ name }) => name === stage) ?? -1;
    if (at === undefined || index < 0) return;
    for (const slice of at.open.splice(index)) {
      slice.end = t;
      if (ret < 0) slice.args = `${slice.args.slice(0, -1)},"ret":"-${errnoName(ret)}"}`;
    }
  }

  #endRequest(event: EventStamp & BodyOf<'outcome'>): void {
    const { request, t, ret, stage, module, wasted } = event;
    for (const key of WASTED_KEYS) this.#wasted[key] += wasted[key];
    if (WASTED_KEYS.some((key) => wasted[key] !== 0)) {
      this.#count('wasted bytes', t, this.#wastedBytes);
    }
    const at = this.#requests.get(request);
    if (at === undefined) return;
    const value = ret < 0 ? `"-${errnoName(ret)}"` : ret;
    const named = module === '' ? '' : `,"module":${JSON.stringify(module)}`;
    at.slice.args =
      `{"request":${request},"ret":${value},"stage":"${stage}"${named},` +
      `"wasted":${WASTED_KEYS.reduce((sum, key) => sum + wasted[key], 0)}}`;
    this.#byTask.delete(event.task);
    this.#closeRequest(request, t);
    this.#countRequests(t);
  }

  /** Writes a request before its stages: of slices that begin together the outer comes first. */
  #closeRequest(request: number, t: Nanos): void {
    const { lane, slice, slices, open } = this.#requests.get(request)!;
    for (const unended of open) unended.end = t;
    slice.end = t;
    this.#slice(lane, slice);
    for (const stage of slices) this.#slice(lane, stage);
    this.#lanes.release(lane);
    this.#requests.delete(request);
  }

  #idempotent(event: EventStamp & BodyOf<'idempotent'>): void {
    const { ino, role, t, task } = event;
    const at = this.#requests.get(this.#byTask.get(task) ?? -1);
    if (at === undefined) return;
    if (role === 'winner') {
      this.#winners.set(ino, at.lane);
    } else if (role === 'complete') {
      this.#winners.delete(ino);
    } else if (role === 'join') {
      const args = `{"ino":${ino}}`;
      const slice = { name: 'wait for the same load', category: 'gate', begin: t, end: t, args };
      at.slices.push(slice);
      at.open.push(slice);
      const winner = this.#winners.get(ino);
      if (winner !== undefined) this.#arrow(t, at.lane, winner);
    }
  }

  /** From the copy that waits to the load it waits for, which is under way at that time. */
  #arrow(t: Nanos, from: Lane, to: Lane): void {
    const id = ++this.#flows;
    const head = `"pid":${PID},"ts":${micros(t)},"cat":"gate","name":"same load","id":${id}`;
    this.#line(`{"ph":"s","tid":${from.tid},${head}}`);
    this.#line(`{"ph":"f","bp":"e","tid":${to.tid},${head}}`);
  }

  /** User processes overlap on a CPU, so they are no slices of its row. */
  #process({ op, comm, pid, status, t }: EventStamp & BodyOf<'process'>): void {
    const ph = op === 'exec' ? 'b' : 'e';
    const args = op === 'exec' ? '' : `,"args":{"status":${status}}`;
    this.#line(
      `{"ph":"${ph}","pid":${PID},"tid":0,"ts":${micros(t)},"cat":"process",` +
        `"name":${JSON.stringify(comm)},"id":${pid}${args}}`,
    );
  }

  #instant(event: EventStamp, name: string, scope: 'p' | 't', args: string): void {
    const request = this.#requests.get(this.#byTask.get(event.task) ?? -1);
    const lane = request?.lane ?? { tid: event.cpu + 1, cpu: event.cpu, depth: 0 };
    this.#nameLane(lane);
    this.#line(
      `{"ph":"i","pid":${PID},"tid":${lane.tid},"ts":${micros(event.t)},"s":"${scope}",` +
        `"name":${JSON.stringify(name)},"args":${args}}`,
    );
  }

  #slice({ tid }: Lane, { name, category, begin, end, args }: OpenSlice): void {
    const dur = micros(Math.round(end) - Math.round(begin));
    this.#line(
      `{"ph":"X","pid":${PID},"tid":${tid},"ts":${micros(begin)},"dur":${dur},` +
        `"cat":"${category}","name":${JSON.stringify(name)},"args":${args}}`,
    );
  }

  #nameLane({ tid, cpu, depth }: Lane): void {
    if (this.#named.has(tid)) return;
    this.#named.add(tid);
    const name = laneName(cpu, depth);
    const head = `"ph":"M","pid":${PID},"tid":${tid}`;
    this.#line(`{${head},"name":"thread_name","args":{"name":"${name}"}}`);
    const order = cpu * 1000 + depth;
    this.#line(`{${head},"name":"thread_sort_index","args":{"sort_index":${order}}}`);
  }

  readonly #vmallocBytes = (): string => {
    const { used, lazy } = this.#space.main;
    return `{"used":${used},"parked":${lazy}}`;
  };

  readonly #largestHole = (): string => `{"bytes":${this.#space.main.holes.largest}}`;

  readonly #wastedBytes = (): string =>
    `{${WASTED_KEYS.map((key) => `"${key}":${this.#wasted[key]}`).join(',')}}`;

  #countRequests(t: Nanos): void {
    this.#count('requests in flight', t, () => `{"requests":${this.#requests.size}}`);
  }

  #count(name: string, t: Nanos, values: () => string): void {
    this.#moved.set(name, values);
    this.#movedAt = t;
  }

  #flushCounters(): void {
    const head = `"ph":"C","pid":${PID},"ts":${micros(this.#movedAt)}`;
    for (const [name, values] of this.#moved) {
      this.#line(`{${head},"name":${JSON.stringify(name)},"args":${values()}}`);
    }
    this.#moved.clear();
  }

  #line(text: string): void {
    this.#pending += this.#separator + text;
    this.#separator = ',\n';
    if (this.#pending.length < CHUNK) return;
    this.#write(this.#pending);
    this.#pending = '';
  }
}

function laneName(cpu: CpuId, depth: number): string {
  return depth === 0 ? `CPU ${cpu}` : `CPU ${cpu} (${depth + 1})`;
}

/** Microseconds with the nanoseconds as a fraction. */
function micros(t: Nanos): string {
  const nanos = Math.round(t);
  const rest = nanos % 1000;
  const whole = String((nanos - rest) / 1000);
  return rest === 0 ? whole : `${whole}.${String(rest).padStart(3, '0').replace(/0+$/, '')}`;
}
