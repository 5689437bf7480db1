// SPDX-License-Identifier: MIT
import type { Engine } from './engine.ts';
import { type Coroutine, INTERRUPTED, type Task, type WaitMode } from './task.ts';

/**
 * A sleeping lock with a FIFO queue (kernel/locking/mutex.c, Linux 6.12).
 * Model: no spinning and no stealing; the lock passes to the longest waiter.
 */
export class Mutex {
  readonly #engine: Engine;
  #owner: Task | undefined;
  readonly #waiters = new Set<Task>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  get locked(): boolean {
    return this.#owner !== undefined;
  }

  /** False when a signal ended the wait; the lock is then not held. */
  *lock(mode: WaitMode = 'uninterruptible'): Coroutine<boolean> {
    const task = this.#engine.current!;
    if (this.#owner === task) throw new Error(`${task.label} locks a mutex it holds`);
    if (!this.#owner) {
      this.#owner = task;
      return true;
    }
    this.#waiters.add(task);
    const woken = yield this.#engine.block(mode, () => this.#waiters.delete(task));
    return woken !== INTERRUPTED;
  }

  unlock(): void {
    if (this.#owner !== this.#engine.current) throw new Error('unlock by a task that is not owner');
    const [next] = this.#waiters;
    this.#owner = next;
    if (!next) return;
    this.#waiters.delete(next);
    this.#engine.wake(next);
  }
}
