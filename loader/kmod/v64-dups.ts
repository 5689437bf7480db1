// SPDX-License-Identifier: MIT
import { ERRNO } from '../base/index.ts';
import { Completion, type Coroutine, Mutex, type Rcu, type Task, Work } from '../engine/index.ts';
import {
  DUP_RETENTION_NS,
  type DupContext,
  type DupRequests,
  reportDuplicate,
  traceDup,
  waitForAnchor,
} from './dup-requests.ts';

interface DupReq {
  readonly done: Completion;
  /** The task whose request the others wait for. */
  readonly anchor: Task;
  readonly completeWork: Work;
  ret: number;
}

/**
 * Duplicates as they were in v6.4 (kernel/module/dups.c): every announcement overwrites the answer
 * and queues the completion, so that an anchor returns before its waiters; an entry is deleted
 * under the mutex, which is held for a whole grace period.
 * Model: a waiter keeps its entry alive; the real one might read freed memory after 60 s.
 */
export class V64Dups implements DupRequests {
  readonly #ctx: DupContext;
  readonly #rcu: Rcu;
  readonly #mutex: Mutex;
  readonly #reqs = new Map<string, DupReq>();

  constructor(ctx: DupContext, rcu: Rcu) {
    this.#ctx = ctx;
    this.#rcu = rcu;
    this.#mutex = new Mutex(ctx.engine);
  }

  *existsWait(name: string, wait: boolean): Coroutine<number | undefined> {
    const ctx = this.#ctx;
    yield* this.#mutex.lock();
    const req = this.#reqs.get(name);
    if (!req) {
      if (wait) {
        this.#reqs.set(name, this.#newReq(name));
        traceDup(ctx, name, 'anchor', 0);
      }
      this.#mutex.unlock();
      return undefined;
    }
    this.#mutex.unlock();
    reportDuplicate(ctx, name);
    traceDup(ctx, name, wait ? 'wait' : 'nowait', 0);
    if (!wait) return 0;
    const ended = yield* waitForAnchor(ctx, name, req);
    return ended ? req.ret : -ERRNO.ERESTARTSYS;
  }

  *announce(name: string, ret: number): Coroutine<void> {
    yield* this.#mutex.lock();
    const req = this.#reqs.get(name);
    if (req) {
      req.ret = ret;
      traceDup(this.#ctx, name, 'announce', ret);
      req.completeWork.queue();
    }
    this.#mutex.unlock();
  }

  /** An entry with kmod_dup_request_complete() and kmod_dup_request_delete() as its two jobs. */
  #newReq(name: string): DupReq {
    const ctx = this.#ctx;
    const { engine } = ctx;
    const reqs = this.#reqs;
    const mutex = this.#mutex;
    const rcu = this.#rcu;
    const done = new Completion(engine);
    const deleteWork = new Work(
      engine,
      'kworker/0:1',
      function* () {
        yield engine.work(ctx.workerNs);
        yield* mutex.lock();
        const { ret } = reqs.get(name)!;
        reqs.delete(name);
        yield* rcu.synchronize();
        mutex.unlock();
        traceDup(ctx, name, 'expire', ret);
      },
      { background: true },
    );
    const completeWork = new Work(engine, 'kworker/0:1', function* () {
      yield engine.work(ctx.workerNs);
      done.completeAll();
      deleteWork.queue(DUP_RETENTION_NS);
    });
    return { done, anchor: engine.current!, completeWork, ret: 0 };
  }
}
