// SPDX-License-Identifier: MIT
import type { Nanos } from '../base/index.ts';
import { Completion } from './completion.ts';
import type { Engine } from './engine.ts';
import type { Coroutine, Task } from './task.ts';

/** What kthreadd has been asked for. */
interface KthreadCreateInfo {
  readonly comm: string;
  readonly body: () => Coroutine<void>;
  readonly request: number;
  readonly done: Completion;
  thread: Task | undefined;
}

/** TASK_COMM_LEN (include/linux/sched.h) */
const COMM_MAX = 15;

/**
 * Makes kernel threads, one after the other (kernel/kthread.c, Linux 6.12).
 * Model: kthreadd is there while it has something to make; memory and numbers do not run out.
 */
export class Kthreadd {
  readonly #engine: Engine;
  readonly #forkNs: Nanos;
  #list: KthreadCreateInfo[] = [];
  #awake = false;

  /** `forkNs`: making one thread. */
  constructor(engine: Engine, forkNs: Nanos) {
    this.#engine = engine;
    this.#forkNs = forkNs;
  }

  /**
   * kthread_run() by the current task, which waits until kthreadd has made the thread and the
   * thread has come to its first sleep, and wakes it. What it does counts for its maker's request.
   */
  *run(comm: string, body: () => Coroutine<void>): Coroutine<Task> {
    const engine = this.#engine;
    const { request } = engine.current!;
    const done = new Completion(engine);
    const create: KthreadCreateInfo = { comm, body, request, done, thread: undefined };
    this.#list.push(create);
    if (!this.#awake) {
      this.#awake = true;
      engine.spawn({ comm: 'kthreadd', pid: 2 }, () => this.#serve());
    }
    yield* done.wait();
    const thread = create.thread!;
    engine.wake(thread);
    yield engine.giveWay();
    return thread;
  }

  /** kthreadd() */
  *#serve(): Coroutine<void> {
    const engine = this.#engine;
    for (;;) {
      const [create, ...rest] = this.#list;
      if (!create) break;
      this.#list = rest;
      yield engine.work(this.#forkNs);
      const comm = create.comm.slice(0, COMM_MAX);
      create.thread = engine.spawn({ comm }, () => this.#kthread(create));
      create.thread.request = create.request;
    }
    this.#awake = false;
  }

  /** kthread(): tells its maker that it is there, and sleeps until it is wanted. */
  *#kthread({ done, body }: KthreadCreateInfo): Coroutine<void> {
    done.complete();
    yield this.#engine.block('uninterruptible');
    yield* body();
  }
}
