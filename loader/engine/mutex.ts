import type { Nanos } from '../base/index.ts';
import type { Engine } from './engine.ts';
import { type Coroutine, INTERRUPTED, type Task, type WaitMode } from './task.ts';

/**
 * A sleeping lock with a FIFO queue (kernel/locking/mutex.c, Linux 6.12).
 * Model: no spinning and no stealing; the lock passes to the longest waiter, which needs `handover`
 * to notice.
 */
export class Mutex {
  readonly #engine: Engine;
  readonly #handover: Nanos;
  #owner: Task | undefined;
  readonly #waiters = new Set<Task>();

  constructor(engine: Engine, handover: Nanos = 0) {
    this.#engine = engine;
    this.#handover = handover;
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
    if (woken === INTERRUPTED) return false;
    if (this.#handover > 0) yield this.#engine.work(this.#handover);
    return true;
  }

  /**
   * Takes the lock and works `ns` under it, `passes` times in a row without others in between; it is
   * then held.
   */
  *lockFor(ns: Nanos, passes: number): Coroutine<void> {
    const task = this.#engine.current!;
    if (this.#owner === task) throw new Error(`${task.label} locks a mutex it holds`);
    let handover = 0;
    if (this.#owner) {
      this.#waiters.add(task);
      yield this.#engine.block('uninterruptible');
      handover = this.#handover;
    }
    this.#owner = task;
    yield this.#engine.work(passes * (handover + ns));
  }

  tryLock(): boolean {
    if (this.#owner) return false;
    this.#owner = this.#engine.current;
    return true;
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
