// SPDX-License-Identifier: MIT
import { ERRNO } from '../base/index.ts';
import {
  Completion,
  type Coroutine,
  type Engine,
  type Task,
  type WaitMode,
} from '../engine/index.ts';
import type { Tracer } from '../events/index.ts';

interface Load {
  readonly winner: Task;
  readonly losers: Waiter[];
}

interface Waiter {
  ret: number;
  readonly complete: Completion;
}

/**
 * One load per inode: whoever comes while a load of the same inode is under way waits for it and
 * takes its result (idempotent_init_module and friends, kernel/module/main.c, Linux 6.12).
 */
export class IdempotentTable {
  readonly #engine: Engine;
  readonly #tracer: Tracer;
  readonly #mode: WaitMode;
  readonly #loads = new Map<number, Load>();

  constructor(engine: Engine, tracer: Tracer, mode: WaitMode) {
    this.#engine = engine;
    this.#tracer = tracer;
    this.#mode = mode;
  }

  /** Loads under way. */
  get size(): number {
    return this.#loads.size;
  }

  /** Runs `load` as the winner, or waits for the winner and returns its value. */
  enter(ino: number, load: () => Coroutine<number>): Coroutine<number> {
    const running = this.#loads.get(ino);
    return running ? this.#join(ino, running) : this.#win(ino, load);
  }

  *#win(ino: number, load: () => Coroutine<number>): Coroutine<number> {
    const losers: Waiter[] = [];
    this.#loads.set(ino, { winner: this.#engine.current!, losers });
    this.#tracer.emit({ kind: 'idempotent', ino, role: 'winner', ret: 0 });
    const ret = yield* load();
    this.#loads.delete(ino);
    this.#tracer.emit({ kind: 'idempotent', ino, role: 'complete', ret });
    // idempotent_complete() walks its bucket from the head, where the latest comer stands.
    for (let i = losers.length - 1; i >= 0; i -= 1) {
      const loser = losers[i]!;
      loser.ret = ret;
      loser.complete.complete();
    }
    return ret;
  }

  *#join(ino: number, { winner, losers: waiters }: Load): Coroutine<number> {
    const me: Waiter = { ret: -ERRNO.EINTR, complete: new Completion(this.#engine) };
    waiters.push(me);
    this.#tracer.emit({ kind: 'idempotent', ino, role: 'join', ret: 0 });
    const task = this.#engine.current!;
    const what = 'the load of the same file under way, at the gate of finit_module()';
    task.reason = { what, on: () => [winner] };
    const completed = yield* me.complete.wait(this.#mode);
    task.reason = undefined;
    if (!completed) {
      waiters.splice(waiters.indexOf(me), 1);
      this.#tracer.emit({ kind: 'idempotent', ino, role: 'interrupted', ret: me.ret });
    }
    return me.ret;
  }
}
