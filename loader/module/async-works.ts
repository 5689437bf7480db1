// SPDX-License-Identifier: MIT
import { type Coroutine, type Engine, type Task, WaitQueue } from '../engine/index.ts';

/** Jobs in async workers, and who waits for all of them (kernel/async.c, Linux 6.12). */
export class AsyncWorks {
  readonly #engine: Engine;
  readonly #running = new Set<Task>();
  readonly #done: WaitQueue;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#done = new WaitQueue(engine);
  }

  /** async_schedule() */
  schedule(body: () => Coroutine<void>): void {
    const works = this;
    const task = this.#engine.spawn({ comm: 'kworker/u1:2' }, function* () {
      yield* body();
      works.#running.delete(task);
      works.#done.wakeAll();
    });
    this.#running.add(task);
  }

  /** async_synchronize_full(): waits until no job is left, whoever scheduled it. */
  *synchronizeFull(): Coroutine<void> {
    if (this.#running.size === 0) return;
    const task = this.#engine.current!;
    const what = 'all asynchronous probes, async_synchronize_full()';
    task.reason = { what, on: () => [...this.#running] };
    yield* this.#done.waitEvent(() => this.#running.size === 0);
    task.reason = undefined;
  }
}
