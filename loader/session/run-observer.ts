// SPDX-License-Identifier: MIT
import { errnoName } from '../base/index.ts';
import type { Task } from '../engine/index.ts';
import type { EventBody, LoadStage } from '../events/index.ts';
import type { SimKernel } from '../kernel.ts';
import { FirstFailure, type RequestNow } from './first-failure.ts';
import type { AllocationFailure, CallResult, CallTally, PeakUse } from './result.ts';
import type { RequestRecord, SessionObserver } from './session.ts';
import { type StuckTask, stuckTasks } from './stuck.ts';

const NO_LINES: readonly string[] = [];

/** Results a storm keeps: the first ones; later ones count only in the tallies. */
const MAX_RESULTS = 100_000;

interface OpenRequest extends RequestNow {
  stage: LoadStage;
}

/** Watches a run: keeps its results (but none of uevents, which nobody waits for), its call tallies, its peak and its first failure. */
export class RunObserver implements SessionObserver {
  readonly results: CallResult[] = [];
  /** Results there would be, had all been kept. */
  resultsTotal = 0;
  readonly calls: Record<string, CallTally> = {};
  peak: PeakUse = { t: 0, used: 0, lazy: 0, largest_free: 0, request: 0 };
  readonly failures: FirstFailure;
  events = 0;
  /** Sum of the error numbers that a counter bug adds to the bytes of failed reads; not positive. */
  readErrors = 0;
  /** When the last call was answered. */
  settled = 0;
  readonly #kernel: SimKernel;
  readonly #stepped: boolean;
  #session: { readonly unanswered: readonly Task[] } | undefined;
  readonly #lines = new Map<number, string[]>();
  readonly #open = new Map<number, OpenRequest>();

  /** `stepped`: every second operation of context 0 is a step of the scenario. */
  constructor(kernel: SimKernel, stepped: boolean) {
    this.#kernel = kernel;
    this.#stepped = stepped;
    this.failures = new FirstFailure(kernel, (request) => this.#open.get(request));
    kernel.onLog((line, request) => {
      if (!this.#open.has(request)) return;
      const lines = this.#lines.get(request);
      if (lines) lines.push(line.text);
      else this.#lines.set(request, [line.text]);
    });
    kernel.events.watch((event) => this.#observe(event));
    this.#notePeak(0, 0);
  }

  onStart(session: { readonly unanswered: readonly Task[] }): void {
    this.#session = session;
  }

  /** Tasks that wait for ever, once a run has come to its end. */
  get stuck(): readonly StuckTask[] {
    return stuckTasks(this.#session?.unanswered ?? [], (request) => {
      const open = this.#open.get(request);
      return open === undefined ? '' : `${open.op} ${open.subject}`.trimEnd();
    });
  }

  get firstFailure(): AllocationFailure | null {
    return this.failures.first;
  }

  onRecord(record: RequestRecord): void {
    const { operation, call, member } = record;
    const { request } = call;
    const log = this.#lines.get(request) ?? NO_LINES;
    this.#lines.delete(request);
    if (operation.op === 'uevent') return;
    this.resultsTotal += 1;
    if (!this.#stepped && this.resultsTotal > MAX_RESULTS) return;
    const answer: CallResult = {
      request,
      op: call.op,
      subject: call.subject,
      cpu: record.cpu,
      start_ns: record.start,
      end_ns: record.end,
      ret: record.ret,
      stage: call.stage,
      allocated_bytes: call.allocated,
      log,
    };
    const plain = !this.#stepped && member === undefined && call.text === undefined && !call.output;
    this.results.push(plain ? answer : this.#withMore(record, answer));
  }

  /** What few results have: apart, since an object made of parts takes its time. */
  #withMore(record: RequestRecord, answer: CallResult): CallResult {
    const { member } = record;
    const { text, output } = record.call;
    return {
      ...(this.#stepped ? { step: Math.floor(record.sequence / 2) } : {}),
      ...(member === undefined ? {} : { member }),
      ...answer,
      ...(text === undefined ? {} : { text }),
      ...(output === undefined ? {} : { output }),
    };
  }

  #observe(event: EventBody): void {
    this.events += 1;
    this.failures.push(event);
    switch (event.kind) {
      case 'request_begin':
        this.#open.set(event.request, {
          op: event.op,
          subject: event.subject,
          stage: 'request',
        });
        break;
      case 'stage_begin': {
        const open = this.#open.get(event.request);
        if (open) open.stage = event.stage;
        break;
      }
      case 'outcome':
        if (event.op !== 'read') this.settled = this.#kernel.engine.now;
        if (event.wasted.kread < 0) this.readErrors += event.wasted.kread;
        this.#open.delete(event.request);
        this.#tally(event.op, event.ret);
        break;
      case 'vm_area':
        this.#notePeak(this.#kernel.engine.now, event.request);
        break;
    }
  }

  #tally(op: string, ret: number): void {
    let tally = this.calls[op];
    if (!tally) {
      tally = { total: 0, ok: 0, errors: {} };
      this.calls[op] = tally;
    }
    tally.total += 1;
    if (ret === 0 || (ret > 0 && (op === 'read' || op === 'write'))) {
      tally.ok += 1;
      return;
    }
    const name = ret < 0 ? errnoName(ret) : String(ret);
    tally.errors[name] = (tally.errors[name] ?? 0) + 1;
  }

  #notePeak(t: number, request: number): void {
    const { space } = this.#kernel;
    const used = space.usedBytes();
    if (used < this.peak.used || (t > 0 && used === this.peak.used)) return;
    this.peak = {
      t,
      used,
      lazy: space.lazyBytes(),
      largest_free: space.largestFree(),
      request,
    };
  }
}
