// SPDX-License-Identifier: MIT
/**
 * kvfree_rcu() of vmalloc memory: pointers collected in pages, freed together after a grace
 * period. Follows kernel/rcu/tree.c, Linux 6.12.
 *
 * Model: a grace period is a fixed number of calls; memory for the pages is never short, so both
 * forms of kvfree_rcu() do the same; what a grace period has passed for is freed with its batch
 * and not before.
 */
import type { VirtAddr } from '../../base/index.ts';
import type { OperationClock } from './operation-clock.ts';

/** KFREE_N_BATCHES: batches that may wait for a grace period at a time. */
const BATCHES = 2;
/** KFREE_DRAIN_JIFFIES with HZ=250: how long a page that is not full may wait. */
const DRAIN_JIFFIES = 5 * 250;
/** struct kvfree_rcu_bulk_data without its records, in words. */
const BULK_HEAD_WORDS = 5;

export interface KvfreeRcuTiming {
  /** Calls in one timer tick. */
  readonly jiffy: number;
  /** Calls in one grace period. */
  readonly gracePeriod: number;
}

/** Takes pointers to be freed once every reader that might hold them is gone. */
export interface KvfreeQueue {
  add(addr: VirtAddr): void;
}

/** KVFREE_BULK_MAX_ENTR: pointers in one page. */
export function pointersPerPage(wordBits: 32 | 64): number {
  return (4096 * 8) / wordBits - BULK_HEAD_WORDS;
}

/** A batch in the order it is freed: the page filled last goes first, within a page the oldest. */
export function freeingOrder(batch: readonly VirtAddr[], perPage: number): VirtAddr[] {
  const order: VirtAddr[] = [];
  const last = Math.ceil(batch.length / perPage) - 1;
  for (let page = last; page >= 0; page--) {
    order.push(...batch.slice(page * perPage, (page + 1) * perPage));
  }
  return order;
}

export class KvfreeRcu implements KvfreeQueue {
  readonly #clock: OperationClock;
  readonly #timing: KvfreeRcuTiming;
  readonly #free: (addr: VirtAddr) => void;
  readonly #perPage: number;
  /** Pointers not yet waiting for a grace period, as they came. */
  #collected: VirtAddr[] = [];
  #waiting = 0;
  /** When the monitor runs next; an earlier date replaces a later one. */
  #monitorDue = Number.POSITIVE_INFINITY;

  constructor(
    clock: OperationClock,
    timing: KvfreeRcuTiming,
    wordBits: 32 | 64,
    free: (addr: VirtAddr) => void,
  ) {
    this.#clock = clock;
    this.#timing = timing;
    this.#free = free;
    this.#perPage = pointersPerPage(wordBits);
  }

  /** kvfree_call_rcu() */
  add(addr: VirtAddr): void {
    this.#collected.push(addr);
    this.#scheduleMonitor();
  }

  /** In a tick once a page is full, else in five seconds. */
  #scheduleMonitor(): void {
    const jiffies = this.#collected.length >= this.#perPage ? 1 : DRAIN_JIFFIES;
    const due = this.#clock.now + jiffies * this.#timing.jiffy;
    if (due >= this.#monitorDue) return;
    this.#monitorDue = due;
    this.#clock.after(due - this.#clock.now, () => {
      if (this.#monitorDue === due) this.#monitor();
    });
  }

  /** kfree_rcu_monitor: all that was collected becomes a batch, if one is to be had. */
  #monitor(): void {
    this.#monitorDue = Number.POSITIVE_INFINITY;
    if (this.#collected.length === 0) return;
    if (this.#waiting === BATCHES) {
      this.#scheduleMonitor();
      return;
    }
    const batch = this.#collected;
    this.#collected = [];
    this.#waiting += 1;
    this.#clock.after(this.#timing.gracePeriod, () => {
      this.#waiting -= 1;
      for (const addr of freeingOrder(batch, this.#perPage)) this.#free(addr);
    });
  }
}
