// SPDX-License-Identifier: MIT
/**
 * How many request_module calls may be in flight: a semaphore since v6.4 (kernel/module/kmod.c,
 * Linux 6.12), a counter and a wait queue before (kernel/kmod.c, Linux 6.3).
 */

import { ERRNO, type Nanos } from '../base/index.ts';
import { type Coroutine, type Engine, type Printk, Semaphore, WaitQueue } from '../engine/index.ts';
import type { Tracer } from '../events/index.ts';
import { RatelimitedWarning } from './ratelimited-warning.ts';

/** MAX_KMOD_CONCURRENT */
const MAX_KMOD_CONCURRENT = 50;
/** MAX_KMOD_ALL_BUSY_TIMEOUT, seconds */
const MAX_KMOD_ALL_BUSY_TIMEOUT = 5;
const TIMEOUT_NS: Nanos = MAX_KMOD_ALL_BUSY_TIMEOUT * 1_000_000_000;

const CALLER = '__request_module';
const NAME = 'kmod_concurrent_max';

export interface LimiterContext {
  readonly engine: Engine;
  readonly log: Printk;
  readonly tracer: Tracer;
}

export interface KmodLimiter {
  /** Slots taken. */
  readonly inUse: number;
  readonly waiters: number;
  /** Takes a slot for `name`: 0, -ETIME, or -ERESTARTSYS where the wait is killable. */
  acquire(name: string): Coroutine<number>;
  release(): void;
}

function busyLine(name: string): string {
  return (
    `request_module: modprobe ${name} cannot be processed, kmod busy with ` +
    `${MAX_KMOD_CONCURRENT} threads for more than ${MAX_KMOD_ALL_BUSY_TIMEOUT} seconds now`
  );
}

/** Since v6.4: first come first served, five seconds, no signal ends the wait. */
export class SemaphoreLimiter implements KmodLimiter {
  readonly #tracer: Tracer;
  readonly #slots: Semaphore;
  readonly #busy: RatelimitedWarning;

  constructor({ engine, log, tracer }: LimiterContext) {
    this.#tracer = tracer;
    this.#slots = new Semaphore(engine, MAX_KMOD_CONCURRENT);
    this.#busy = new RatelimitedWarning(engine, log, CALLER);
  }

  get inUse(): number {
    return this.#slots.inUse;
  }

  get waiters(): number {
    return this.#slots.waiters;
  }

  *acquire(name: string): Coroutine<number> {
    const result = yield* this.#slots.down(TIMEOUT_NS);
    this.#trace(result === 'acquired' ? 'down' : 'timeout');
    if (result === 'acquired') return 0;
    this.#busy.print(busyLine(name));
    return -ERRNO.ETIME;
  }

  release(): void {
    this.#slots.up();
    this.#trace('up');
  }

  #trace(op: 'down' | 'up' | 'timeout'): void {
    const { inUse: in_use, waiters } = this;
    this.#tracer.emit({ kind: 'semaphore', name: NAME, op, in_use, waiters });
  }
}

/**
 * To v6.3: a counter of free slots. Who finds it at zero says so and waits, killable. A release
 * wakes all who wait (they are not exclusive waiters); the first to look takes the slot.
 */
export class CounterLimiter implements KmodLimiter {
  readonly #tracer: Tracer;
  readonly #wq: WaitQueue;
  readonly #throttling: RatelimitedWarning;
  readonly #busy: RatelimitedWarning;
  readonly #sigkill: RatelimitedWarning;
  #free = MAX_KMOD_CONCURRENT;

  constructor({ engine, log, tracer }: LimiterContext) {
    this.#tracer = tracer;
    this.#wq = new WaitQueue(engine);
    this.#throttling = new RatelimitedWarning(engine, log, CALLER);
    this.#busy = new RatelimitedWarning(engine, log, CALLER);
    this.#sigkill = new RatelimitedWarning(engine, log, CALLER);
  }

  get inUse(): number {
    return MAX_KMOD_CONCURRENT - this.#free;
  }

  get waiters(): number {
    return this.#wq.waiters;
  }

  *acquire(name: string): Coroutine<number> {
    if (!this.#decIfPositive()) {
      this.#throttling.print(
        `request_module: kmod_concurrent_max (${this.#free}) close to 0 (max_modprobes: ` +
          `${MAX_KMOD_CONCURRENT}), for module ${name}, throttling...`,
      );
      const result = yield* this.#wq.waitEvent(() => this.#decIfPositive(), 'killable', TIMEOUT_NS);
      if (result === 'timeout') {
        this.#trace('timeout');
        this.#busy.print(busyLine(name));
        return -ERRNO.ETIME;
      }
      if (result === 'interrupted') {
        this.#sigkill.print(`request_module: sigkill sent for modprobe ${name}, giving up`);
        return -ERRNO.ERESTARTSYS;
      }
    }
    this.#trace('down');
    return 0;
  }

  release(): void {
    this.#free += 1;
    this.#trace('up');
    this.#wq.wakeAll();
  }

  #decIfPositive(): boolean {
    if (this.#free === 0) return false;
    this.#free -= 1;
    return true;
  }

  #trace(op: 'down' | 'up' | 'timeout'): void {
    const { inUse: in_use, waiters } = this;
    this.#tracer.emit({ kind: 'semaphore', name: NAME, op, in_use, waiters });
  }
}
