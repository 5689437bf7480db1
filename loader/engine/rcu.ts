import type { Nanos } from '../base/index.ts';
import { Completion } from './completion.ts';
import type { Engine } from './engine.ts';
import type { Coroutine } from './task.ts';

/**
 * Grace periods (kernel/rcu/tree.c, Linux 6.12): one at a time; whoever asks while one is under
 * way waits for the next, which all of them share.
 *
 * Model: a grace period lasts a fixed time, a machine constant.
 */
export class Rcu {
  readonly #engine: Engine;
  readonly #gracePeriod: Nanos;
  #running = false;
  #next: Completion | undefined;

  constructor(engine: Engine, gracePeriod: Nanos) {
    this.#engine = engine;
    this.#gracePeriod = gracePeriod;
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
