import type { CpuId, Nanos } from '../units.ts';
import type { Timer } from './event-queue.ts';
import type { Task } from './task.ts';

/** First-in first-out list of tasks; both ends cost amortised constant time. */
class TaskList {
  #items: Task[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(task: Task): void {
    this.#items.push(task);
  }

  unshift(task: Task): void {
    if (this.#head === 0) {
      this.#items.unshift(task);
      return;
    }
    this.#head -= 1;
    this.#items[this.#head] = task;
  }

  peek(): Task | undefined {
    return this.#items[this.#head];
  }

  shift(): Task | undefined {
    const task = this.#items[this.#head];
    if (!task) return undefined;
    this.#head += 1;
    if (this.#head > 64 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return task;
  }
}

/** Tasks that wait for a CPU: those of SCHED_IDLE behind all others. */
export class RunQueue {
  readonly #normal = new TaskList();
  readonly #idle = new TaskList();

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

  constructor(id: CpuId) {
    this.id = id;
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
