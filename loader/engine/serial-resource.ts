// SPDX-License-Identifier: MIT
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

  /**
   * Takes the next turn, of `ns`. Returns the time from now to its end: what the current task works
   * when the turn is its own, and nobody's when it is taken for one who does not wait.
   */
  reserve(ns: Nanos): Nanos {
    const { now } = this.#engine;
    const start = this.#freeAt > now ? this.#freeAt + this.#handover : now;
    this.#freeAt = start + ns;
    return this.#freeAt - now;
  }
}
