import { Completion, type Coroutine, type Engine, type WaitMode } from '../engine/index.ts';
import { ERRNO } from '../errno.ts';
import type { Tracer } from '../trace/event.ts';

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
  readonly #loads = new Map<number, Set<Waiter>>();

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
  *enter(ino: number, load: () => Coroutine<number>): Coroutine<number> {
    const waiters = this.#loads.get(ino);
    if (waiters) return yield* this.#join(ino, waiters);
    this.#loads.set(ino, new Set());
    this.#tracer.emit({ kind: 'idempotent', ino, role: 'winner', ret: 0 });
    const ret = yield* load();
    const losers = this.#loads.get(ino)!;
    this.#loads.delete(ino);
    this.#tracer.emit({ kind: 'idempotent', ino, role: 'complete', ret });
    // idempotent_complete() walks its bucket from the head, where the latest comer stands.
    for (const loser of [...losers].reverse()) {
      loser.ret = ret;
      loser.complete.complete();
    }
    return ret;
  }

  *#join(ino: number, waiters: Set<Waiter>): Coroutine<number> {
    const me: Waiter = { ret: -ERRNO.EINTR, complete: new Completion(this.#engine) };
    waiters.add(me);
    this.#tracer.emit({ kind: 'idempotent', ino, role: 'join', ret: 0 });
    const completed = yield* me.complete.wait(this.#mode);
    if (!completed) {
      waiters.delete(me);
      this.#tracer.emit({ kind: 'idempotent', ino, role: 'interrupted', ret: me.ret });
    }
    return me.ret;
  }
}
