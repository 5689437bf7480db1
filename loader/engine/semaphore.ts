// SPDX-License-Identifier: MIT
import type { Nanos } from '../base/index.ts';
import type { Engine } from './engine.ts';
import type { Timer } from './event-queue.ts';
import { type Coroutine, INTERRUPTED, type Task, type WaitMode } from './task.ts';

const TIMED_OUT: unique symbol = Symbol('timed out');

export type DownResult = 'acquired' | 'timeout' | 'interrupted';

/** A counting semaphore with a FIFO queue (kernel/locking/semaphore.c, Linux 6.12). */
export class Semaphore {
  readonly #engine: Engine;
  readonly slots: number;
  #count: number;
  /** Longest waiter first, with the timer that would end its wait. */
  readonly #waiters = new Map<Task, Timer | undefined>();

  constructor(engine: Engine, slots: number) {
    this.#engine = engine;
    this.slots = slots;
    this.#count = slots;
  }

  /** Slots free. */
  get count(): number {
    return this.#count;
  }

  get inUse(): number {
    return this.slots - this.#count;
  }

  get waiters(): number {
    return this.#waiters.size;
  }

  /** down_timeout() and its killable relatives; without a timeout waits for ever. */
  *down(timeout?: Nanos, mode: WaitMode = 'uninterruptible'): Coroutine<DownResult> {
    if (this.#count > 0) {
      this.#count -= 1;
      return 'acquired';
    }
    const engine = this.#engine;
    const task = engine.current!;
    const timer =
      timeout === undefined
        ? undefined
        : engine.after(timeout, () => {
            this.#waiters.delete(task);
            engine.wake(task, TIMED_OUT);
          });
    this.#waiters.set(task, timer);
    const woken = yield engine.block(mode, () => {
      this.#waiters.delete(task);
      if (timer) engine.cancel(timer);
    });
    if (woken === TIMED_OUT) return 'timeout';
    if (woken === INTERRUPTED) return 'interrupted';
    return 'acquired';
  }

  /** up(): hands the slot to the longest waiter, or frees it. */
  up(): void {
    const [first] = this.#waiters;
    if (!first) {
      this.#count += 1;
      return;
    }
    const [task, timer] = first;
    this.#waiters.delete(task);
    if (timer) this.#engine.cancel(timer);
    this.#engine.wake(task, 'slot');
  }
}
