// SPDX-License-Identifier: MIT
import { type Coroutine, type Engine, type Rcu, Work } from '../engine/index.ts';
import type { MachineCosts } from '../presets/index.ts';
import type { VmallocSpace } from '../vmalloc/index.ts';
import type { ModuleMemory } from './module.ts';
import type { PurgeLock } from './purge-lock.ts';

/**
 * Frees init memory behind the loader's back: a worker takes all that is queued, waits for one
 * grace period, and frees it (do_free_init, kernel/module/main.c, Linux 6.12).
 */
export class InitFreeWork {
  readonly #rcu: Rcu;
  readonly #space: VmallocSpace;
  readonly #purges: PurgeLock;
  readonly #costs: MachineCosts;
  readonly #work: Work;
  #list: (readonly ModuleMemory[])[] = [];

  constructor(
    engine: Engine,
    rcu: Rcu,
    space: VmallocSpace,
    purges: PurgeLock,
    costs: MachineCosts,
  ) {
    this.#purges = purges;
    this.#rcu = rcu;
    this.#space = space;
    this.#costs = costs;
    this.#work = new Work(engine, 'kworker/0:1', () => this.#run(), { preempts: true });
  }

  /** Init areas of one module, in the order TEXT, DATA, RODATA. */
  queue(memory: readonly ModuleMemory[]): void {
    this.#list.push(memory);
    if (this.#list.length === 1) this.#work.queue(this.#costs.worker_ns);
  }

  *#run(): Coroutine<void> {
    // llist_del_all(): the latest comer stands first.
    const list = this.#list.reverse();
    this.#list = [];
    yield* this.#rcu.synchronize();
    for (const memory of list) {
      for (const area of memory) {
        this.#space.execmemFree(area.base);
        yield* this.#purges.spend();
      }
    }
  }
}
