// SPDX-License-Identifier: MIT
import type { CpuId, Nanos } from '../base/index.ts';
import type { Timer } from './event-queue.ts';
import { Fifo } from './fifo.ts';
import type { Task } from './task.ts';

/** Tasks that wait for a CPU: those of SCHED_IDLE behind all others. */
export class RunQueue {
  readonly #normal = new Fifo<Task>();
  readonly #idle = new Fifo<Task>();

  get length(): number {
    return this.#normal.length + this.#idle.length;
  }

  /** Tasks that go before one of SCHED_IDLE. */
  get normal(): number {
    return this.#normal.length;
  }

  push(task: Task): void {
    (task.policy === 'idle' ? this.#idle : this.#normal).push(task);
  }

  /** Puts a task of SCHED_IDLE before the others of its kind. */
  unshift(task: Task): void {
    this.#idle.unshift(task);
  }

  peek(): Task | undefined {
    return this.#normal.peek() ?? this.#idle.peek();
  }

  shift(): Task | undefined {
    return this.#normal.shift() ?? this.#idle.shift();
  }
}

/** One simulated CPU: the task on it and those pinned to it that wait. */
export class Cpu {
  readonly id: CpuId;
  online = true;
  running: Task | undefined;
  readonly queue = new RunQueue();
  /** When the running task's present slice began, and the timer that ends it. */
  sliceStart: Nanos = 0;
  sliceTimer: Timer | undefined;
  /** A task has come that goes before the running one; it does at the next chance. */
  preempt = false;
  /** CPU time handed out, for utilisation figures. */
  busy: Nanos = 0;
  /** What its timers call: to pick a task, and at the end of a slice. */
  readonly dispatch: () => void;
  readonly endSlice: () => void;

  constructor(id: CpuId, dispatch: (cpu: Cpu) => void, endSlice: (cpu: Cpu) => void) {
    this.id = id;
    this.dispatch = () => dispatch(this);
    this.endSlice = () => endSlice(this);
  }
}

/** The CPUs with nothing to do, lowest number first, as a bitmap of 32-bit words. */
export class IdleSet {
  readonly #words: Int32Array;

  constructor(size: number) {
    this.#words = new Int32Array(Math.ceil(size / 32));
  }

  add(id: CpuId): void {
    this.#words[id >> 5]! |= 1 << (id & 31);
  }

  delete(id: CpuId): void {
    this.#words[id >> 5]! &= ~(1 << (id & 31));
  }

  has(id: CpuId): boolean {
    return (this.#words[id >> 5]! & (1 << (id & 31))) !== 0;
  }

  first(): CpuId | undefined {
    for (let w = 0; w < this.#words.length; w += 1) {
      const word = this.#words[w]!;
      if (word !== 0) return (w << 5) + (31 - Math.clz32(word & -word));
    }
    return undefined;
  }
}
