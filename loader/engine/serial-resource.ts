import type { Nanos } from '../base/index.ts';
import type { Engine } from './engine.ts';

/**
 * What one CPU uses at a time, first come first served, while those behind it spin: a queued spin
 * lock (kernel/locking/qspinlock.c, Linux 6.12), or a run of steps that one CPU takes for many.
 *
 * Model: the queue is one number, the time at which the last comer is done. A waiter keeps its CPU.
 */
export class SerialResource {
  readonly #engine: Engine;
  readonly #handover: Nanos;
  #freeAt: Nanos = 0;

  /** `handover`: how long the next in the queue takes to notice, when there is a queue. */
  constructor(engine: Engine, handover: Nanos = 0) {
    this.#engine = engine;
    this.#handover = handover;
  }

  /** How long a newcomer would wait. */
  get backlog(): Nanos {
    return Math.max(0, this.#freeAt - this.#engine.now);
  }

  /** To be yielded: the current task waits its turn, holds the resource for `ns`, then works `after`. */
  hold(ns: Nanos, after: Nanos = 0): void {
    this.#engine.work(this.reserve(ns) + after);
  }

  /** Takes a turn of `ns` for somebody who does not wait. From now to the end of that turn. */
  reserve(ns: Nanos): Nanos {
    const { now } = this.#engine;
    const start = this.#freeAt > now ? this.#freeAt + this.#handover : now;
    this.#freeAt = start + ns;
    return this.#freeAt - now;
  }
}
