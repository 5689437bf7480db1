// SPDX-License-Identifier: MIT
import {
  type Coroutine,
  type Engine,
  SpinningMutex,
  type SpinningMutexOptions,
} from '../engine/index.ts';
import type { MachineCosts } from '../presets/index.ts';

/** How mutexes behave on a machine. */
export function mutexOptions(costs: MachineCosts): SpinningMutexOptions {
  return {
    handover: costs.mutex_handover_ns,
    wakeup: costs.mutex_wakeup_ns,
    spinners: costs.mutex_spinners,
  };
}

/**
 * vmap_purge_lock: one purge at a time, whoever asks, since each flushes the TLB of every online
 * CPU (mm/vmalloc.c, Linux 6.12).
 * Model: the lists change at once, when the purge is asked for; the lock decides only how long
 * it takes. Whoever purges several times in a row keeps it meanwhile: the kernel's mutex is most
 * often taken again by the task that has just let go of it.
 */
export class PurgeLock {
  readonly #engine: Engine;
  readonly #costs: MachineCosts;
  readonly #mutex: SpinningMutex;

  constructor(engine: Engine, costs: MachineCosts) {
    this.#engine = engine;
    this.#costs = costs;
    this.#mutex = new SpinningMutex(engine, mutexOptions(costs));
  }

  /** The time of so many purges in a row by the current task. */
  *spend(purges = 1): Coroutine<void> {
    const { purge_ns, purge_cpu_ns } = this.#costs;
    if (purges === 0) return;
    yield* this.#mutex.lock();
    yield this.#engine.work(purges * (purge_ns + purge_cpu_ns * this.#engine.onlineCpus));
    this.#mutex.unlock();
  }
}
