// SPDX-License-Identifier: MIT
import { ERRNO } from '../base/index.ts';
import { Completion, type Coroutine, type Task, Work } from '../engine/index.ts';
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
  ret: number;
}

/**
 * Duplicates as in Linux 6.12.117 (kernel/module/dups.c): the first announcement counts and wakes
 * the waiters at once; later ones find the entry completed and do nothing.
 * Model: the list's mutex is not modelled, since nothing takes time while it is held.
 */
export class RefcountedDups implements DupRequests {
  readonly #ctx: DupContext;
  readonly #reqs = new Map<string, DupReq>();

  constructor(ctx: DupContext) {
    this.#ctx = ctx;
  }

  *existsWait(name: string, wait: boolean): Coroutine<number | undefined> {
    const ctx = this.#ctx;
    const req = this.#reqs.get(name);
    if (!req) {
      if (!wait) return undefined;
      this.#reqs.set(name, {
        done: new Completion(ctx.engine),
        anchor: ctx.engine.current!,
        ret: 0,
      });
      traceDup(ctx, name, 'anchor', 0);
      return undefined;
    }
    reportDuplicate(ctx, name);
    traceDup(ctx, name, wait ? 'wait' : 'nowait', 0);
    if (!wait) return 0;
    const ended = yield* waitForAnchor(ctx, name, req);
    return ended ? req.ret : -ERRNO.ERESTARTSYS;
  }

  // biome-ignore lint/correctness/useYield: the other form waits here
  *announce(name: string, ret: number): Coroutine<void> {
    const req = this.#reqs.get(name);
    if (!req || req.done.done) return;
    const ctx = this.#ctx;
    req.ret = ret;
    traceDup(ctx, name, 'announce', ret);
    req.done.completeAll();
    const remove = this.#delete(name);
    new Work(ctx.engine, 'kworker/u1:0', remove, { background: true }).queue(DUP_RETENTION_NS);
  }

  /** kmod_dup_request_delete() */
  #delete(name: string): () => Coroutine<void> {
    const ctx = this.#ctx;
    const reqs = this.#reqs;
    return function* () {
      yield ctx.engine.work(ctx.workerNs);
      const ret = reqs.get(name)?.ret ?? 0;
      reqs.delete(name);
      traceDup(ctx, name, 'expire', ret);
    };
  }
}
