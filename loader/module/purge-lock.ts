import { type Coroutine, type Engine, Mutex } from '../engine/index.ts';
import type { MachineCosts } from '../presets/costs.ts';
import type { Nanos } from '../units.ts';

/**
 * vmap_purge_lock: one purge at a time, whoever asks, since each flushes the TLB of every online
 * CPU (mm/vmalloc.c, Linux 6.12).
 * Model: the lists change at once, when the purge is asked for; the lock decides only how long
 * it takes.
 */
export class PurgeLock {
  readonly #engine: Engine;
  readonly #costs: MachineCosts;
  readonly #mutex: Mutex;

  constructor(engine: Engine, costs: MachineCosts) {
    this.#engine = engine;
    this.#costs = costs;
    this.#mutex = new Mutex(engine);
  }

  /** The time of one purge by the current task, with `more` of its own under the lock. */
  *spend(more: Nanos = 0): Coroutine<void> {
    const { purge_ns, purge_cpu_ns } = this.#costs;
    yield* this.#mutex.lock();
    yield* this.#engine.work(more + purge_ns + purge_cpu_ns * this.#engine.onlineCpus);
    this.#mutex.unlock();
  }
}
