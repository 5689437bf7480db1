// SPDX-License-Identifier: MIT
/** The requests of a run as their events tell them: what each was, where it is, how it ended. */
import { Column, type CpuId, type Nanos, StringTable } from '../base/index.ts';
import type { LoadStage, TraceEvent } from './event.ts';
import { LOAD_STAGES } from './event-fields.ts';

export interface RequestFacts {
  readonly request: number;
  /** `finit_module`, `modprobe` and so on. */
  readonly op: string;
  /** The path or name it was given. */
  readonly subject: string;
  /** '' while the module's name is not known. */
  readonly module: string;
  /** The stage it is in, or the last one. */
  readonly stage: LoadStage;
  readonly cpu: CpuId;
  readonly begin: Nanos;
  /** Null while it runs, as `ret`. */
  readonly end: Nanos | null;
  readonly ret: number | null;
}

const REQUEST = LOAD_STAGES.indexOf('request');

export class RequestLog {
  readonly #rows = new Map<number, number>();
  readonly #strings = new StringTable();
  readonly #number = Column.float64();
  readonly #op = Column.uint32();
  readonly #subject = Column.uint32();
  readonly #module = Column.uint32();
  readonly #stage = Column.uint8();
  readonly #cpu = Column.uint16();
  readonly #begin = Column.float64();
  readonly #end = Column.float64();
  readonly #ret = Column.float64();
  /** The request around this one in the same task, 0 when there is none. */
  readonly #outer = Column.float64();
  readonly #byTask = new Map<string, number>();
  #running = 0;

  /** Requests seen, by order of their beginning. */
  get count(): number {
    return this.#rows.size;
  }

  /** Requests that have begun and not ended. */
  get running(): number {
    return this.#running;
  }

  push(event: TraceEvent): void {
    switch (event.kind) {
      case 'request_begin': {
        const row = this.#rows.size;
        if (this.#rows.has(event.request)) return;
        this.#rows.set(event.request, row);
        this.#number.set(row, event.request);
        this.#op.set(row, this.#strings.id(event.op));
        this.#subject.set(row, this.#strings.id(event.subject));
        this.#module.set(row, this.#strings.id(''));
        this.#stage.set(row, REQUEST);
        this.#cpu.set(row, event.cpu);
        this.#begin.set(row, event.t);
        this.#end.set(row, Number.NaN);
        this.#outer.set(row, this.#byTask.get(event.task) ?? 0);
        this.#byTask.set(event.task, event.request);
        this.#running += 1;
        return;
      }
      case 'stage_begin': {
        const row = this.#rows.get(event.request);
        if (row !== undefined) this.#stage.set(row, LOAD_STAGES.indexOf(event.stage));
        return;
      }
      case 'outcome': {
        const row = this.#rows.get(event.request);
        if (row === undefined || !Number.isNaN(this.#end.get(row))) return;
        this.#module.set(row, this.#strings.id(event.module));
        this.#stage.set(row, LOAD_STAGES.indexOf(event.stage));
        this.#end.set(row, event.t);
        this.#ret.set(row, event.ret);
        const outer = this.#outer.get(row);
        if (outer === 0) this.#byTask.delete(event.task);
        else this.#byTask.set(event.task, outer);
        this.#running -= 1;
        return;
      }
    }
  }

  /** The request a task is busy with; 0 for none. */
  currentOf(task: string): number {
    return this.#byTask.get(task) ?? 0;
  }

  /** The stage a request is in now, or ended in. */
  stageOf(request: number): LoadStage | null {
    const row = this.#rows.get(request);
    return row === undefined ? null : LOAD_STAGES[this.#stage.get(row)]!;
  }

  get(request: number): RequestFacts | undefined {
    const row = this.#rows.get(request);
    return row === undefined ? undefined : this.at(row);
  }

  /** Which place a request has in the order of beginning, from 0; -1 for one never seen. */
  indexOf(request: number): number {
    return this.#rows.get(request) ?? -1;
  }

  /** When the `index`th request began. */
  beginOf(index: number): Nanos {
    return this.#begin.get(index);
  }

  /** When the `index`th request ended; NaN while it runs. */
  endOf(index: number): Nanos {
    return this.#end.get(index);
  }

  /** The `index`th request that began, from 0. */
  at(index: number): RequestFacts {
    const end = this.#end.get(index);
    const ended = !Number.isNaN(end);
    return {
      request: this.#number.get(index),
      op: this.#strings.get(this.#op.get(index)),
      subject: this.#strings.get(this.#subject.get(index)),
      module: this.#strings.get(this.#module.get(index)),
      stage: LOAD_STAGES[this.#stage.get(index)]!,
      cpu: this.#cpu.get(index),
      begin: this.#begin.get(index),
      end: ended ? end : null,
      ret: ended ? this.#ret.get(index) : null,
    };
  }
}
