// SPDX-License-Identifier: MIT
import type { Engine } from './engine.ts';
import { type Coroutine, INTERRUPTED, type Task, type WaitMode } from './task.ts';

/** A one-time event that any number of tasks wait for (kernel/sched/completion.c, Linux 6.12). */
export class Completion {
  readonly #engine: Engine;
  #done = 0;
  /** Longest waiter first. Most have one, and a set takes longer to make. */
  readonly #waiters: Task[] = [];

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** completion_done(): a waiter would not block. */
  get done(): boolean {
    return this.#done > 0;
  }

  get waiters(): number {
    return this.#waiters.length;
  }

  /** complete(): lets one waiter through, now or later. */
  complete(): void {
    if (this.#done !== Number.POSITIVE_INFINITY) this.#done += 1;
    const first = this.#waiters.shift();
    if (first) {
      this.#done -= 1;
      this.#engine.wake(first);
    }
  }

  /** complete_all(): lets everybody through, for good. */
  completeAll(): void {
    this.#done = Number.POSITIVE_INFINITY;
    for (const task of this.#waiters) this.#engine.wake(task);
    this.#waiters.length = 0;
  }

  /** wait_for_completion_state(): false when a signal ended the wait. */
  *wait(mode: WaitMode = 'uninterruptible'): Coroutine<boolean> {
    if (this.#done > 0) {
      this.#done -= 1;
      return true;
    }
    const task = this.#engine.current!;
    this.#waiters.push(task);
    const woken = yield this.#engine.block(mode, () => {
      this.#waiters.splice(this.#waiters.indexOf(task), 1);
    });
    return woken !== INTERRUPTED;
  }
}
