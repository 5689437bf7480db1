// SPDX-License-Identifier: MIT
import type { Nanos } from '../base/index.ts';
import type { Engine } from './engine.ts';
import type { Timer } from './event-queue.ts';
import { type Coroutine, INTERRUPTED, type Task, type WaitMode } from './task.ts';

const TIMED_OUT: unique symbol = Symbol('timed out');

export type WaitResult = 'ready' | 'timeout' | 'interrupted';

interface Waiter {
  /** Ends the wait. */
  readonly timer: Timer | undefined;
  /** Asked by whoever wakes, when it changes nothing. */
  readonly condition: (() => boolean) | undefined;
}

/**
 * Tasks that sleep until a condition of theirs holds; each wake-up makes all look again
 * (include/linux/wait.h, Linux 6.12).
 */
export class WaitQueue {
  readonly #engine: Engine;
  /** Longest waiter first. */
  #waiters = new Map<Task, Waiter>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  get waiters(): number {
    return this.#waiters.size;
  }

  /**
   * wait_event_interruptible_timeout() and its relatives. `pure`: the condition may be asked at any
   * time, since a condition that holds stays as it is.
   */
  *waitEvent(
    condition: () => boolean,
    mode: WaitMode = 'uninterruptible',
    timeout?: Nanos,
    pure = false,
  ): Coroutine<WaitResult> {
    if (condition()) return 'ready';
    const engine = this.#engine;
    const task = engine.current!;
    const deadline = timeout === undefined ? undefined : engine.now + timeout;
    for (;;) {
      let timer: Timer | undefined;
      if (deadline !== undefined) {
        timer = engine.after(Math.max(0, deadline - engine.now), () => {
          this.#waiters.delete(task);
          engine.wake(task, TIMED_OUT);
        });
      }
      this.#waiters.set(task, { timer, condition: pure ? condition : undefined });
      const woken = yield engine.block(mode, () => {
        this.#waiters.delete(task);
        if (timer) engine.cancel(timer);
      });
      if (woken === INTERRUPTED) return condition() ? 'ready' : 'interrupted';
      if (woken === TIMED_OUT) return condition() ? 'ready' : 'timeout';
      if (condition()) return 'ready';
    }
  }

  /**
   * wake_up_all(): the last comer first, since wait_event() puts its entry at the head
   * (kernel/sched/wait.c, Linux 6.12).
   * Model: on a machine of several CPUs those who would look in vain look at once, where that
   * changes nothing, and sleep on without having run.
   */
  wakeAll(): void {
    const woken = [...this.#waiters].reverse();
    const looksAtOnce = this.#engine.cpus.length > 1;
    this.#waiters = new Map();
    for (const [task, waiter] of woken) {
      if (looksAtOnce && waiter.condition?.() === false) this.#waiters.set(task, waiter);
      else this.#wake(task, waiter.timer);
    }
  }

  /** The timer goes at once: the task may have to wait for its CPU. */
  #wake(task: Task, timer: Timer | undefined): void {
    if (timer) this.#engine.cancel(timer);
    this.#engine.wake(task);
  }
}
