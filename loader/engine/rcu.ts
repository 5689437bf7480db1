// SPDX-License-Identifier: MIT
import type { Nanos } from '../base/index.ts';
import { Completion } from './completion.ts';
import type { Engine } from './engine.ts';
import type { Coroutine } from './task.ts';

/**
 * Grace periods (kernel/rcu/tree.c, Linux 6.12): one at a time; whoever asks while one is under
 * way waits for the next, which all of them share.
 *
 * Model: a grace period lasts a fixed time, a machine constant, and as long again for each 256 CPUs:
 * so much later are CPUs first looked at, and looked at anew (RCU_JIFFIES_FQS_DIV).
 */
export class Rcu {
  readonly #engine: Engine;
  readonly #gracePeriod: Nanos;
  #running = false;
  #next: Completion | undefined;

  constructor(engine: Engine, gracePeriod: Nanos) {
    this.#engine = engine;
    this.#gracePeriod = gracePeriod * (1 + Math.floor(engine.cpus.length / 256));
  }

  /** synchronize_rcu() */
  *synchronize(): Coroutine<void> {
    // No time at all is how expedited grace periods look to a machine of one CPU.
    if (this.#gracePeriod === 0) return;
    this.#next ??= new Completion(this.#engine);
    const mine = this.#next;
    if (!this.#running) this.#start();
    yield* mine.wait();
  }

  #start(): void {
    const served = this.#next!;
    this.#next = undefined;
    this.#running = true;
    this.#engine.after(this.#gracePeriod, () => {
      this.#running = false;
      served.completeAll();
      if (this.#next) this.#start();
    });
  }
}
