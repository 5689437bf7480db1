// SPDX-License-Identifier: MIT
import type { Nanos } from '../base/index.ts';
import type { Engine } from './engine.ts';
import type { Coroutine } from './task.ts';

/** So many times during one use it is looked at how many others use the resource, too. */
const LOOKS = 4;

/**
 * What many CPUs use in short steps, one step at a time: a cache line that all of them write (the
 * count of a read-write lock), a socket's memory, the lock of a zone.
 *
 * A user takes `own` time of its own between two steps of `shared` time. With n users a step comes
 * round no sooner than after n * shared, and no sooner than after own + shared (the asymptotic
 * bounds of a closed queue, Denning and Buzen 1978).
 * Model: of the two bounds the larger one, with n as it is at a quarter, half and three quarters of
 * the use; a user that waits for its CPU counts, but no more users than CPUs.
 */
export class SharedResource {
  readonly #engine: Engine;
  #users = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  get users(): number {
    return this.#users;
  }

  /** The current task goes through `times` steps, on its CPU. */
  *use(times: number, own: Nanos, shared: Nanos): Coroutine<void> {
    const engine = this.#engine;
    const alone = own + shared;
    if (engine.onlineCpus * shared <= alone) {
      yield engine.work(times * alone);
      return;
    }
    this.#users += 1;
    const looks = times < LOOKS * LOOKS ? 1 : LOOKS;
    for (let left = looks; left > 0; left -= 1) {
      const users = Math.min(this.#users, engine.onlineCpus);
      yield engine.work((times / looks) * Math.max(alone, users * shared));
    }
    this.#users -= 1;
  }
}
