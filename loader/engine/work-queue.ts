// SPDX-License-Identifier: MIT
import type { Nanos } from '../base/index.ts';
import type { Engine } from './engine.ts';
import type { Timer } from './event-queue.ts';
import type { Coroutine } from './task.ts';

/** A job for a kernel worker; queued at most once at a time (kernel/workqueue.c, Linux 6.12). */
export class Work {
  readonly #engine: Engine;
  readonly #comm: string;
  readonly #run: () => Coroutine<void>;
  readonly #background: boolean;
  readonly #preempts: boolean;
  #timer: Timer | undefined;
  #queued = false;

  constructor(
    engine: Engine,
    comm: string,
    run: () => Coroutine<void>,
    options: { readonly background?: boolean; readonly preempts?: boolean } = {},
  ) {
    this.#engine = engine;
    this.#comm = comm;
    this.#run = run;
    this.#background = options.background ?? false;
    this.#preempts = options.preempts ?? false;
  }

  get pending(): boolean {
    return this.#queued;
  }

  /**
   * queue_work() and queue_delayed_work(): false when it is pending already. Once the worker has
   * begun, the job may be queued anew.
   */
  queue(delay: Nanos = 0): boolean {
    if (this.#queued) return false;
    this.#queued = true;
    const start = (): void => {
      this.#timer = undefined;
      this.#engine.spawn({ comm: this.#comm, preempts: this.#preempts }, () => this.#body());
    };
    if (delay > 0) this.#timer = this.#engine.after(delay, start, this.#background);
    else start();
    return true;
  }

  /** cancel_delayed_work(): false when it is not waiting for its time. */
  cancel(): boolean {
    if (!this.#timer) return false;
    this.#engine.cancel(this.#timer);
    this.#timer = undefined;
    this.#queued = false;
    return true;
  }

  *#body(): Coroutine<void> {
    this.#queued = false;
    yield* this.#run();
  }
}
