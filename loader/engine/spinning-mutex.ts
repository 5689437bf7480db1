// SPDX-License-Identifier: MIT
import type { Nanos } from '../base/index.ts';
import type { Engine } from './engine.ts';
import { type Coroutine, INTERRUPTED, type Task, type WaitMode } from './task.ts';

export interface SpinningMutexOptions {
  /** A spinner sees that the lock is free, and takes it. */
  readonly handover: Nanos;
  /** A sleeper is woken, runs, and looks whether the lock is free. */
  readonly wakeup: Nanos;
  /**
   * How many spin in order behind the owner; who comes then sleeps. Where the CPU of a spinner may
   * be taken away, as in a guest, those behind it give up and sleep (osq_lock()).
   */
  readonly spinners: number;
}

/**
 * A mutex that many CPUs want at once (kernel/locking/mutex.c, Linux 6.12): newcomers spin, one
 * after the other in the order they came, and go before those who sleep. The first sleeper is
 * woken when the lock is free and nobody spins; when it comes too late once, the lock is passed to
 * it the next time (MUTEX_FLAG_HANDOFF).
 * Model: who spins keeps no CPU; nobody stops to spin because its time slice is over.
 */
export class SpinningMutex {
  readonly #engine: Engine;
  readonly #options: SpinningMutexOptions;
  #owner: Task | undefined;
  /** In the order they came. */
  readonly #spinning = new Set<Task>();
  /** Longest sleeper first. */
  readonly #sleeping = new Set<Task>();
  /** The first sleeper while it is on its way to look. */
  #waking: Task | undefined;
  /** The sleeper that has come too late. */
  #promised: Task | undefined;

  constructor(engine: Engine, options: SpinningMutexOptions) {
    this.#engine = engine;
    this.#options = options;
  }

  get locked(): boolean {
    return this.#owner !== undefined;
  }

  /** mutex_lock() and mutex_lock_interruptible(): false when a signal ended the wait. */
  *lock(mode: WaitMode = 'uninterruptible'): Coroutine<boolean> {
    const task = this.#engine.current!;
    if (this.#owner === task) throw new Error(`${task.label} locks a mutex it holds`);
    if (!this.#owner) {
      this.#owner = task;
      return true;
    }
    const { handover, spinners } = this.#options;
    if (this.#spinning.size < spinners) {
      this.#spinning.add(task);
      const woken = yield this.#engine.block(mode, () => this.#spinning.delete(task));
      if (woken === INTERRUPTED) return false;
      if (handover > 0) yield this.#engine.work(handover);
      return true;
    }
    return yield* this.#sleep(task, mode);
  }

  /** Until the lock is passed to the sleeper, or free when it looks. */
  *#sleep(task: Task, mode: WaitMode): Coroutine<boolean> {
    const { wakeup } = this.#options;
    this.#sleeping.add(task);
    for (;;) {
      const woken = yield this.#engine.block(mode, () => this.#giveUp(task));
      if (woken === INTERRUPTED) return false;
      if (wakeup > 0) yield this.#engine.work(wakeup);
      if (this.#owner === task) return true;
      this.#waking = undefined;
      if (!this.#owner) {
        this.#sleeping.delete(task);
        this.#owner = task;
        return true;
      }
      this.#promised = task;
    }
  }

  #giveUp(task: Task): void {
    this.#sleeping.delete(task);
    if (this.#promised === task) this.#promised = undefined;
  }

  /**
   * Takes the lock and works `ns` under it, `times` in a row; it is then held.
   * Model: nobody comes in between.
   */
  *lockFor(ns: Nanos, times: number): Coroutine<void> {
    const contended = this.locked;
    yield* this.lock();
    const handovers = contended ? (times - 1) * this.#options.handover : 0;
    yield this.#engine.work(times * ns + handovers);
  }

  unlock(): void {
    if (this.#owner !== this.#engine.current) throw new Error('unlock by a task that is not owner');
    const [spinner] = this.#spinning;
    const next = this.#promised ?? spinner;
    this.#owner = next;
    if (next) {
      if (next === this.#promised) this.#giveUp(next);
      else this.#spinning.delete(next);
      this.#engine.wake(next);
      return;
    }
    const [first] = this.#sleeping;
    if (!first || this.#waking) return;
    this.#waking = first;
    this.#engine.wake(first);
  }
}
